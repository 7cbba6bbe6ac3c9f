"""Inspections: what is left today, what is to be signed, what was found."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from cmdb.panels import Line, Panel, when
from config.home.cards import link, panel_of
from inspections.models import Amendment, Finding, InspectionRun
from inspections.severity import Severity
from inspections.workflow import FINDING_RUNNING, RunState


def run_line(run: InspectionRun) -> Line:
    is_late = run.due_at < timezone.now()
    what = run.group_label or str(run.plan)
    return Line(
        f"{run.number} {what}",
        link("inspections:run", run.number),
        _("due %(when)s") % {"when": when(run.due_at)},
        _("overdue") if is_late else run.get_state_display(),
        "bad" if is_late else "info",
    )


def inspections(user: User) -> Panel | None:
    if not has_right(user, Right.INSPECT):
        return None
    start = timezone.make_aware(datetime.combine(timezone.localdate(), time()))
    today = InspectionRun.objects.unfinished().of_window(start, start + timedelta(days=1))
    return panel_of(
        today.mine_first(user).for_board(), run_line,
        title=_("Today's inspections"), icon="fact_check", empty=_("Nothing is left to inspect today."),
        url=link("inspections:list"),
    )  # fmt: skip


def sign_offs(user: User) -> Panel | None:
    if not has_right(user, Right.INSPECT_REVIEW):
        return None
    return panel_of(
        InspectionRun.objects.filter(state=RunState.SUBMITTED).for_board().order_by("due_at"), run_line,
        title=_("Inspections to sign off"), icon="ink_pen",
        empty=_("No inspection waits for your signature."),
        url=link("inspections:sign-offs"),
    )  # fmt: skip


def finding_line(finding: Finding) -> Line:
    parts = [finding.ci.address]
    if finding.is_running:
        parts.append(_("due %(when)s") % {"when": when(finding.next_due_at)})
    if finding.is_overdue:
        parts.append(_("overdue"))
    if finding.recurrence > 1:
        parts.append(_("%(n)s times in 60 days") % {"n": finding.recurrence})
    return Line(
        str(finding),
        link("inspections:finding", finding.number),
        " · ".join(parts),
        finding.get_severity_display(),
        "bad" if finding.severity == Severity.CRIT else "warn",
        "error" if finding.severity == Severity.CRIT else "warning",
    )


def findings(user: User) -> Panel | None:
    if not (has_right(user, Right.INSPECT) or has_right(user, Right.INSPECT_REVIEW)):
        return None
    return panel_of(
        Finding.objects.unclosed().for_list().with_recurrence().urgent_first(), finding_line,
        title=_("Open findings"), icon="report", empty=_("No finding is open."),
        url=link("inspections:findings"),
    )  # fmt: skip


def my_findings(user: User) -> Panel | None:
    """What this person owns and has not fixed yet, the earliest deadline first; nothing for who owns none."""
    mine = Finding.objects.filter(owner=user, state__in=FINDING_RUNNING)
    if not mine.exists():
        return None
    return panel_of(
        mine.for_list().with_recurrence().order_by("due_at", "id"), finding_line,
        title=_("My findings"), icon="assignment_ind", empty="", url=f"{link('inspections:findings')}?mine=1",
    )  # fmt: skip


def amendments(user: User) -> Panel | None:
    """Amendments that wait for a reviewer; their proposers do not decide them."""
    if not has_right(user, Right.INSPECT_REVIEW):
        return None
    waiting = Amendment.objects.waiting().exclude(by=user)
    if not waiting.exists():
        return None
    return panel_of(
        waiting.for_list().select_related("answer__target").order_by("pk"),
        lambda each: Line(
            f"{each.answer.target} · {each.answer.item}", link("inspections:amendment", each.pk),
            each.reason, str(each.by), "warn", "edit_note",
        ),
        title=_("Amendments to decide"), icon="edit_note", empty="", url=link("inspections:amendments"),
    )  # fmt: skip
