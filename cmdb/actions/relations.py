"""Creating and editing relations, one or thousands, by the same statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.roles import Right, require_right
from cmdb.actions.batches import Faults, Row, checked_batch, clean_columns, insert_rows, update_rows
from cmdb.actions.items import items_by_reference
from cmdb.models import DependencyGroup, Relation, RelationType
from cmdb.rules import REFUSALS

if TYPE_CHECKING:
    from accounts.models import User

PLAIN = ("description", "last_confirmed_at")
NEW_RELATION_FIELDS = ("relation_type", "source", "target", "group", *PLAIN)
EDIT_FIELDS = ("id", "row_version", *NEW_RELATION_FIELDS)
COLUMNS = ("relation_type_id", "source_id", "target_id", "group_id", *PLAIN)
NEEDY = {"source_needs_target": "source_id", "target_needs_source": "target_id"}


@transaction.atomic
def create_relations(rows: Any, *, by: User | None) -> list[int]:
    """Every row is a relation; answers their ids in the order of the rows. Seven statements for any number.

    A row names `relation_type` by key, `source` and `target` by address or id, `group` by id. Raises
    BatchRefused with every fault by row and field, BatchTooLarge, RightMissing; nothing is written then.
    """
    if by is not None:
        require_right(by, Right.CMDB_EDIT)
    faults = Faults()
    rows = checked_batch(rows, NEW_RELATION_FIELDS, faults)
    look = _LookUps(rows)
    values = []
    for index, row in enumerate(rows):
        for name in ("relation_type", "source", "target"):
            if row.get(name) in (None, ""):
                faults.add(index, name, _("This field is required."))
        blank = Relation()
        values.append({name: getattr(blank, name) for name in COLUMNS} | look.resolved(row, index, faults))
    look.check_rules(values, [None] * len(values), faults)
    faults.stop()
    if not values:
        return []
    sent = [value | {"max_one_source": False, "max_one_target": False, "row_version": 1} for value in values]
    keys = ["relation_type_id", "source_id", "target_id"]
    ids = {tuple(row[:3]): row[3] for row in insert_rows(Relation, sent, [*keys, "id"], faults)}
    return [ids[value["relation_type_id"], value["source_id"], value["target_id"]] for value in values]


@transaction.atomic
def update_relations(rows: Any, *, by: User | None) -> tuple[list[int], int]:
    """Every row's relation has the values the row names; answers all ids, and how many rows differed.

    Locks the relations. Eight statements for any number. Raises as `create_relations` does.
    """
    if by is not None:
        require_right(by, Right.CMDB_EDIT)
    faults = Faults()
    rows = checked_batch(rows, EDIT_FIELDS, faults)
    numbers = [number for row in rows if isinstance(number := row.get("id"), int) and 0 < number < 2**63]
    locked = Relation.objects.select_for_update().in_bulk(numbers)
    seen: set[int] = set()
    for index, row in enumerate(rows):
        standing = locked.get(row["id"]) if isinstance(row.get("id"), int) else None
        if standing is None:
            faults.add(index, "id", _("There is no relation “%(name)s”.") % {"name": row.get("id")})
        elif row.get("row_version", standing.row_version) != standing.row_version:
            faults.add(index, "row_version", _("Somebody has changed this relation since you read it."))
        elif standing.pk in seen:
            faults.add(index, "id", _("Another row names the same relation."))
        else:
            seen.add(standing.pk)
    faults.stop()
    look = _LookUps(rows)
    relations = [locked[number] for number in numbers]
    before = [{name: getattr(relation, name) for name in COLUMNS} for relation in relations]
    after = [
        {**was, **look.resolved(row, index, faults)}
        for index, (row, was) in enumerate(zip(rows, before, strict=True))
    ]
    look.check_rules(after, relations, faults)
    faults.stop()
    changed = [
        {"id": relation.pk} | now
        for relation, was, now in zip(relations, before, after, strict=True)
        if now != was
    ]
    if changed:
        update_rows(Relation, changed, faults)
    return numbers, len(changed)


class _LookUps:
    """What the rows of a batch refer to, fetched once."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.ways = RelationType.objects.in_bulk(field_name="key")
        self.ways_by_id = {way.pk: way for way in self.ways.values()}
        ends = {
            row.get(name) for row in rows for name in ("source", "target") if _is_reference(row.get(name))
        }
        self.items = items_by_reference(ends)
        groups = [row["group"] for row in rows if isinstance(row.get("group"), int)]
        self.groups = DependencyGroup.objects.in_bulk(groups) if groups else {}

    def resolved(self, row: Row, index: int, faults: Faults) -> dict[str, Any]:
        """The row's values by column."""
        values = clean_columns(Relation, PLAIN, row, index, faults)
        if row.get("relation_type") is not None:
            key = row["relation_type"]
            way = self.ways.get(key) if isinstance(key, str) else None
            if way is None:
                faults.add(index, "relation_type", _("There is no relation type “%(key)s”.") % {"key": key})
            else:
                values["relation_type_id"] = way.pk
        for name in ("source", "target"):
            if row.get(name) not in (None, ""):
                found = self.items.get(row[name]) if _is_reference(row[name]) else None
                values[f"{name}_id"] = found
                if found is None:
                    faults.add(index, name, _("There is no item “%(name)s”.") % {"name": row[name]})
        if "group" in row:
            group = self.groups.get(row["group"]) if isinstance(row["group"], int) else None
            values["group_id"] = group and group.pk
            if group is None and row["group"] is not None:
                faults.add(index, "group", _("There is no group “%(name)s”.") % {"name": row["group"]})
        return values

    def check_rules(
        self, values: Sequence[Mapping[str, Any]], own: Sequence[Relation | None], faults: Faults
    ) -> None:
        """The rules that PostgreSQL keeps, asked for all rows at once, by the same names."""
        whole = [
            (index, value)
            for index, value in enumerate(values)
            if None not in (value["relation_type_id"], value["source_id"], value["target_id"])
        ]
        seen: dict[tuple[int, str, int], int] = {}
        for (index, value), facts in zip(whole, _facts(whole, own), strict=True):
            for rule in self._broken(value, facts, seen):
                field, message = REFUSALS[rule]
                faults.add(index, field, message)

    def _broken(self, value: Mapping[str, Any], facts: Row, seen: dict[Any, int]) -> list[str]:
        way, source, target = (value[name] for name in ("relation_type_id", "source_id", "target_id"))
        if source == target:
            return ["cmdb_relation_not_self"]
        if not facts["allowed"]:
            return ["cmdb_relation_pair_is_allowed"]
        broken = []
        triple = (way, source, target)
        if facts["stands"] or triple in seen:
            broken.append("cmdb_relation_once")
        elif facts["has_target"] or (facts["max_one_target"] and (way, "source", source) in seen):
            broken.append("cmdb_relation_one_target_at_most")
        elif facts["has_source"] or (facts["max_one_source"] and (way, "target", target) in seen):
            broken.append("cmdb_relation_one_source_at_most")
        seen[triple] = 1
        seen[way, "source", source] = seen[way, "target", target] = 1
        group = self.groups.get(value["group_id"])
        needy = NEEDY.get(self.ways_by_id[way].impact)
        if group is not None and (needy is None or group.item_id != value[needy]):
            broken.append("cmdb_relation_group_serves_its_item")
        return broken


