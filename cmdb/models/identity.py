"""How the same thing is recognised under two names."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel
from cmdb.models.model import CIType


class IdentityRule(RecordedModel, Labelled):
    """A set of fields that, taken together, name one thing within a type and its subtypes (ServiceNow IRE).

    The type's `identity_mode` says whether a second item with the same values is refused or reported.
    """

    type = models.ForeignKey(CIType, models.PROTECT, related_name="identity_rules", verbose_name=_("type"))
    fields = models.JSONField(
        _("fields"),
        help_text=_('A list of “serial”, “primary_ip”, “name” and attribute keys, as ["serial"].'),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("identity rule")
        verbose_name_plural = _("identity rules")
        ordering = ["type", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["type", "label"], name="cmdb_identityrule_once_per_type"),
        ]

    def clean(self) -> None:
        """The fields are columns or attributes that items of the type have."""
        schema = self.type.compiled_schema if self.type_id else {}
        known = {"name", "serial", "primary_ip", *schema}
        if not isinstance(self.fields, list) or not self.fields or not set(map(str, self.fields)) <= known:
            names = ", ".join(sorted(known))
            raise ValidationError({"fields": _("Write a list of these: %(names)s.") % {"names": names}})
