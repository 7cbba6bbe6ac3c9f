"""Loads the holidays and make-up workdays of a year into a work calendar."""

from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from inspections.actions import load_days
from inspections.models import WorkCalendar


class Command(BaseCommand):
    help = (
        "Loads holidays and make-up workdays (CSV: date, kind holiday|workday, label) into a work calendar. "
        "UTF-8 or GBK. Nothing is written while one line is wrong; loading again changes nothing. "
        "inspections/calendars/cn-2026.csv holds the Chinese days of 2026."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--calendar", required=True, metavar="KEY", help="key of the work calendar")
        parser.add_argument(
            "--create", action="store_true", help="make the calendar (Mon–Fri 9–18) if missing"
        )
        parser.add_argument("--dry-run", action="store_true", help="check and show every line, write nothing")

    def handle(self, *args, file, calendar, create, dry_run, **options):
        found = WorkCalendar.objects.filter(key=calendar).first()
        if found is None and create and not dry_run:
            found = WorkCalendar.objects.create(key=calendar, label=calendar)
        if found is None:
            keys = ", ".join(WorkCalendar.objects.values_list("key", flat=True)) or "none"
            raise CommandError(
                f"No work calendar has the key {calendar} (there are: {keys}); --create makes it."
            )
        try:
            loaded = load_days(found, file.read_bytes(), by=None, dry_run=dry_run)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        for line in loaded.lines:
            if line.errors or dry_run:
                self.stdout.write(
                    f"line {line.number}: {line.outcome} {line.text} {' '.join(line.errors)}".rstrip()
                )
        self.stdout.write(loaded.summary)
        if loaded.errors:
            raise CommandError("Nothing was written: correct the lines above.")
        if dry_run:
            self.stdout.write("Nothing was written (dry run).")
