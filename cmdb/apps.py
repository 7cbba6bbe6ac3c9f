from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class CmdbConfig(AppConfig):
    name = "cmdb"
    verbose_name = _("Configuration (CMDB)")

    def ready(self) -> None:
        post_migrate.connect(load_starter_model, sender=self)


def load_starter_model(*, using: str, **_migrated: Any) -> None:
    """A new database knows the starter model; also one that a test has emptied."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('cmdb.identity') IS NOT NULL")
        is_migrated = cursor.fetchone()[0]
    if is_migrated:
        import_string("cmdb.actions.ensure_starter_model")()
