"""Writes the history of every recorded model as JSON lines."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from psycopg import sql

from audit.actions import record_lasting_event
from audit.models import SecurityEvent
from audit.recorded.history import recorded_models

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


class Command(BaseCommand):
    help = "Write the history of all recorded models, in the order it happened, as JSON lines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", required=True, type=instant, help="a date or an ISO instant, included")
        parser.add_argument("--until", type=instant, help="a date or an ISO instant, not included")
        parser.add_argument("--model", action="append", help="app.model; may be repeated; default: all")
        parser.add_argument("--format", choices=["jsonl"], default="jsonl")
        parser.add_argument("--output", type=Path, help="a file; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = [_model(name) for name in options["model"] or []] or recorded_models()
        until = options["until"] or datetime.max.replace(tzinfo=timezone.get_default_timezone(), year=9998)
        count, status = 0, "broken off"
        try:
            with (
                options["output"].open("w", encoding="utf-8")
                if options["output"]
                else nullcontext(sys.stdout) as out
            ):
                for line in lines(chosen, options["since"], until):
                    out.write(line + "\n")
                    count += 1
            status = "complete"
        finally:
            record_lasting_event(
                SecurityEvent.Kind.EXPORT,
                target=str(options["output"] or "standard output"),
                detail={
                    "what": "history", "rows": count, "status": status, "since": options["since"],
                    "until": options["until"], "models": options["model"] or "all",
                },
            )  # fmt: skip
        self.stderr.write(f"{count} history rows of {len(chosen)} models.")


def lines(chosen: list[type[models.Model]], since: datetime, until: datetime) -> Iterator[str]:
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


def instant(text: str) -> datetime:
    """A date (its midnight) or an ISO instant, in our time zone where it names none."""
    try:
        found = parse_datetime(text)
        day = None if found else parse_date(text)
    except ValueError as error:
        raise CommandError(f"{text} is no date: {error}.") from error
    if found is None and day is None:
        raise CommandError(f"{text} is no date; write 2026-01-31 or 2026-01-31T08:00+08:00.")
    found = found or datetime.combine(day, time.min)  # type: ignore[arg-type]
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _model(name: str) -> type[models.Model]:
    try:
        model = apps.get_model(name)
    except (LookupError, ValueError) as error:
        raise CommandError(f"There is no model {name}.") from error
    if model not in recorded_models():
        raise CommandError(f"{name} is not recorded.")
    return model
