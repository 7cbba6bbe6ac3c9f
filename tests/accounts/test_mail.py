"""Mail on its way: a real server on a socket, and servers that refuse, go silent, or are not there."""

import datetime
import email
import email.policy
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.actions import MailDelayedError, notify, send_digest, send_mail
from accounts.actions.mail import defer_digests, defer_forgotten_mail, digest_moment
from accounts.guards import check_mail
from accounts.jobs import MailRetries
from accounts.models import Notice, NoticePreference, User
from tests.factories import make_notice, make_user

PATH = "/changes/CHG-000001/"


class Postbox:
    """Takes what is sent; `answer` is what it says after the message."""

    def __init__(self):
        self.got, self.answer, self.recipient_answer = [], "250 taken", "250 fine"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server, session, envelope):
        self.got.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.answer == "silence":
            server.transport.close()
        return self.answer

    def text(self, number=-1):
        return self.got[number].get_body(("plain",)).get_content()


@pytest.fixture
def post(db, settings):
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=_free_port())
    server.start()
    settings.MAIL_IS_ON, settings.BASE_URL = True, "https://ops.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    settings.DEFAULT_FROM_EMAIL = "OpsLedger <opsledger@ops.example.org>"
    yield box
    server.stop()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reader(**over):
    return make_user("engineer", **{"email": f"p{make_user().pk}@example.org", "language": "en"} | over)


def waiting(person, **over):
    row = {"mail": "now", "path": PATH, "subject": "CHG-000001: your vote", "text": "Until tomorrow."}
    return make_notice(person=person, **row | over)


def jobs(name="accounts.send_mail"):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args, scheduled_at FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'",
            [name],
        )
        return [(json.loads(args), at) for args, at in cursor.fetchall()]


def test_a_message_has_two_parts_a_thread_and_a_link_that_decides_nothing(post):
    person = reader()
    notice = waiting(person, subject="CHG-000001: your vote <b>", text="a < b & c")
    assert send_mail(person.pk, PATH) == 1
    message = post.got[0]
    assert message["To"] == person.email
    assert message["Subject"] == "CHG-000001: your vote <b>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "OpsLedger <notices.ops.example.org>"
    assert message["References"] == message["In-Reply-To"]
    assert message["Message-ID"].endswith("@ops.example.org>")
    assert "https://ops.example.org/changes/CHG-000001/" in post.text()
    assert "nothing is decided by opening it" in post.text()
    page = message.get_body(("html",)).get_content()
    assert "a &lt; b &amp; c" in page
    assert "<b>" not in page
    assert 'href="https://ops.example.org/changes/CHG-000001/"' in page
    assert "<img" not in page
    assert "<form" not in page
    notice.refresh_from_db()
    assert notice.mailed_at is not None
    assert send_mail(person.pk, PATH) == 0
    assert len(post.got) == 1


def test_one_thread_per_change_and_person(post):
    person = reader()
    for path in (PATH, "/changes/CHG-000002/"):
        waiting(person, path=path)
        send_mail(person.pk, path)
    Notice.objects.filter(path=PATH).update(mail="none")  # the minute is over
    waiting(person)
    send_mail(person.pk, PATH)
    one, other, again = post.got
    assert one["References"] == again["References"] != other["References"]
    assert len({message["Message-ID"] for message in post.got}) == 3


def test_it_is_written_in_the_readers_language_with_its_number(post):
    person = reader(language="zh-hans", display_name="王静")
    waiting(person, subject="CHG-000001：请投票")
    send_mail(person.pk, PATH)
    assert post.got[0]["Subject"] == "CHG-000001：请投票"
    assert post.got[0]["Content-Language"] == "zh-hans"


def test_nothing_typed_becomes_a_header(post):
    person = reader()
    title = "x\r\nBcc: victim@example.org\r\n\r\nbody"
    notify([person], "account.test", subject="%(t)s", text="%(t)s", words={"t": title}, path=PATH)
    send_mail(person.pk, PATH)
    assert post.got[0]["Bcc"] is None
    assert post.got[0]["Subject"] == "x Bcc: victim@example.org body"


@pytest.mark.parametrize(
    "address", ["a@example.org, b@example.org", "a@example.org\nBcc: b@example.org", "x"]
)
def test_an_address_that_is_none_is_never_written_to(post, address):
    person = reader(email=address)
    notice = waiting(person)
    assert send_mail(person.pk, PATH) == 0
    notice.refresh_from_db()
    assert notice.mail_trouble_in_words == "the e-mail address of the account is not one"
    assert post.got == []


def test_one_person_one_page_one_minute_is_one_message(post):
    person = reader()
    for word in ("first", "second", "third"):
        waiting(person, subject=word)
    assert send_mail(person.pk, PATH) == 3
    assert post.got[0]["Subject"] == "third (and 2 more)"
    assert all(word in post.text() for word in ("first", "second"))
    waiting(person, subject="fourth")
    assert send_mail(person.pk, PATH) == 0
    [(args, at)] = jobs()
    assert args == {"person": person.pk, "path": PATH}
    assert datetime.timedelta(seconds=50) < at - timezone.now() <= datetime.timedelta(minutes=1)
    assert len(post.got) == 1


