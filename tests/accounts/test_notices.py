"""Who is told what, in which words, how often; and that a notice stays as it was told."""

import datetime
import json
import threading

import psycopg
import pytest
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import choose_mail, mark_all_read, mark_read, notify, send_test_mail
from accounts.models import Notice, NoticePreference
from accounts.notices import KINDS, NoticeKind, declare
from audit.context import because
from tests.factories import make_notice, make_user

KIND = "account.test"
URGENT = "changes.vote"
HELLO = {"subject": _("Draft"), "text": _("Draft"), "words": {}, "path": "/changes/CHG-000001/"}


@pytest.fixture
def mail_on(db, settings):
    settings.MAIL_IS_ON = True


@pytest.fixture
def jobs(db):
    def read():
        with connection.cursor() as cursor:
            cursor.execute("SELECT task_name, args, scheduled_at FROM procrastinate_jobs ORDER BY id")
            return [(name, json.loads(args), at) for name, args, at in cursor.fetchall()]

    return read


def reader(**over):
    return make_user("engineer", **{"email": "a@example.org"} | over)


def test_each_is_told_in_their_language_and_in_their_time(db):
    moment = datetime.datetime(2026, 11, 22, 2, 30, tzinfo=datetime.UTC)
    people = [
        reader(language="zh-hans", time_zone="Asia/Shanghai"),
        reader(language="en", time_zone="America/St_Johns"),
        reader(language="en", time_zone="No/Such_Zone"),
    ]
    told = notify(
        people,
        KIND,
        subject=_("Draft"),
        text="%(state)s %(at)s",
        words={"at": moment, "state": _("Draft")},
        path="/changes/CHG-000001/",
    )
    assert told == 3
    chinese, english, lost = (person.notices.get() for person in people)
    assert chinese.subject == "草稿"
    assert chinese.text == "草稿 2026-11-22 10:30 (UTC+8)"
    assert english.text == "Draft 2026-11-21 23:00 (UTC-3:30)"
    assert lost.text == "Draft 2026-11-22 10:30 (UTC+8)"


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2026-11-24T12:00", "2026-11-24T15:30", "2026-11-24 20:00 – 23:30 (UTC+8)"),
        ("2026-11-24T12:00", "2026-11-25T01:00", "2026-11-24 20:00 – 2026-11-25 09:00 (UTC+8)"),
    ],
)
def test_a_window_is_shown_with_one_zone_and_its_day_once(db, start, end, shown):
    start, end = (datetime.datetime.fromisoformat(f"{each}+00:00") for each in (start, end))
    person = reader(time_zone="Asia/Shanghai")
    notify([person], KIND, subject="x", text="%(w)s", words={"w": (start, end)}, path="/")
    assert person.notices.get().text == shown


def test_nobody_is_told_who_left_may_not_look_or_did_it_themselves(db):
    left, stranger, actor, other = reader(is_active=False), make_user(), reader(), reader()
    with because(user=actor):
        assert notify([left, stranger, actor, other, other], KIND, **HELLO) == 1
    assert list(Notice.objects.values_list("person", flat=True)) == [other.pk]
    with because(user=actor):
        assert notify([actor], KIND, **HELLO, to_self=True) == 1
    assert notify([], KIND, **HELLO) == 0


def test_a_key_is_told_once(db):
    one, two = reader(), reader()
    assert notify([one], KIND, **HELLO, key="vote:1:half") == 1
    assert notify([one, two], KIND, **HELLO, key="vote:1:half") == 1
    assert notify([one], KIND, **HELLO) == 1
    assert notify([one], KIND, **HELLO) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_a_key_once():
    person, barrier = reader(), threading.Barrier(4)
    counts = []

    def work():
        try:
            barrier.wait()
            counts.append(notify([person], KIND, **HELLO, key="once"))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(counts) == [0, 0, 0, 1]


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example/", "/\\evil.example", "changes/", "/a b", "/x\n", ""]
)
def test_a_notice_leads_to_a_page_of_ours(db, path):
    with pytest.raises(ValueError, match="page of ours"):
        notify([reader()], KIND, **HELLO | {"path": path})


def test_what_is_typed_stays_one_line_of_the_subject(db):
    title = "Evil\r\nBcc: all@example.org\u2028x\x00" + "y" * 300
    notify([reader()], KIND, **HELLO | {"subject": "%(t)s", "words": {"t": title}})
    subject = Notice.objects.get().subject
    assert subject.startswith("Evil Bcc: all@example.org")
    assert "\n" not in subject
    assert "\r" not in subject
    assert len(subject) == 250


def test_mail_goes_as_the_person_chose_and_with_the_transaction(mail_on, jobs):
    now, digest, off, nameless = reader(), reader(), reader(), reader(email="")
    NoticePreference.objects.create(person=digest, kind=KIND, channel="digest")
    NoticePreference.objects.create(person=off, kind=KIND, channel="off")
    people = [now, digest, off, nameless]
    with transaction.atomic():
        notify(people, KIND, **HELLO)
        transaction.set_rollback(True)
    assert (Notice.objects.count(), jobs()) == (0, [])
    assert notify(people, KIND, **HELLO) == 4
    assert [person.notices.get().mail for person in people] == ["now", "digest", "none", "none"]
    assert [(name, args) for name, args, _at in jobs()] == [
        ("accounts.send_mail", {"person": now.pk, "path": "/changes/CHG-000001/"})
    ]


