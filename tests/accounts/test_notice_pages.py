"""The bell, the list of notices, which mail one gets, and the same over the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import digest_of
from accounts.models import ApiToken, Notice
from accounts.notices import KINDS
from config.navigation import unread_of
from tests.factories import make_notice, make_token, make_user

pytestmark = pytest.mark.django_db
LIST, READ = "/accounts/notices/", "/accounts/notices/read/"
SETTINGS = "/accounts/notices/settings/"


@pytest.fixture
def reader(client):
    user = make_user("engineer", email="reader@example.org", display_name="Reader")
    client.force_login(user, backend="accounts.permissions.RoleBackend")
    return user


def tell(person, count=1, **over):
    return [make_notice(person=person, **over) for _each in range(count)]


def opening(notice):
    return f"/accounts/notices/{notice.pk}/open/"


@pytest.mark.parametrize(("unread", "shown"), [(0, ""), (7, "7"), (99, "99"), (100, "99+"), (130, "99+")])
def test_the_bell_counts_up_to_99(reader, django_assert_num_queries, unread, shown):
    Notice.objects.bulk_create(
        Notice(person=reader, kind="account.test", subject="x", path="/") for _each in range(unread)
    )
    make_notice()
    with django_assert_num_queries(1):
        assert unread_of(reader) == shown


def test_the_bell_stands_on_every_page_and_costs_one_query(client, reader):
    tell(reader, 3)
    for path in ("/", "/changes/", "/cmdb/", LIST, SETTINGS, "/accounts/tokens/"):
        text = client.get(path).content.decode()
        assert "Notices, 3 unread" in text, path
    assert "Notices (3 unread)" in client.get("/admin/").content.decode()


def test_nobody_sees_or_reads_the_notices_of_others(client, reader):
    [other] = tell(make_user("engineer"), subject="A secret of somebody else")
    for page in (LIST, f"{LIST}?show=all", "/api/notices/"):
        assert "A secret" not in client.get(page).content.decode()
    assert client.post(opening(other)).status_code == 404
    client.post(READ, {"notice": other.pk})
    client.post(READ, {})
    assert client.get(f"/api/notices/{other.pk}/").status_code == 404
    assert client.post(f"/api/notices/{other.pk}/read/").status_code == 404
    assert client.post("/api/notices/read-all/").json() == {"count": 0}
    other.refresh_from_db()
    assert other.read_at is None


def test_looking_reads_nothing_opening_does(client, reader):
    [notice] = tell(reader, path="/changes/")
    client.get(LIST)
    assert client.get(opening(notice)).status_code == 405
    notice.refresh_from_db()
    assert notice.read_at is None
    answer = client.post(opening(notice))
    assert (answer.status_code, answer["Location"]) == (302, "/changes/")
    notice.refresh_from_db()
    assert notice.is_read


def test_one_is_read_or_all_that_were_shown(client, reader):
    first, second = tell(reader, 2)
    page = client.post(READ, {"notice": first.pk, "next": f"{LIST}?show=all"}, follow=True)
    assert "1 notice read." in page.content.decode()
    assert page.request["QUERY_STRING"] == "show=all"
    [late] = tell(reader)
    client.post(READ, {"newest": second.pk})
    late.refresh_from_db()
    assert late.read_at is None
    assert Notice.objects.of(reader).unread().count() == 1


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_is_ours(client, reader, target):
    tell(reader)
    assert client.post(READ, {"next": target})["Location"] == LIST


@pytest.mark.parametrize("text", ["abc", "-1", "9" * 30, "", "１"])
def test_numbers_that_are_none_harm_nothing(client, reader, text):
    tell(reader)
    assert client.get(LIST, {"before": text}).status_code == 200
    assert client.get(LIST, {"after": text, "kind": text, "show": text}).status_code == 200
    assert client.post(READ, {"newest": text}).status_code == 302


def test_pages_by_key_both_ways(client, reader):
    rows = tell(reader, 60)
    page = client.get(LIST)
    assert [row.pk for row in page.context["notices"]] == [row.pk for row in rows[:34:-1]]
    assert page.context["newer"] is None
    second = client.get(LIST, {"before": page.context["older"]})
    assert [row.pk for row in second.context["notices"]] == [row.pk for row in rows[34:9:-1]]
    back = client.get(LIST, {"after": second.context["newer"]})
    assert back.context["notices"] == page.context["notices"]
    last = client.get(LIST, {"before": second.context["older"]})
    assert len(last.context["notices"]) == 10
    assert last.context["older"] is None


def test_filters_and_empty_lists_say_what_they_are(client, reader):
    assert "You have read everything." in client.get(LIST).content.decode()
    assert "You were told nothing yet." in client.get(LIST, {"show": "all"}).content.decode()
    tell(reader, kind="changes.vote", subject="Vote <b>now</b>")
    text = client.get(LIST, {"kind": "changes.vote"}).content.decode()
    assert "Vote &lt;b&gt;now&lt;/b&gt;" in text
    assert "No notice of this kind." in client.get(LIST, {"kind": "changes.moved"}).content.decode()


def test_the_list_costs_the_same_for_one_and_for_many(client, reader):
    tell(reader)
    client.get(LIST)
    from_one = _queries(client)
    tell(reader, 20)
    assert _queries(client) <= from_one


def _queries(client):
    with CaptureQueriesContext(connection) as captured:
        client.get(LIST)
    return len(captured)


def test_strangers_are_sent_to_log_in(client):
    for path in (LIST, SETTINGS):
        assert client.get(path)["Location"].startswith("/accounts/login/")
    for path in (READ, "/accounts/notices/1/open/", f"{SETTINGS}test/"):
        assert client.post(path)["Location"].startswith("/accounts/login/")
    assert client.get("/api/notices/").status_code == 401


# Which mail one gets


def chosen(**over):
    return {kind.key: kind.default_mail for kind in KINDS.values()} | {"digest_hour": "8"} | over


def test_a_choice_is_kept_and_shown(client, reader):
    page = client.post(
        SETTINGS, chosen(**{"changes.moved": "off", "digest_hour": "17", "language": "zh-hans"}), follow=True
    )
    assert page.redirect_chain
    reader.refresh_from_db()
    assert (reader.digest_hour, reader.language) == (17, "zh-hans")
    assert dict(reader.notice_preferences.values_list("kind", "channel")) == {"changes.moved": "off"}
    assert page.context["form"]["changes.moved"].initial == "off"


@pytest.mark.parametrize(
    "wrong",
    [
        {"changes.vote": "off"},
        {"changes.moved": "fax"},
        {"digest_hour": "24"},
        {"digest_hour": ""},
        {"language": "tlh"},
    ],
)
def test_a_wrong_choice_is_refused_and_nothing_is_lost(client, reader, wrong):
    page = client.post(SETTINGS, chosen(**{"changes.ended": "off"} | wrong))
    assert page.status_code == 422
    assert page.context["form"]["changes.ended"].value() == "off"
    assert reader.notice_preferences.count() == 0


def test_the_page_says_when_no_mail_can_come(client, reader, settings):
    settings.MAIL_IS_ON = False
    assert "No mail server is configured" in client.get(SETTINGS).content.decode()
    assert "No mail server is configured" in client.post(f"{SETTINGS}test/", follow=True).content.decode()
    settings.MAIL_IS_ON = True
    assert "reader@example.org" in client.get(SETTINGS).content.decode()
    text = client.post(f"{SETTINGS}test/", follow=True).content.decode()
    assert "A test mail to reader@example.org is on its way" in text
    assert Notice.objects.get().mail == "now"
    reader.email = ""
    reader.save()
    assert "no e-mail address" in client.get(SETTINGS).content.decode()


# API


def bearer(user, scope="write"):
    secret = "opl_" + "s" * 40
    make_token(user=user, scope=scope, digest=digest_of(secret))
    return {"headers": {"authorization": f"Bearer {secret}"}}


def test_the_api_lists_filters_and_reads(client):
    user = make_user("engineer")
    access = bearer(user)
    first, second = tell(user, 1) + tell(user, 1, is_urgent=True, kind="changes.vote")
    answer = client.get("/api/notices/", **access).json()
    assert [row["id"] for row in answer["results"]] == [second.pk, first.pk]
    assert answer["results"][0]["path"] == "/"
    assert "mail_batch" not in answer["results"][0]
    urgent = client.get(
        "/api/notices/?is_urgent=true&read_at__isnull=true&kind=changes.vote", **access
    ).json()
    assert [row["id"] for row in urgent["results"]] == [second.pk]
    read = client.post(f"/api/notices/{second.pk}/read/", **access).json()
    assert read["is_read"] is True
    assert client.post(f"/api/notices/{second.pk}/read/", **access).json()["read_at"] == read["read_at"]
    assert client.post("/api/notices/read-all/", **access).json() == {"count": 1}
    assert client.delete(f"/api/notices/{first.pk}/", **access).status_code == 405
    assert client.post("/api/notices/", {"subject": "x"}, **access).status_code == 405


def test_a_token_that_only_reads_marks_nothing(client):
    user = make_user("engineer")
    [notice] = tell(user)
    access = bearer(user, ApiToken.Scope.READ)
    assert client.get("/api/notices/", **access).status_code == 200
    assert client.post(f"/api/notices/{notice.pk}/read/", **access).status_code == 403
    assert client.post("/api/notices/read-all/", **access).status_code == 403
