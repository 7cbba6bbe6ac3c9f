"""Reports that go out by themselves: defined, due, sent once to each person, and a failure that is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections import reasons
from inspections.models import ReportRecipient, ReportSchedule, ReportSending
from inspections.reports import Period

SEND_REPORT = "inspections.send_report"
#: After weeks without a worker so many of the missed ones are sent, the newest.
MOST_AT_ONCE = 7
MOST_RECIPIENTS = 30


@transaction.atomic
def save_schedule(schedule: ReportSchedule, *, by: User, recipients: Iterable[User]) -> ReportSchedule:
    """The schedule stands as filled in, for these people; a new one sends what is due from now on.

    Raises RightMissing, or ValidationError without a person or with more than thirty.
    """
    require_right(by, Right.INSPECT_MANAGE)
    people = {person.pk for person in recipients}
    if not 1 <= len(people) <= MOST_RECIPIENTS:
        raise ValidationError(_("Choose 1 to %(n)d people.") % {"n": MOST_RECIPIENTS}, "recipients")
    with because(reasons.SCHEDULE_EDITED, user=by):
        if schedule.pk is None:
            schedule.owner, schedule.counts_from_at = by, timezone.now()
        schedule.full_clean(exclude=["owner"])
        schedule.save()
        held = set(schedule.recipients.values_list("user", flat=True))
        schedule.recipients.filter(user__in=held - people).delete()
        new = [ReportRecipient(schedule=schedule, user_id=pk) for pk in sorted(people - held)]
        ReportRecipient.objects.bulk_create(new)
    return schedule


def disable_schedule(schedule: ReportSchedule, *, by: User, reason: str) -> ReportSchedule:
    """It sends nothing more, and says who stopped it and why. Raises RightMissing, ValidationError."""
    require_right(by, Right.INSPECT_MANAGE)
    if not reason.strip():
        raise ValidationError(_("Say why the schedule is disabled."), "reason")
    with transaction.atomic(), because(reason, user=by):
        schedule = ReportSchedule.objects.select_for_update().get(pk=schedule.pk)
        schedule.is_enabled, schedule.disabled_by, schedule.disabled_reason = False, by, reason.strip()
        schedule.save(update_fields=["is_enabled", "disabled_by", "disabled_reason"])
    return schedule


def enable_schedule(schedule: ReportSchedule, *, by: User) -> ReportSchedule:
    """It sends again what is due from now on; what was due meanwhile is not made up."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reasons.SCHEDULE_ENABLED, user=by):
        schedule = ReportSchedule.objects.select_for_update().get(pk=schedule.pk)
        schedule.is_enabled, schedule.counts_from_at = True, timezone.now()
        schedule.disabled_by, schedule.disabled_reason = None, ""
        schedule.save(update_fields=["is_enabled", "counts_from_at", "disabled_by", "disabled_reason"])
    return schedule


def send_now(schedule: ReportSchedule, *, by: User) -> int:
    """The report as of this minute is on its way to everybody on the list; returns to how many."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reasons.SENT_NOW, user=by):
        return _defer(schedule, [timezone.now().replace(second=0, microsecond=0)])


def defer_due_reports(*, now: datetime | None = None) -> int:
    """Whatever has become due is on its way, once per person and moment; returns how many.

    Safe with several workers: a schedule that another one holds is left to it.
    """
    now, count = now or timezone.now(), 0
    for pk in ReportSchedule.objects.filter(is_enabled=True).values_list("pk", flat=True):
        with transaction.atomic():
            schedules = ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",))
            schedule = schedules.filter(pk=pk, is_enabled=True).first()
            if schedule is None or not (slots := due_slots(schedule, now)):
                continue
            schedule.counts_from_at = slots[-1]
            schedule.save(update_fields=["counts_from_at"])
            count += _defer(schedule, slots)
    return count


def _defer(schedule: ReportSchedule, slots: list[datetime]) -> int:
    people = list(schedule.recipients.values_list("user", flat=True))
    wanted = [
        ReportSending(schedule=schedule, user_id=person, slot_at=slot) for slot in slots for person in people
    ]
    ReportSending.objects.bulk_create(wanted, ignore_conflicts=True)
    waiting = schedule.sendings.filter(slot_at__in=slots, state=ReportSending.State.WAITING, tries=0)
    jobs = [dict[str, Any](sending=pk) for pk in waiting.order_by("pk").values_list("pk", flat=True)]
    if jobs:
        app.configure_task(SEND_REPORT).batch_defer(*jobs)
    return len(jobs)


def due_slots(schedule: ReportSchedule, now: datetime) -> list[datetime]:
    """When it was due since it last sent, the newest seven, oldest first."""
    zone = ZoneInfo(schedule.time_zone)
    day, found = now.astimezone(zone).date(), []
    for each in _days_back(schedule, day):
        slot = datetime.combine(each, schedule.at, zone)
        if slot <= schedule.counts_from_at or len(found) == MOST_AT_ONCE:
            break
        if slot <= now:
            found.append(slot)
    return found[::-1]


def _days_back(schedule: ReportSchedule, day: date) -> Iterator[date]:
    """The days on which it sends, the latest first, over three years at most."""
    for back in range(1100):
        each = day - timedelta(days=back)
        if schedule.every == schedule.Every.WEEK and each.isoweekday() != schedule.weekday:
            continue
        if schedule.every == schedule.Every.MONTH and each.day != schedule.monthday:
            continue
        yield each


def period_of(schedule: ReportSchedule, slot: datetime) -> Period:
    """What the report of this moment covers: the last complete day, week or month, or the present one."""
    day = slot.astimezone(ZoneInfo(schedule.time_zone)).date()
    start = {
        schedule.Every.DAY: day,
        schedule.Every.WEEK: day - timedelta(days=day.weekday()),
        schedule.Every.MONTH: day.replace(day=1),
    }[schedule.Every(schedule.every)]
    end = day
    if schedule.covers == schedule.Covers.COMPLETE:
        end = start - timedelta(days=1)
        start = {
            schedule.Every.DAY: end,
            schedule.Every.WEEK: end - timedelta(days=6),
            schedule.Every.MONTH: end.replace(day=1),
        }[schedule.Every(schedule.every)]
    return Period(start, end, schedule.client, schedule.site_id, schedule.plan_id, schedule.has_all_rows)
