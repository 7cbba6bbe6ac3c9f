"""manage.py import_changes FILE --map NAME_OR_PATH [--dry-run] [--skip-errors]"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from changes.actions import import_changes
from changes.imports.mapping import change_mappings, load_change_mapping
from changes.imports.report import ChangeReport, ChangeRow, Outcome
from cmdb.imports.reading import FileRefused


class Command(BaseCommand):
    help = "Record the changes of another system, from a CSV file, as ended changes. What is recorded stays."

    def add_arguments(self, parser: CommandParser) -> None:
        names = ", ".join(change_mappings())
        parser.add_argument("file", help="CSV file")
        parser.add_argument("--map", required=True, help=f"path of a mapping (YAML), or one of: {names}")
        parser.add_argument("--dry-run", action="store_true", help="check and show every row, write nothing")
        parser.add_argument(
            "--skip-errors", action="store_true", help="import the good rows without the others"
        )
        parser.add_argument("--user", help="the person on whose behalf it is imported")
        parser.add_argument(
            "--encoding", default="", help="of the file, as gbk; default: the mapping's, or utf-8"
        )
        parser.add_argument("--limit-errors", type=int, default=50, help="rows with errors to print (50)")
        parser.add_argument("--summary", action="store_true", help="print errors and the summary only")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            with path.open("rb") as stream:
                report = import_changes(
                    stream,
                    load_change_mapping(options["map"]),
                    by=person(options["user"]),
                    name=path.name,
                    dry_run=options["dry_run"],
                    encoding=options["encoding"],
                    skip_errors=options["skip_errors"],
                )
        except (FileRefused, OSError) as fault:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"file": path.name, "applied": False, "refusal": str(fault)}))
            raise CommandError(f"{path.name}: {fault} Nothing was written.", returncode=1) from fault
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
        else:
            self.print_text(report, options)
        if report.is_stopped:
            raise CommandError("Nothing was written.", returncode=1)

    def print_text(self, report: ChangeReport, options: dict[str, Any]) -> None:
        wordy = not options["summary"]
        errors = 0
        for row in report.rows:
            if row.outcome == Outcome.ERROR:
                errors += 1
                if errors <= options["limit_errors"]:
                    self.stdout.write(text_of(row))
            elif wordy and (options["dry_run"] or row.warnings or row.outcome == Outcome.CONFLICT):
                self.stdout.write(text_of(row))
        if errors > options["limit_errors"]:
            self.stdout.write(f"… {errors - options['limit_errors']} more rows with errors (--limit-errors)")
        for about, count in report.warning_counts.items():
            self.stdout.write(f"{count} × {about.label}")
        if report.new_items:
            self.stdout.write(_("%d items created, as retired.") % len(report.new_items))
        if report.refusal:
            self.stdout.write(report.refusal)
        dry = " (dry run: nothing was written)" if options["dry_run"] else ""
        self.stdout.write(f"{report.summary}{dry}")


def person(username: str | None) -> User | None:
    if not username:
        return None
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(_("There is no user “%(user)s”.") % {"user": username})
    return found


def text_of(row: ChangeRow) -> str:
    lines = [f"line {row.line}  {row.outcome}  {row.key}  {row.record.get('title', '')}".rstrip()]
    lines += [f"    {name}: {before!r} → {after!r}" for name, (before, after) in row.differences.items()]
    lines += [f"    ! {warning}" for warning in row.warned]
    lines += [f"    {error}" for error in row.errors]
    return "\n".join(lines)
