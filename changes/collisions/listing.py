"""Collisions of a period as rows of text, for files and other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from django.db import connection

from changes.collisions import found_in
from changes.collisions.found import Collision
from changes.collisions.ranges import Span, overlap, span_of
from changes.collisions.schedule import SEEN, Schedule
from changes.models import ChangeRequest, CollisionKind

COLUMNS = ("change_a", "change_b", "overlap_start", "overlap_end", "shared_items", "kind")
# Changes with an item in common whose windows overlap, each pair once.
SAME_ITEM = """
WITH held AS MATERIALIZED (
  SELECT i.change_id, i.item_id, c."window"
    FROM changes_changerequest c
    JOIN changes_changeitem i ON i.change_id = c.id AND i.impact = 'manual'
   WHERE c.id = ANY (%(ids)s)
)
SELECT a.change_id, b.change_id, array_agg(DISTINCT item.name)
  FROM held a
  JOIN held b ON b.item_id = a.item_id AND b.change_id > a.change_id AND b."window" && a."window"
  JOIN cmdb_configurationitem item ON item.id = a.item_id
 GROUP BY a.change_id, b.change_id
"""


def collisions_between(
    start: datetime, end: datetime, *, only_same_item: bool, only_live: bool
) -> list[tuple[str, ...]]:
    """A row for each pair of changes and kind, the earlier start first, in the order of their numbers.

    Every change counts whose window touches the period: ended and imported ones, too, unless `only_live`.
    """
    changes = {
        change.pk: change
        for change in ChangeRequest.objects.filter(
            window__startswith__lte=end, window__endswith__gte=start, window__isempty=False
        ).order_by("pk")
        if not only_live or change.state in SEEN
    }
    rows = _same_item(changes) if only_same_item else _all_kinds(changes)
    return sorted(rows)


def _same_item(changes: dict[int, ChangeRequest]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(SAME_ITEM, {"ids": list(changes)})
        pairs = cursor.fetchall()
    return [
        row
        for one, two, items in pairs
        if (row := _row(changes[one], changes[two], CollisionKind.SAME_ITEM, items))
    ]


def _all_kinds(changes: dict[int, ChangeRequest]) -> list[tuple[str, ...]]:
    schedule = Schedule([(change, change.window) for change in changes.values()], others=False)
    rows = []
    for pk, found in found_in(schedule).items():
        ordered = sorted(found, key=lambda each: (each.other.pk, each.kind))
        for (other, kind), each in groupby(ordered, key=lambda each: (each.other.pk, each.kind)):
            if pk < other and other in changes:
                items = {name for one in each for name in _names(one)}
                rows.append(_row(changes[pk], changes[other], kind, sorted(items)))
    return [row for row in rows if row]


def _names(found: Collision) -> list[str]:
    if found.kind == CollisionKind.PERSON:
        return [str(found.person)]
    return [found.meet.name] if found.meet else []


def _row(one: ChangeRequest, two: ChangeRequest, kind: str, items: list[str]) -> tuple[str, ...] | None:
    spans = span_of(one.window), span_of(two.window)
    if spans[0] is None or spans[1] is None:
        return None
    first, second = sorted(
        ((spans[0], number_of(one)), (spans[1], number_of(two))), key=lambda each: (each[0][0], each[1])
    )
    both = overlap(first[0], second[0])
    return (first[1], second[1], *_moments(both), ";".join(sorted(items)), str(kind))


def number_of(change: ChangeRequest) -> str:
    """The number under which people know the change: the other system's for an imported one."""
    return change.import_key or change.number


def _moments(span: Span | None) -> tuple[str, str]:
    if span is None:
        return "", ""
    return tuple(f"{each.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for each in span)  # type: ignore[return-value]
