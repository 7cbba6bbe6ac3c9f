"""Whether every signed inspection still says what was signed."""

from datetime import datetime, time

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from inspections.models import InspectionRun
from inspections.verification import verify_runs
from inspections.workflow import RunState


class Command(BaseCommand):
    help = "Hashes every signed inspection again and names those that are not what was signed (exit code 1)."

    def add_arguments(self, parser):
        parser.add_argument("numbers", nargs="*", help="only these runs, e.g. XJ-20261122-0001")
        parser.add_argument("--since", type=parse_date, help="only runs whose slot is on or after this day")

    def handle(self, *args, **options):
        runs = InspectionRun.objects.filter(state=RunState.SIGNED).order_by("pk")
        if options["numbers"]:
            runs = runs.filter(number__in=options["numbers"])
        if options["since"]:
            runs = runs.filter(slot_at__gte=timezone.make_aware(datetime.combine(options["since"], time())))
        checked, changed, amended = 0, [], 0
        for found in verify_runs(runs.iterator(chunk_size=1000)):
            checked += 1
            amended += found.amendments > 0
            if not found.is_valid:
                changed.append(found.run.number)
                self.stderr.write(
                    f"{found.run.number}: signed {found.run.record_sha256}, now {found.computed_sha256}"
                )
        missing = set(options["numbers"]) - set(runs.values_list("number", flat=True))
        if missing:
            raise CommandError(f"Not signed, or unknown: {', '.join(sorted(missing))}")
        if changed:
            raise CommandError(f"{len(changed)} of {checked} changed since they were signed")
        self.stdout.write(f"{checked} signed inspections are what was signed; {amended} were amended since")
