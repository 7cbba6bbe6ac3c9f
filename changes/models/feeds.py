"""What makes a calendar's address valid, so that it can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel


class FeedKey(RecordedModel):
    """One person's number, signed into all of their calendar addresses; another number ends them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="feed_key", verbose_name=_("person")
    )
    number = models.PositiveIntegerField(_("number"), default=1)
    is_revoked = models.BooleanField(_("revoked"), default=False)

    class Meta:
        verbose_name = _("key of calendar addresses")
        verbose_name_plural = _("keys of calendar addresses")
        ordering = ["user"]

    def __str__(self) -> str:
        return f"{self.user} · {self.number}"
