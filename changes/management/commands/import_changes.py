"""manage.py import_changes FILE --map NAME_OR_PATH [--dry-run] [--skip-errors]"""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from changes.actions import import_changes
from changes.imports.mapping import change_mappings, load_change_mapping
from changes.imports.report import ChangeReport, ChangeRow, Outcome
from cmdb.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Record the changes of another system, from a CSV file, as ended changes. What is recorded stays."
    run_import = staticmethod(import_changes)
    mappings = staticmethod(change_mappings)
    load = staticmethod(load_change_mapping)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--skip-errors", action="store_true", help="import the good rows without the others"
        )
        parser.add_argument("--user", help="the person on whose behalf it is imported")

    def asked(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"by": person(options["user"]), "skip_errors": options["skip_errors"]}

    def is_stopped(self, report: ChangeReport) -> bool:
        return report.is_stopped

    def is_worth_a_line(self, row: ChangeRow, options: dict[str, Any]) -> bool:
        return bool(options["dry_run"] or row.warnings or row.outcome == Outcome.CONFLICT)

    def text_of(self, row: ChangeRow) -> str:
        lines = [f"line {row.line}  {row.outcome}  {row.key}  {row.record.get('title', '')}".rstrip()]
        lines += [f"    {name}: {before!r} → {after!r}" for name, (before, after) in row.differences.items()]
        lines += [f"    ! {warning}" for warning in row.warned]
        lines += [f"    {error}" for error in row.errors]
        return "\n".join(lines)

    def closing_lines(self, report: ChangeReport) -> list[str]:
        lines = [f"{count} × {about.label}" for about, count in report.warning_counts.items()]
        if report.new_items:
            lines.append(_("%d items created, as retired.") % len(report.new_items))
        return lines


def person(username: str | None) -> User | None:
    """The user of that name; None where none was named. Raises CommandError if there is no such user."""
    if not username:
        return None
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(_("There is no user “%(user)s”.") % {"user": username})
    return found
