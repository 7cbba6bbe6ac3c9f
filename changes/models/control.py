"""Writes to the configuration that no change under way had planned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.recorded.models import RecordedModel
from changes.models.plan import column_label
from changes.models.request import ChangeRequest
from changes.querysets import UnauthorisedQuerySet
from cmdb.models import CIType, ConfigurationItem


class UnauthorisedWrite(RecordedModel):
    """What one transaction did to items of one type outside of any plan; written by PostgreSQL alone.

    Open until somebody links it to a change or accepts it with a reason. `named` is the change that the
    transaction named; an emergency under way is linked at once.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("unauthorised write", "to be explained")
        LINKED = "linked", pgettext_lazy("unauthorised write", "linked to a change")
        ACCEPTED = "accepted", pgettext_lazy("unauthorised write", "accepted")

    txid = models.BigIntegerField(_("transaction"), editable=False)
    type = models.ForeignKey(CIType, models.PROTECT, related_name="+", verbose_name=_("type"), editable=False)
    writer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("written by"),
        editable=False,
    )
    writer_name = models.CharField(_("log-in of the writer"), max_length=150, blank=True, editable=False)
    reason = models.CharField(_("reason given"), max_length=200, blank=True, editable=False)
    origin = models.CharField(_("written from"), max_length=200, blank=True, editable=False)
    named = models.ForeignKey(
        ChangeRequest,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("change named in the write"),
        editable=False,
    )
    happened_at = models.DateTimeField(_("at"), editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    change = models.ForeignKey(
        ChangeRequest,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="unauthorised_writes",
        verbose_name=_("change"),
    )
    comment = models.TextField(_("reason"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("explained by"),
    )
    decided_at = models.DateTimeField(_("explained at"), null=True, blank=True)

    objects = UnauthorisedQuerySet.as_manager()

    class Meta:
        verbose_name = _("unauthorised write")
        verbose_name_plural = _("unauthorised writes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["txid", "type", "named"],
                nulls_distinct=False,
                name="changes_unauthorisedwrite_once_per_transaction",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="changes_unauthorised_by_state"),
            models.Index(fields=["happened_at"], name="changes_unauthorised_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.happened_at:%Y-%m-%d %H:%M}"


class UnauthorisedRow(models.Model):
    """One item or relation of an unauthorised write: {field: [before, after]}; append-only.

    For a new or removed item the fields are in the history's row; "!" is a type that is controlled less.
    """

    class Deed(models.TextChoices):
        CREATED = "+", pgettext_lazy("deed", "created")
        CHANGED = "~", pgettext_lazy("deed", "changed")
        REMOVED = "-", pgettext_lazy("deed", "removed")
        LOOSENED = "!", pgettext_lazy("deed", "controlled less")

    write = models.ForeignKey(
        UnauthorisedWrite, models.PROTECT, related_name="rows", verbose_name=_("unauthorised write")
    )
    # No constraint: an item that is removed later must neither block this row nor take it along.
    item = models.ForeignKey(
        ConfigurationItem,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("configuration item"),
    )
    relation_id = models.BigIntegerField(_("relation"), null=True)
    deed = models.CharField(_("deed"), max_length=1, choices=Deed.choices)
    address = models.CharField(_("address"), max_length=330)
    fields = models.JSONField(_("fields"), default=dict)
    history_id = models.BigIntegerField(_("row of the history"), null=True)

    class Meta:
        verbose_name = _("row of an unauthorised write")
        verbose_name_plural = _("rows of unauthorised writes")
        ordering = ["write", "id"]

    def __str__(self) -> str:
        return self.address

    @property
    def differences(self) -> list[tuple[str, object, object]]:
        """(field as people know it, before, after)."""
        return [(column_label(name), before, after) for name, (before, after) in sorted(self.fields.items())]


class ControlDebt(models.Model):
    """One statement that wrote what a change plans before it was under way, as one recorded afterwards does.

    PostgreSQL asks at the end of the transaction whether it was recorded; else nothing of it stands.
    """

    change = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="+", verbose_name=_("change"))

    class Meta:
        verbose_name = _("early write of a plan")
        verbose_name_plural = _("early writes of plans")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.change)
