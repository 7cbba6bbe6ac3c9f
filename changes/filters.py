"""Filters over changes that are more than a field."""

from __future__ import annotations

from django.db.models import Q
from django_filters import rest_framework as filters

from accounts.endpoints import FilterSet
from changes.models import ChangeRequest, GateAnswer, UnauthorisedWrite


class ChangeFilter(FilterSet):
    """`item` (id), `is_live`, `window_after` and `window_before`, `waiting_for_me`, `mine`."""

    item = filters.NumberFilter(field_name="change_items__item_id", distinct=True)
    is_live = filters.BooleanFilter(method="only_live")
    waiting_for_me = filters.BooleanFilter(method="only_waiting")
    mine = filters.BooleanFilter(method="only_mine")
    starts_after = filters.IsoDateTimeFilter(field_name="window__startswith", lookup_expr="gte")
    starts_before = filters.IsoDateTimeFilter(field_name="window__startswith", lookup_expr="lt")

    class Meta:
        model = ChangeRequest
        fields = {
            "number": ["exact"],
            "state": ["exact", "in"],
            "kind": ["exact", "in"],
            "risk": ["exact", "in"],
            "outcome": ["exact", "in"],
            "on_hold": ["exact"],
            "requester": ["exact"],
            "owner": ["exact"],
            "title": ["icontains"],
            "is_imported": ["exact"],
        }

    def only_live(self, changes, name, value):
        return changes.live() if value else changes

    def only_waiting(self, changes, name, value):
        return changes.waiting_for_vote_of(self.request.user) if value else changes

    def only_mine(self, changes, name, value):
        return changes.involving(self.request.user) if value else changes


class UnauthorisedFilter(FilterSet):
    """`is_explained`, `type` and `team` (keys), `item` (id), `happened_after`, `happened_before`."""

    is_explained = filters.BooleanFilter(method="explained")
    type = filters.CharFilter(field_name="type__key")
    team = filters.CharFilter(method="of_team")
    item = filters.NumberFilter(method="of_item")
    happened_after = filters.IsoDateTimeFilter(field_name="happened_at", lookup_expr="gte")
    happened_before = filters.IsoDateTimeFilter(field_name="happened_at", lookup_expr="lt")

    class Meta:
        model = UnauthorisedWrite
        fields = {"state": ["exact"], "writer": ["exact"]}

    def explained(self, writes, name, value):
        open_ones = UnauthorisedWrite.objects.unexplained().values("pk")
        return writes.exclude(pk__in=open_ones) if value else writes.filter(pk__in=open_ones)

    def of_team(self, writes, name, value):
        return writes.narrowed({"team": value})

    def of_item(self, writes, name, value):
        return writes.of_item(value)


class GateAnswerFilter(FilterSet):
    """`decision`, `pipeline`, `change` (number), `item` (address), `asked_after`, `asked_before`."""

    change = filters.CharFilter(field_name="change__number")
    item = filters.CharFilter(method="about")
    asked_after = filters.IsoDateTimeFilter(field_name="asked_at", lookup_expr="gte")
    asked_before = filters.IsoDateTimeFilter(field_name="asked_at", lookup_expr="lt")

    class Meta:
        model = GateAnswer
        fields = {"decision": ["exact"], "pipeline": ["exact", "icontains"], "asked_by": ["exact"]}

    def about(self, answers, name, value):
        return answers.filter(Q(items__contains=[value]) | Q(service=value))
