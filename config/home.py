"""The home page: one panel per kind of work that waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db.models import F, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from assets.models import Contract
from audit.models import SecurityEvent
from changes.models import ChangeRequest
from changes.workflow import State
from cmdb.models import ConfigurationItem
from inspections.models import Finding, InspectionRun
from inspections.workflow import RunState

SHOWN = 6
STALE_DAYS = 90


@dataclass(frozen=True)
class Line:
    """One line of a panel: a text, a second text, a link, and a badge (tone as in house.css)."""

    text: str
    url: str = ""
    detail: str = ""
    badge: str = ""
    tone: str = "neutral"
    icon: str = ""


@dataclass(frozen=True)
class Panel:
    """One card of the home page; `empty` says in words why there is nothing."""

    title: str
    icon: str
    lines: list[Line] = field(default_factory=list)
    empty: str = ""
    url: str = ""
    more: int = 0
    count: int | None = None


def link(name: str, *args: object) -> str:
    """The address of a page, or nothing while there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def panel_of(rows: QuerySet, line: Callable[..., Line], *, url: str, **words: str) -> Panel:
    """The first few rows as lines, with the number of all: two queries."""
    found = list(rows[: SHOWN + 1])
    count = len(found) if len(found) <= SHOWN else rows.order_by().count()
    lines = [line(row) for row in found[:SHOWN]]
    return Panel(lines=lines, url=url, more=max(0, count - SHOWN), count=count, **words)


def when(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else ""


def change_line(change: ChangeRequest) -> Line:
    bad = change.state in (State.ROLLING_BACK, State.ROLLED_BACK, State.REJECTED)
    return Line(
        f"{change.number} {change.title}",
        link("changes:change", change.number),
        when(change.window.lower if change.window else None),
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
        ChangeRequest.objects.live().involving(user).order_by("-pk"), change_line,
        title=_("My changes"), icon="published_with_changes",
        empty=_("No open change has you as requester, owner or assignee."), url=link("changes:queue"),
    )  # fmt: skip


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
        url=link("inspections:list"),
    )  # fmt: skip


def finding_line(finding: Finding) -> Line:
    return Line(
        str(finding),
        link("inspections:finding", finding.number),
        f"{finding.ci.address} · " + _("due %(when)s") % {"when": when(finding.due_at)},
        finding.get_severity_display(),
        "bad" if finding.severity == "critical" else "warn",
        "error" if finding.severity == "critical" else "warning",
    )


def findings(user: User) -> Panel | None:
    if not (has_right(user, Right.INSPECT) or has_right(user, Right.INSPECT_REVIEW)):
        return None
    return panel_of(
        Finding.objects.unclosed().for_list().urgent_first(), finding_line,
        title=_("Open findings"), icon="report", empty=_("No finding is open."),
        url=link("inspections:findings"),
    )  # fmt: skip


def stale_items(user: User) -> Panel | None:
    if not has_right(user, Right.CMDB_EDIT):
        return None
    limit = timezone.now() - timedelta(days=STALE_DAYS)
    items = ConfigurationItem.objects.live().filter(last_verified_at__lt=limit).select_related("type")

    def line(item):
        verified = _("verified %(when)s") % {"when": when(item.last_verified_at)}
        return Line(item.name, link("cmdb:item", item.pk), verified, str(item.type))

    return panel_of(
        items.order_by(F("last_verified_at"), "pk"), line,
        title=_("Not verified for 90 days"), icon="event_busy",
        empty=_("Every verified item was verified within 90 days."), url=link("cmdb:list"),
    )  # fmt: skip


def contracts(user: User) -> Panel | None:
    if not has_right(user, Right.ASSET_EDIT):
        return None

    def line(contract):
        ends = _("ends %(day)s") % {"day": date_format(contract.ends_on, "Y-m-d")}
        return Line(str(contract), link("admin:assets_contract_change", contract.pk), ends)

    return panel_of(
        Contract.objects.ending_within(90).order_by("ends_on", "pk"), line,
        title=_("Contracts ending within 90 days"), icon="contract", empty=_("No contract ends soon."),
        url=link("admin:assets_contract_changelist"),
    )  # fmt: skip


def _events(user: User, kind: str, title: str, icon: str, empty: str) -> Panel | None:
    if not has_right(user, Right.AUDIT_READ):
        return None
    tone = "info" if kind == SecurityEvent.Kind.EXPORT else "serious"
    lines = [
        Line(
            event.target or event.get_kind_display(),
            detail=" · ".join(filter(None, [when(event.at), event.actor or _("nobody"), event.address])),
            badge=str(event.detail.get("status") or event.detail.get("deed") or ""),
            tone=tone,
        )
        for event in SecurityEvent.objects.filter(kind=kind)[:SHOWN]
    ]
    return Panel(title, icon, lines, empty, url=f"{link('audit:events')}?kind={kind}")


def refusals(user: User) -> Panel | None:
    return _events(
        user, SecurityEvent.Kind.REFUSAL, _("Last refusals"), "block", _("Nothing has been refused yet.")
    )


def exports(user: User) -> Panel | None:
    return _events(
        user, SecurityEvent.Kind.EXPORT, _("Last exports"), "download", _("Nothing has been exported yet.")
    )


# Each returns a Panel, or None when this person has no use for it. Order is the order on the page.
PANELS: list[Callable[[User], Panel | None]] = [
    votes,
    my_changes,
    inspections,
    sign_offs,
    findings,
    stale_items,
    contracts,
    refusals,
    exports,
]


def panels_for(user: User) -> list[Panel]:
    """The panels this person sees, in order."""
    return [panel for show in PANELS if (panel := show(user)) is not None]
