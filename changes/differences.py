"""Planned differences written into items and relations, set by set; or tried, with nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from audit.context import because
from changes.models import PlannedOperation
from changes.models.plan import OperationKind
from cmdb.models import ConfigurationItem, Relation
from cmdb.rules import refusal_of

SQL = Path(__file__).parent / "sql"
ON_ITEMS = (OperationKind.UPDATE, OperationKind.RETIRE)
ON_RELATIONS = (OperationKind.RELATE, OperationKind.UNRELATE)
# The columns of a relation that make it this one; the rest PostgreSQL fills.
ENDS = ("relation_type_id", "source_id", "target_id")

Faults = dict[str, list[str]]


class TakenBack(Exception):  # noqa: N818
    """Ends a savepoint whose writes were only tried."""


def write_after(operations: Sequence[PlannedOperation], kept: Mapping[str, list[str]]) -> None:
    """What each operation plans is written; `kept` are fields left as they are. Five statements at most."""
    set_items([each.pk for each in operations if each.kind in ON_ITEMS], kept, "after")
    new = [each for each in operations if each.kind == OperationKind.CREATE]
    made = ConfigurationItem.objects.bulk_create(ConfigurationItem(**each.after) for each in new)
    for operation, item in zip(new, made, strict=True):
        operation.item = item
    if new:
        PlannedOperation.objects.bulk_update(new, ["item"])
    end_relations(each.before for each in operations if each.kind == OperationKind.UNRELATE)
    Relation.objects.bulk_create(
        Relation(**each.after) for each in operations if each.kind == OperationKind.RELATE
    )


def write_back(operations: Sequence[PlannedOperation], kept: Mapping[str, list[str]]) -> None:
    """What each operation replaced is written again, the other way round."""
    end_relations(each.after for each in operations if each.kind == OperationKind.RELATE)
    Relation.objects.bulk_create(
        Relation(**each.before) for each in operations if each.kind == OperationKind.UNRELATE
    )
    made = {each.pk: each.item_id for each in operations if each.kind == OperationKind.CREATE}
    if made:
        PlannedOperation.objects.filter(pk__in=made).update(item=None)
        ConfigurationItem.objects.filter(pk__in=[pk for pk in made.values() if pk]).delete()
    set_items([each.pk for each in operations if each.kind in ON_ITEMS], kept, "replaced")


def set_items(operations: list[int], kept: Mapping[str, list[str]], side: str) -> None:
    """One side of the operations stands in their items. One statement."""
    if operations:
        run("set_items", [json.dumps(kept), operations], target=side)


def note_live(operations: list[int], column: str) -> None:
    """The live values of the operations' fields stand in their `column`. One statement."""
    if operations:
        run("note_live", [operations], column=column)


def end_relations(rows: Iterable[Mapping[str, Any]]) -> None:
    """These relations are gone. One statement."""
    if wanted := [[row[name] for name in ENDS] for row in rows]:
        run("end_relations", [json.dumps(wanted)])


def standing_relations(operations: Iterable[PlannedOperation]) -> set[int]:
    """The operations on relations whose relation is there now. One statement."""
    wanted = [
        [each.pk, *((each.after or each.before)[name] for name in ENDS)]
        for each in operations
        if each.kind in ON_RELATIONS
    ]
    if not wanted:
        return set()
    return {pk for (pk,) in connection.rows(statement("standing_relations"), [json.dumps(wanted)])}


def live_values(wanted: Mapping[int, Iterable[str]]) -> dict[int, dict[str, Any]]:
    """The named fields of the items as PostgreSQL holds them, in JSON; an absent attribute has no key.

    One statement; an item that is gone is absent.
    """
    rows = connection.rows(
        "SELECT id, (to_jsonb(ci) - 'search_text')::text FROM cmdb_configurationitem ci WHERE id = ANY (%s)",
        [list(wanted)],
    )
    return {pk: _of_document(json.loads(document), wanted[pk]) for pk, document in rows}


def _of_document(document: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    flat = document | {f"attributes.{key}": value for key, value in document["attributes"].items()}
    return {name: flat[name] for name in names if name in flat}


def try_operations(
    operations: Sequence[PlannedOperation],
) -> tuple[dict[int, dict[str, Any]], dict[int, Faults]]:
    """What the items would hold, and what PostgreSQL would refuse, by operation; nothing is left behind.

    Schema, identity, relation rules, foreign keys: all are asked by really writing, in a savepoint that is
    rolled back. About ten statements for any number; only when something is refused, the halves are tried,
    the second after the first, down to single operations, so that every refusal is told.
    """
    refused: dict[int, Faults] = {}
    found: dict[int, dict[str, Any]] = {}
    try:
        # The plan is tried in its change's name: else a controlled type refuses what this plan is for.
        with because(change_ref=operations[0].change_id if operations else None), transaction.atomic():
            try:
                with transaction.atomic():
                    _write_checked(operations)
            except (DatabaseError, TypeError, ValueError, LookupError):
                refused = _refused_among(operations)
            found = _held(operations)
            raise TakenBack
    except TakenBack:
        for operation in operations:
            if operation.kind == OperationKind.CREATE:
                operation.item = None
    return found, refused


def _refused_among(operations: Sequence[PlannedOperation]) -> dict[int, Faults]:
    """What PostgreSQL refuses of these, where it refuses something: by halves, each after those before it."""
    if len(operations) > 1:
        middle = len(operations) // 2
        return _refused_of(operations[:middle]) | _refused_of(operations[middle:])
    return _refused_of(operations)


def _refused_of(operations: Sequence[PlannedOperation]) -> dict[int, Faults]:
    try:
        with transaction.atomic():
            _write_checked(operations)
    except (DatabaseError, TypeError, ValueError, LookupError) as error:
        if len(operations) == 1:
            return {operations[0].pk: in_words(error)}
        return _refused_among(operations)
    return {}


def check_links() -> None:
    """Foreign keys of items and relations hold now; else they are looked at too late: at the commit."""
    with connection.cursor() as cursor:
        cursor.execute(statement("check_links"))


def _write_checked(operations: Sequence[PlannedOperation]) -> None:
    write_after(operations, {})
    check_links()


def _held(operations: Sequence[PlannedOperation]) -> dict[int, dict[str, Any]]:
    by_item = {each.item_id: each for each in operations if each.kind in ON_ITEMS and each.item_id}
    if not by_item:
        return {}
    live = live_values({pk: each.fields for pk, each in by_item.items()})
    return {by_item[pk].pk: values for pk, values in live.items()}


def in_words(error: Exception) -> Faults:
    """Why an operation cannot be written, by field."""
    if not isinstance(error, DatabaseError):
        return {"after": [_("A value does not fit its field.")]}
    if (refusal := refusal_of(error)) is not None:
        return {field: [str(line) for line in lines] for field, lines in refusal.message_dict.items()}
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None and diagnosis.sqlstate == "23503":
        return {"after": [_("It points to something that does not exist.")]}
    return {"after": [getattr(diagnosis, "message_primary", None) or str(error)]}


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def run(name: str, params: list[Any], **words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement(name).format(**words) if words else statement(name), params)
