"""The auditor's pages: what happened, security events, the export."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Team
from audit.actions import record_event, record_refusal
from audit.context import because
from audit.evidence import harmless
from audit.happened import PAGE_ROWS, Question, happened
from audit.models import SecurityEvent
from audit.recorded.history import recorded_models
from tests.factories import MAKERS, make_change, make_item, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client):
    user = make_user("auditor")
    client.force_login(user)
    return user


def page(client, **asked):
    return client.get(reverse("audit:history"), asked)


def test_who_may_not_read_is_told_which_right_is_missing(client):
    client.force_login(make_user("engineer"))
    for name, right in (("history", "read"), ("events", "read"), ("export", "export")):
        answer = client.get(reverse(f"audit:{name}"))
        assert answer.status_code == 403
        assert f"the right to {right}" in answer.content.decode()
    assert (
        client.post(reverse("audit:export"), {"since": "2000-01-01T00:00", "format": "jsonl"}).status_code
        == 403
    )


def test_strangers_are_sent_to_the_log_in(client):
    assert page(client).status_code == 302


def test_a_row_tells_who_what_why_and_under_which_change(client, auditor):
    change, team, user = make_change(), make_team(label="Night"), make_user(display_name="Ann Li")
    with because("renamed at last", change_ref=change.pk, user=user):
        Team.objects.filter(pk=team.pk).update(label="Day & night")
    text = page(client, model="accounts.team", object=team.pk).content.decode()
    for words in (
        "Ann Li",
        "renamed at last",
        change.number,
        "<del>Night</del>",
        "<ins>Day &amp; night</ins>",
    ):
        assert words in text
    assert reverse("admin:accounts_team_change", args=[team.pk]) in text
    assert "2 versions on this page" in text


def test_every_filter_narrows(client, auditor):
    change, team, user = make_change(), make_team(), make_user(display_name="王 敏")
    with because("100% renamed", change_ref=change.pk, user=user):
        Team.objects.filter(pk=team.pk).update(label="B")
    at = team.history.latest().history_date
    for asked in (
        {"person": "王"}, {"person": user.username}, {"reason": "100% re"}, {"change": change.number},
        {"change": f"chg-{int(change.number[4:])}"}, {"since": at.isoformat(), "model": "accounts.team"},
        {"model": "accounts.team", "deed": "~"}, {"model": "accounts.team", "object": team.pk, "deed": "~"},
    ):  # fmt: skip
        rows = page(client, **asked).context["rows"]
        assert [(row["label"], row["object_id"], row["type"]) for row in rows] == [
            ("accounts.team", team.pk, "~")
        ], asked
    for asked in (
        {"reason": "100_ re"},
        {"person": "nobody at all"},
        {"until": "2000-01-01T00:00"},
        {"deed": "-"},
    ):
        assert page(client, **asked).context["rows"] == [], asked


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"change": "CHG-999999"}, "There is no change CHG-999999."),
        ({"since": "yesterday"}, "Enter a valid date/time."),
        ({"since": "2026-02-01T00:00", "until": "2026-01-01T00:00"}, "The end lies before the beginning."),
        ({"object": "7"}, "Say of which kind"),
        ({"model": "auth.group"}, "Select a valid choice"),
    ],
)
def test_a_wrong_filter_is_answered_in_words(client, auditor, asked, words):
    answer = page(client, **asked)
    assert words in answer.content.decode()
    assert answer.context["rows"] == []


def test_pages_follow_each_other_without_gap_or_repetition(client, auditor):
    for label in range(2 * PAGE_ROWS):
        make_team(label=f"{label}")
    first = page(client, model="accounts.team")
    second = client.get(reverse("audit:history") + first.context["next"])
    back = client.get(reverse("audit:history") + second.context["previous"])
    numbers = [row["number"] for answer in (first, second) for row in answer.context["rows"]]
    expected = list(
        Team.history.order_by("-history_id").values_list("history_id", flat=True)[: 2 * PAGE_ROWS]
    )
    assert numbers == expected
    assert [row["number"] for row in back.context["rows"]] == numbers[:PAGE_ROWS]
    assert not first.context["previous"]
    for nonsense in ("", "-1", "x", "9" * 30, "１"):
        assert page(client, before=nonsense).status_code == 200


FIXED = ("changes.ApprovalPolicy", "inspections.FindingPolicy")  # one per kind, one per severity
MANY = [model for model in recorded_models() if model._meta.label not in FIXED]


@pytest.mark.parametrize("model", MANY, ids=lambda model: model._meta.label)
def test_every_record_has_a_name_and_costs_the_same_statements_alone_and_among_six(model):
    costs = []
    for more in (1, 5):
        for _ in range(more):
            MAKERS[model]()
        with CaptureQueriesContext(connection) as statements:
            rows = happened(Question(chosen=[model])).rows
        assert len(rows) >= more
        assert all(row["object_label"] for row in rows)
        costs.append(len(statements))
    assert costs[0] == costs[1], [each["sql"][:200] for each in statements]


def test_a_deleted_record_keeps_its_name(client, auditor):
    team = make_team(label="Gone")
    team.delete()
    row = page(client, model="accounts.team", deed="-").context["rows"][0]
    assert (row["object_label"], row["url"]) == ("Gone", "")


def test_a_reference_to_a_deleted_record_is_shown_by_its_number():
    team = make_team()
    item = make_item(owner_team=team)
    item.owner_team = None
    item.save()
    key = team.pk
    team.delete()
    newest = happened(Question(chosen=[type(item)])).rows[0]
    assert newest["changes"][0]["before"] == f"#{key}"


def test_events_tell_every_reason_of_a_refusal(client, auditor):
    reasons = [{"code": "own_vote", "message": "You requested it."}, {"code": "late", "message": "Too late."}]
    record_refusal("cast_vote", by=auditor, target="test-events CHG-1", reasons=reasons)
    text = client.get(
        reverse("audit:events"), {"kind": "refusal", "target": "test-events CHG-1"}
    ).content.decode()
    for words in ("cast_vote", "You requested it.", "Too late.", auditor.username):
        assert words in text


def test_events_come_page_by_page(client, auditor):
    for number in range(PAGE_ROWS + 5):
        record_event("other", target=f"{number}")
    first = client.get(reverse("audit:events"), {"kind": "other"})
    second = client.get(reverse("audit:events") + first.context["next"])
    assert len(first.context["rows"]) == PAGE_ROWS
    assert {event.pk for event in first.context["rows"]}.isdisjoint(
        event.pk for event in second.context["rows"]
    )
    back = client.get(reverse("audit:events") + second.context["previous"])
    assert back.context["rows"] == first.context["rows"]


def download(client, **asked):
    answer = client.post(reverse("audit:export"), {"since": "2000-01-01T00:00", "format": "jsonl"} | asked)
    return answer, b"".join(answer.streaming_content).decode()


def test_the_export_is_the_history_and_an_event_of_its_own(client, auditor):
    team = make_team()
    answer, text = download(client, models=["accounts.team"])
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["history_id"] for row in rows] == list(
        Team.history.order_by("history_id").values_list("history_id", flat=True)
    )
    assert rows[-1]["row"]["label"] == team.label
    assert answer["Cache-Control"] == "no-store"
    name = answer["Content-Disposition"].split('"')[1]
    assert name.endswith(".jsonl")
    events = SecurityEvent.objects.filter(kind="export", target=name).order_by("pk")
    assert [event.detail["status"] for event in events] == ["begun", "complete"]
    assert (events[1].detail["rows"], events[1].actor) == (len(rows), auditor.username)


def test_a_spreadsheet_computes_nothing_of_an_export(client, auditor):
    with because('=HYPERLINK("http://x","y")'):
        make_team()
    _answer, text = download(client, models=["accounts.team"], format="csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[-1]["reason"] == '\'=HYPERLINK("http://x","y")'
    assert [harmless(value) for value in (None, -1, "+1", "@a", "a=1", 3)] == [
        "",
        "'-1",
        "'+1",
        "'@a",
        "a=1",
        "3",
    ]
    for sign in "=+-@\t\r\n＝＋－＠":
        assert harmless(f"{sign}1+1") == f"'{sign}1+1"


def test_an_export_broken_off_says_so(client, auditor):
    make_team()
    answer = client.post(reverse("audit:export"), {"since": "2000-01-01T00:00", "format": "jsonl"})
    stream = iter(answer.streaming_content)
    next(stream)
    for (
        close
    ) in answer._resource_closers:  # what the web server does; answer.close() also ends the connection
        close()
    name = answer["Content-Disposition"].split('"')[1]
    last = SecurityEvent.objects.filter(target=name).order_by("pk").last()
    assert (last.detail["status"], last.detail["rows"]) == ("broken off", 1)


def test_an_export_without_a_beginning_is_refused_in_words(client, auditor):
    answer = client.post(reverse("audit:export"), {"format": "jsonl"})
    assert answer.status_code == 400
    assert "This field is required." in answer.content.decode()
