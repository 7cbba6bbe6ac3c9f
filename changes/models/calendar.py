"""Times in which nothing, or nothing without a reason, is changed."""

from __future__ import annotations

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from accounts.models import Team
from audit.recorded.models import RecordedModel
from cmdb.models import CIType, ConfigurationItem, Environment


class FreezeWindow(RecordedModel, Labelled):
    """A time in which the items it covers are not changed; every filter that is filled in must fit."""

    window = DateTimeRangeField(_("window"))
    is_hard = models.BooleanField(
        _("hard"), default=True, help_text=_("A soft freeze warns, a hard one stops.")
    )
    item = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("configuration item"),
    )
    type = models.ForeignKey(
        CIType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("type")
    )
    environment = models.CharField(_("environment"), max_length=12, choices=Environment.choices, blank=True)
    owner_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        ordering = ["-id"]
