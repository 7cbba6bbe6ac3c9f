"""Reports that were taken out, and one that goes out every evening."""

from __future__ import annotations

from datetime import time, timedelta

from django.utils import timezone

from accounts.models import User
from inspections.actions import (
    Wanted,
    issue_report,
    make_ordered,
    order_report,
    save_schedule,
    send_now,
    send_report,
)
from inspections.models import InspectionRun, ReportSchedule
from inspections.reports import Period


def are_there() -> bool:
    return ReportSchedule.objects.exists()


def make() -> None:
    """A signed round taken out in both languages, last week's sheet, and the evening report on its way."""
    people = {
        user.username: user for user in User.objects.filter(username__in=["reviewer", "manager", "auditor"])
    }
    run = InspectionRun.objects.filter(state="signed").exclude(outcome="ok").select_related("plan").first()
    if run is not None:
        for language, person in (("zh-hans", "manager"), ("en", "auditor")):
            issue_report(Wanted("json", language, run), by=people[person])
    today = timezone.localdate()
    week = Period(today - timedelta(days=7), today - timedelta(days=1))
    issue_report(Wanted("xlsx", "zh-hans", period=week), by=people["manager"])
    order = order_report(Wanted("xlsx", "en", period=week), by=people["manager"])
    make_ordered(order.pk)  # the job that was deferred finds it made
    schedule = save_schedule(
        ReportSchedule(
            label="Evening report of inspections", label_zh="巡检晚报", every="day", at=time(18), covers="so_far",
            format="xlsx", delivery="link",
        ),
        by=people["reviewer"], recipients=[people["manager"], people["reviewer"]],
    )  # fmt: skip
    send_now(schedule, by=people["reviewer"])
    for sending in schedule.sendings.all():
        send_report(sending.pk)
