"""What the two import commands share: options, the order of the steps, and the words at the end."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from assets.actions import load_plan
from assets.imports.report import report_lines, totals
from audit.recorded.differences import as_reason
from cmdb.imports.reading import FileRefused, rows_of

IMPORTED = as_reason(gettext_noop("import of %(file)s"))


class ImportCommand(BaseCommand):
    """Plans the whole file, says what becomes of every row, and writes it in one transaction."""

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="CSV with a header line")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--encoding", default="", help="e.g. gbk; UTF-8 by default")
        parser.add_argument("--delimiter", default=",", help="a comma by default")
        parser.add_argument("--skip-errors", action="store_true", help="write the good rows, leave the wrong")
        parser.add_argument("--by", default="", help="user name to record, whose rights are asked")

    def plan(self, rows, options):
        raise NotImplementedError

    def write(self, plan):
        raise NotImplementedError

    def handle(self, *args, **options):
        by = self._user(options["by"])
        try:
            with options["file"].open("rb") as stream:
                rows = rows_of(stream, encoding=options["encoding"], delimiter=options["delimiter"])
                plan = self.plan(rows, options)
        except FileRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as fault:
            raise CommandError(f"{options['file']}: {fault.strerror}") from fault
        for line in report_lines(plan, with_creates=options["verbosity"] > 1):
            self.stdout.write(line)
        if plan.errors and not options["skip_errors"] and not options["dry_run"]:
            words = _("%s; nothing was written (--skip-errors writes the good rows)")
            raise CommandError(words % totals(plan))
        if not options["dry_run"]:
            load_plan(plan, self.write, by=by, reason=IMPORTED % {"file": options["file"].name})
        suffix = _(" (dry run, nothing was written)") if options["dry_run"] else ""
        self.stdout.write(totals(plan) + suffix)

    def _user(self, username):
        if not username:
            return None
        try:
            return User.objects.get(username=username)
        except User.DoesNotExist as missing:
            raise CommandError(_("no user “%s”") % username) from missing
