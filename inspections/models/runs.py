"""Runs: one slot of one plan, carried out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from inspections.models.plans import InspectionPlan
from inspections.models.templates import TemplateVersion
from inspections.querysets import RunQuerySet
from inspections.severity import Severity
from inspections.workflow import RunState


def person(label: str, **options: object) -> models.ForeignKey:
    """Somebody who did something; kept for ever."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=label,
        **options,
    )  # fmt: skip


def where_set(field: str, of: str = "run") -> models.Index:
    """An index of the rows that have it: rounds by the thousand are made without, and missed without."""
    return models.Index(
        fields=[field], name=f"inspections_{of}_{field}", condition=Q(**{f"{field}__isnull": False})
    )


class InspectionRun(RecordedModel):
    """One inspection (巡检单) of one slot and group; it pins one template version and its hash."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    plan = models.ForeignKey(  # found by the constraint of its slots
        InspectionPlan, models.PROTECT, related_name="runs", db_index=False, verbose_name=_("plan")
    )
    slot_at = models.DateTimeField(_("slot"))
    group_key = models.CharField(_("group"), max_length=64, blank=True)
    group_label = models.CharField(_("what"), max_length=200, blank=True)
    version = models.ForeignKey(
        TemplateVersion, models.PROTECT, related_name="runs", verbose_name=_("check list version")
    )
    version_sha256 = models.CharField(_("SHA-256 of the version"), max_length=64)
    opens_at = models.DateTimeField(_("opens at"))
    due_at = models.DateTimeField(_("due at"))
    expires_at = models.DateTimeField(_("missed at"))
    assignee = person(_("assignee"), db_index=False)
    deputy = person(_("deputy (B duty)"), db_index=False)
    client = models.CharField(_("client or project"), max_length=120, blank=True, default="", db_default="")
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("team"),
    )  # fmt: skip
    signoff = models.CharField(
        _("sign-off"), max_length=10, choices=InspectionPlan.SignOff.choices,
        default=InspectionPlan.SignOff.REVIEWER,
    )  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=RunState.choices, default=RunState.SCHEDULED)
    state_reason = models.TextField(_("reason"), blank=True)
    state_by = person(_("moved by"), db_index=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    started_by = person(_("started by"), db_index=False)
    completed_at = models.DateTimeField(_("completed at (device)"), null=True, blank=True)
    arrived_late_at = models.DateTimeField(
        _("taken back from missed at"), null=True, blank=True, editable=False,
        help_text=_("What was done in time on a phone arrived after the run was counted as missed."),
    )  # fmt: skip
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    submitted_by = person(_("submitted by"), db_index=False)
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    is_late = models.BooleanField(_("late"), default=False)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Severity.choices, blank=True)
    record_sha256 = models.CharField(_("SHA-256 of the record"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection run")
        verbose_name_plural = _("inspection runs")
        ordering = ["-slot_at", "-id"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="inspections_run_board"),
            models.Index(fields=["-slot_at", "-id"], name="inspections_run_recent"),
            *map(where_set, ("assignee", "deputy", "team", "state_by", "started_by", "submitted_by")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "slot_at", "group_key"], name="inspections_run_once_per_slot_and_group"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("due_at")) & Q(due_at__lte=F("expires_at")),
                name="inspections_run_opens_before_due_before_missed",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_overdue(self) -> bool:
        """Past its due time and not yet handed in."""
        waiting = (RunState.SCHEDULED, RunState.OPEN, RunState.IN_PROGRESS)
        return self.state in waiting and self.due_at < timezone.now()


class RunTarget(RecordedModel):
    """One configuration item inside a run, as it was when the run was made."""

    class Result(models.TextChoices):
        FOUND = "found", _("Inspected")
        UNREACHABLE = "unreachable", _("Could not be reached")
        NOT_PRESENT = "not_present", _("Not there")

    run = models.ForeignKey(  # found by the constraint below
        InspectionRun, models.PROTECT, related_name="targets", db_index=False,
        verbose_name=_("inspection run"),
    )  # fmt: skip
    ci = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, related_name="run_targets", verbose_name=_("CI")
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    snapshot = models.JSONField(_("as it was"), default=dict)
    skipped_items = models.JSONField(
        _("items that do not apply"), default=list, blank=True, editable=False,
        help_text=_("Keys of the items whose condition this CI does not meet."),
    )  # fmt: skip
    result = models.CharField(_("result"), max_length=12, choices=Result.choices, default=Result.FOUND)
    reason = models.TextField(_("why not inspected"), blank=True)
    marked_by = person(_("marked by"), db_index=False)

    class Meta:
        verbose_name = _("run target")
        verbose_name_plural = _("run targets")
        ordering = ["run", "position", "id"]
        indexes = [where_set("marked_by", "target")]
        constraints = [
            models.UniqueConstraint(fields=["run", "ci"], name="inspections_target_once_per_run"),
            models.CheckConstraint(
                condition=Q(result="found") | ~Q(reason=""), name="inspections_target_skipped_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(result="found") | Q(marked_by__isnull=False),
                name="inspections_target_skipped_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot.get('name', self.ci_id)}"
