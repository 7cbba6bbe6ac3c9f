"""Creating and editing configuration items, one or thousands, by the same statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.roles import Right, require_right
from cmdb.actions.batches import (
    Faults,
    Row,
    checked_batch,
    clean_columns,
    insert_rows,
    is_storable,
    update_rows,
)
from cmdb.attributes import Schema, attribute_faults
from cmdb.models import ConfigurationItem

if TYPE_CHECKING:
    from accounts.models import User

PLAIN = (
    "name", "lifecycle_stage", "environment", "criticality", "serial", "primary_ip", "description",
    "last_verified_at", "last_seen_at",
)  # fmt: skip
LINKS = ("owner_team", "location", "duplicate_of")
NEW_ITEM_FIELDS = ("type", *PLAIN, *LINKS, "attributes")
EDIT_FIELDS = ("id", "address", "row_version", *NEW_ITEM_FIELDS)
COLUMNS = ("type_id", *PLAIN, "owner_team_id", "location_id", "duplicate_of_id", "attributes")


def create_items(rows: Any, *, by: User | None) -> list[int]:
    """Every row is an item; answers their ids in the order of the rows. Three statements for any number.

    A row names `type` and `owner_team` by key, `location` and `duplicate_of` by address or id. Raises
    BatchRefused with every fault by row and field, BatchTooLarge, RightMissing; nothing is written then.
    """
    if by is not None:
        require_right(by, Right.CMDB_EDIT)
    faults = Faults()
    rows = checked_batch(rows, NEW_ITEM_FIELDS, faults)
    look = _LookUps(rows)
    blank = _columns_of(ConfigurationItem())
    values = []
    for index, row in enumerate(rows):
        for name in ("type", "name"):
            if row.get(name) in (None, ""):
                faults.add(index, name, _("This field is required."))
        values.append(blank | look.resolved(row, None, index, faults))
    _refuse_taken_names([(value["type_id"], value["name"], None) for value in values], faults)
    faults.stop()
    if not values:
        return []
    sent = [value | {"search_text": "", "row_version": 1} for value in values]
    written = insert_rows(ConfigurationItem, sent, ["type_id", "name", "id"], faults)
    ids = {(type_id, name): pk for type_id, name, pk in written}
    return [ids[value["type_id"], value["name"]] for value in values]


@transaction.atomic
def update_items(rows: Any, *, by: User | None) -> tuple[list[int], int]:
    """Every row's item has the values the row names; answers all ids, and how many rows changed something.

    A row names its item by `id` or `address`; `attributes` are merged by key, null takes one away; with
    `row_version` the row is refused if the item has moved on. Locks the items. Five statements for any
    number. Raises as `create_items` does.
    """
    if by is not None:
        require_right(by, Right.CMDB_EDIT)
    faults = Faults()
    rows = checked_batch(rows, EDIT_FIELDS, faults)
    standing = _standing_items(rows, faults)
    faults.stop()
    look = _LookUps(rows, {item.type_id for item in standing})
    changed, names = [], []
    differing: set[str] = set()
    for index, (row, item) in enumerate(zip(rows, standing, strict=True)):
        before = _columns_of(item)
        after = before | look.resolved(row, item, index, faults)
        if (after["type_id"], after["name"]) != (item.type_id, item.name):
            names.append((after["type_id"], after["name"], item.pk, index))
        if after != before:
            changed.append({"id": item.pk} | after)
            differing |= {name for name in COLUMNS if after[name] != before[name]}
    if names:
        _refuse_taken_names([entry[:3] for entry in names], faults, [entry[3] for entry in names])
    faults.stop()
    if changed:
        touched = ["id", *(name for name in COLUMNS if name in differing)]
        update_rows(ConfigurationItem, [{name: entry[name] for name in touched} for entry in changed], faults)
    return [item.pk for item in standing], len(changed)


class Kind(NamedTuple):
    """What a batch needs to know of a type."""

    pk: int
    key: str
    is_abstract: bool
    compiled_schema: Schema


TYPES_AND_TEAMS = (
    "SELECT id, key, is_abstract, compiled_schema FROM cmdb_citype"
    " WHERE key = ANY (%s::text[]) OR id = ANY (%s::bigint[])"
    " UNION ALL SELECT id, key, NULL, NULL FROM accounts_team WHERE key = ANY (%s::text[])"
)


class _LookUps:
    """What the rows of a batch refer to, fetched once; `type_ids` are types of items that stand already."""

    def __init__(self, rows: Sequence[Row], type_ids: Iterable[int] = ()) -> None:
        teams, types = _texts(rows, "owner_team"), _texts(rows, "type")
        found = connection.rows(TYPES_AND_TEAMS, [list(types), list(type_ids), list(teams)])
        kinds = [Kind(*known, json.loads(schema)) for *known, schema in found if schema]
        self.types = {kind.key: kind for kind in kinds}
        self.types_by_id = {kind.pk: kind for kind in kinds}
        self.teams = {key: pk for pk, key, _is_abstract, schema in found if schema is None}
        wanted = {
            row[name] for row in rows for name in ("location", "duplicate_of") if _is_reference(row.get(name))
        }
        self.items = items_by_reference(wanted)

    def resolved(
        self, row: Row, item: ConfigurationItem | None, index: int, faults: Faults
    ) -> dict[str, Any]:
        """The row's values by column."""
        values = clean_columns(ConfigurationItem, PLAIN, row, index, faults)
        kind = item and self.types_by_id[item.type_id]
        if row.get("type") is not None:
            kind = self.types.get(row["type"]) if isinstance(row["type"], str) else None
            if kind is None:
                faults.add(index, "type", _("There is no type “%(key)s”.") % {"key": row["type"]})
            elif kind.is_abstract:
                message = _("The type “%(key)s” only groups others and has no items of its own.")
                faults.add(index, "type", message % {"key": kind.key})
                kind = None
            else:
                values["type_id"] = kind.pk
        if "owner_team" in row:
            values["owner_team_id"] = self._found(self.teams, row, "owner_team", index, faults)
        for name in ("location", "duplicate_of"):
            if name in row:
                values[f"{name}_id"] = self._found(self.items, row, name, index, faults)
        if kind is not None and ("attributes" in row or item is None or kind.pk != item.type_id):
            values["attributes"] = self._attributes(kind, row, item, index, faults)
        return values

    def _found(self, known: Mapping[Any, int], row: Row, name: str, index: int, faults: Faults) -> int | None:
        reference = row[name]
        if reference is None or reference == "":
            return None
        found = known.get(reference) if _is_reference(reference) else None
        if found is None:
            missing = _("There is no item “%(name)s”.")
            if name == "owner_team":
                missing = _("There is no team “%(name)s”.")
            faults.add(index, name, missing % {"name": reference})
        return found

    def _attributes(
        self, kind: Kind, row: Row, item: ConfigurationItem | None, index: int, faults: Faults
    ) -> dict[str, Any]:
        sent = row.get("attributes")
        sent = {} if sent is None else sent
        if not isinstance(sent, Mapping):
            faults.add(index, "attributes", _("Attributes are an object of keys and values."))
            return {}
        same_type = item is not None and item.type_id == kind.pk
        before = item.attributes if same_type else None
        merged = {**(item.attributes if item else {}), **sent}
        after = {key: value for key, value in merged.items() if value is not None}
        for key, message in attribute_faults(kind.compiled_schema, after, before).items():
            faults.add(index, f"attributes.{key}", message)
        return after


