"""Makes the inspection runs that plans call for; the worker does the same every few minutes."""

from django.core.management.base import BaseCommand

from inspections.actions import generate_runs


class Command(BaseCommand):
    help = (
        "Makes the inspection runs of the next 24 hours and of the time since the last call; safe to repeat."
    )

    def handle(self, *args, **options):
        done = generate_runs()
        self.stdout.write(f"{done.created} created, {done.opened} opened, {done.missed} missed")
