"""Differences of a plan by the hundred, tried on the live data, moved between stages, taken over from it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.roles import Right, require_right
from changes.actions import (
    MOST_OPERATIONS,
    OperationsRefused,
    StepRefused,
    move_operations,
    plan_operations,
    reasons_against_editing,
    remove_operations,
    take_live_values,
    try_plan,
    what_an_edit_voids,
)
from changes.forms import ManyForm
from changes.outline import Words
from changes.views.plan import agreed, back_to, edit_page, found, show_errors, values_known

SHOWN = 200


@login_required
def many(request, number):
    """A filter and one change for all it finds: shown as before → after first, planned by a second press."""
    require_right(request.user, Right.VIEW)
    change = found(number)
    form = ManyForm(request.POST or None, change=change)
    refused, status, outcomes = reasons_against_editing(change, request.user), 200, None
    if request.method == "POST" and form.is_valid() and not refused:
        is_sure = request.POST.get("deed") == "plan"
        try:
            wanted = form.wanted_of(form.found.order_by("name", "pk")[: MOST_OPERATIONS + 1])
            with agreed(request):
                outcomes = plan_operations(
                    change, wanted, by=request.user, stage=form.cleaned_data["stage"], dry_run=not is_sure
                )
            if is_sure:
                count = sum(1 for each in outcomes if each.operation)
                text = ngettext("%(count)d operation planned.", "%(count)d operations planned.", count)
                messages.success(request, text % {"count": count})
                return back_to(number, "operations")
        except OperationsRefused as caught:
            outcomes, status = caught.outcomes, 409
        except StepRefused as caught:
            refused, status = caught.refusals, 409
        except ValidationError as error:
            show_errors(form, error)
    context = {
        "change": change,
        "form": form,
        "refused": refused,
        "preview": Preview(outcomes) if outcomes is not None else None,
        "voids": what_an_edit_voids(change),
        "values_known": values_known(),
    }
    return render(request, "changes/plan_many.html", context, status=400 if form.errors else status)


class Preview:
    """What a filter would plan: rows with before → after, and how many of each sort."""

    def __init__(self, outcomes: list[Any]) -> None:
        self.matched = len(outcomes)
        planned = [each.operation for each in outcomes if each.operation]
        words = Words(planned, ())
        self.rows = [
            {
                "item": each.wanted.item,
                "lines": words.lines(each.operation, {}) if each.operation else (),
                "faults": [line for lines in each.faults.values() for line in lines],
                "is_unchanged": each.is_unchanged,
            }
            for each in sorted(outcomes, key=lambda each: not each.faults)[:SHOWN]
        ]
        self.faulty = sum(1 for each in outcomes if each.faults)
        self.unchanged = sum(1 for each in outcomes if each.is_unchanged)
        self.planned = self.matched - self.faulty - self.unchanged
        self.more = max(0, self.matched - SHOWN)

    @property
    def may_plan(self) -> bool:
        return bool(self.planned) and not self.faulty


@login_required
@require_POST
def try_out(request, number):
    """The whole plan tried on the live data and taken back; the page says what was refused."""
    change = found(number)
    run = try_plan(change, by=request.user)
    operations = change.operations.select_related("item__type", "stage").in_bulk(run.refused)
    refused = [
        {"operation": operations[pk], "lines": [line for lines in faults.values() for line in lines]}
        for pk, faults in run.refused.items()
    ]
    return edit_page(request, change, tried={"run": run, "refused": refused})


def _deed(deed):
    """A POST view over the planned operations that shows the page again when it is refused."""

    @login_required
    @require_POST
    def view(request, number):
        change = found(number)
        try:
            with agreed(request):
                deed(request, change)
        except StepRefused as refused:
            return edit_page(request, change, refused=refused.refusals, status=409)
        return back_to(number, "operations")

    return view


def _ids(request) -> list[int]:
    texts = request.POST.get("operations", "").split(",")
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


@_deed
def take_live(request, change):
    """What stands there now is the plan's before: of one operation, one field of it, or everywhere."""
    field = request.POST.get("field", "")
    count = take_live_values(
        change, by=request.user, operations=_ids(request), fields=[field] if field else ()
    )
    text = ngettext("%(count)d live value taken over.", "%(count)d live values taken over.", count)
    messages.success(request, text % {"count": count})


@_deed
def remove_many(request, change):
    """The differences are no longer planned."""
    count = remove_operations(change, _ids(request), by=request.user)
    text = ngettext("%(count)d operation taken out.", "%(count)d operations taken out.", count)
    messages.success(request, text % {"count": count})


@_deed
def move_many(request, change):
    """The differences are planned in another stage."""
    asked = request.POST.get("stage", "")
    stage = get_object_or_404(change.stages, pk=int(asked) if asked.isascii() and asked.isdigit() else 0)
    move_operations(change, _ids(request), stage, by=request.user)