def _columns_of(item: ConfigurationItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in COLUMNS}


def _texts(rows: Sequence[Row], name: str) -> set[str]:
    return {row[name] for row in rows if isinstance(row.get(name), str) and is_storable(row[name])}


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def items_by_reference(references: set[Any]) -> dict[Any, int]:
    """Ids of the items named by address (`type:name`) or by id; one statement, none for no reference."""
    pairs = [text.partition(":")[::2] for text in references if isinstance(text, str) and is_storable(text)]
    ids = [number for number in references if isinstance(number, int) and 0 < number < 2**63]
    if not pairs and not ids:
        return {}
    found = connection.rows(
        "SELECT kind.key || ':' || item.name, item.id"
        " FROM unnest(%s::text[], %s::text[]) AS sent(key, name)"
        " JOIN cmdb_citype kind ON kind.key = sent.key"
        " JOIN cmdb_configurationitem item ON item.type_id = kind.id AND item.name = sent.name"
        " UNION ALL SELECT NULL, id FROM cmdb_configurationitem WHERE id = ANY (%s::bigint[])",
        [[key for key, _name in pairs], [name for _key, name in pairs], ids],
    )
    return {address or pk: pk for address, pk in found}


def _standing_items(rows: Sequence[Row], faults: Faults) -> list[ConfigurationItem]:
    references = [row.get("id", row.get("address")) for row in rows]
    ids = items_by_reference({each for each in references if _is_reference(each)})
    locked = ConfigurationItem.objects.select_for_update().in_bulk(ids.values()) if ids else {}
    found: list[ConfigurationItem] = []
    seen: dict[int, int] = {}
    for index, (row, reference) in enumerate(zip(rows, references, strict=True)):
        pk = ids.get(reference) if _is_reference(reference) else None
        if pk is None or pk not in locked:
            named = _("Name the item by “id” or “address”.")
            missing = _("There is no item “%(name)s”.") % {"name": reference}
            faults.add(index, "id", named if reference is None else missing)
            continue
        item = locked[pk]
        if pk in seen:
            faults.add(index, "id", _("Row %(row)d names the same item.") % {"row": seen[pk]})
        if row.get("row_version", item.row_version) != item.row_version:
            faults.add(index, "row_version", _("Somebody has changed this item since you read it."))
        seen[pk] = index
        found.append(item)
    return found


def _refuse_taken_names(
    names: Sequence[tuple[Any, Any, int | None]], faults: Faults, indexes: Sequence[int] | None = None
) -> None:
    """A name stands once per type: in the batch, and among the items that stand already; one statement."""
    places = list(indexes or range(len(names)))
    first: dict[tuple[Any, Any], int] = {}
    for (type_id, name, _own), index in zip(names, places, strict=True):
        if type_id is None or not name:
            continue
        if (type_id, name) in first:
            message = _("Row %(row)d has the same type and name.") % {"row": first[type_id, name]}
            faults.add(index, "name", message)
        first.setdefault((type_id, name), index)
    moving = {own for _type, _name, own in names if own}
    for type_id, name, pk in connection.rows(
        "SELECT item.type_id, item.name, item.id"
        " FROM unnest(%s::bigint[], %s::text[]) AS sent(type_id, name)"
        " JOIN cmdb_configurationitem item USING (type_id, name)",
        [[type_id for type_id, _name in first], [name for _type, name in first]],
    ):
        if pk not in moving:
            faults.add(first[type_id, name], "name", _("An item of this type has this name already."))