def _is_reference(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _facts(
    whole: Sequence[tuple[int, Mapping[str, Any]]], own: Sequence[Relation | None]
) -> list[dict[str, Any]]:
    """For each relation to be: whether its pair is allowed and what stands in its way; one statement."""
    columns = [
        [value[name] for _index, value in whole] for name in ("relation_type_id", "source_id", "target_id")
    ]
    moving = [relation.pk for relation in own if relation]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pair.source_type_id IS NOT NULL, coalesce(pair.max_one_source, false),
                coalesce(pair.max_one_target, false),
                EXISTS (SELECT FROM cmdb_relation r WHERE (r.relation_type_id, r.source_id, r.target_id)
                    = (sent.way, sent.source, sent.target) AND r.id <> ALL (%s::bigint[])),
                pair.max_one_target AND EXISTS (SELECT FROM cmdb_relation r WHERE r.max_one_target
                    AND r.relation_type_id = sent.way AND r.source_id = sent.source
                    AND r.id <> ALL (%s::bigint[])),
                pair.max_one_source AND EXISTS (SELECT FROM cmdb_relation r WHERE r.max_one_source
                    AND r.relation_type_id = sent.way AND r.target_id = sent.target
                    AND r.id <> ALL (%s::bigint[]))
            FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) WITH ORDINALITY
                AS sent(way, source, target, nr)
            JOIN cmdb_configurationitem source ON source.id = sent.source
            JOIN cmdb_configurationitem target ON target.id = sent.target
            LEFT JOIN cmdb.relation_pair pair ON pair.relation_type_id = sent.way
                AND pair.source_type_id = source.type_id AND pair.target_type_id = target.type_id
            ORDER BY nr
            """,
            [moving, moving, moving, *columns],
        )
        names = ("allowed", "max_one_source", "max_one_target", "stands", "has_target", "has_source")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
