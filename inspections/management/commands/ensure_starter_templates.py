"""Makes the check lists that come with OpsLedger, where they are missing."""

from django.core.management.base import BaseCommand

from inspections.actions import ensure_starter_templates


class Command(BaseCommand):
    help = (
        "Makes the starter check lists (server, database, network device, machine room, backup, "
        "security patches, terminal system) where they are missing."
    )

    def handle(self, *args, **options):
        made = ensure_starter_templates()
        self.stdout.write(f"{len(made)} check lists made: {', '.join(t.key for t in made) or 'none missing'}")
