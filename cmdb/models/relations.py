"""How items hang together."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled, in_active_language
from audit.recorded.models import RecordedModel
from cmdb.models.items import ConfigurationItem
from cmdb.models.model import CIType, key_is_plain


class ImpactDirection(models.TextChoices):
    """Who suffers when the other end fails (reference/cmdb.md §3.3)."""

    SOURCE_NEEDS_TARGET = "source_needs_target", _("the source needs the target")
    TARGET_NEEDS_SOURCE = "target_needs_source", _("the target needs the source")
    NONE = "none", _("no impact")


class RelationType(RecordedModel, Labelled):
    """One way in which two items can hang together, read in both directions (reference/cmdb.md §3.3)."""

    key = models.CharField(_("key"), max_length=50, unique=True, validators=[key_is_plain])
    inverse_label = models.CharField(_("inverse label"), max_length=120)
    inverse_label_zh = models.CharField(_("inverse label in Chinese"), max_length=120, blank=True)
    impact = models.CharField(
        _("impact"), max_length=20, choices=ImpactDirection.choices, default=ImpactDirection.NONE
    )
    is_containment = models.BooleanField(
        _("containment"), default=False, help_text=_("The source stands or lies inside the target.")
    )
    is_acyclic = models.BooleanField(_("acyclic"), default=False)

    class Meta:
        verbose_name = _("relation type")
        verbose_name_plural = _("relation types")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_containment=False) | Q(is_acyclic=True),
                name="cmdb_relationtype_containment_is_acyclic",
            ),
        ]

    @property
    def inverse(self) -> str:
        """The label read from the target, in the reader's language."""
        return in_active_language(self.inverse_label, self.inverse_label_zh)


class RelationRule(RecordedModel):
    """One pair of types, subtypes included, that a relation type may join (reference/cmdb.md §3.3)."""

    relation_type = models.ForeignKey(
        RelationType, models.PROTECT, related_name="rules", verbose_name=_("relation type")
    )
    source_type = models.ForeignKey(CIType, models.PROTECT, related_name="+", verbose_name=_("source type"))
    target_type = models.ForeignKey(CIType, models.PROTECT, related_name="+", verbose_name=_("target type"))
    max_one_source = models.BooleanField(
        _("one source at most"), default=False, help_text=_("A target has at most one such source.")
    )
    max_one_target = models.BooleanField(
        _("one target at most"), default=False, help_text=_("A source has at most one such target.")
    )

    class Meta:
        verbose_name = _("relation rule")
        verbose_name_plural = _("relation rules")
        ordering = ["relation_type", "source_type", "target_type"]
        constraints = [
            models.UniqueConstraint(
                fields=["relation_type", "source_type", "target_type"], name="cmdb_relationrule_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_type} → {self.relation_type} → {self.target_type}"


class DependencyGroup(RecordedModel, Labelled):
    """Relations of one item that stand in for each other: `min_up` of them keep it working (N of M)."""

    item = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        related_name="dependency_groups",
        verbose_name=_("configuration item"),
    )
    min_up = models.PositiveSmallIntegerField(
        _("needed"), default=1, help_text=_("How many of the group must work, as 1 of 2 power supplies.")
    )

    class Meta:
        verbose_name = _("dependency group")
        verbose_name_plural = _("dependency groups")
        ordering = ["item", "label", "id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "label"], name="cmdb_dependencygroup_once_per_item"),
        ]

    @property
    def is_satisfiable(self) -> bool:
        """False where more are needed than there are, or none: reported, never refused."""
        return 0 < self.min_up <= self.members.count()


class Relation(RecordedModel):
    """One edge: `source` is related to `target` in the way of `relation_type` (reference/cmdb.md §3.3).

    PostgreSQL fills the types of both ends and the cardinality of their rule; composite foreign keys keep
    them true, so that a forbidden pair cannot be stored by anybody.
    """

    relation_type = models.ForeignKey(
        RelationType, models.PROTECT, related_name="relations", verbose_name=_("relation type")
    )
    source = models.ForeignKey(
        ConfigurationItem, models.PROTECT, related_name="outgoing", verbose_name=_("source")
    )
    target = models.ForeignKey(
        ConfigurationItem, models.PROTECT, related_name="incoming", verbose_name=_("target")
    )
    group = models.ForeignKey(
        DependencyGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("dependency group"),
    )
    description = models.TextField(_("description"), blank=True, default="")
    last_confirmed_at = models.DateTimeField(_("last confirmed"), null=True, blank=True)
    source_type = models.ForeignKey(
        CIType, models.PROTECT, related_name="+", editable=False, blank=True, db_index=False
    )
    target_type = models.ForeignKey(
        CIType, models.PROTECT, related_name="+", editable=False, blank=True, db_index=False
    )
    max_one_source = models.BooleanField(default=False, editable=False)
    max_one_target = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["relation_type", "source", "target"], name="cmdb_relation_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="cmdb_relation_not_self"),
            models.UniqueConstraint(
                fields=["relation_type", "source"],
                condition=Q(max_one_target=True),
                name="cmdb_relation_one_target_at_most",
            ),
            models.UniqueConstraint(
                fields=["relation_type", "target"],
                condition=Q(max_one_source=True),
                name="cmdb_relation_one_source_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.relation_type} → {self.target}"
