"""The history of recorded models as data to take away: JSON lines, or a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

# Every branch comes in the order of its primary key: PostgreSQL merges them and keeps no rows.
ONE_MODEL = sql.SQL(
    "SELECT h.history_id, h.history_date, h.history_type, h.history_txid, {label}::text AS model,"
    " h.{pk}::text AS pk, to_jsonb(h) AS h FROM {history} h"
)
WHOLE = sql.SQL(
    """
SELECT jsonb_build_object(
  'history_id', e.history_id, 'at', e.h->'history_date', 'model', e.model, 'id', e.pk,
  'kind', CASE e.history_type WHEN '+' THEN 'created' WHEN '-' THEN 'deleted' ELSE 'changed' END,
  'row_version', e.h->'row_version',
  'user', e.h->'history_user_id', 'username', e.h->'history_username',
  'reason', e.h->'history_change_reason', 'change_ref', e.h->'history_change_ref',
  'txid', e.history_txid,
  'request_id', t.ctx->'request_id', 'address', t.ctx->'address', 'path', t.ctx->'path',
  'db_user', t.db_user,
  'row', e.h - ARRAY['history_id', 'history_date', 'history_type', 'history_user_id', 'history_username',
                     'history_change_reason', 'history_change_ref', 'history_txid'])::text
FROM ({branches}) e LEFT JOIN audit.txn t ON t.txid = e.history_txid
WHERE e.history_date >= %s AND e.history_date < %s
ORDER BY e.history_id"""
)
COLUMNS = [
    "history_id", "at", "model", "id", "kind", "row_version", "user", "username", "reason", "change_ref",
    "txid", "request_id", "address", "path", "db_user", "row",
]  # fmt: skip


def lines(chosen: Sequence[type[models.Model]], since: datetime, until: datetime) -> Iterator[str]:
    """One JSON text per history row, oldest first, as of one moment; memory does not grow with the rows."""
    branches = sql.SQL(" UNION ALL ").join(
        ONE_MODEL.format(
            label=sql.Literal(model._meta.label_lower),
            pk=sql.Identifier(model._meta.pk.column),
            history=sql.Identifier(model.history.model._meta.db_table),
        )
        for model in chosen
    )
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(WHOLE.format(branches=branches), [since, until])
        while page := cursor.fetchmany(1000):
            yield from (line for (line,) in page)


def as_csv(found: Iterator[str]) -> Iterator[str]:
    """The same rows for a spreadsheet: a head line, then one line each; no cell is taken for a formula."""
    yield "\ufeff" + _csv_line(COLUMNS)  # Excel reads UTF-8 only behind this mark
    for line in found:
        row = json.loads(line)
        row["row"] = json.dumps(row["row"], ensure_ascii=False)
        yield _csv_line([harmless(row[column]) for column in COLUMNS])


#: What a spreadsheet may begin a formula with; the full-width forms count in Chinese and Japanese ones.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: Any) -> str:
    """The value as text that no spreadsheet computes."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
