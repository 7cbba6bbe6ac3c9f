"""One run: reviewed, signed, printed; it is filled in on the phone page."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Right, has_right
from inspections.actions import return_run
from inspections.guards import Refused
from inspections.models import InspectionRun
from inspections.views.access import page
from inspections.views.board import TONE as STATE_TONE
from inspections.views.review import record, take_sign
from inspections.workflow import RunState

OPEN = (RunState.SCHEDULED, RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED)


def found_run(number):
    runs = InspectionRun.objects.select_related(
        "plan", "version__template", "assignee", "started_by", "submitted_by", "team", "state_by"
    )
    run = get_object_or_404(runs, number=number)
    run.tone, run.icon = STATE_TONE[run.state]
    return run


@page
def run_page(request, number):
    """The record; an open run leads its inspector to the phone page. POST takes one step."""
    run = found_run(number)
    if request.method == "POST":
        return take(request, run)
    is_to_do = run.state in OPEN and has_right(request.user, Right.INSPECT)
    phone = f"{reverse('inspections:phone')}#/run/{run.number}" if is_to_do else ""
    return redirect(phone) if phone and not request.GET.get("read") else record(request, run, phone)


def take(request, run):
    """One step of the run from a form; whatever is refused comes back in words."""
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        return redirect("inspections:run", run.number)
    try:
        # A point to return to: the request's own transaction goes on to draw the page.
        with transaction.atomic():
            answer = step(request, run)
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}".strip())
        answer = None
    except IntegrityError as error:
        words = str(error).splitlines()[0].removeprefix("inspections: ")
        messages.error(request, words)
        answer = None
    return answer or redirect("inspections:run", run.number)


def take_return(request, run):
    return_run(run, by=request.user, comment=request.POST.get("comment", ""))
    messages.success(request, _("%(number)s goes back to the inspector.") % {"number": run.number})


STEPS = {
    "sign": take_sign,
    "return": take_return,
}
