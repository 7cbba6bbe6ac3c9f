"""Where the QR label of a CI leads: to today's check on the phone, else to what is known of it."""

from datetime import timedelta

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.roles import Right, has_right
from cmdb.models import ItemLabel
from inspections.models import Finding, InspectionRun, RunTarget
from inspections.views.access import page
from inspections.views.board import TONE
from inspections.workflow import RunState

SHOWN = 10


@require_GET
@page
def label(request, token):
    """The check to be done now, for who inspects; else a page with the next one and the last reports."""
    found = get_object_or_404(ItemLabel.objects.select_related("item__duplicate_of"), token=token)
    item = found.item.duplicate_of or found.item
    runs = InspectionRun.objects.filter(targets__ci=item)
    may_inspect = has_right(request.user, Right.INSPECT)
    workable = runs.filter(state__in=[RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED])
    due = workable.mine_first(request.user).first()
    if due is not None and may_inspect:
        target = RunTarget.objects.get(run=due, ci=item)
        return redirect(f"{reverse('inspections:phone')}#/run/{due.number}/{target.pk}")
    now = timezone.now()
    ended = runs.exclude(state__in=[RunState.SCHEDULED, RunState.OPEN]).select_related("plan", "submitted_by")
    ended = ended.exclude(state=RunState.CANCELLED, slot_at__gt=now)
    last = list(ended.order_by("-slot_at", "-id")[:SHOWN])
    for run in last:
        run.tone, run.icon = TONE[run.state]
    soon = runs.filter(state=RunState.SCHEDULED, opens_at__lte=now + timedelta(days=31))
    return render(
        request,
        "inspections/label.html",
        {
            "item": item, "due": due, "last": last, "may_inspect": may_inspect,
            "next": soon.select_related("plan").order_by("opens_at", "id").first(),
            "findings": Finding.objects.unclosed().filter(ci=item).urgent_first()[:SHOWN],
        },
    )  # fmt: skip
