"""What is decided about changes in each other's way: rules, acceptances, overrides."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.models.calendar import FreezeWindow
from changes.models.request import ChangeRequest


class CollisionKind(models.TextChoices):
    """In which way two changes are in each other's way."""

    SAME_ITEM = "same_item", _("same item")
    REDUNDANCY = "redundancy", _("redundancy lost together")
    UPSTREAM = "upstream", _("order of changes")
    RELATED = "related", _("related through the graph")
    PERSON = "person", _("same person")
    MAINTENANCE = "maintenance", _("outside its maintenance window")


class CollisionRule(RecordedModel):
    """How much one kind of collision weighs: a hard one stops a step, a soft one is shown."""

    kind = models.CharField(_("kind"), max_length=12, choices=CollisionKind.choices, unique=True)
    is_hard = models.BooleanField(_("hard"), help_text=_("A hard collision stops, a soft one warns."))
    depth = models.PositiveSmallIntegerField(
        _("distance"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("How many relations away two changes are still said to be related."),
    )

    class Meta:
        verbose_name = _("rule on collisions")
        verbose_name_plural = _("rules on collisions")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class CollisionAcknowledgement(RecordedModel):
    """One person's word that two changes may go on although they collide in these windows; never edited.

    Given by the owner or requester of `other`; an override by a change manager who has no part in either.
    PostgreSQL fills the windows and the time, and refuses the wrong person. Void once either window moves.
    """

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="acknowledgements", verbose_name=_("change")
    )
    other = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="+", verbose_name=_("other change"))
    kind = models.CharField(_("kind"), max_length=12, choices=CollisionKind.choices)
    keys = models.JSONField(_("what collides"), default=list)
    is_override = models.BooleanField(_("decided by the change manager"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    comment = models.TextField(_("comment"))
    change_window = DateTimeRangeField(_("window of the change"), null=True, editable=False)
    other_window = DateTimeRangeField(_("window of the other change"), null=True, editable=False)
    at = models.DateTimeField(_("at"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("acceptance of a collision")
        verbose_name_plural = _("acceptances of collisions")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(change=models.F("other")), name="changes_acknowledgement_of_two_changes"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=CollisionKind.values), name="changes_acknowledgement_kind_exists"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change.number} / {self.other.number}: {self.get_kind_display()}"


class FreezeOverride(RecordedModel):
    """One decision to carry a change out in its window in spite of a hard freeze; never edited.

    By a change manager who has no part in the change. Void once the window of the change moves.
    """

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="freeze_overrides", verbose_name=_("change")
    )
    freeze = models.ForeignKey(
        FreezeWindow, models.PROTECT, related_name="overrides", verbose_name=_("freeze")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    reason = models.TextField(_("reason"))
    change_window = DateTimeRangeField(_("window of the change"), null=True, editable=False)
    freeze_window = DateTimeRangeField(_("window of the freeze"), null=True, editable=False)
    at = models.DateTimeField(_("at"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("override of a freeze")
        verbose_name_plural = _("overrides of freezes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.change.number}: {self.freeze}"
