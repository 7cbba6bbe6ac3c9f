"""The line, stopped: a time in which nothing new is started, in everything or under one service."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.querysets import StopQuerySet
from cmdb.models import ConfigurationItem


class StoppedLine(RecordedModel):
    """One stop: while it is not released, no change in its scope starts and the gate stays shut.

    PostgreSQL sets both times, lets the reason stand and the release happen once.
    """

    service = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
        help_text=_("With everything it needs; empty: all changes."),
    )
    reason = models.TextField(_("reason"))
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("stopped by")
    )
    stopped_at = models.DateTimeField(_("stopped"), db_default=Now(), editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("released by"),
    )
    released_at = models.DateTimeField(_("released"), null=True, blank=True, editable=False)
    release_reason = models.TextField(_("why released"), blank=True)

    objects = StopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stop of the line")
        verbose_name_plural = _("stops of the line")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=models.Q(released_at=None),
                nulls_distinct=False,
                name="changes_stoppedline_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(released_at=None, released_by=None, release_reason="")
                | models.Q(released_at__isnull=False, released_by__isnull=False)
                & ~models.Q(release_reason=""),
                name="changes_stoppedline_release_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Everything") if self.service is None else self.service)
