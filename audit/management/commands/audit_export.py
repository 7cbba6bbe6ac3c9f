"""Writes the history of every recorded model as JSON lines."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from audit.actions import record_lasting_event
from audit.evidence import lines
from audit.models import SecurityEvent
from audit.recorded.history import recorded_models


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
                out.flush()
            status = "complete"
        except BrokenPipeError:  # the reader (head, less) has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        finally:
            record_lasting_event(
                SecurityEvent.Kind.EXPORT,
                target=str(options["output"] or "standard output"),
                detail={
                    "what": "history", "rows": count, "status": status, "since": options["since"],
                    "until": options["until"], "models": options["model"] or "all",
                },
            )  # fmt: skip
        broken = "" if status == "complete" else "Broken off by the reader after "
        self.stderr.write(f"{broken}{count} history rows of {len(chosen)} models.")


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
