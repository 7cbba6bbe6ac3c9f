"""What was found out before a change is voted on: the impact that was confirmed, and what owners said."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from audit.recorded.models import RecordedModel
from changes.models.request import ChangeRequest
from changes.querysets import ConsultationQuerySet
from changes.workflow import EDITABLE


class ImpactConfirmation(RecordedModel):
    """The list of affected items as somebody confirmed it; never edited, the newest one counts.

    `changed` are the ids of the items that the change changed then. `known` is {item id: effect} of all
    that is affected; `rows` the readable part of it, the worst first: {item, address, effect, depth,
    criticality, team, path}. `vetoed` are items judged not to be affected, with the reason. PostgreSQL
    computes the hash.
    """

    class Purpose(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        ACKNOWLEDGED = "acknowledged", _("growth acknowledged")
        SUBMITTED = "submitted", _("submitted with")

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="confirmations", verbose_name=_("change")
    )
    purpose = models.CharField(
        _("purpose"), max_length=12, choices=Purpose.choices, default=Purpose.CONFIRMED
    )
    changed = models.JSONField(_("changed items"), default=list)
    known = models.JSONField(_("affected items"), default=dict)
    rows = models.JSONField(_("affected items in words"), default=list)
    vetoed = models.JSONField(_("judged not affected"), default=list)
    acknowledged = models.JSONField(_("new items acknowledged"), default=list)
    comment = models.TextField(_("comment"), blank=True)
    list_hash = models.CharField(_("hash of the list"), max_length=64, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("confirmation of the impact")
        verbose_name_plural = _("confirmations of impacts")
        ordering = ["change", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purpose__in=["confirmed", "acknowledged", "submitted"]),
                name="changes_impactconfirmation_purpose_exists",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.confirmed_by}"

    @staticmethod
    def mark_of(changed: list[int], known: dict[str, str]) -> str:
        """A short mark of a list, to tell whether the list that was read is the one that is there."""
        text = json.dumps([sorted(changed), sorted(known.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Consultation(RecordedModel):
    """One team that owns a changed or critical affected item, asked what it says, and its answer.

    An answer and an overruling are for the plan as it was then (`asked_hash` of the change): an edit of the
    plan makes them void, and the team is asked again. An objection, or silence past `due_at`, can be
    overruled by the assessor with a reason; a new answer takes the overruling away. PostgreSQL keeps who may
    answer and overrule, and writes the hashes; an empty one is older than this rule.
    """

    class Answer(models.TextChoices):
        ASKED = "asked", _("asked")
        AGREED = "agreed", _("agreed")
        OBJECTED = "objected", _("objected")

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="consultations", verbose_name=_("change")
    )
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name=_("team"))
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, default=Answer.ASKED)
    asked_at = models.DateTimeField(_("asked at"), db_default=models.functions.Now(), editable=False)
    due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True, editable=False)
    plan_hash = models.CharField(_("answered for the plan"), max_length=64, blank=True, editable=False)
    comment = models.TextField(_("comment"), blank=True)
    overruled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("overruled by"),
    )
    overruled_at = models.DateTimeField(_("overruled at"), null=True, blank=True, editable=False)
    overruled_because = models.TextField(_("overruled because"), blank=True)
    overruled_hash = models.CharField(_("overruled for the plan"), max_length=64, blank=True, editable=False)

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")
        ordering = ["change", "team"]
        constraints = [
            models.UniqueConstraint(fields=["change", "team"], name="changes_consultation_once_per_team"),
            models.CheckConstraint(
                condition=models.Q(answer__in=["asked", "agreed", "objected"]),
                name="changes_consultation_answer_exists",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.get_answer_display()}"

    @property
    def is_outdated(self) -> bool:
        """The plan was edited since the team answered, and is still to be approved."""
        return not self._is_for_this_plan(self.plan_hash)

    @property
    def is_overruled(self) -> bool:
        """The assessor goes on without the team, with the plan as it stands."""
        return self.overruled_by_id is not None and self._is_for_this_plan(self.overruled_hash)

    @property
    def is_silent(self) -> bool:
        """Nobody has said a word about the plan as it stands; an agreement to an earlier one is none."""
        return self.answer == self.Answer.ASKED or (self.answer == self.Answer.AGREED and self.is_outdated)

    @property
    def is_settled(self) -> bool:
        """It stands in nobody's way: agreed to this plan, or overruled with a reason."""
        return (self.answer == self.Answer.AGREED and not self.is_outdated) or self.is_overruled

    @property
    def is_late(self) -> bool:
        """Nobody answered in time; that is shown, and is no agreement."""
        return self.is_silent and self.due_at is not None and self.due_at < timezone.now()

    def _is_for_this_plan(self, mark: str) -> bool:
        return mark in ("", self.change.asked_hash) or self.change.state not in EDITABLE
