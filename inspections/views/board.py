"""The board of the day."""

from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.bodies import FIRST, LAST
from inspections.models import Answer, Finding, InspectionPlan, InspectionRun
from inspections.views.access import page
from inspections.workflow import RunState

LIMIT = 300
TONE = {
    RunState.SCHEDULED: ("neutral", "schedule"), RunState.OPEN: ("info", "assignment"),
    RunState.IN_PROGRESS: ("info", "play_circle"), RunState.SUBMITTED: ("serious", "rate_review"),
    RunState.RETURNED: ("warn", "undo"), RunState.SIGNED: ("good", "verified"),
    RunState.MISSED: ("bad", "event_busy"), RunState.CANCELLED: ("neutral", "cancel"),
}  # fmt: skip


def chosen_day(text):
    """The day that was asked for; today for what is none, or has no day before or behind it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return day if FIRST.date() <= day <= LAST.date() else timezone.localdate()


@page
def board(request):
    """Due, running, late, missed and waiting runs of one day, the reader's own first."""
    day = chosen_day(request.GET.get("day", ""))
    start = timezone.make_aware(datetime.combine(day, time()))
    is_today = day == timezone.localdate()
    # What still waits from earlier days belongs to today's board only.
    runs = InspectionRun.objects.filter(slot_at__gte=start, slot_at__lt=start + timedelta(days=1))
    if is_today:
        runs = InspectionRun.objects.of_window(start, start + timedelta(days=1))
    runs = narrowed(runs, request.GET)
    now = timezone.now()
    counts = runs.aggregate(
        due=Count("pk", filter=Q(state=RunState.OPEN)),
        running=Count("pk", filter=Q(state__in=[RunState.IN_PROGRESS, RunState.RETURNED])),
        late=Count("pk", filter=Q(state__in=[RunState.OPEN, RunState.IN_PROGRESS], due_at__lt=now)),
        missed=Count("pk", filter=Q(state=RunState.MISSED)),
        submitted=Count("pk", filter=Q(state=RunState.SUBMITTED)),
        signed=Count("pk", filter=Q(state=RunState.SIGNED)),
    )
    state = request.GET.get("state", "")
    shown = only(runs, state, now).for_board().mine_first(request.user)
    rows = list(shown[: LIMIT + 1])
    return render(
        request,
        "inspections/board.html",
        {
            "day": day, "previous": day - timedelta(days=1), "next": day + timedelta(days=1),
            "is_today": is_today, "tiles": tiles(counts, state), "groups": groups(rows[:LIMIT]),
            "is_cut": len(rows) > LIMIT, "limit": LIMIT, "state": state, "now": now,
            "plans": InspectionPlan.objects.order_by("key"), "plan": request.GET.get("plan", ""),
            "word": request.GET.get("q", ""), "ages": ages(now), "progress": progress(rows),
        },
    )  # fmt: skip


def narrowed(runs, parameters):
    """Runs of the chosen plan whose number, group or plan contains the word."""
    if (plan := parameters.get("plan", "")) and plan.isascii() and plan.isdigit():
        runs = runs.filter(plan=plan[:18])
    if word := parameters.get("q", "").strip()[:80]:
        has_word = Q(number__icontains=word) | Q(group_label__icontains=word)
        runs = runs.filter(has_word | Q(plan__label__icontains=word) | Q(plan__label_zh__icontains=word))
    return runs


def only(runs, state, now):
    if state == "late":
        return runs.filter(state__in=[RunState.OPEN, RunState.IN_PROGRESS], due_at__lt=now)
    if state == "running":
        return runs.filter(state__in=[RunState.IN_PROGRESS, RunState.RETURNED])
    return runs.filter(state=state) if state in RunState.values else runs


def tiles(counts, state):
    """The numbers at the top; each is a filter."""
    entries = [
        ("open", _("Due"), counts["due"], "info", "assignment"),
        ("running", _("Running"), counts["running"], "info", "play_circle"),
        ("late", _("Late"), counts["late"], "warn", "timer"),
        ("missed", _("Missed"), counts["missed"], "bad", "event_busy"),
        ("submitted", _("Waiting for sign-off"), counts["submitted"], "serious", "rate_review"),
        ("signed", _("Signed"), counts["signed"], "good", "verified"),
    ]
    return [
        {"key": key, "label": label, "count": count, "tone": tone if count else "neutral", "icon": icon,
         "is_on": key == state}
        for key, label, count, tone, icon in entries
    ]  # fmt: skip


def groups(rows):
    """Mine, my team's, the others'."""
    titles = {0: _("My inspections"), 1: _("My team's"), 2: _("Others")}
    found = {rank: [run for run in rows if run.mine_rank == rank] for rank in titles}
    for run in rows:
        run.tone, run.icon = TONE[run.state]
    return [(titles[rank], runs) for rank, runs in found.items() if runs]


def progress(rows):
    """Answers given so far, by run in progress. One statement."""
    running = [run.pk for run in rows if run.state in (RunState.IN_PROGRESS, RunState.RETURNED)]
    counted = Answer.objects.current().filter(target__run__in=running).values_list("target__run")
    done = dict(counted.annotate(n=Count("pk")))
    for run in rows:
        run.answered = done.get(run.pk, 0)
    return done


def ages(now):
    """Unclosed findings by age: (label, count of critical, count of warnings, days)."""
    steps = [(_("today"), 0, 1), (_("1 to 3 days"), 1, 3), (_("3 to 7 days"), 3, 7), (_("older"), 7, 36500)]
    counted = Finding.objects.unclosed().aggregate(
        **{
            f"{severity}_{low}": Count(
                "pk",
                filter=Q(
                    severity=severity,
                    opened_at__lte=now - timedelta(days=low),
                    opened_at__gt=now - timedelta(days=high),
                ),
            )
            for _label, low, high in steps
            for severity in ("crit", "warn")
        }
    )  # fmt: skip
    return [(label, counted[f"crit_{low}"], counted[f"warn_{low}"]) for label, low, high in steps]
