"""Whose hands a run is in: taken, given back, handed over, and how it came there."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from inspections import guards
from inspections.actions import claim_run, reassign_run, release_run
from inspections.guards import Refused
from inspections.models import InspectionRun
from inspections.views.access import page
from inspections.views.board import TONE


@page
def hands(request, number):
    """The run's people and how they came to it; POST takes one step."""
    runs = InspectionRun.objects.select_related("plan", "assignee", "deputy", "team")
    run = get_object_or_404(runs, number=number)
    if request.method == "POST":
        try:
            take(request, run)
        except Refused as refused:
            for refusal in refused.refusals:
                messages.error(request, f"{refusal.message} {refusal.fix}".strip())
        return redirect("inspections:hands", run.number)
    run.tone, run.icon = TONE[run.state]
    inspectors = holders_of(Right.INSPECT).filter(is_superuser=False)
    context = {
        "run": run, "handovers": run.handovers.select_related("former", "taken_by", "by"),
        "claim_refusals": guards.against_claiming(run, request.user),
        "release_refusals": guards.against_releasing(run, request.user, "given below"),
        "hand_refusals": [
            refusal
            for refusal in guards.against_handing_over(run, request.user, request.user, "given below")
            if refusal.code in ("state", "right")
        ],
        "inspectors": inspectors, "is_mine": run.assignee_id == request.user.pk,
    }  # fmt: skip
    return render(request, "inspections/hands.html", context)


def take(request, run):
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")[:500]
    if step == "claim":
        claim_run(run, by=request.user)
        messages.success(request, _("The run is yours."))
    elif step == "release":
        release_run(run, by=request.user, reason=reason)
        messages.success(request, _("The run is given back; the team is told."))
    elif step == "hand_over":
        number = request.POST.get("to", "")[:18]
        to = get_object_or_404(User, pk=int(number) if number.isascii() and number.isdigit() else 0)
        role = "B" if request.POST.get("role") == "B" else "A"
        reassign_run(run, to=to, by=request.user, reason=reason, role=role)
        messages.success(request, _("Handed over to %(person)s, who is told.") % {"person": to})
