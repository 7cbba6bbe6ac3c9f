"""Many rows at once: validated in one pass, written by one statement, all of them or none."""

from __future__ import annotations

import datetime
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cmdb.rules import refusal_detail, refusal_of

LARGEST_BATCH = 5_000
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Row = Mapping[str, Any]


class BatchTooLarge(Exception):  # noqa: N818  (an answer, no accident)
    """More rows than one batch may hold."""

    def __str__(self) -> str:
        return _("At most %(limit)d rows at once; send the rest in further requests.") % {
            "limit": LARGEST_BATCH
        }


class BatchRefused(Exception):  # noqa: N818
    """Nothing was written: `faults` says by row number and field why."""

    def __init__(self, faults: Mapping[int | None, Mapping[str, Sequence[str]]]) -> None:
        self.faults = faults
        super().__init__(faults)


class Faults:
    """What is wrong with the rows of a batch, collected over all of them."""

    def __init__(self) -> None:
        self.found: dict[int | None, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def add(self, index: int | None, field: str, *messages: str) -> None:
        """One more fault of the row with this number; None is the batch as a whole."""
        self.found[index][field] += [str(message) for message in messages]

    def stop(self) -> None:
        """Raises BatchRefused if there are any."""
        if self.found:
            raise BatchRefused(
                {index: dict(fields) for index, fields in sorted(self.found.items(), key=_place)}
            )


def _place(entry: tuple[int | None, Any]) -> int:
    return -1 if entry[0] is None else entry[0]


def checked_batch(rows: Any, known: Iterable[str], faults: Faults) -> list[dict[str, Any]]:
    """The rows as dictionaries, each with known fields only. Raises BatchTooLarge, BatchRefused."""
    if not isinstance(rows, list):
        raise BatchRefused({None: {NON_FIELD_ERRORS: [_("A list of rows is expected.")]}})
    if len(rows) > LARGEST_BATCH:
        raise BatchTooLarge
    fields = set(known)
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            faults.add(index, NON_FIELD_ERRORS, _("A row is an object of fields and values."))
            continue
        for name in set(row) - fields:
            faults.add(index, str(name), _("There is no such field."))
    faults.stop()
    return [dict(row) for row in rows]


# Nearer to the ends of the calendar, an instant cannot be shown in every time zone.
FIRST_YEAR, LAST_YEAR = 1900, 8999


def clean_columns(
    model: type[models.Model], names: Iterable[str], row: Row, index: int, faults: Faults
) -> dict[str, Any]:
    """The row's values for plain columns as Python values; what does not fit is among the faults."""
    values = {}
    for name in names:
        if name not in row:
            continue
        field = model._meta.get_field(name)
        value = row[name]
        if value is None and not field.null and field.blank:
            value = field.get_default()
        if value == "" and field.null:
            value = None
        try:
            if not is_storable(value):
                raise ValidationError(_("This text cannot be stored."))
            if isinstance(field, models.DateTimeField) and not isinstance(
                value, str | datetime.datetime | None
            ):
                raise ValidationError(_("Write a date and time as text."))
            cleaned = field.clean(value, None)
            if isinstance(cleaned, datetime.datetime):
                cleaned = timezone.make_aware(cleaned) if timezone.is_naive(cleaned) else cleaned
                if not FIRST_YEAR <= cleaned.year <= LAST_YEAR:
                    raise ValidationError(_("This date is too far away."))
            values[name] = cleaned
        except ValidationError as error:
            faults.add(index, name, *error.messages)
    return values


def is_storable(value: Any) -> bool:
    """False for text with NUL or half a surrogate pair, and for a value of the wrong shape."""
    if isinstance(value, list | dict):
        return False
    return not isinstance(value, str) or UNSTORABLE.search(value) is None


def insert_rows(
    model: type[models.Model], rows: Sequence[Row], returning: Sequence[str], faults: Faults
) -> list[tuple[Any, ...]]:
    """All rows stand in the table: one statement; answers the named columns. Raises BatchRefused."""
    return _write(_insertion(model, tuple(rows[0]), tuple(returning)), rows, faults)


@cache
def _insertion(model: type[models.Model], names: tuple[str, ...], returning: tuple[str, ...]) -> str:
    columns = ", ".join(_quoted(model, name) for name in names)
    return (
        f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {columns}"  # noqa: S608  (names of fields)
        f" FROM jsonb_to_recordset(%s::jsonb) AS sent({_typed(model, names)})"
        f" RETURNING {', '.join(returning)}"
    )


def update_rows(model: type[models.Model], rows: Sequence[Row], faults: Faults) -> list[tuple[Any, ...]]:
    """Each row of the table has the values sent for its `id`: one statement. Raises BatchRefused."""
    names = list(rows[0])
    assignments = ", ".join(f"{_quoted(model, n)} = sent.{_quoted(model, n)}" for n in names if n != "id")
    return _write(
        f"UPDATE {model._meta.db_table} AS standing SET {assignments}"  # noqa: S608  (names of fields)
        f" FROM jsonb_to_recordset(%s::jsonb) AS sent({_typed(model, names)})"
        " WHERE standing.id = sent.id RETURNING standing.id",
        rows,
        faults,
    )


def _write(sql: str, rows: Sequence[Row], faults: Faults) -> list[tuple[Any, ...]]:
    sent = json.dumps(list(rows), cls=_Encoder, ensure_ascii=False)
    try:
        with transaction.atomic():
            return connection.rows(sql, [sent])
    except Error as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        index = _row_of(refusal_detail(error.__cause__.diag.message_detail), rows)
        for field, messages in refusal.message_dict.items():
            faults.add(index, field, *messages)
        faults.stop()
        raise


class _Encoder(DjangoJSONEncoder):
    def default(self, value: Any) -> Any:
        # Django's encoder cuts microseconds.
        return value.isoformat() if isinstance(value, datetime.datetime) else super().default(value)


def _row_of(detail: Mapping[str, Any], rows: Sequence[Row]) -> int | None:
    """The number of the row that PostgreSQL speaks of, where it says enough."""
    wanted = {name: detail[name] for name in ("id", "name", "source", "target") if name in detail}
    for index, row in enumerate(rows):
        if wanted and all(row.get(name, row.get(f"{name}_id")) == value for name, value in wanted.items()):
            return row.get("number", index)
    return None


def _quoted(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(model._meta.get_field(name).column)


def _typed(model: type[models.Model], names: Iterable[str]) -> str:
    """The columns with their types, as jsonb_to_recordset wants them."""
    return ", ".join(f"{_quoted(model, n)} {model._meta.get_field(n).db_type(connection)}" for n in names)