def test_what_was_read_meanwhile_is_not_mailed(post):
    person = reader()
    waiting(person, read_at=timezone.now())
    assert send_mail(person.pk, PATH) == 0
    assert post.got == []


def test_a_server_that_is_down_is_tried_again(post, settings):
    person = reader()
    notice, up = waiting(person), settings.EMAIL_PORT
    settings.EMAIL_PORT = _free_port()
    with pytest.raises(MailDelayedError):
        send_mail(person.pk, PATH)
    notice.refresh_from_db()
    assert (notice.mailed_at, notice.mail_batch, notice.mail_doubts) == (None, "", 0)
    settings.EMAIL_PORT = up
    assert send_mail(person.pk, PATH) == 1


@pytest.mark.parametrize(
    ("asked", "answer", "is_final"),
    [
        ("recipient_answer", "550 no such person", True),
        ("recipient_answer", "450 mailbox busy", False),
        ("answer", "554 looks like spam", True),
        ("answer", "451 try later", False),
    ],
)
def test_a_server_that_refuses(post, asked, answer, is_final):
    setattr(post, asked, answer)
    person = reader()
    notice = waiting(person)
    if is_final:
        assert send_mail(person.pk, PATH) == 0
        notice.refresh_from_db()
        assert notice.mail_trouble == answer
        assert notice.read_at is None
    else:
        with pytest.raises(MailDelayedError, match=answer):
            send_mail(person.pk, PATH)
        setattr(post, asked, "250 taken")
        assert send_mail(person.pk, PATH) == 1


def test_a_server_that_goes_silent_after_the_message_gets_it_twice_and_no_more(post):
    post.answer = "silence"
    person = reader()
    notice = waiting(person)
    for _each in range(2):
        with pytest.raises(MailDelayedError):
            send_mail(person.pk, PATH)
    assert send_mail(person.pk, PATH) == 0
    one, two = post.got
    assert one["Message-ID"] == two["Message-ID"]  # mail programs know it is the same
    notice.refresh_from_db()
    assert notice.mail_trouble_in_words == "sent twice, and the mail server confirmed neither"
    waiting(person, subject="later")
    post.answer = "250 taken"
    assert send_mail(person.pk, PATH) == 1
    assert len(post.got) == 3


def test_a_message_in_doubt_is_sent_again_as_it_was(post):
    post.answer = "silence"
    person = reader()
    waiting(person, subject="first")
    with pytest.raises(MailDelayedError):
        send_mail(person.pk, PATH)
    waiting(person, subject="joined later")
    post.answer = "250 taken"
    assert send_mail(person.pk, PATH) == 2
    assert [message["Subject"] for message in post.got] == ["first", "first", "joined later"]


