"""The pieces of equipment we own or hold."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from assets.expiry import Expiry, expiry
from assets.models.catalogue import HardwareModel
from assets.models.vendors import Vendor
from assets.querysets import AssetQuerySet
from assets.workflow import Stage
from audit.recorded.models import RecordedModel
from cmdb.models import ConfigurationItem

CURRENCY = RegexValidator(r"^[A-Z]{3}$", _("Three capital letters (ISO 4217), e.g. CNY."))


class Asset(RecordedModel):
    """One piece of equipment that was bought or is held, known by its tag (ITIL 4, "IT asset").

    `stage` moves only along assets.workflow.MOVES, through actions.move_asset; PostgreSQL refuses the rest.
    """

    tag = models.CharField(_("asset tag"), max_length=60)
    serial = models.CharField(_("serial number"), max_length=80, blank=True)
    model = models.ForeignKey(
        HardwareModel, models.PROTECT, related_name="assets", verbose_name=_("hardware model")
    )
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.STOCK)
    ci = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("configuration item"),
        help_text=_("What this asset is, or is part of, in operation."),
    )
    custodian = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("custodian"),
    )
    owner_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="assets", verbose_name=_("owner team")
    )
    location = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stored_assets",
        verbose_name=_("location"),
    )
    location_note = models.CharField(
        _("place"), max_length=120, blank=True, help_text=_("Where exactly, e.g. store room 2, shelf B4.")
    )
    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="assets", verbose_name=_("vendor")
    )
    order_number = models.CharField(_("order number"), max_length=80, blank=True)
    purchased_on = models.DateField(_("purchased on"), null=True, blank=True)
    purchase_price = models.DecimalField(
        _("purchase price"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY", validators=[CURRENCY])
    warranty_ends_on = models.DateField(
        _("warranty ends on"), null=True, blank=True, help_text=_("The last day covered.")
    )
    wipe_evidence = models.CharField(
        _("wipe evidence"),
        max_length=200,
        blank=True,
        help_text=_("What proves that no data left the house, e.g. the number of the wipe certificate."),
    )
    note = models.TextField(_("note"), blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["tag"]
        indexes = [
            # The admin and the list page order by (tag, id DESC).
            models.Index("tag", models.F("id").desc(), name="assets_asset_list"),
            models.Index(fields=["warranty_ends_on"], name="assets_asset_warranty"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("tag"),
                name="assets_asset_tag_once",
                violation_error_message=_("An asset with this tag exists already."),
            ),
            models.UniqueConstraint(
                "model",
                Lower("serial"),
                condition=~Q(serial=""),
                name="assets_asset_serial_once_per_model",
                violation_error_message=_("An asset of this model with this serial number exists already."),
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.DISPOSED) | Q(wipe_evidence__regex=r"\S"),
                name="assets_asset_disposed_with_evidence",
                violation_error_message=_("Disposal needs evidence that the data were wiped."),
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="assets_asset_stage_known"),
            models.CheckConstraint(
                condition=Q(purchase_price__isnull=True) | Q(purchase_price__gte=0),
                name="assets_asset_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.tag

    def get_absolute_url(self) -> str:
        return reverse("assets:asset", args=[self.pk])

    @property
    def warranty(self) -> Expiry:
        """How the warranty stands today."""
        return expiry(self.warranty_ends_on)
