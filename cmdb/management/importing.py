"""What the two import commands share: their options and how they print the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cmdb.imports.mapping import load_mapping, shipped_mappings
from cmdb.imports.reading import FileRefused
from cmdb.imports.report import Outcome, PlannedRow, Report


class ImportCommand(BaseCommand):
    """Reads the file, runs the import, prints one answer per row and the summary; errors end with code 1."""

    run_import: Any

    def add_arguments(self, parser: CommandParser) -> None:
        names = ", ".join(shipped_mappings())
        parser.add_argument("file", help="CSV file")
        parser.add_argument("--map", required=True, help=f"path of a mapping (YAML), or one of: {names}")
        parser.add_argument("--dry-run", action="store_true", help="check and show every row, write nothing")
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
                report = self.run_import(
                    stream,
                    load_mapping(options["map"]),
                    by=None,
                    name=path.name,
                    dry_run=options["dry_run"],
                    encoding=options["encoding"],
                )
        except (FileRefused, OSError) as fault:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"file": path.name, "applied": False, "refusal": str(fault)}))
            raise CommandError(f"{path.name}: {fault} Nothing was written.", returncode=1) from fault
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1, default=str))
        else:
            self.print_text(report, options)
        if report.has_errors:
            raise CommandError("Nothing was written.", returncode=1)

    def print_text(self, report: Report, options: dict[str, Any]) -> None:
        wordy = options["dry_run"] and not options["summary"]
        errors = 0
        for row in report.rows:
            if row.outcome == Outcome.ERROR:
                errors += 1
                if errors <= options["limit_errors"]:
                    self.stdout.write(text_of(row))
            elif wordy:
                self.stdout.write(text_of(row))
        if errors > options["limit_errors"]:
            self.stdout.write(f"… {errors - options['limit_errors']} more rows with errors (--limit-errors)")
        if report.refusal:
            self.stdout.write(report.refusal)
        dry = " (dry run: nothing was written)" if options["dry_run"] else ""
        self.stdout.write(f"{report.summary}{dry}")


def text_of(row: PlannedRow) -> str:
    lines = [f"line {row.line}  {row.outcome}  {row.address}  {row.note}".rstrip()]
    lines += [f"    {key}: {before!r} → {after!r}" for key, (before, after) in row.differences.items()]
    lines += [f"    {error}" for error in row.errors]
    return "\n".join(lines)
