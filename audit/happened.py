"""What happened: one list over the history of every recorded model, newest first, page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError, connection, models, transaction
from psycopg import sql
from psycopg.errors import QueryCanceled

from audit.recorded.differences import told
from audit.recorded.history import recorded_models
from audit.recorded.related import fetch_related, keys_of

PAGE_ROWS = 50
PATIENCE = "10s"  # a search that finds next to nothing reads whole tables; nobody waits longer for a page

# Each branch reads its own history backwards and stops after one page; PostgreSQL merges the branches.
BRANCH = sql.SQL(
    "(SELECT h.history_id, {label} AS model, (SELECT max(p.history_id) FROM {history} p"
    " WHERE p.{pk} = h.{pk} AND p.history_id < h.history_id) AS earlier"
    " FROM {history} h WHERE {conditions} ORDER BY h.history_id {direction} LIMIT {rows})"
)
PAGE = sql.SQL(
    "SELECT history_id, model, earlier FROM ({branches}) e ORDER BY history_id {direction} LIMIT {rows}"
)


class SearchTooWideError(Exception):
    """The search would take longer than anybody waits; a shorter period or fewer kinds make it quick."""


@dataclass(frozen=True)
class Question:
    """What is asked of the record; what is empty does not narrow. `object_id` needs one model."""

    chosen: Sequence[type[models.Model]] = ()
    since: datetime | None = None
    until: datetime | None = None
    person: str = ""
    user_ids: Sequence[int] = ()
    object_id: int | None = None
    change_ref: int | None = None
    deed: str = ""
    reason: str = ""

    def conditions(self) -> list[sql.Composable]:
        """SQL over `h`, a row of any history."""
        asked: list[tuple[str, Any]] = [
            ("h.history_date >= {}", self.since),
            ("h.history_date < {}", self.until),
            ("h.history_change_ref = {}", self.change_ref),
            ("h.history_type = {}", self.deed),
            ("h.history_change_reason ILIKE {}", self.reason and _containing(self.reason)),
        ]
        found: list[sql.Composable] = [
            sql.SQL(text).format(sql.Literal(value)) for text, value in asked if value not in (None, "")
        ]
        if self.person:
            found.append(
                sql.SQL("(h.history_username ILIKE {} OR h.history_user_id = ANY({}))").format(
                    sql.Literal(_containing(self.person)), sql.Literal(list(self.user_ids))
                )
            )
        return found


@dataclass
class Page:
    """One page of history: rows in words, and the numbers at which its neighbours begin."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    newer: int | None = None
    older: int | None = None


def happened(question: Question, *, before: int | None = None, after: int | None = None) -> Page:
    """The newest page of matching history, or the one next to a history number.

    One statement to find, one per model on the page and one per model they refer to: the number does not
    depend on the rows. Raises SearchTooWideError if PostgreSQL is not done after PATIENCE.
    """
    found = _found(question, before, after)
    is_full = len(found) > PAGE_ROWS
    found = sorted(found[:PAGE_ROWS], reverse=True)
    has_newer, has_older = (is_full, True) if after is not None else (before is not None, is_full)
    page = Page(rows=_in_words(found))
    if found:
        page.newer = found[0][0] if has_newer else None
        page.older = found[-1][0] if has_older else None
    return page


def _found(question: Question, before: int | None, after: int | None) -> list[tuple[int, str, int | None]]:
    direction, rows = sql.SQL("ASC" if after is not None else "DESC"), sql.Literal(PAGE_ROWS + 1)
    conditions = question.conditions() or [sql.SQL("true")]
    if after is not None:
        conditions.append(sql.SQL("h.history_id > {}").format(sql.Literal(after)))
    elif before is not None:
        conditions.append(sql.SQL("h.history_id < {}").format(sql.Literal(before)))
    branches = []
    for model in question.chosen or recorded_models():
        pk, own = sql.Identifier(model._meta.pk.column), list(conditions)
        if question.object_id is not None:
            own.append(sql.SQL("h.{} = {}").format(pk, sql.Literal(question.object_id)))
        branches.append(
            BRANCH.format(
                label=sql.Literal(model._meta.label_lower), pk=pk, direction=direction, rows=rows,
                history=sql.Identifier(model.history.model._meta.db_table),
                conditions=sql.SQL(" AND ").join(own),
            )
        )  # fmt: skip
    statement = PAGE.format(branches=sql.SQL(" UNION ALL ").join(branches), direction=direction, rows=rows)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
            cursor.execute(statement)
            found = cursor.fetchall()
            cursor.execute("SELECT set_config('statement_timeout', '0', true)")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooWideError from error
        raise
    return found


def _in_words(found: list[tuple[int, str, int | None]]) -> list[dict[str, Any]]:
    numbers: dict[str, set[int]] = defaultdict(set)
    for number, label, earlier in found:
        numbers[label] |= {number} if earlier is None else {number, earlier}
    by_label = {model._meta.label_lower: model for model in recorded_models()}
    versions: dict[int, Any] = {}
    for label, wanted in numbers.items():
        history = by_label[label].history.model._base_manager
        versions |= history.select_related("history_txn").in_bulk(wanted)
    fetch_related((row, key) for row in versions.values() for key in keys_of(row))
    rows = []
    for number, label, earlier in found:
        model, row = by_label[label], versions[number]
        rows.append(
            told(row, versions.get(earlier) if earlier else None)
            | {
                "number": number,
                "model": model,
                "kind": model._meta.verbose_name,
                "object_id": getattr(row, model._meta.pk.attname),
                "object_label": object_label(model, row),
                "person": str(row.history_user or row.history_username or ""),
                "type": row.history_type,
                "context": (row.history_txn and row.history_txn.ctx) or {},
            }
        )
    return rows


def object_label(model: type[models.Model], row: Any) -> str:
    """How the row called itself in that version."""
    try:
        return str(model.__str__(row))
    except (AttributeError, TypeError, ObjectDoesNotExist):  # its words need more than its columns
        for name in ("number", "name", "label"):
            if words := getattr(row, name, ""):
                return str(words)
        return f"#{getattr(row, model._meta.pk.attname)}"


def _containing(text: str) -> str:
    for character in "\\%_":
        text = text.replace(character, f"\\{character}")
    return f"%{text}%"
