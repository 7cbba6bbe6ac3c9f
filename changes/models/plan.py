"""What a change will do, in which order, and how it is undone."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import in_active_language
from audit.models import StoredFile
from audit.recorded.models import RecordedModel
from changes.models.request import ChangeRequest
from cmdb.models import ConfigurationItem


def column_label(name: str) -> str:
    """What people call a column of a configuration item."""
    try:
        return str(ConfigurationItem._meta.get_field(name.removesuffix("_id")).verbose_name)
    except FieldDoesNotExist:
        return name


class PlanStage(RecordedModel):
    """One part of the roll-out: a pilot, the widening, the rest."""

    change = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="stages", verbose_name=_("change"))
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    label = models.CharField(_("label"), max_length=120)
    share_percent = models.PositiveSmallIntegerField(_("share in percent"), default=100)
    is_point_of_no_return = models.BooleanField(_("point of no return"), default=False)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True, editable=False)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("applied by"),
    )
    reverted_at = models.DateTimeField(_("reverted"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["change", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "position"],
                name="changes_planstage_position_once",
                deferrable=models.Deferrable.IMMEDIATE,  # two stages change places in one statement
            ),
            models.CheckConstraint(
                condition=models.Q(share_percent__range=(1, 100)), name="changes_planstage_share_is_1_to_100"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class TaskPhase(models.TextChoices):
    """When a task is due: before the start, or as part of the work."""

    PRECHECK = "precheck", _("check before the start")
    IMPLEMENTATION = "implementation", _("implementation")


class PlanTask(RecordedModel):
    """One thing to do by hand, in its place in the order; a dual one takes two people (双人复核)."""

    change = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="tasks", verbose_name=_("change"))
    stage = models.ForeignKey(
        PlanStage, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("stage")
    )
    phase = models.CharField(
        _("phase"), max_length=14, choices=TaskPhase.choices, default=TaskPhase.IMPLEMENTATION
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    label = models.CharField(_("task"), max_length=300)
    is_dual = models.BooleanField(_("takes two people"), default=False)
    duration_minutes = models.PositiveSmallIntegerField(
        _("takes, in minutes"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by whom"),
        help_text=_("One of the implementers."),
    )
    started_at = models.DateTimeField(_("begun"), null=True, blank=True, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("begun by"),
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("done by"),
    )
    second_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("second person"),
    )
    second_at = models.DateTimeField(_("confirmed by the second"), null=True, blank=True, editable=False)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["change", "-phase", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(second_by__isnull=True) | ~models.Q(second_by=models.F("done_by")),
                name="changes_plantask_second_is_another_person",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class OperationKind(models.TextChoices):
    UPDATE = "update", _("change fields")
    CREATE = "create", _("create")
    RETIRE = "retire", _("retire")
    RELATE = "relate", _("relate")
    UNRELATE = "unrelate", _("end the relation")


class PlannedOperation(RecordedModel):
    """One exact difference that a change makes to the configuration items.

    `before` and `after` are {field: value}, fields being columns ("serial", "owner_team_id") or
    "attributes.<key>"; a key that is missing on one side is an attribute that is absent there. For relations
    both describe the row: relation_type_id, source_id, target_id. `replaced` is what stood there just before
    applying, `found` just after.
    """

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="operations", verbose_name=_("change")
    )
    stage = models.ForeignKey(PlanStage, models.PROTECT, related_name="operations", verbose_name=_("stage"))
    kind = models.CharField(
        _("operation"), max_length=8, choices=OperationKind.choices, default=OperationKind.UPDATE
    )
    item = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="planned_operations",
        verbose_name=_("configuration item"),
    )
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)
    replaced = models.JSONField(_("replaced by applying"), default=dict, blank=True, editable=False)
    found = models.JSONField(_("found after applying"), default=dict, blank=True, editable=False)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True, editable=False)
    reverted_at = models.DateTimeField(_("reverted"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("planned operation")
        verbose_name_plural = _("planned operations")
        ordering = ["change", "stage", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "item"],
                condition=models.Q(kind__in=["update", "retire"]),
                name="changes_plannedoperation_one_per_item",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.item or self.after.get('name', '')}"

    def label_of(self, name: str) -> str:
        """The field's name as people know it: the attribute's label or the column's."""
        if name.startswith("attributes."):
            key = name.removeprefix("attributes.")
            spec = self.item.type.compiled_schema.get(key, {}) if self.item else {}
            label = in_active_language(spec.get("label", key), spec.get("label_zh", ""))
            return f"{label} ({spec['unit']})" if spec.get("unit") else label
        return column_label(name)

    @property
    def fields(self) -> list[str]:
        """Every field that the operation touches."""
        return sorted({*self.before, *self.after})

    @property
    def differences(self) -> list[tuple[str, object, object]]:
        """(field, before, after) for each field; None stands for absent."""
        return [(name, self.before.get(name), self.after.get(name)) for name in self.fields]


class DriftDecision(RecordedModel):
    """What two people decided about a field that was not what the plan expected."""

    class Decision(models.TextChoices):
        KEEP = "keep", _("keep what is there")
        FORCE = "force", _("write the plan's value")

    operation = models.ForeignKey(
        PlannedOperation, models.PROTECT, related_name="decisions", verbose_name=_("operation")
    )
    field = models.CharField(_("field"), max_length=120)
    seen = models.JSONField(_("value seen"), null=True, blank=True)
    decision = models.CharField(_("decision"), max_length=5, choices=Decision.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )

    class Meta:
        verbose_name = _("decision on a drift")
        verbose_name_plural = _("decisions on drifts")
        ordering = ["operation", "field", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("decided_by")),
                name="changes_driftdecision_takes_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation.label_of(self.field)}: {self.get_decision_display()}"


class RollbackStep(RecordedModel):
    """One step of the way back, in its place in the order."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="rollback_steps", verbose_name=_("change")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    label = models.CharField(_("step"), max_length=300)
    duration_minutes = models.PositiveSmallIntegerField(
        _("takes, in minutes"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("done by"),
    )

    class Meta:
        verbose_name = _("rollback step")
        verbose_name_plural = _("rollback steps")
        ordering = ["change", "position", "id"]

    def __str__(self) -> str:
        return self.label


class DocumentKind(models.TextChoices):
    """What a document of a plan is."""

    DESIGN = "design", _("design")
    PROCEDURE = "procedure", _("procedure")
    TEST_PLAN = "test_plan", _("test plan")
    OTHER = "other", _("other document")


class PlanDocument(RecordedModel):
    """One file that belongs to a plan: voted on by its content's hash, whatever it is called."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="documents", verbose_name=_("change")
    )
    kind = models.CharField(
        _("kind of document"), max_length=10, choices=DocumentKind.choices, default=DocumentKind.PROCEDURE
    )
    label = models.CharField(_("label"), max_length=200)
    name = models.CharField(_("file name"), max_length=200)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("document of a plan")
        verbose_name_plural = _("documents of plans")
        ordering = ["change", "kind", "id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "file", "kind"], name="changes_plandocument_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=DocumentKind.values), name="changes_plandocument_kind_exists"
            ),
        ]

    def __str__(self) -> str:
        return self.label
