from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from inspections import notices  # noqa: F401  declares what people can be told of


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = _("Inspections")
