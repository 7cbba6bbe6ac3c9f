"""Which items a freeze or a maintenance window covers, and by which way through the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError

from changes.models.calendar import ItemScope
from cmdb.graph import Graph, needed_by, path_of
from cmdb.models import ConfigurationItem
from cmdb.querysets import ItemQuerySet

# Covered items: for each its way to the scope's service, the item itself where there is no service.
Covered = dict[int, list[int]]


def items_of(scope: ItemScope, among: Iterable[int] | None = None) -> ItemQuerySet:
    """The items that fit the scope's own filters, the closure of its service aside."""
    items = ConfigurationItem.objects.all()
    if among is not None:
        items = items.filter(pk__in=among)
    wanted: dict[str, Any] = {
        "pk": scope.item_id,
        "environment": scope.environment or None,
        "owner_team": scope.owner_team_id,
        "criticality__gte": scope.criticality_from,
    }
    items = items.filter(**{name: value for name, value in wanted.items() if value is not None})
    if scope.type_id:
        items = items.of_type(scope.type.key)
    return items.matching(scope.conditions)


def everything_in(scope: ItemScope) -> ItemQuerySet:
    """Every live item that the scope covers, through the graph where it names a service."""
    among = needed_by(scope.service_id) if scope.service_id else None
    return items_of(scope, among).live()


class Coverage:
    """Some items with what depends on them, asked which of them each of several scopes covers."""

    def __init__(self, items: Iterable[int], graph: Graph | None = None) -> None:
        self.items = set(items)
        self._graph = graph
        self._columns: dict[int, Sequence[Any]] | None = None

    @property
    def graph(self) -> Graph:
        if self._graph is None:
            self._graph = Graph(self.items)
        return self._graph

    def covered(self, scope: ItemScope) -> Covered:
        """The items that the scope covers. No statement but for a type, conditions, or the first scope."""
        fitting = {pk for pk in self.items if self._fits(scope, pk)}
        if fitting and (scope.type_id or scope.conditions):
            # A condition that is none any more is passed over: a freeze errs on the side of covering.
            with suppress(ValidationError):
                fitting = set(items_of(scope, fitting).values_list("pk", flat=True))
        if not scope.service_id:
            return {pk: [pk] for pk in fitting}
        ways = self.graph.ways_to(scope.service_id)
        return {pk: path_of(ways, pk) for pk in fitting & ways.keys()}

    def _fits(self, scope: ItemScope, pk: int) -> bool:
        if self._columns is None:
            rows = ConfigurationItem.objects.filter(pk__in=self.items)
            columns = rows.values_list("pk", "environment", "owner_team_id", "criticality")
            self._columns = {row[0]: row[1:] for row in columns}
        environment, team, criticality = self._columns[pk]
        return (
            scope.item_id in (None, pk)
            and (not scope.environment or scope.environment == environment)
            and scope.owner_team_id in (None, team)
            and (scope.criticality_from is None or criticality >= scope.criticality_from)
        )
