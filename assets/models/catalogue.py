"""The catalogue: who makes hardware, and which models they make."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from assets.expiry import Expiry, expiry
from audit.recorded.models import RecordedModel


class Manufacturer(RecordedModel):
    """One maker of hardware, known by its name in any spelling of case."""

    name = models.CharField(_("name"), max_length=120)
    website = models.CharField(
        _("website"), max_length=200, blank=True, validators=[URLValidator(["http", "https"])]
    )

    class Meta:
        verbose_name = _("manufacturer")
        verbose_name_plural = _("manufacturers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="assets_manufacturer_name_once",
                violation_error_message=_("A manufacturer with this name exists already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class HardwareModel(RecordedModel):
    """One product a manufacturer sells: the facts that hold for every piece of it."""

    class Kind(models.TextChoices):
        DEVICE = "device", _("device")
        MODULE = "module", _("module")

    class Airflow(models.TextChoices):
        FRONT_TO_REAR = "front-to-rear", _("front to rear")
        REAR_TO_FRONT = "rear-to-front", _("rear to front")
        LEFT_TO_RIGHT = "left-to-right", _("left to right")
        RIGHT_TO_LEFT = "right-to-left", _("right to left")
        SIDE_TO_REAR = "side-to-rear", _("side to rear")
        REAR_TO_SIDE = "rear-to-side", _("rear to side")
        BOTTOM_TO_TOP = "bottom-to-top", _("bottom to top")
        TOP_TO_BOTTOM = "top-to-bottom", _("top to bottom")
        PASSIVE = "passive", _("passive")
        MIXED = "mixed", _("mixed")

    manufacturer = models.ForeignKey(
        Manufacturer, models.PROTECT, related_name="models", verbose_name=_("manufacturer")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.DEVICE)
    name = models.CharField(_("name"), max_length=160)
    part_number = models.CharField(_("part number"), max_length=80, blank=True)
    u_height = models.DecimalField(
        _("height"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        help_text=_("Rack units, e.g. 1 or 0.5; 0 for what takes no rack space."),
    )
    is_full_depth = models.BooleanField(_("full depth"), null=True, blank=True)
    weight_kg = models.DecimalField(
        _("weight"), max_digits=8, decimal_places=3, null=True, blank=True, help_text=_("Kilograms.")
    )
    power_draw_watts = models.PositiveIntegerField(
        _("power draw"), null=True, blank=True, help_text=_("Watts at most, all supplies together.")
    )
    airflow = models.CharField(_("airflow"), max_length=16, choices=Airflow, blank=True)
    end_of_sale_on = models.DateField(_("end of sale"), null=True, blank=True)
    end_of_support_on = models.DateField(_("end of support"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        verbose_name = _("hardware model")
        verbose_name_plural = _("hardware models")
        ordering = ["manufacturer__name", "name"]
        constraints = [
            models.UniqueConstraint(
                "manufacturer",
                "kind",
                Lower("name"),
                name="assets_hardwaremodel_name_once",
                violation_error_message=_("This manufacturer has a model of this kind and name already."),
            ),
            models.CheckConstraint(
                condition=Q(u_height__isnull=True) | Q(u_height__gte=0),
                name="assets_hardwaremodel_height_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(weight_kg__isnull=True) | Q(weight_kg__gte=0),
                name="assets_hardwaremodel_weight_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manufacturer} {self.name}"

    @property
    def support(self) -> Expiry:
        """How the maker's end of support stands today."""
        return expiry(self.end_of_support_on)
