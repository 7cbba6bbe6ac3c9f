"""Changes: what waits for my vote, what mine wait for, what comes next."""

from __future__ import annotations

from datetime import timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.forward import freezes_in
from changes.models import ChangeRequest, FreezeWindow, UnauthorisedWrite
from changes.models.request import AssignmentRole
from changes.workflow import State
from cmdb.panels import Line, Panel, when
from config.home.cards import SHOWN, link, panel_of

AHEAD_DAYS = 7
# Whom a change waits for, by its state; the people who vote are asked of the round.
WAITS_FOR = {
    State.ASSESSING: AssignmentRole.ASSESSOR, State.TESTING: AssignmentRole.TESTER,
    State.SCHEDULED: AssignmentRole.IMPLEMENTER, State.IMPLEMENTING: AssignmentRole.IMPLEMENTER,
    State.VERIFYING: AssignmentRole.VERIFIER, State.ROLLING_BACK: AssignmentRole.IMPLEMENTER,
    State.ROLLED_BACK: AssignmentRole.VERIFIER,
}  # fmt: skip


def waits_for(change: ChangeRequest) -> str:
    """Who has the next word on a change, in words; needs `with_people`."""
    if change.on_hold:
        return _("on hold")
    if change.state == State.DRAFT:
        return _("waits for %(who)s") % {"who": change.requester}
    if change.state in (State.APPROVING, State.RATIFYING):
        steps = [
            step for round_ in change.rounds.all() if not round_.closed_at for step in round_.steps.all()
        ]
        who = ", ".join(str(step.board or step.get_relation_display()) for step in steps)
        return _("waits for votes: %(who)s") % {"who": who} if who else _("waits for a new round")
    if change.state == State.REVIEWING:
        return _("waits for the change manager")
    part = WAITS_FOR.get(State(change.state))
    who = ", ".join(str(each.user) for each in change.assignments.all() if each.role == part)
    return _("waits for %(who)s") % {"who": who} if who else ""


def with_people(changes: QuerySet) -> QuerySet:
    """Changes with everything that `waits_for` asks, in five queries for any number."""
    return changes.select_related("requester").prefetch_related("assignments__user", "rounds__steps__board")


def change_line(change: ChangeRequest, detail: str | None = None) -> Line:
    bad = change.state in (State.ROLLING_BACK, State.ROLLED_BACK, State.REJECTED)
    return Line(
        f"{change.number} {change.title}",
        link("changes:change", change.number),
        when(change.window.lower if change.window else None) if detail is None else detail,
        change.get_state_display(),
        "bad" if bad else "info",
    )


def votes(user: User) -> Panel | None:
    if not has_right(user, Right.CHANGE_VOTE):
        return None
    return panel_of(
        ChangeRequest.objects.waiting_for_vote_of(user).order_by("-pk"), change_line,
        title=_("Waiting for my vote"), icon="how_to_vote", empty=_("No change waits for your vote."),
        url=link("changes:queue"),
    )  # fmt: skip


def my_changes(user: User) -> Panel | None:
    rights = (Right.CHANGE_REQUEST, Right.CHANGE_IMPLEMENT, Right.CHANGE_MANAGE)
    if not any(has_right(user, right) for right in rights):
        return None
    return panel_of(
        with_people(ChangeRequest.objects.live().involving(user).order_by("-pk")),
        lambda change: change_line(change, waits_for(change)),
        title=_("My changes"), icon="published_with_changes",
        empty=_("No open change has you as requester, owner or assignee."), url=link("changes:queue"),
    )  # fmt: skip


def unauthorised(user: User) -> Panel | None:
    """For who keeps the configuration or the changes right."""
    if not (has_right(user, Right.CMDB_MODEL) or has_right(user, Right.CHANGE_MANAGE)):
        return None
    writes = UnauthorisedWrite.objects.unexplained().select_related("type", "writer").order_by("-id")
    return panel_of(
        writes,
        lambda write: Line(
            str(write.type), link("changes:unauthorised-write", write.pk), when(write.happened_at),
            str(write.writer or write.writer_name), "warn",
        ),
        title=_("Written without a change"), icon="gpp_maybe",
        empty=_("Nothing was written to controlled or recorded items without a change."),
        url=link("changes:unauthorised"),
    )  # fmt: skip


def next_changes(user: User) -> Panel | None:
    if not has_right(user, Right.VIEW):
        return None
    now = timezone.now()
    ahead = DateTimeTZRange(now, now + timedelta(days=AHEAD_DAYS))
    changes = ChangeRequest.objects.under_way().exclude(state=State.VERIFYING).overlapping(ahead)
    panel = panel_of(
        changes.order_by("window", "pk"), lambda change: change_line(change, span(change.window)),
        title=_("The next seven days"), icon="calendar_month",
        empty=_("No change is scheduled for the next seven days, and nothing is frozen."),
        url=link("changes:calendar"),
    )  # fmt: skip
    panel.lines[:0] = [freeze_line(freeze) for freeze in freezes_in(ahead)[:SHOWN]]
    return panel


def freeze_line(freeze: FreezeWindow) -> Line:
    """A freeze as a line: what, when, and whether it stops or warns."""
    detail = span(freeze.window) if freeze.window.lower and freeze.window.upper else ""
    badge, tone = (_("freeze"), "bad") if freeze.is_hard else (_("soft freeze"), "info")
    return Line(str(freeze), link("changes:calendar"), detail, badge, tone, "ac_unit")


def span(window) -> str:
    """A window as two times; the day is not repeated."""
    start, end = timezone.localtime(window.lower), timezone.localtime(window.upper)
    return f"{when(start)} – {date_format(end, 'H:i' if start.date() == end.date() else 'Y-m-d H:i')}"
