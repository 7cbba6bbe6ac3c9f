"""One run: reviewed, signed, printed; it is filled in on the phone page."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Right, has_right
from inspections import guards
from inspections.actions import (
    return_run,
    sign_run,
)
from inspections.guards import Refused
from inspections.models import Finding, InspectionRun
from inspections.sheet import ICON, TONE, sheet_of
from inspections.views.access import page
from inspections.views.board import TONE as STATE_TONE
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


def take_sign(request, run):
    seen = request.POST.get("seen", "")
    run = sign_run(run, by=request.user, comment=request.POST.get("comment", ""), seen_sha256=seen)
    messages.success(request, _("%(number)s is signed.") % {"number": run.number})


def take_return(request, run):
    return_run(run, by=request.user, comment=request.POST.get("comment", ""))
    messages.success(request, _("%(number)s goes back to the inspector.") % {"number": run.number})


STEPS = {
    "sign": take_sign,
    "return": take_return,
}


def record(request, run, phone):
    """What was recorded, for the reviewer and for the file; with the way to the phone page."""
    is_submitted = run.state == RunState.SUBMITTED
    return render(
        request,
        "inspections/record.html",
        record_context(run)
        | {
            "is_submitted": is_submitted,
            "phone": phone,
            "against_signing": guards.against_signing(run, request.user) if is_submitted else [],
            "against_returning": guards.against_returning(run, request.user, "-") if is_submitted else [],
        },
    )


def record_context(run):
    sheet = sheet_of(run)
    cells = [cell for target in sheet.targets for cell in target.cells if cell.answer]
    dwell = sum(cell.answer.dwell_seconds or 0 for cell in cells)
    return {
        "run": run, "sheet": sheet, "dwell_minutes": round(dwell / 60), "bad": sheet.bad,
        "signatures": run.signatures.select_related("by"), "outcome_tone": TONE.get(run.outcome, "neutral"),
        "outcome_icon": ICON.get(run.outcome, "help"), "answered": len(cells),
        "submission": run.operations.filter(kind="submit", status=201).select_related("run").first(),
        "findings": Finding.objects.of_run(run).for_list() if run.submitted_at else [],
    }  # fmt: skip
