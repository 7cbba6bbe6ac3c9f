"""Freezes that cover what changes change, and maintenance windows that they are outside of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from changes.collisions.found import FreezeHit, MaintenanceMiss
from changes.collisions.ranges import Span, holds, joined, overlap, span_of
from changes.collisions.scopes import Coverage
from changes.models import ChangeItem, ChangeRequest, FreezeOverride, FreezeWindow, MaintenanceWindow
from changes.models.request import ItemImpact
from changes.recurrence import openings, parse_rule
from cmdb.models import ConfigurationItem

SCOPE = ("item", "service", "type", "owner_team")
# How far ahead the next openings of a maintenance window are looked for.
AHEAD = timedelta(days=92)


def active_freezes(span: Span) -> list[FreezeWindow]:
    """Active freezes that share an instant with the span."""
    return list(
        FreezeWindow.objects.filter(is_active=True, window__overlap=DateTimeTZRange(*span)).select_related(
            *SCOPE
        )
    )


def freeze_hits(subjects: Iterable[tuple[ChangeRequest, Span]]) -> dict[int, list[FreezeHit]]:
    """For each change every item that a freeze covers in the span. Statements do not grow with them."""
    asked = [(change, span) for change, span in subjects if change.pk]
    found: dict[int, list[FreezeHit]] = {change.pk: [] for change, _span in asked}
    if not asked:
        return found
    freezes = active_freezes((min(span[0] for _, span in asked), max(span[1] for _, span in asked)))
    if not freezes:
        return found
    items = items_of_changes(found)
    coverage = Coverage(set().union(*items.values()))
    overrides = overrides_of(asked)
    ways = {freeze.pk: coverage.covered(freeze) for freeze in freezes}
    names = named(pk for covered in ways.values() for way in covered.values() for pk in way)
    for change, span in asked:
        for freeze in freezes:
            during = span_of(freeze.window)
            if during is None or overlap(during, span) is None:
                continue
            found[change.pk] += [
                FreezeHit(freeze, names[pk], [names[step] for step in ways[freeze.pk][pk]],
                          overrides.get((change.pk, freeze.pk)))
                for pk in sorted(items[change.pk] & ways[freeze.pk].keys())
            ]  # fmt: skip
    return found


def overrides_of(asked: Iterable[tuple[ChangeRequest, Span]]) -> dict[tuple[int, int], FreezeOverride]:
    """Overrides that hold: the windows of change and freeze are still those that were looked at."""
    spans = {change.pk: span for change, span in asked}
    rows = FreezeOverride.objects.filter(change__in=spans).select_related("by", "freeze")
    return {
        (row.change_id, row.freeze_id): row
        for row in rows
        if span_of(row.change_window) == spans[row.change_id] and row.freeze_window == row.freeze.window
    }


def items_of_changes(changes: Iterable[int]) -> dict[int, set[int]]:
    """The items that each change changes. One statement."""
    found: dict[int, set[int]] = {pk: set() for pk in changes}
    rows = ChangeItem.objects.filter(change__in=found, impact=ItemImpact.MANUAL)
    for change_id, item in rows.values_list("change_id", "item_id"):
        found[change_id].add(item)
    return found


def named(ids: Iterable[int]) -> dict[int, ConfigurationItem]:
    return ConfigurationItem.objects.select_related("type").in_bulk(set(ids))


def open_times(maintenance: MaintenanceWindow, after: datetime, until: datetime) -> list[Span]:
    """When the maintenance window is open between the two."""
    rule = parse_rule(maintenance.rule, maintenance.starts_on, maintenance.starts_at)
    return openings(rule, maintenance.time_zone, maintenance.duration_minutes, after, until)


def maintenance_of(items: set[int]) -> dict[int, list[tuple[MaintenanceWindow, list[int]]]]:
    """For each item that has any: its maintenance windows, with the way to the service they are for."""
    windows = list(MaintenanceWindow.objects.filter(is_active=True).select_related(*SCOPE))
    found: dict[int, list[tuple[MaintenanceWindow, list[int]]]] = {}
    if windows and items:
        coverage = Coverage(items)
        for each in windows:
            for pk, way in coverage.covered(each).items():
                found.setdefault(pk, []).append((each, way))
    return found


def maintenance_misses(change: ChangeRequest, window: DateTimeTZRange | None) -> list[MaintenanceMiss]:
    """Items of the change that have maintenance windows, none of which holds the whole window."""
    span = span_of(window)
    if span is None or not change.pk:
        return []
    covered = maintenance_of(items_of_changes([change.pk])[change.pk])
    missed = {
        pk: windows
        for pk, windows in covered.items()
        if not holds([time for each, _way in windows for time in open_times(each, *span)], span)
    }
    names = named(pk for windows in missed.values() for _each, way in windows for pk in way)
    start = max(span[0], timezone.now())
    return [
        MaintenanceMiss(
            item=names[pk],
            maintenance=[each for each, _way in windows],
            path=[names[step] for step in windows[0][1]],
            opens=joined(time for each, _way in windows for time in open_times(each, start, start + AHEAD))[
                :3
            ],
        )
        for pk, windows in sorted(missed.items())
    ]
