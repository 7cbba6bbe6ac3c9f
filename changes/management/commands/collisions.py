"""manage.py collisions --from … --to … [--same-ci] [--state all|live] [--format csv|table|json]"""

import csv
import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from audit.evidence import harmless
from changes.collisions.listing import COLUMNS, collisions_between


def moment(text: str) -> datetime:
    """An ISO 8601 date or date and time; without a zone it is UTC."""
    try:
        found = parse_datetime(text)
        day = None if found else parse_date(text)
    except ValueError as error:
        raise CommandError(f"{text}: {error}") from error
    if found is None and day is None:
        raise CommandError(f"“{text}” is no date; write 2026-01-31 or 2026-01-31T22:00Z.")
    found = found or datetime(day.year, day.month, day.day, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Which changes are in each other's way. Windows are half-open: touching ones do not collide."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="start", default="1900-01-01", help="keep windows that touch the period from here"
        )
        parser.add_argument("--to", dest="end", default="9000-01-01", help="until here")
        parser.add_argument("--same-ci", action="store_true", help="only changes of the same item")
        parser.add_argument(
            "--state",
            choices=["all", "live"],
            default="all",
            help="all: ended and imported changes count too; live: only those submitted and not ended",
        )
        parser.add_argument("--format", choices=["csv", "table", "json"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = moment(options["start"]), moment(options["end"])
        if start > end:
            raise CommandError("--from comes after --to.")
        rows = collisions_between(
            start, end, only_same_item=options["same_ci"], only_live=options["state"] == "live"
        )
        if options["format"] == "csv":
            writer = csv.writer(self.stdout, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([harmless(cell) for cell in row] for row in rows)
        elif options["format"] == "json":
            found = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))
        else:
            for row in rows:
                self.stdout.write("  ".join(row))
            self.stdout.write(f"{len(rows)} collisions")
