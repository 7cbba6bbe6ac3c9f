from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from inspections import notices, reasons  # noqa: F401  declare what people can be told of, and why we write


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = _("Inspections")

    def ready(self) -> None:
        # By name: it reads calendars, and models are there only now.
        checks.register(import_string("inspections.guards.calendars.check_calendars"), deploy=True)
