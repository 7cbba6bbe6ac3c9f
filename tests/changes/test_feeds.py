"""Calendars to subscribe to: who may, what they say to a program that reads them, and how they end."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from changes.actions import renew_feeds, revoke_feeds, take_step
from changes.feeds import SALT, token_for
from changes.models import FeedKey
from tests.changes import journey
from tests.changes.test_calendar import submitted
from tests.factories import make_change, make_freeze, make_item, make_relation, make_user

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


def read(token, **headers):
    return Client().get(reverse("changes:feed", args=[token]), headers=headers)


def events(response):
    assert response.status_code == 200, response.status_code
    parsed = Calendar.from_ical(response.content)
    return {str(event["uid"]): event for event in parsed.walk("VEVENT")}


def address(user, shows="all"):
    return token_for(renew_feeds(by=user), shows)


def test_a_program_reads_it_without_a_log_in(db):
    start = timezone.now().replace(microsecond=0) + HOUR
    change = submitted(title="Umzug, Teil 2; “neu” 迁移", window=(start, start + HOUR))
    response = read(address(make_user("engineer")))
    event = events(response)[f"{change.number}@opsledger"]
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert event["summary"] == f"{change.number} Umzug, Teil 2; “neu” 迁移"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (start, start + HOUR)
    assert event["dtstart"].to_ical().endswith(b"Z")
    assert event["url"].endswith(reverse("changes:change", args=[change.number]))
    assert (event["status"], event.get("transp", "OPAQUE")) == ("TENTATIVE", "OPAQUE")
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))


@pytest.mark.parametrize("month", [3, 10])
def test_windows_over_the_change_of_clocks_are_exact(db, month):
    year = timezone.now().year + (1 if timezone.now().month >= month else 0)
    day = next(day for day in range(31, 24, -1) if datetime(year, month, day, tzinfo=UTC).weekday() == 6)
    start = datetime(year, month, day, 0, 30, tzinfo=UTC)
    change = submitted(window=(start, start + HOUR))
    event = events(read(address(make_user("engineer", time_zone="Europe/Berlin"))))[
        f"{change.number}@opsledger"
    ]
    assert event.decoded("dtend") - event.decoded("dtstart") == HOUR
    assert event.decoded("dtstart") == start


def test_a_cancelled_change_is_called_off_with_a_higher_sequence(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    token, uid = address(cast.manager), f"{change.number}@opsledger"
    before = events(read(token))[uid]
    assert before["status"] == "CONFIRMED"
    take_step(change, "cancel", by=cast.manager, comment="Not needed")
    after = events(read(token))[uid]
    assert after["status"] == "CANCELLED"
    assert after["sequence"] > before["sequence"]
    assert after.decoded("dtstamp") >= before.decoded("dtstamp")


def test_a_moved_window_raises_the_sequence_and_nothing_else_does(cast):
    change = submitted()
    token, uid = address(cast.manager), f"{change.number}@opsledger"
    first, again = events(read(token))[uid], events(read(token))[uid]
    assert first["sequence"] == again["sequence"]


def test_what_was_never_on_a_calendar_is_not_called_off(cast):
    change = journey.draft(cast)
    take_step(change, "withdraw", by=cast.requester, comment="No")
    assert f"{change.number}@opsledger" not in events(read(address(cast.requester, "mine")))


def test_mine_are_mine_and_a_services_are_those_under_it(cast):
    service, host = make_item("application"), make_item(serial="X")
    make_relation(source=service, target=host)
    mine, under, other = submitted(requester=cast.requester), submitted(items=[host]), submitted()
    draft = make_change(requester=cast.requester)
    key = renew_feeds(by=cast.requester)
    uids = [set(events(read(token_for(key, shows)))) for shows in ("mine", service.pk, "all")]
    named = [f"{change.number}@opsledger" for change in (mine, under, other, draft)]
    assert [uid in uids[0] for uid in named] == [True, False, False, True]
    assert [uid in uids[1] for uid in named] == [False, True, False, False]
    assert [uid in uids[2] for uid in named] == [True, True, True, False]


def test_freezes_are_in_it_and_block_nobody(db):
    freeze = make_freeze(label="Year end")
    event = events(read(address(make_user("engineer"))))[f"freeze-{freeze.pk}@opsledger"]
    assert (event["summary"], event["transp"]) == ("Freeze: Year end", "TRANSPARENT")


def test_no_names_of_people_are_in_it(cast):
    cast.requester.display_name, cast.requester.email = "Wang Wei", "wang@example.org"
    cast.requester.save()
    submitted(requester=cast.requester)
    body = read(address(cast.manager)).content.decode()
    assert "Wang" not in body
    assert "wang@" not in body


# Addresses


def test_renewing_ends_the_old_address_and_revoking_all(db):
    user = make_user("engineer")
    old = address(user)
    new = address(user)
    assert (read(old).status_code, read(new).status_code) == (404, 200)
    revoke_feeds(by=user)
    assert read(new).status_code == 404
    assert [row.history_change_reason for row in FeedKey.objects.get().history.order_by("history_id")] == [
        "renew_feeds", "renew_feeds", "revoke_feeds",
    ]  # fmt: skip


def test_forged_addresses_are_not_found(db):
    user = make_user("engineer")
    good = address(user)
    key = FeedKey.objects.get()
    forged = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace(good[0], "Z", 1),
        signing.Signer(salt="other").sign_object([user.pk, key.number, "all"]),
        signing.Signer(salt=SALT).sign_object([user.pk, key.number + 1, "all"]),
        signing.Signer(salt=SALT).sign_object([user.pk, key.number, "everything"]),
        signing.Signer(salt=SALT).sign_object([user.pk, key.number, 10**9]),
        signing.Signer(salt=SALT).sign_object({"u": 1}),
        "x",
        "x:y",
        "%00",
    ]
    for token in forged:
        assert read(token).status_code in (400, 404), token
    assert read(good).status_code == 200


def test_who_left_or_lost_the_role_has_no_calendar(db):
    user = make_user("engineer")
    token = address(user)
    user.role_grants.all().delete()
    assert read(token).status_code == 404
    user = make_user("engineer")
    token = address(user)
    user.is_active = False
    user.save()
    assert read(token).status_code == 404


def test_it_only_reads(db):
    token = address(make_user("engineer"))
    url = reverse("changes:feed", args=[token])
    for method in ("post", "put", "delete", "patch"):
        assert getattr(Client(), method)(url).status_code == 405


def test_an_unchanged_calendar_is_not_sent_again(db):
    submitted()
    token = address(make_user("engineer"))
    first = read(token)
    again = read(token, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    submitted()
    assert read(token, if_none_match=first["ETag"]).status_code == 200
    assert "private" in first["Cache-Control"]


def test_who_asks_too_often_waits(db):
    token = address(make_user("engineer"))
    answers = {read(token).status_code for _ in range(70)}
    assert answers == {200, 429}
    assert read(address(make_user("engineer"))).status_code == 200


def test_the_page_hands_addresses_out_and_takes_them_back(client, db):
    user = make_user("engineer")
    client.force_login(user)
    url = reverse("changes:subscribe")
    assert "You have no calendar addresses." in client.get(url).content.decode()
    assert not FeedKey.objects.exists()  # looking makes nothing
    body = client.post(url, follow=True).content.decode()
    token = token_for(FeedKey.objects.get(user=user), "mine")
    assert f"/changes/feeds/{token}.ics" in body.replace("&#x3A;", ":")
    assert read(token).status_code == 200
    client.post(url, {"deed": "revoke"})
    assert read(token).status_code == 404
    client.force_login(make_user())
    assert client.get(url).status_code == 403


def test_it_costs_the_same_for_one_and_for_six(db, django_assert_max_num_queries):
    token = address(make_user("engineer"))
    submitted()
    with django_assert_max_num_queries(10) as one:
        read(token)
    for _ in range(5):
        submitted()
    with django_assert_max_num_queries(10) as six:
        read(token)
    assert len(six) == len(one)
