"""Vendors, the contracts signed with them, and what each contract covers and promises."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from assets.expiry import Expiry, expiry
from assets.models.assets import Asset
from assets.models.vendors import Vendor
from assets.querysets import ContractQuerySet
from audit.recorded.models import RecordedModel


class Contract(RecordedModel):
    """One agreement with a vendor: support, maintenance, a lease or a licence (ITIL 4, "contract")."""

    class Kind(models.TextChoices):
        SUPPORT = "support", _("support")
        MAINTENANCE = "maintenance", _("maintenance")
        LEASE = "lease", _("lease")
        LICENCE = "licence", _("licence")

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="contracts", verbose_name=_("vendor"))
    number = models.CharField(_("contract number"), max_length=80)
    title = models.CharField(_("title"), max_length=160, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.SUPPORT)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(
        _("ends on"), null=True, blank=True, help_text=_("The last day covered; empty runs until ended.")
    )
    renewal_window_days = models.PositiveSmallIntegerField(
        _("renewal window"),
        default=90,
        help_text=_("Days before the end in which the renewal is decided, e.g. 90."),
    )
    support_hours = models.CharField(
        _("support hours"),
        max_length=80,
        blank=True,
        help_text=_("As the contract says it, e.g. 7×24 or 5×8."),
    )
    note = models.TextField(_("note"), blank=True)
    assets = models.ManyToManyField(
        Asset, through="ContractCover", related_name="contracts", verbose_name=_("assets")
    )

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["ends_on", "number"]
        constraints = [
            models.UniqueConstraint(
                "vendor",
                Lower("number"),
                name="assets_contract_number_once",
                violation_error_message=_("This vendor has a contract with this number already."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="assets_contract_ends_after_start",
                violation_error_message=_("A contract cannot end before it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.vendor}"

    @property
    def expiry(self) -> Expiry:
        """How the end of the contract stands today, "soon" being its own renewal window."""
        return expiry(self.ends_on, soon_days=self.renewal_window_days)


class ContractCover(RecordedModel):
    """One asset covered by one contract."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="covers", verbose_name=_("contract"))
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="covers", verbose_name=_("asset"))

    class Meta:
        verbose_name = _("contract cover")
        verbose_name_plural = _("contract covers")
        ordering = ["contract", "asset"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "asset"], name="assets_contractcover_once")
        ]

    def __str__(self) -> str:
        return f"{self.contract} · {self.asset}"


class ResponsePromise(RecordedModel):
    """How fast the vendor promises to answer a call of one priority."""

    class Priority(models.IntegerChoices):
        CRITICAL = 1, _("1 critical")
        HIGH = 2, _("2 high")
        NORMAL = 3, _("3 normal")
        LOW = 4, _("4 low")

    contract = models.ForeignKey(
        Contract, models.CASCADE, related_name="promises", verbose_name=_("contract")
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority)
    response_minutes = models.PositiveIntegerField(
        _("response"), help_text=_("Minutes until somebody answers, e.g. 30.")
    )

    class Meta:
        verbose_name = _("response promise")
        verbose_name_plural = _("response promises")
        ordering = ["contract", "priority"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "priority"], name="assets_responsepromise_once"),
            models.CheckConstraint(
                condition=Q(priority__range=(1, 4)), name="assets_responsepromise_priority_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract} · {self.get_priority_display()}"
