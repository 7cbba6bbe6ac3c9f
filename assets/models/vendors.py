"""The companies we buy from."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel


class Vendor(RecordedModel):
    """One company that sells to us or serves us (ITIL 4, "supplier")."""

    name = models.CharField(_("name"), max_length=120)
    contact = models.CharField(_("contact person"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.CharField(
        _("website"), max_length=200, blank=True, validators=[URLValidator(["http", "https"])]
    )

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="assets_vendor_name_once",
                violation_error_message=_("A vendor with this name exists already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
