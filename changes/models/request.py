"""The change request, what it touches and who takes which part in it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.models.standard import StandardTemplate
from changes.querysets import ChangeQuerySet
from changes.workflow import ENDS, Kind, Outcome, State
from cmdb.models import ConfigurationItem


class NextNumber(models.Func):
    """The next number of a change, as CHG-000123, from a sequence of the database."""

    template = "('CHG-' || to_char(nextval('changes_number_seq'), 'FM999999999000000'))"
    allowed_default = True
    output_field = models.CharField()


class Risk(models.TextChoices):
    """How much could go wrong; the highest of the answers and the computed inputs."""

    LOW = "low", _("low")
    MEDIUM = "medium", _("medium")
    HIGH = "high", _("high")
    VERY_HIGH = "very_high", _("very high")


class IncidentPriority(models.TextChoices):
    P1 = "p1", _("P1, critical")
    P2 = "p2", _("P2, high")
    P3 = "p3", _("P3, medium")
    P4 = "p4", _("P4, low")


class ChangeRequest(RecordedModel):
    """One application to add, modify or remove anything that could affect services (ITIL 4, "change").

    `state`, `on_hold`, `outcome`, `approved_hash` and the flags are moved by PostgreSQL when a ChangeEvent is
    inserted, and refused to everybody else. `plan_hash` is computed by PostgreSQL over the whole plan,
    `asked_hash` over the plan without what its assessment found: owners of items answer for that.
    """

    number = models.CharField(
        _("number"), max_length=20, unique=True, editable=False, db_default=NextNumber()
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.NORMAL)
    state = models.CharField(
        _("state"), max_length=14, choices=State.choices, default=State.DRAFT, editable=False
    )
    state_since_at = models.DateTimeField(_("in this state since"), null=True, blank=True, editable=False)
    on_hold = models.BooleanField(_("on hold"), default=False, editable=False)
    outcome = models.CharField(
        _("outcome"), max_length=24, choices=Outcome.choices, blank=True, editable=False
    )
    title = models.CharField(_("title"), max_length=200)
    reason = models.TextField(
        _("reason"), blank=True, help_text=_("Why it must be done, and what happens if not.")
    )
    description = models.TextField(_("description"), blank=True, help_text=_("What will be done."))
    service = models.ForeignKey(
        ConfigurationItem, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("service")
    )
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="requested_changes",
        verbose_name=_("requester"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_changes",
        verbose_name=_("owner"),
    )
    window = DateTimeRangeField(
        _("window"), null=True, blank=True, help_text=_("From the start up to, without, the end.")
    )
    downtime_minutes = models.PositiveIntegerField(_("downtime in minutes"), default=0)
    risk = models.CharField(_("risk"), max_length=10, choices=Risk.choices, blank=True)
    risk_inputs = models.JSONField(_("what the risk was computed from"), default=dict, blank=True)
    test_plan = models.TextField(_("test plan"), blank=True)
    rollback_trigger = models.TextField(_("when to roll back"), blank=True)
    rollback_minutes = models.PositiveIntegerField(
        _("rollback takes at most, in minutes"), null=True, blank=True
    )
    rollback_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who decides on rolling back"),
    )
    rollback_rehearsal = models.TextField(
        _("how the way back is rehearsed"),
        blank=True,
        help_text=_("Where and when it was or will be tried; asked for when the risk is high."),
    )
    freeze_override = models.TextField(_("why in spite of a freeze"), blank=True)
    template = models.ForeignKey(
        StandardTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        verbose_name=_("template"),
    )
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    incident_ref = models.CharField(_("incident"), max_length=80, blank=True)
    incident_priority = models.CharField(
        _("priority of the incident"), max_length=2, choices=IncidentPriority.choices, blank=True
    )
    plan_hash = models.CharField(_("hash of the plan"), max_length=64, blank=True, editable=False)
    asked_hash = models.CharField(
        _("hash of what owners are asked about"), max_length=64, blank=True, editable=False
    )
    approved_hash = models.CharField(
        _("hash of the approved plan"), max_length=64, blank=True, editable=False
    )
    is_retrospective = models.BooleanField(_("recorded afterwards"), default=False, editable=False)
    is_break_glass = models.BooleanField(_("glass broken"), default=False, editable=False)
    is_imported = models.BooleanField(_("imported"), default=False, editable=False)
    is_unauthorised = models.BooleanField(
        _("counts as unauthorised"),
        default=False,
        editable=False,
        help_text=_("Not ratified, or not in time."),
    )
    actual_start_at = models.DateTimeField(_("really started"), null=True, blank=True, editable=False)
    actual_end_at = models.DateTimeField(_("really ended"), null=True, blank=True, editable=False)
    ratify_due_at = models.DateTimeField(_("ratification due"), null=True, blank=True, editable=False)
    impact_acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("impact read by"),
    )
    backup_ref = models.CharField(_("backup reference"), max_length=200, blank=True)
    deviations = models.TextField(_("deviations from the plan"), blank=True)
    issues = models.TextField(_("issues seen"), blank=True)
    restore_check = models.TextField(_("check after the rollback"), blank=True)
    retro_assessment = models.TextField(_("assessment made afterwards"), blank=True)
    pir = models.TextField(_("post-implementation review"), blank=True)
    review_answers = models.JSONField(_("answers of the review"), default=dict, blank=True)
    pir_actions = models.JSONField(_("actions agreed"), default=list, blank=True)
    caused_incidents = models.TextField(_("incidents caused"), blank=True)
    import_source = models.CharField(_("imported from"), max_length=80, blank=True)
    import_key = models.CharField(_("key in the other system"), max_length=80, blank=True)
    import_created_at = models.DateTimeField(
        _("created in the other system"), null=True, blank=True, editable=False
    )
    import_severity = models.CharField(
        _("severity in the other system"), max_length=80, blank=True, editable=False
    )
    import_batch = models.ForeignKey(
        "changes.ChangeImport", models.PROTECT, null=True, blank=True, related_name="changes", editable=False,
        verbose_name=_("import"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change request")
        verbose_name_plural = _("change requests")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="changes_changerequest_state_exists"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="changes_changerequest_kind_exists"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["", *Outcome.values]),
                name="changes_changerequest_outcome_exists",
            ),
            models.UniqueConstraint(
                fields=["import_source", "import_key"],
                condition=~models.Q(import_key=""),
                name="changes_changerequest_imported_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="changes_request_by_state"),
            models.Index(fields=["requester", "-id"], name="changes_request_by_requester"),
            GistIndex(fields=["window"], name="changes_request_by_window"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_ended(self) -> bool:
        """Nothing moves any more."""
        return self.state in ENDS

    @property
    def follows(self) -> models.QuerySet[ChangeLink]:
        """The links to the changes that must be done before this one."""
        return self.links.filter(nature=ChangeLink.Nature.FOLLOWS).select_related("other")

    @property
    def is_high_risk(self) -> bool:
        return self.risk in (Risk.HIGH, Risk.VERY_HIGH)


class ItemImpact(models.TextChoices):
    """How an item came to stand on a change (iTop's three ways, and affected things no relation knows of)."""

    MANUAL = "manual", _("changed")
    COMPUTED = "computed", _("affected")
    ADDED = "added", _("affected, added by hand")
    NOT_IMPACTED = "not_impacted", _("not affected")


class ChangeItem(RecordedModel):
    """One configuration item that a change changes, affects, or was judged not to affect, with the reason."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="change_items", verbose_name=_("change")
    )
    item = models.ForeignKey(
        ConfigurationItem, models.PROTECT, related_name="change_items", verbose_name=_("configuration item")
    )
    impact = models.CharField(
        _("impact"), max_length=12, choices=ItemImpact.choices, default=ItemImpact.MANUAL
    )
    effect = models.CharField(_("effect"), max_length=10, blank=True, editable=False)
    depth = models.PositiveSmallIntegerField(_("distance"), null=True, blank=True, editable=False)
    reason = models.TextField(_("why judged so"), blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("judged by"),
    )

    class Meta:
        verbose_name = _("item of a change")
        verbose_name_plural = _("items of changes")
        ordering = ["change", "-impact", "id"]
        constraints = [models.UniqueConstraint(fields=["change", "item"], name="changes_changeitem_once")]

    def __str__(self) -> str:
        return str(self.item)


class AssignmentRole(models.TextChoices):
    """The part a person has in one change."""

    OWNER = "owner", _("owner")
    ASSESSOR = "assessor", _("assessor")
    TESTER = "tester", _("tester")
    IMPLEMENTER = "implementer", _("implementer")
    VERIFIER = "verifier", _("verifier")


class Assignment(RecordedModel):
    """One person's part in one change."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="assignments", verbose_name=_("change")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="change_assignments", verbose_name=_("person")
    )
    role = models.CharField(_("part"), max_length=12, choices=AssignmentRole.choices)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["change", "role", "id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "user", "role"], name="changes_assignment_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=AssignmentRole.values), name="changes_assignment_role_exists"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class ChangeLink(RecordedModel):
    """One change in its relation to another: it follows it, or was copied from it."""

    class Nature(models.TextChoices):
        FOLLOWS = "follows", _("must follow")
        COPY_OF = "copy_of", _("copy of")

    change = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="links", verbose_name=_("change"))
    other = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="linked_from", verbose_name=_("other change")
    )
    nature = models.CharField(_("nature"), max_length=10, choices=Nature.choices)

    class Meta:
        verbose_name = _("link between changes")
        verbose_name_plural = _("links between changes")
        ordering = ["change", "id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "other", "nature"], name="changes_changelink_once"),
            models.CheckConstraint(
                condition=~models.Q(change=models.F("other")), name="changes_changelink_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change.number} {self.get_nature_display()} {self.other.number}"
