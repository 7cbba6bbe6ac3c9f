"""The tests of a change: planned cases, runs with a result for each, and their files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _

from accounts.roles import Right, require_right
from audit.models import StoredFile
from audit.views.files import send_file
from changes.actions import StepRefused, reasons_against_testing, record_test_run
from changes.assessed import runs_in_words
from changes.forms import TestRunForm
from changes.models import ChangeRequest
from changes.views.pages import found


@login_required
def tests(request, number):
    """Planned cases and every run; POST records a run, bound to the plan as it is now."""
    require_right(request.user, Right.VIEW)
    shown = found(number)
    if request.method != "POST":
        return page_of_tests(request, shown, form=TestRunForm(shown))
    form = TestRunForm(shown, request.POST, request.FILES)
    if not form.is_valid():
        return page_of_tests(request, shown, status=400, form=form)
    try:
        run = record_test_run(shown, by=request.user, **form.run_fields)
    except StepRefused as refused:
        return page_of_tests(
            request,
            found(number),
            status=409,
            form=form,
            refused={"label": _("Record a run"), "refusals": refused.refusals},
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return page_of_tests(request, shown, status=400, form=form)
    if run.has_passed:
        messages.success(request, _("The run is recorded: passed."))
    else:
        messages.warning(
            request, _("The run is recorded: not passed. Mend it and test again, or send it back.")
        )
    return redirect("changes:tests", number)


def page_of_tests(request, shown: ChangeRequest, *, status: int = 200, **more: Any):
    context = {
        "change": shown,
        "cases": list(shown.test_cases.all()),
        "runs": runs_in_words(shown),
        "why_not": reasons_against_testing(shown, request.user),
    } | more
    return render(request, "changes/tests.html", context, status=status)


@login_required
def test_file(request, number, run, sha256):
    """A file of a run, as a download under the name it was sent with."""
    require_right(request.user, Right.VIEW)
    row = get_object_or_404(found(number).test_runs, pk=run)
    name = next((each["name"] for each in row.files if each["sha256"] == sha256), None)
    if name is None:
        raise Http404
    return send_file(get_object_or_404(StoredFile, sha256=sha256), name)
