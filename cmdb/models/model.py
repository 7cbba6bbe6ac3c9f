"""The model as data: types in a tree, and the attributes each of them has."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel

key_is_plain = RegexValidator(
    r"^[a-z][a-z0-9_]*\Z", _("Use lower-case letters, digits and underscores, beginning with a letter.")
)


class ControlMode(models.TextChoices):
    """How strictly changes to items of a type go through change requests (reference/cmdb.md §0.5)."""

    INHERITED = "", pgettext_lazy("control mode", "as the type above")
    OPEN = "open", pgettext_lazy("control mode", "open")
    RECORDED = "recorded", pgettext_lazy("control mode", "recorded")
    CONTROLLED = "controlled", pgettext_lazy("control mode", "controlled")


class IdentityMode(models.TextChoices):
    """What happens when two items look like the same thing (reference/cmdb.md §3.3)."""

    OFF = "off", pgettext_lazy("identity mode", "off")
    REPORT = "report", pgettext_lazy("identity mode", "report")
    ENFORCE = "enforce", pgettext_lazy("identity mode", "enforce")


class AttributeKind(models.TextChoices):
    """The kinds of value an attribute may hold; objects are never among them, those are relations."""

    TEXT = "text", _("text")
    INTEGER = "integer", _("whole number")
    NUMBER = "number", _("number")
    BOOLEAN = "boolean", _("yes or no")
    DATE = "date", _("date")
    DATETIME = "datetime", _("date and time")
    CHOICE = "choice", _("choice")
    IP = "ip", _("IP address")
    MAC = "mac", _("MAC address")
    URL = "url", _("web address")
    LIST = "list", _("list of texts")


class CIType(RecordedModel, Labelled):
    """One kind of configuration item, a node of the tree of types (ITIL 4; reference/cmdb.md §3.3).

    PostgreSQL keeps `compiled_schema` and `schema_version`: own and inherited attributes in one document.
    """

    key = models.CharField(_("key"), max_length=50, unique=True, validators=[key_is_plain])
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent type")
    )
    is_abstract = models.BooleanField(
        _("abstract"), default=False, help_text=_("An abstract type only groups others and has no items.")
    )
    icon = models.CharField(_("icon"), max_length=40, blank=True, help_text=_("A Material symbol, as “dns”."))
    control = models.CharField(
        _("control"),
        max_length=12,
        choices=ControlMode.choices,
        default=ControlMode.INHERITED,
        blank=True,
        help_text=_(
            "Open: whoever may edit items edits them. Recorded: a write without a planned change shows as "
            "unauthorised until it is explained. Controlled: PostgreSQL refuses every write that a change "
            "under way does not plan. As the type above; the topmost is open."
        ),
    )
    identity_mode = models.CharField(
        _("identity mode"), max_length=8, choices=IdentityMode.choices, default=IdentityMode.REPORT
    )
    schema_version = models.PositiveIntegerField(_("schema version"), default=1, editable=False)
    compiled_schema = models.JSONField(_("compiled schema"), default=dict, editable=False)

    class Meta:
        verbose_name = _("CI type")
        verbose_name_plural = _("CI types")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="cmdb_citype_not_its_own_parent"
            ),
        ]


class CIAttribute(RecordedModel, Labelled):
    """One attribute that items of a type, and of its subtypes, have (reference/cmdb.md §3.3)."""

    type = models.ForeignKey(CIType, models.PROTECT, related_name="own_attributes", verbose_name=_("type"))
    key = models.CharField(_("key"), max_length=50, validators=[key_is_plain])
    kind = models.CharField(
        _("kind"), max_length=10, choices=AttributeKind.choices, default=AttributeKind.TEXT
    )
    required = models.BooleanField(_("required"), default=False)
    recommended = models.BooleanField(_("recommended"), default=False)
    choices = models.JSONField(
        _("choices"),
        default=list,
        blank=True,
        help_text=_("A list of values, or of objects with “value”, “label” and “label_zh”."),
    )
    pattern = models.CharField(
        _("pattern"),
        max_length=200,
        blank=True,
        help_text=_("A regular expression for the whole text, as “[A-Z]{2}[0-9]{4}”."),
    )
    minimum = models.DecimalField(_("minimum"), max_digits=20, decimal_places=4, null=True, blank=True)
    maximum = models.DecimalField(_("maximum"), max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    is_indexed = models.BooleanField(_("indexed"), default=False)
    is_sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Its values are not found by search.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("CI attribute")
        verbose_name_plural = _("CI attributes")
        ordering = ["type", "position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["type", "key"], name="cmdb_ciattribute_once_per_type"),
            models.CheckConstraint(
                condition=models.Q(minimum__isnull=True)
                | models.Q(maximum__isnull=True)
                | models.Q(minimum__lte=models.F("maximum")),
                name="cmdb_ciattribute_range_is_not_empty",
            ),
        ]

    def clean(self) -> None:
        """A choice has values, and a pattern is one that Python and PostgreSQL read alike."""
        faults = {}
        if not isinstance(self.choices, list) or not all(map(_is_choice, self.choices)):
            faults["choices"] = _(
                "Write a list of texts, or of objects with “value”, “label” and “label_zh”."
            )
        elif self.kind == AttributeKind.CHOICE and not self.choices:
            faults["choices"] = _("A choice needs at least one value.")
        if not _is_common_pattern(self.pattern):
            faults["pattern"] = _("This is not a regular expression that the database understands.")
        if faults:
            raise ValidationError(faults)


def _is_choice(choice: object) -> bool:
    if isinstance(choice, dict):
        return {"value"} <= set(choice) <= {"value", "label", "label_zh"} and all(
            isinstance(text, str) for text in choice.values()
        )
    return isinstance(choice, str)


def _is_common_pattern(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    # Look-behind, named groups and word boundaries are written differently in PostgreSQL.
    return re.search(r"\(\?(?![:=!])|\\[bBAZ]", pattern) is None
