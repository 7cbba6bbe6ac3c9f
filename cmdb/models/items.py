"""Configuration items."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Team
from audit.recorded.models import RecordedModel
from cmdb.models.model import CIType
from cmdb.querysets import ItemQuerySet


class LifecycleStage(models.TextChoices):
    """Where an item stands in its life; the CSDM's physical stages, shortened (reference/cmdb.md §1c)."""

    PLANNED = "planned", pgettext_lazy("life-cycle stage", "planned")
    ORDERED = "ordered", pgettext_lazy("life-cycle stage", "ordered")
    IN_STOCK = "in_stock", pgettext_lazy("life-cycle stage", "in stock")
    DEPLOYED = "deployed", pgettext_lazy("life-cycle stage", "being deployed")
    OPERATIONAL = "operational", pgettext_lazy("life-cycle stage", "operational")
    MAINTENANCE = "maintenance", pgettext_lazy("life-cycle stage", "in maintenance")
    DEFECTIVE = "defective", pgettext_lazy("life-cycle stage", "defective")
    MISSING = "missing", pgettext_lazy("life-cycle stage", "missing")
    RETIRED = "retired", pgettext_lazy("life-cycle stage", "retired")
    DISPOSED = "disposed", pgettext_lazy("life-cycle stage", "disposed of")


class Environment(models.TextChoices):
    """What an item is used for."""

    PRODUCTION = "production", pgettext_lazy("environment", "production")
    STAGING = "staging", pgettext_lazy("environment", "staging")
    TEST = "test", pgettext_lazy("environment", "test")
    DEVELOPMENT = "development", pgettext_lazy("environment", "development")


class Criticality(models.IntegerChoices):
    """How much the organisation suffers without the item; 4 is the highest."""

    LOW = 1, pgettext_lazy("criticality", "low")
    MEDIUM = 2, pgettext_lazy("criticality", "medium")
    HIGH = 3, pgettext_lazy("criticality", "high")
    CRITICAL = 4, pgettext_lazy("criticality", "critical")


class ConfigurationItem(RecordedModel):
    """One thing that must be managed to deliver a service (ITIL 4, "configuration item").

    Addressed as `type:name`. Hot fields are columns, the rest stands in `attributes`, checked against the
    type's compiled schema by Python and by PostgreSQL. `search_text` is written by PostgreSQL.
    """

    type = models.ForeignKey(CIType, models.PROTECT, related_name="items", verbose_name=_("type"))
    name = models.CharField(_("name"), max_length=200)
    lifecycle_stage = models.CharField(
        _("life-cycle stage"),
        max_length=12,
        choices=LifecycleStage.choices,
        default=LifecycleStage.OPERATIONAL,
    )
    environment = models.CharField(
        _("environment"), max_length=12, choices=Environment.choices, blank=True, default=""
    )
    criticality = models.PositiveSmallIntegerField(
        _("criticality"), choices=Criticality.choices, default=Criticality.MEDIUM
    )
    owner_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_items",
        verbose_name=_("owner team"),
    )
    location = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="located_items",
        verbose_name=_("location"),
    )
    serial = models.CharField(_("serial number"), max_length=120, blank=True, default="")
    primary_ip = models.GenericIPAddressField(_("primary IP address"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True, default="")
    last_verified_at = models.DateTimeField(_("last verified"), null=True, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    search_text = models.TextField(_("search text"), blank=True, default="", editable=False)

    unrecorded_fields = ("search_text",)  # derived, and long
    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("configuration item")
        verbose_name_plural = _("configuration items")
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["type", "name"], name="cmdb_item_name_once_per_type"),
            # The target of the relations' composite foreign keys.
            models.UniqueConstraint(fields=["id", "type"], name="cmdb_item_id_with_type"),
            models.CheckConstraint(
                condition=models.Q(criticality__range=(1, 4)), name="cmdb_item_criticality_is_1_to_4"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="cmdb_item_has_a_name"),
            models.CheckConstraint(
                condition=~models.Q(duplicate_of=models.F("id")), name="cmdb_item_not_its_own_duplicate"
            ),
            models.CheckConstraint(
                condition=~models.Q(location=models.F("id")), name="cmdb_item_not_in_itself"
            ),
        ]
        indexes = [
            models.Index(fields=["name", "-id"], name="cmdb_item_by_name"),
            models.Index(fields=["lifecycle_stage", "name", "-id"], name="cmdb_item_by_stage"),
            models.Index(fields=["environment", "name", "-id"], name="cmdb_item_by_environment"),
            models.Index(fields=["criticality", "name", "-id"], name="cmdb_item_by_criticality"),
            models.Index(fields=["owner_team", "name", "-id"], name="cmdb_item_by_team"),
            models.Index(fields=["serial"], name="cmdb_item_by_serial", condition=~models.Q(serial="")),
            GinIndex(fields=["attributes"], opclasses=["jsonb_path_ops"], name="cmdb_item_by_attribute"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """`type:name`, by which files, commands and people name the item; needs `type`."""
        return f"{self.type.key}:{self.name}"