def test_without_a_mail_server_the_pages_alone_tell(db, jobs):
    assert notify([reader()], KIND, **HELLO) == 1
    assert Notice.objects.get().mail == "none"
    assert jobs() == []


def test_urgent_mail_goes_at_once_and_cannot_be_switched_off(mail_on, jobs):
    person = reader()
    with pytest.raises(Exception, match="no such choice"):
        choose_mail(by=person, channels={URGENT: "off"}, digest_hour=8)
    NoticePreference.objects.create(person=person, kind=URGENT, channel="off")  # by whatever way
    notify([person], URGENT, **HELLO)
    assert person.notices.get().mail == "digest"
    other = reader()
    notify([other], URGENT, **HELLO)
    notify([other], "changes.decided", **HELLO)
    (_n, _a, first), (_n, _a, second) = jobs()
    assert second - first > datetime.timedelta(seconds=50)


def test_choices_are_kept_and_others_left_alone(db):
    person = reader()
    choose_mail(by=person, channels={KIND: "now", "changes.moved": "off"}, digest_hour=6)
    assert dict(person.notice_preferences.values_list("kind", "channel")) == {"changes.moved": "off"}
    choose_mail(by=person, channels={"changes.moved": "digest"}, digest_hour=6)
    assert person.notice_preferences.get().history.count() == 2
    assert person.notice_preferences.get().channel == "digest"
    person.refresh_from_db()
    assert person.digest_hour == 6
    for channels, hour in (({"no.such": "now"}, 6), ({KIND: "fax"}, 6), ({}, 24)):
        with pytest.raises(Exception):  # noqa: B017, PT011
            choose_mail(by=person, channels=channels, digest_hour=hour)


def test_only_ones_own_notices_are_read(db):
    mine, other = make_notice(), make_notice()
    assert mark_read([mine.pk, other.pk], by=mine.person) == 1
    mine.refresh_from_db()
    first = mine.read_at
    assert mark_read([mine.pk], by=mine.person) == 0
    later = make_notice(person=mine.person)
    newest = make_notice(person=mine.person)
    assert mark_all_read(by=mine.person, up_to=later.pk) == 1
    assert mark_all_read(by=mine.person) == 1
    mine.refresh_from_db()
    newest.refresh_from_db()
    other.refresh_from_db()
    assert (mine.read_at, other.read_at) == (first, None)
    assert newest.is_read


def test_kinds_are_declared_once():
    with pytest.raises(ValueError, match="twice"):
        declare(NoticeKind(KIND, "something else"))
    with pytest.raises(KeyError):
        notify([], "no.such", **HELLO)
    assert all(kind.default_mail in kind.channels for kind in KINDS.values())


def test_test_mails_are_rationed(mail_on):
    person = reader()
    for _each in range(5):
        send_test_mail(by=person, path="/")
    with pytest.raises(Exception, match="Five test mails"):
        send_test_mail(by=person, path="/")
    with pytest.raises(Exception, match="no e-mail address"):
        send_test_mail(by=reader(email=""), path="/")


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE accounts_notice SET subject = 'other'",
        "UPDATE accounts_notice SET person_id = person_id + 1",
        "UPDATE accounts_notice SET path = '/other/'",
        "UPDATE accounts_notice SET created_at = now() - interval '1 day'",
        "UPDATE accounts_notice SET read_at = NULL WHERE read_at IS NOT NULL",
        "UPDATE accounts_notice SET mailed_at = NULL WHERE mailed_at IS NOT NULL",
        "UPDATE accounts_notice SET settled_at = NULL WHERE settled_at IS NOT NULL",
        "DELETE FROM accounts_notice",
        "TRUNCATE accounts_notice",
    ],
)
def test_postgresql_keeps_a_notice_as_it_was_told(app_sql, deed):
    notice = make_notice()
    app_sql.execute("UPDATE accounts_notice SET read_at = now(), mailed_at = now(), settled_at = now()")
    with pytest.raises(psycopg.Error) as refusal:
        app_sql.execute(deed)
    assert refusal.value.sqlstate in {"23001", "42501"}
    notice.refresh_from_db()
    assert notice.subject == "Something happened"


@pytest.mark.parametrize("path", ["//evil.example/", "javascript:alert(1)", "/\\evil", "/a\nb", "/a\n", ""])
def test_postgresql_refuses_a_path_that_leads_elsewhere(app_sql, path):
    person = make_user("engineer")
    with pytest.raises(psycopg.errors.CheckViolation):
        app_sql.execute(
            "INSERT INTO accounts_notice (person_id, kind, subject, text, path, about, is_urgent, key, mail,"
            " mail_batch, mail_doubts, mail_trouble)"
            " VALUES (%s, 'x', 'x', '', %s, '', false, '', 'none', '', 0, '')",
            [person.pk, path],
        )