def test_a_killed_worker_leaves_a_doubt_that_is_cleared_once(post):
    person = reader()
    ago = timezone.now() - datetime.timedelta(minutes=20)
    notice = waiting(person, mail_batch="b" * 32, mail_tried_at=timezone.now())
    assert send_mail(person.pk, PATH) == 0  # still in another worker's hands
    Notice.objects.update(mail_tried_at=ago)
    assert send_mail(person.pk, PATH) == 1
    assert post.got[0]["Message-ID"] == f"<{'b' * 32}@ops.example.org>"
    notice.refresh_from_db()
    assert notice.mail_doubts == 1
    lost = waiting(person, path="/x/", mail_batch="c" * 32, mail_tried_at=ago, mail_doubts=1)
    assert send_mail(person.pk, "/x/") == 0
    lost.refresh_from_db()
    assert lost.mail_trouble == "in_doubt"
    assert len(post.got) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_message(post):
    person, barrier = reader(), threading.Barrier(4)
    for _each in range(3):
        waiting(person)

    def work():
        try:
            barrier.wait()
            send_mail(person.pk, PATH)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(post.got) == 1
    assert Notice.objects.filter(mailed_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_worker_sends_it(post):
    person = reader()
    NoticePreference.objects.create(person=person, kind="account.test", channel="now")
    notify([person], "account.test", subject="Hello", text="", words={}, path=PATH)
    connector = app.connector.get_worker_connector()
    # In a thread of its own: a browser test before it may have left this one with an event loop.
    with app.replace_connector(connector) as worker, ThreadPoolExecutor(1) as thread:
        run = partial(worker.run_worker, wait=False, install_signal_handlers=False, listen_notify=False)
        thread.submit(run).result()
    assert [message["Subject"] for message in post.got] == ["Hello"]


def test_mail_that_lost_its_job_gets_another_and_is_given_up_after_three_days(post):
    person = reader()
    ago = timezone.now() - datetime.timedelta(minutes=30)
    for number in range(2):
        waiting(person, created_at=ago, subject=f"n{number}")
    waiting(person, path="/fresh/")
    old = waiting(person, path="/old/", created_at=timezone.now() - datetime.timedelta(days=4))
    assert defer_forgotten_mail() == 1
    assert defer_forgotten_mail() == 0
    assert [args["path"] for args, _at in jobs()] == [PATH]
    old.refresh_from_db()
    assert old.mail_trouble == "given_up"


def test_it_is_retried_with_back_off_for_what_may_still_arrive():
    class Job:
        attempts = 0

    def wait(attempts, error):
        Job.attempts = attempts
        decision = MailRetries().get_retry_decision(exception=error, job=Job)
        return decision and round((decision.retry_at - timezone.now()).total_seconds() / 60)

    trouble = MailDelayedError("450")
    assert [wait(number, trouble) for number in (0, 1, 2, 5, 6, 20, 30)] == [1, 2, 4, 32, 60, 60, None]
    assert wait(0, ValueError("a fault of ours")) is None
    assert {"accounts.send_mail", "accounts.send_digest", "accounts.watch_mail"} <= set(app.tasks)


# The daily mail


def pending(person, at, **over):
    return waiting(person, mail="digest", created_at=at, **over)


def test_the_daily_mail_is_one_message_grouped_by_change(post):
    person = reader()
    early = timezone.now() - datetime.timedelta(days=3)
    pending(person, early, subject="One went on", about="CHG-000001 Laboratory system")
    pending(
        person, early, subject="Two went on", about="CHG-000002 Print server", path="/changes/CHG-000002/"
    )
    pending(person, early, subject="One ended", about="CHG-000001 Laboratory system")
    pending(person, early, subject="Read already", read_at=timezone.now())
    assert defer_digests() == 1
    assert defer_digests() == 0  # one job, however often the clock strikes
    assert send_digest(person.pk) == 3
    assert send_digest(person.pk) == 0
    [message] = post.got
    assert "3 notices" in message["Subject"]
    text = post.text()
    assert text.count("== CHG-000001 Laboratory system") == 1
    assert text.index("One ended") < text.index("== CHG-000002")
    assert "Read already" not in text
    assert len(message["Message-ID"]) > 20


def test_the_daily_mail_waits_for_the_persons_hour(post, monkeypatch):
    zone = ZoneInfo("Asia/Shanghai")
    person = reader(time_zone="Asia/Shanghai", digest_hour=8)
    pending(person, datetime.datetime(2026, 3, 2, 9, 0, tzinfo=zone))

    def strikes(day, hour, minute=0):
        monkeypatch.setattr(
            timezone, "now", lambda: datetime.datetime(2026, 3, day, hour, minute, tzinfo=zone)
        )
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        return defer_digests()

    assert strikes(2, 9, 5) == 0
    assert strikes(3, 7, 59) == 0
    assert strikes(3, 8, 0) == 1
    assert strikes(7, 23, 0) == 1  # the worker was down for days: still one
    send_digest(person.pk)
    assert strikes(8, 8, 0) == 0
    assert len(post.got) == 1


@pytest.mark.parametrize(
    ("hour", "now", "due"),
    [  # in Berlin 02:00 to 03:00 is missing on 2026-03-29, and comes twice on 2026-10-25
        (2, "2026-03-29T01:30:00+00:00", "2026-03-29T01:00:00+00:00"),
        (2, "2026-03-29T00:59:00+00:00", "2026-03-28T01:00:00+00:00"),
        (2, "2026-10-25T00:30:00+00:00", "2026-10-25T00:00:00+00:00"),
        (2, "2026-10-25T01:30:00+00:00", "2026-10-25T00:00:00+00:00"),
        (8, "2026-10-25T06:59:00+00:00", "2026-10-24T06:00:00+00:00"),
        (8, "2026-10-25T07:00:00+00:00", "2026-10-25T07:00:00+00:00"),
        (8, "2026-03-29T06:00:00+00:00", "2026-03-29T06:00:00+00:00"),
        (0, "2026-03-28T23:00:00+00:00", "2026-03-28T23:00:00+00:00"),
    ],
)
def test_the_hour_holds_on_the_days_on_which_the_clocks_change(hour, now, due):
    person = User(time_zone="Europe/Berlin", digest_hour=hour)
    moment = digest_moment(person, datetime.datetime.fromisoformat(now))
    assert moment.astimezone(datetime.UTC).isoformat() == due


def test_check_deploy_says_what_is_missing(settings):
    settings.MAIL_IS_ON = False
    assert [each.id for each in check_mail(None)] == ["accounts.I001"]
    settings.MAIL_IS_ON, settings.BASE_URL = True, "http://localhost:8000"
    assert [each.id for each in check_mail(None)] == ["accounts.W001"]
    settings.BASE_URL = "https://ops.example.org"
    assert check_mail(None) == []
