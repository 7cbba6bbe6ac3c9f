"""Thresholds of one CI that differ from the check list's: asked for, decided by somebody else, withdrawn."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import notify
from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from audit.context import because
from inspections import guards, notices
from inspections.bounds import NUMERIC
from inspections.models import TemplateItem, ThresholdOverride

REMIND_DAYS = 7


def request_override(wanted: ThresholdOverride, *, by: User) -> ThresholdOverride:
    """The unsaved `wanted` is a request that waits for somebody else; whoever defines check lists is told.

    Raises Refused without the right to log or define inspections, ValidationError naming the field: also for
    an item without thresholds, and where a request for the same item and CI waits already.
    """
    guards.refuse_if(guards.against_asking_override(by), "request override", by=by, target=wanted)
    wanted.requested_by = by
    wanted.reason = wanted.reason.strip()
    wanted.full_clean()
    numeric = TemplateItem.objects.filter(kind__in=NUMERIC, key=wanted.item_key)
    if not numeric.filter(version__template=wanted.template_id).exists():
        message = _("This check list has no item “%(key)s” with thresholds.")
        raise ValidationError({"item_key": message % {"key": wanted.item_key}})
    with transaction.atomic(), because(wanted.reason, user=by):
        wanted.save(force_insert=True)
        wanted.refresh_from_db()
        notify(
            holders_of(Right.INSPECT_MANAGE),
            notices.OVERRIDE_ASKED,
            subject=gettext_lazy("Other thresholds for %(override)s"),
            text=gettext_lazy("%(by)s asks for them until %(until)s: %(reason)s"),
            words=_words(wanted),
            path=_path(wanted),
            about=wanted,
        )
    return wanted


def approve_override(override: ThresholdOverride, *, by: User, comment: str = "") -> ThresholdOverride:
    """The bounds hold from the later of today and the day asked for; who asked is told.

    Raises Refused for who asked, without the right to define inspections, or when it does not wait. Locks it.
    """
    with transaction.atomic(), because(comment or override.reason, user=by):
        override = ThresholdOverride.objects.select_for_update().get(pk=override.pk)
        refusals = guards.against_deciding_override(override, by)
        guards.refuse_if(refusals, "approve override", by=by, target=override.pk)
        override.approved_by, override.approved_at = by, timezone.now()
        override.valid_from_on = max(override.valid_from_on, timezone.localdate())
        override.decision_comment = comment.strip()
        return _decided(override, gettext_lazy("Approved: other thresholds for %(override)s"))


def refuse_override(override: ThresholdOverride, *, by: User, comment: str) -> ThresholdOverride:
    """The check list's bounds go on to hold, and who asked reads why. Raises Refused as approving does."""
    with transaction.atomic(), because(comment, user=by):
        override = ThresholdOverride.objects.select_for_update().get(pk=override.pk)
        refusals = guards.against_deciding_override(override, by)
        if not comment.strip():
            refusals.append(guards.Refusal("comment", _("Say why it is refused.")))
        guards.refuse_if(refusals, "refuse override", by=by, target=override.pk)
        override.refused_by, override.refused_at = by, timezone.now()
        override.decision_comment = comment.strip()
        return _decided(override, gettext_lazy("Refused: other thresholds for %(override)s"))


def _decided(override: ThresholdOverride, subject: object) -> ThresholdOverride:
    override.save()
    override.refresh_from_db()
    notify(
        [override.requested_by], notices.OVERRIDE_DECIDED, subject=subject,
        text=gettext_lazy("%(by)s asked for them until %(until)s: %(reason)s\n%(comment)s"),
        words=_words(override) | {"comment": override.decision_comment}, path=_path(override), about=override,
    )  # fmt: skip
    return override


def withdraw_override(override: ThresholdOverride, *, by: User, reason: str) -> ThresholdOverride:
    """The check list's bounds hold again from today on. Raises Refused. Locks it."""
    with transaction.atomic(), because(reason, user=by):
        override = ThresholdOverride.objects.select_for_update().get(pk=override.pk)
        refusals = guards.against_withdrawing_override(override, by)
        if not reason.strip():
            refusals.append(guards.Refusal("comment", _("Say why it is withdrawn.")))
        guards.refuse_if(refusals, "withdraw override", by=by, target=override.pk)
        override.withdrawn_by, override.withdrawn_on = by, timezone.localdate()
        override.withdrawn_reason = reason.strip()
        override.save()
        override.refresh_from_db()
    return override


def remind_of_overrides(*, on: date | None = None) -> int:
    """Who asked and who approved read, a week before and on the last day, that it runs out; once each.

    Returns how many people were told now. Five statements for each override that runs out.
    """
    on = on or timezone.localdate()
    told = 0
    soon = ThresholdOverride.objects.in_force(on).filter(valid_until_on__lte=on + timedelta(days=REMIND_DAYS))
    for override in soon.for_list():
        stage = "last" if override.valid_until_on == on else "week"
        told += notify(
            [override.requested_by, override.approved_by],
            notices.OVERRIDE_EXPIRES,
            subject=gettext_lazy("Other thresholds for %(override)s run out on %(until)s"),
            text=gettext_lazy("Then the check list's own hold again. %(by)s had asked for them: %(reason)s"),
            words=_words(override), path=_path(override), about=override,
            key=f"override-{override.pk}-{stage}",
        )  # fmt: skip
    return told


def _words(override: ThresholdOverride) -> dict[str, object]:
    return {
        "override": str(override), "by": str(override.requested_by), "until": override.valid_until_on,
        "reason": override.reason,
    }  # fmt: skip


def _path(override: ThresholdOverride) -> str:
    return f"/inspections/overrides/{override.pk}/"
