"""The list of findings as people work through it: filters, orders, pages by key, counts, export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models import ConfigurationItem
from inspections.models import Finding
from inspections.querysets import FindingQuerySet
from inspections.severity import Severity
from inspections.workflow import FINDING_RUNNING, FindingState

PAGE_SIZE = 50
COUNTED = 10_001
#: How a list can be sorted: the keys of a page, each ascending or descending, the number last.
SORTS: dict[str, tuple[tuple[str, bool], ...]] = {
    "urgent": (("severity", False), ("opened_at", False), ("pk", False)),
    "due": (("due_at", False), ("pk", False)),
    "newest": (("opened_at", True), ("pk", True)),
    "count": (("count", True), ("pk", True)),
}
SORT_LABELS = {
    "urgent": _("critical, then oldest"),
    "due": _("deadline of the fix"),
    "newest": _("newest"),
    "count": _("most often seen"),
}
#: Age bands: key, label, from and up to how many days.
AGES = (
    ("today", _("today"), 0, 1),
    ("days", _("1 to 3 days"), 1, 3),
    ("week", _("3 to 7 days"), 3, 7),
    ("month", _("7 to 30 days"), 7, 30),
    ("older", _("older"), 30, 36500),
)
FILTERS = (
    "q",
    "state",
    "severity",
    "age",
    "owner",
    "team",
    "type",
    "overdue",
    "recurring",
    "mine",
    "unowned",
)


def narrowed(findings: FindingQuerySet, wanted: Mapping[str, str], user: User) -> FindingQuerySet:
    """Only those that fit; without a state, those not closed. What is no value of a filter is passed over."""
    state = wanted.get("state", "")
    if state in FindingState.values:
        findings = findings.filter(state=state)
    elif state != "all":
        findings = findings.unclosed()
    for name, narrow in NARROWED_BY.items():
        if wanted.get(name):
            findings = narrow(findings, wanted[name].strip()[:80])
    return findings.filter(owner=user) if wanted.get("mine") else findings


def _of_number(field: str) -> Narrow:
    def narrow(findings: FindingQuerySet, given: str) -> FindingQuerySet:
        return (
            findings.filter(**{field: int(given[:18])}) if given.isascii() and given.isdigit() else findings
        )

    return narrow


def _of_age(findings: FindingQuerySet, key: str) -> FindingQuerySet:
    band = next((each for each in AGES if each[0] == key), None)
    if band is None:
        return findings
    now = timezone.now()
    return findings.filter(
        opened_at__gt=now - timedelta(days=band[3]), opened_at__lte=now - timedelta(days=band[2])
    )


def _with_word(findings: FindingQuerySet, word: str) -> FindingQuerySet:
    has_word = Q(number__iexact=word) | Q(ci__name__icontains=word)
    return findings.filter(has_word | Q(label__icontains=word) | Q(label_zh__icontains=word))


Narrow = Callable[[FindingQuerySet, str], FindingQuerySet]
NARROWED_BY: dict[str, Narrow] = {
    "severity": lambda found, given: found.filter(severity=given) if given in ("warn", "crit") else found,
    "owner": _of_number("owner"),
    "team": _of_number("ci__owner_team"),
    "type": lambda found, given: found.filter(ci__in=ConfigurationItem.objects.of_type(given)),
    "unowned": lambda found, given: found.filter(owner=None),
    "overdue": lambda found, given: found.overdue(timezone.now()),
    "recurring": lambda found, given: found.with_recurrence().filter(recurrence__gte=2),
    "age": _of_age,
    "q": _with_word,
}


def page_of(findings: FindingQuerySet, sort: str, after: str) -> tuple[list[Finding], str]:
    """One page after the key `after` ("" for the first), and the key of the next page, "" at the end."""
    keys = SORTS[sort]
    if values := _key_values(keys, after):
        findings = findings.filter(_beyond(keys, values))
    order = [f"-{name}" if is_falling else name for name, is_falling in keys]
    rows = list(findings.for_list().with_recurrence().order_by(*order)[: PAGE_SIZE + 1])
    if len(rows) <= PAGE_SIZE:
        return rows, ""
    told = [getattr(rows[PAGE_SIZE - 1], name) for name, _falling in keys]
    return rows[:PAGE_SIZE], "~".join(
        each.isoformat() if isinstance(each, datetime) else str(each) for each in told
    )


def _key_values(keys: tuple[tuple[str, bool], ...], after: str) -> list[Any]:
    """The values of a page's key; none where it is not one of this order."""
    parts = after.split("~")
    if len(parts) != len(keys):
        return []
    values: list[Any] = []
    for (name, _falling), part in zip(keys, parts, strict=True):
        try:
            value: Any = part[:8] if name == "severity" else None
            if name.endswith("_at"):
                value = parse_datetime(part)
            elif name != "severity":
                value = int(part[:18])
        except ValueError:
            return []
        if value is None or (isinstance(value, datetime) and timezone.is_naive(value)):
            return []
        values.append(value)
    return values


def _beyond(keys: tuple[tuple[str, bool], ...], values: list[Any]) -> Q:
    """Rows that come after the key in the order of the keys."""
    beyond, same = Q(pk__in=[]), Q()
    for (name, is_falling), value in zip(keys, values, strict=True):
        beyond |= same & Q(**{f"{name}__{'lt' if is_falling else 'gt'}": value})
        same &= Q(**{name: value})
    return beyond


def counts_of(user: User) -> dict[str, int]:
    """What the tiles above the list say: how many of what kind are not closed. One query."""
    now = timezone.now()
    return Finding.objects.unclosed().aggregate(
        open=Count("pk"),
        critical=Count("pk", filter=Q(severity=Severity.CRIT)),
        overdue=Count("pk", filter=Finding.objects.overdue_at(now)),
        fixed=Count("pk", filter=Q(state=FindingState.FIXED)),
        unowned=Count("pk", filter=Q(state__in=FINDING_RUNNING, owner=None)),
        mine=Count("pk", filter=Q(owner=user.pk)),
    )


COLUMNS = (
    _("Number"), _("Finding"), _("CI"), _("CI type"), _("Team"), _("Severity"), _("State"), _("Times seen"),
    _("Times in 60 days"), _("Opened"), _("Response due"), _("Taken on"), _("Fix due"), _("Overdue"),
    _("Owner"),
    _("Fixed"), _("Fixed by"), _("Closed"), _("Risk accepted until"), _("Change request"), _("Comment"),
)  # fmt: skip


def export_rows(findings: FindingQuerySet) -> Iterator[list[Any]]:
    """Every finding as a row of COLUMNS, in the order given; memory does not grow with them."""
    rows = findings.for_list().with_recurrence().select_related("fixed_by", "ci__type", "ci__owner_team")
    for each in rows.iterator(chunk_size=1000):
        yield [
            each.number, each.title, each.ci.name, str(each.ci.type), str(each.ci.owner_team or ""),
            str(each.get_severity_display()), str(each.get_state_display()), each.count, each.recurrence,
            _local(each.opened_at), _local(each.response_due_at), _local(each.acknowledged_at),
            _local(each.due_at), "×" if each.is_overdue else "", str(each.owner or ""), _local(each.fixed_at),
            str(each.fixed_by or ""), _local(each.closed_at),
            each.accepted_until_on if each.state == FindingState.ACCEPTED_RISK else None,
            each.change.number if each.change else "", each.state_comment,
        ]  # fmt: skip


def _local(moment: datetime | None) -> datetime | None:
    """The reader's wall clock, without a zone: spreadsheets know none."""
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0) if moment else None
