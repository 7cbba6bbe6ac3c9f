"""Makes the demonstration organisation, where it is missing."""

from django.core.management.base import BaseCommand, CommandError

from config.demo import DemoRefused, ensure_demo
from config.demo.logins import Logins


class Command(BaseCommand):
    help = "Makes the demonstration organisation, a hospital's IT department; safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument("--print-logins", action="store_true", help="print role, user name and password")
        parser.add_argument("--force", action="store_true", help="also beside other people's data")

    def handle(self, *, print_logins, force, **options):
        try:
            made = ensure_demo(force=force)
        except DemoRefused as reason:
            raise CommandError(str(reason)) from reason
        if options["verbosity"] > 1 or (made and not print_logins):
            self.stdout.write(f"made: {', '.join(made) or 'nothing, all of it is there'}")
        if print_logins:
            self.stdout.write(Logins.kept().as_table())
