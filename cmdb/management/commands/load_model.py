"""Load types, attributes and relation rules from a YAML file."""

from pathlib import Path

import yaml
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.actions import load_model


class Command(BaseCommand):
    help = "Load types, attributes, relation types and rules from a YAML file; nothing is removed."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--user", help="the person on whose behalf it is loaded")

    def handle(self, *, file, user, **options):
        try:
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise CommandError(f"{file}: {error}") from error
        if not isinstance(document, dict):
            raise CommandError(_("%(file)s does not hold a model.") % {"file": file})
        try:
            by = User.objects.get(username=user) if user else None
            self.stdout.write(str(load_model(document, by=by)))
        except User.DoesNotExist as error:
            raise CommandError(_("There is no user “%(user)s”.") % {"user": user}) from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
