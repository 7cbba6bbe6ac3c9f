"""What is stuck on a thing so that a phone finds it."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cmdb.models.items import ConfigurationItem


def new_token() -> str:
    """Sixteen letters and digits that nobody guesses, of the alphabet that makes a QR code small."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _place in range(16))


class ItemLabel(models.Model):
    """The QR label of an item: a random token, for good, because it is printed and stuck on.

    It names the item and opens nothing by itself: whoever scans it logs in. Append-only (audit.protect).
    """

    item = models.OneToOneField(
        ConfigurationItem, models.PROTECT, related_name="qr_label", verbose_name=_("configuration item")
    )
    token = models.CharField(_("token"), max_length=32, unique=True, default=new_token)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made at"), db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("QR label")
        verbose_name_plural = _("QR labels")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.item} · {self.token}"

    @property
    def address(self) -> str:
        """What the code says: where people reach this server, not where this request came to."""
        return f"{settings.BASE_URL}{reverse('label', args=[self.token])}"
