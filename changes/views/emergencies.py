"""Emergencies: their clocks, who is on duty, and what was an emergency in name only."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, has_right, require_right
from changes import actions as deeds
from changes.guards.emergency import broken_glass
from changes.models import ChangeRequest, DutySpell
from changes.querysets import RATIFY_STATES
from changes.views.pages import found
from changes.workflow import ENDS, Kind

SHOWN = 50


@login_required
def emergencies(request):
    """Emergencies that have not ended, by what is left of their time to be ratified; then the phantoms."""
    require_right(request.user, Right.VIEW)
    now = timezone.now()
    rows = (
        ChangeRequest.objects.filter(kind=Kind.EMERGENCY).exclude(state__in=ENDS).select_related("requester")
    )
    shown = [_clock(change, now) for change in rows.order_by("ratify_due_at", "-id")[:SHOWN]]
    for row in shown:
        row["asks_me"] = row["change"].is_break_glass and _asks(row["change"], request.user)
    spells = DutySpell.objects.filter(ends_at__gt=now).select_related("board", "person")
    context = {
        "rows": shown,
        "unauthorised": ChangeRequest.objects.unauthorised()
        .select_related("requester")
        .order_by("-id")[:SHOWN],
        "phantoms": ChangeRequest.objects.phantom_emergencies()
        .select_related("requester")
        .order_by("-id")[:SHOWN],
        "spells": spells.order_by("starts_at")[:SHOWN],
        "now": now,
        "may_manage": has_right(request.user, Right.CHANGE_MANAGE),
    }
    return render(request, "changes/emergencies.html", context)


def _asks(change, user) -> bool:
    """This person is the one who has still to confirm having been there."""
    event = broken_glass(change)
    return event is not None and not hasattr(event, "presence") and event.data.get("second_person") == user.pk


def _clock(change, now):
    left = change.ratify_due_at and change.state in RATIFY_STATES and change.ratify_due_at - now
    minutes = int(left.total_seconds() // 60) if left else None
    return {
        "change": change,
        "minutes": minutes,
        "hours": None if minutes is None else f"{abs(minutes) // 60}:{abs(minutes) % 60:02}",
        "tone": "neutral"
        if minutes is None
        else "bad"
        if minutes < 0
        else "warn"
        if minutes < 240
        else "info",
    }


@login_required
@require_POST
def presence(request, number):
    """The second person confirms, from their own log-in, that they were there."""
    shown = found(number)
    require_right(request.user, Right.VIEW)
    try:
        deeds.confirm_presence(shown, by=request.user)
        messages.success(request, _("Recorded: you were there when the glass was broken."))
    except deeds.AlreadyDone as before:
        messages.info(request, str(before))
    except deeds.StepRefused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}")
    return redirect("changes:emergencies")
