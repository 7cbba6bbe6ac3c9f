"""Reports that go out by themselves: when they are due, once to each person, and failures that are told."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions import MailDelayedError
from accounts.models import Notice
from accounts.roles import RightMissing
from inspections.actions import (
    defer_due_reports,
    defer_forgotten_reports,
    disable_schedule,
    due_slots,
    enable_schedule,
    period_of,
    save_schedule,
    send_now,
    send_report,
)
from inspections.models import ReportIssue, ReportSchedule, ReportSending
from tests.accounts.test_mail import post  # noqa: F401  (the mail server on a socket)
from tests.factories import make_report_recipient, make_report_schedule, make_report_sending, make_user
from tests.inspections.papers import signed_run

pytestmark = pytest.mark.django_db


def moment(*parts):
    """A time of the day in Shanghai."""
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=8)


def person(**over):
    return make_user("engineer", **{"email": f"p{make_user().pk}@example.org", "language": "en"} | over)


def schedule_for(*people, **over):
    schedule = make_report_schedule(**{"format": "xlsx", "language": "zh-hans"} | over)
    for each in people:
        make_report_recipient(schedule=schedule, user=each)
    return schedule


# When


def test_due_once_a_day_a_week_and_a_month():
    daily = ReportSchedule(every="day", at=time(18), counts_from_at=moment(2026, 11, 18, 12))
    assert due_slots(daily, moment(2026, 11, 20, 17, 59)) == [
        moment(2026, 11, 18, 18),
        moment(2026, 11, 19, 18),
    ]
    assert due_slots(daily, moment(2026, 11, 18, 17)) == []
    weekly = ReportSchedule(every="week", weekday=1, at=time(8), counts_from_at=moment(2026, 11, 1))
    assert due_slots(weekly, moment(2026, 11, 17)) == [moment(2026, 11, day, 8) for day in (2, 9, 16)]
    monthly = ReportSchedule(every="month", monthday=1, at=time(9), counts_from_at=moment(2026, 10, 15))
    assert due_slots(monthly, moment(2026, 12, 1, 8)) == [moment(2026, 11, 1, 9)]


def test_after_weeks_without_a_worker_the_newest_seven_go_out():
    daily = ReportSchedule(every="day", at=time(18), counts_from_at=moment(2026, 9, 1))
    slots = due_slots(daily, moment(2026, 11, 20, 19))
    assert slots == [moment(2026, 11, day, 18) for day in range(14, 21)]


@pytest.mark.parametrize(
    ("every", "covers", "start", "end"),
    [
        ("day", "complete", date(2026, 11, 18), date(2026, 11, 18)),
        ("day", "so_far", date(2026, 11, 19), date(2026, 11, 19)),
        ("week", "complete", date(2026, 11, 9), date(2026, 11, 15)),
        ("week", "so_far", date(2026, 11, 16), date(2026, 11, 19)),
        ("month", "complete", date(2026, 10, 1), date(2026, 10, 31)),
        ("month", "so_far", date(2026, 11, 1), date(2026, 11, 19)),
    ],
)
def test_what_each_covers(every, covers, start, end):
    period = period_of(ReportSchedule(every=every, covers=covers, at=time(18)), moment(2026, 11, 19, 18))
    assert (period.start, period.end) == (start, end)


# To whom, once


def test_a_report_arrives_as_a_file_that_names_its_reader(post):  # noqa: F811
    signed_run()
    one, two = person(display_name="张三"), person()
    schedule = schedule_for(one, two, covers="so_far", counts_from_at=timezone.now() - timedelta(days=1))
    schedule.at = (timezone.localtime() - timedelta(minutes=1)).time().replace(second=0, microsecond=0)
    schedule.save()
    assert defer_due_reports() == 2
    assert defer_due_reports() == 0, "once per person and moment"
    for sending in ReportSending.objects.order_by("id"):
        assert send_report(sending.pk).state == "sent"
        send_report(sending.pk)  # a job that comes twice
    assert [message["To"] for message in post.got] == [one.email, two.email]
    files = []
    for message, reader in zip(post.got, (one, two), strict=True):
        (part,) = message.iter_attachments()
        files.append(part.get_content())
        issue = ReportIssue.objects.get(file_sha256=hashlib.sha256(files[-1]).hexdigest())
        assert part.get_filename() == f"{issue.number}.xlsx"
        assert (issue.issued_by, issue.schedule) == (reader, schedule)
        assert issue.watermark.startswith(str(reader))
        assert message["Auto-Submitted"] == "auto-generated"
        body = message.get_body(("plain",)).get_content()
        assert issue.file_sha256 in body
        assert f"https://ops.example.org/inspections/reports/issued/{issue.number}/" in body
    assert files[0] != files[1], "each copy names one person"


def test_what_the_server_refuses_is_told_to_who_looks_after_it(post):  # noqa: F811
    owner = person()
    sending = make_report_sending(
        recipient=make_report_recipient(schedule=schedule_for(owner=owner), user=person())
    )
    post.recipient_answer = "550 no such person"
    assert send_report(sending.pk).state == "failed"
    sending.refresh_from_db()
    assert "no such person" in sending.trouble
    notice = Notice.objects.get(person=owner, kind="inspections.report_failed")
    assert notice.path == reverse("inspections:report-schedule", args=[sending.schedule_id])
    assert send_report(sending.pk).state == "failed", "and is not tried again"
    assert len(post.got) == 0


def test_a_server_that_is_away_is_asked_again_with_the_same_file(post, settings):  # noqa: F811
    sending = make_report_sending(recipient=make_report_recipient(schedule=schedule_for(), user=person()))
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    with pytest.raises(MailDelayedError):
        send_report(sending.pk)
    sending.refresh_from_db()
    assert (sending.state, sending.tries) == ("waiting", 0)
    settings.EMAIL_PORT = port
    assert send_report(sending.pk).state == "sent"
    assert ReportIssue.objects.filter(sendings=sending).count() == 1
    assert len(post.got) == 1


def test_silence_after_the_message_is_a_doubt_that_is_sent_once_more_and_no_third_time(post):  # noqa: F811
    sending = make_report_sending(recipient=make_report_recipient(schedule=schedule_for(), user=person()))
    post.answer = "silence"
    for _each in range(2):
        with pytest.raises(MailDelayedError):
            send_report(sending.pk)
    assert send_report(sending.pk).state == "failed"
    assert len(post.got) == 2
    assert post.got[0]["Message-ID"] == post.got[1]["Message-ID"]


def test_without_a_mail_server_or_by_choice_it_is_a_notice_with_a_link(settings):
    settings.MAIL_IS_ON = False
    reader = person()
    sending = make_report_sending(recipient=make_report_recipient(schedule=schedule_for(), user=reader))
    assert send_report(sending.pk).state == "sent"
    sending.refresh_from_db()
    notice = Notice.objects.get(person=reader, kind="inspections.report")
    assert notice.path == reverse("inspections:report-issue", args=[sending.issue.number])


def test_who_may_no_longer_see_inspections_gets_nothing(post):  # noqa: F811
    gone = person(is_active=False)
    sending = make_report_sending(recipient=make_report_recipient(schedule=schedule_for(), user=gone))
    assert send_report(sending.pk).state == "failed"
    assert not post.got
    assert not ReportIssue.objects.exists()


def test_what_lost_its_worker_is_sent_again_and_after_a_day_has_failed():
    lost = make_report_sending(state="sending", tried_at=timezone.now() - timedelta(hours=1), tries=1,
                               slot_at=timezone.now() - timedelta(hours=1))  # fmt: skip
    old = make_report_sending(slot_at=timezone.now() - timedelta(days=2))
    assert defer_forgotten_reports() == 1
    old.refresh_from_db()
    lost.refresh_from_db()
    assert (old.state, lost.state) == ("failed", "sending")


def test_a_sending_that_arrived_never_changes_and_is_never_deleted():
    sending = make_report_sending(
        recipient=make_report_recipient(schedule=schedule_for(), user=make_user("engineer"))
    )
    send_report(sending.pk)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        ReportSending.objects.filter(pk=sending.pk).update(state="waiting")
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        ReportSending.objects.filter(pk=sending.pk).delete()
    with pytest.raises(IntegrityError, match="once_per_person"), transaction.atomic():
        ReportSending.objects.create(schedule=sending.schedule, user=sending.user, slot_at=sending.slot_at)


# Who decides


def test_schedules_are_for_who_defines_inspections(client):
    manager, engineer = make_user("reviewer"), make_user("engineer")
    with pytest.raises(RightMissing):
        save_schedule(ReportSchedule(label="x"), by=engineer, recipients=[engineer])
    with pytest.raises(ValidationError):
        save_schedule(ReportSchedule(label="x"), by=manager, recipients=[])
    client.force_login(engineer)
    assert client.get(reverse("inspections:report-schedules")).status_code == 200
    assert client.get(reverse("inspections:report-schedule-new")).status_code == 403
    page = reverse("inspections:report-schedule", args=[make_report_schedule().pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"deed": "send"}).status_code == 403


def test_a_schedule_from_its_form_to_its_first_sending(client):
    manager, reader = make_user("reviewer"), make_user("engineer")
    client.force_login(manager)
    new = reverse("inspections:report-schedule-new")
    given = {
        "label": "Evening report", "label_zh": "晚报", "every": "day", "weekday": "1", "monthday": "1",
        "at": "18:00",
        "time_zone": "Asia/Shanghai", "covers": "so_far", "client": "", "site": "", "plan": "",
        "language": "zh-hans",
        "format": "xlsx", "delivery": "link", "recipients": [reader.pk],
    }  # fmt: skip
    assert "IANA" in client.post(new, given | {"time_zone": "Mars/Base"}).content.decode()
    assert "required" in client.post(new, given | {"recipients": []}).content.decode()
    client.post(new, given)
    schedule = ReportSchedule.objects.get()
    assert (schedule.owner, [each.user for each in schedule.recipients.all()]) == (manager, [reader])
    page = reverse("inspections:report-schedule", args=[schedule.pk])
    assert "Nothing was sent yet" in client.get(page).content.decode()
    assert "1 report is on its way" in client.post(page, {"deed": "send"}, follow=True).content.decode()
    send_report(schedule.sendings.get().pk)
    shown = client.get(page).content.decode()
    assert schedule.sendings.get().issue.number in shown
    assert "Say why" in client.post(page, {"deed": "disable"}, follow=True).content.decode()
    client.post(page, {"deed": "disable", "reason": "holiday"})
    schedule.refresh_from_db()
    assert (schedule.is_enabled, schedule.disabled_by) == (False, manager)
    assert defer_due_reports(now=timezone.now() + timedelta(days=3)) == 0
    client.post(page, {"deed": "enable"})
    schedule.refresh_from_db()
    assert schedule.is_enabled
    assert (
        "晚报"
        in client.get(
            reverse("inspections:report-schedules"), headers={"accept-language": "zh-hans"}
        ).content.decode()
    )


def test_disabled_time_is_not_made_up():
    manager = make_user("reviewer")
    schedule = schedule_for(make_user("engineer"), counts_from_at=timezone.now() - timedelta(days=9))
    disable_schedule(schedule, by=manager, reason="holiday")
    assert defer_due_reports() == 0
    enable_schedule(schedule, by=manager)
    assert defer_due_reports() == 0
    assert send_now(schedule, by=manager) == 1
