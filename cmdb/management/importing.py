"""What the import commands share: their options and how they print the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cmdb.imports.mapping import load_mapping, shipped_mappings
from cmdb.imports.reading import FileRefused


class ImportCommand(BaseCommand):
    """Reads the file, runs the import, prints one answer per row and the summary; errors end with code 1."""

    run_import: Any
    mappings: Any = staticmethod(shipped_mappings)
    load: Any = staticmethod(load_mapping)

    def add_arguments(self, parser: CommandParser) -> None:
        names = ", ".join(self.mappings())
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
                    self.load(options["map"]),
                    name=path.name,
                    dry_run=options["dry_run"],
                    encoding=options["encoding"],
                    **self.asked(options),
                )
        except (FileRefused, OSError) as fault:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"file": path.name, "applied": False, "refusal": str(fault)}))
            raise CommandError(f"{path.name}: {fault} Nothing was written.", returncode=1) from fault
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1, default=str))
        else:
            self.print_text(report, options)
        if self.is_stopped(report):
            raise CommandError("Nothing was written.", returncode=1)

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        """What this import takes besides the file, its mapping and the options that all have."""
        return {"by": None}

    def is_stopped(self, report: Any) -> bool:
        """Whether nothing may be written."""
        return bool(report.has_errors)

    def is_worth_a_line(self, row: Any, options: dict[str, Any]) -> bool:
        """Whether a row without errors is printed, where the summary alone was not asked for."""
        return bool(options["dry_run"])

    def text_of(self, row: Any) -> str:
        lines = [f"line {row.line}  {row.outcome}  {row.address}  {row.note}".rstrip()]
        lines += [f"    {key}: {before!r} → {after!r}" for key, (before, after) in row.differences.items()]
        lines += [f"    {error}" for error in row.errors]
        return "\n".join(lines)

    def closing_lines(self, report: Any) -> list[str]:
        """What is said between the rows and the summary."""
        return []

    def print_text(self, report: Any, options: dict[str, Any]) -> None:
        errors = 0
        for row in report.rows:
            if row.errors:
                errors += 1
                if errors <= options["limit_errors"]:
                    self.stdout.write(self.text_of(row))
            elif not options["summary"] and self.is_worth_a_line(row, options):
                self.stdout.write(self.text_of(row))
        if errors > options["limit_errors"]:
            self.stdout.write(f"… {errors - options['limit_errors']} more rows with errors (--limit-errors)")
        for line in [*self.closing_lines(report), *filter(None, [report.refusal])]:
            self.stdout.write(line)
        dry = " (dry run: nothing was written)" if options["dry_run"] else ""
        self.stdout.write(f"{report.summary}{dry}")
