"""The measures: each counts what its definition says, with the changes behind it, in two statements."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import SecurityEvent
from changes.actions import accept_write, create_change, link_write, take_step
from changes.metrics import METRICS, Choice, Figure, changes_behind, metric_named, report_on
from changes.models import CausedIncident, RoundReading, UnauthorisedWrite, Vote
from changes.views.metrics import duration
from cmdb.models import CIType, ConfigurationItem
from tests.changes import journey
from tests.factories import make_change, make_item, make_relation, make_team, make_user


def figure(key, **chosen):
    return report_on(Choice(**chosen)).total[key]


def counts(key, **chosen):
    found = figure(key, **chosen)
    return found.hits, found.cases


def behind(key, **more):
    return changes_behind(metric_named(key), Choice(), **more)


def imported(cast, outcome, *, created=None, **fields):
    start = fields.pop("start", timezone.now() - timedelta(days=40))
    change = create_change(
        by=cast.manager, title="Old", kind=fields.pop("kind", "normal"), reason="Ledger",
        items=fields.pop("items", [make_item()]), window=(start, start + timedelta(hours=2)),
        import_source="old", **fields,
    )  # fmt: skip
    if created:
        type(change).objects.filter(pk=change.pk).update(import_created_at=created)
    take_step(change, "record_import", by=cast.manager, data={"outcome": outcome})
    return change


def closed(cast, item=None):
    item = item or make_item(serial="OLD")
    change = journey.draft(cast, item=item, after={"serial": f"NEW-{item.pk}"})
    journey.to_verifying(cast, change)
    journey.verify(cast, change)
    take_step(change, "verified", by=cast.verifier, data={"outcome": "successful"})
    return change


def test_success_and_failure(cast):
    imported(cast, "successful", import_key="1")
    failed = imported(cast, "failed", import_key="2")
    imported(cast, "cancelled", import_key="3")
    make_change()  # a draft is never looked at
    assert counts("success_rate") == (1, 2)
    assert counts("failure_rate") == (1, 2)
    assert behind("failure_rate") == [failed.pk]
    assert len(behind("failure_rate", all_cases=True)) == 2


def test_an_incident_of_high_priority_is_a_failure_and_another_is_not(cast):
    change = closed(cast)
    assert counts("failure_rate") == (0, 1)
    CausedIncident.objects.create(change=change, reference="INC-1", severity="p3", recorded_by=cast.manager)
    assert counts("failure_rate") == (0, 1)
    CausedIncident.objects.create(change=change, reference="INC-2", severity="p2", recorded_by=cast.manager)
    CausedIncident.objects.create(change=change, reference="INC-3", severity="p1", recorded_by=cast.manager)
    assert counts("failure_rate") == (1, 1)
    assert behind("failure_rate") == [change.pk]


def test_imported_changes_stand_in_no_measure_of_approval(cast):
    imported(cast, "successful", kind="emergency", import_key="1")
    report = report_on(Choice())
    assert (report.changes, report.imported) == (1, 1)
    for metric in METRICS:
        if not metric.counts_imported:
            assert report.total[metric.key].cases == 0, metric.key


@pytest.mark.parametrize(("hours", "hits"), [(47.99, 1), (48, 0), (72, 0), (-3, 1)])
def test_less_than_48_hours_is_short_notice_and_48_are_not(cast, hours, hits):
    start = timezone.now().replace(microsecond=0)
    change = imported(cast, "successful", start=start, created=start - timedelta(hours=hours), import_key="1")
    imported(cast, "successful", import_key="2")  # no time of creation is known
    assert counts("short_notice") == (hits, 1)
    assert behind("short_notice") == ([change.pk] if hits else [])


def test_lead_and_approval_time_of_our_own(cast):
    closed(cast)
    lead, approval = figure("lead_time"), figure("approval_time")
    assert (lead.cases, approval.cases) == (1, 1)
    assert 0 < approval.median < lead.median < 60


def test_emergencies_and_what_was_none(cast):
    closed(cast, item=make_item(serial="FIRST"))
    change = journey.emergency(cast)
    assert counts("emergencies") == (1, 2)
    assert behind("emergencies") == [change.pk]
    assert counts("phantom_emergencies") == (0, 0)  # four hours have not passed


@pytest.mark.django_db(transaction=True)
def test_an_emergency_that_rests_for_four_hours_is_a_phantom(owner_sql):
    cast = journey.Cast()
    change = journey.emergency(cast)
    owner_sql.execute("ALTER TABLE changes_changeevent DISABLE TRIGGER USER")
    owner_sql.execute("UPDATE changes_changeevent SET happened_at = happened_at - interval '5 hours'")
    assert counts("phantom_emergencies") == (1, 1)
    assert behind("phantom_emergencies") == [change.pk]


def test_a_start_in_the_first_quarter_of_an_hour_is_on_time(cast):
    soon = timezone.now() - timedelta(minutes=5)
    on_time = journey.draft(cast, window=(soon, soon + timedelta(hours=2)))
    journey.to_implementing(cast, on_time)
    late = timezone.now() - timedelta(minutes=40)
    other = journey.draft(cast, item=make_item(serial="B"), window=(late, late + timedelta(hours=2)))
    journey.to_implementing(cast, other)
    assert counts("on_time_start") == (1, 2)
    assert behind("on_time_start") == [on_time.pk]


def test_rolling_back_is_measured_against_the_plan(cast):
    change = journey.draft(cast)
    journey.to_verifying(cast, change)
    take_step(change, "rollback", by=cast.implementer, comment="Alarms")
    journey.undo(cast, change)
    assert counts("rollback_in_time") == (1, 1)
    assert figure("rollback_time").cases == 1


def test_a_vote_within_seconds_of_opening_is_a_rubber_stamp(cast):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    opened = change.rounds.get(closed_at=None)
    seat = opened.steps.get(seats__user=cast.owner).seats.get(user=cast.owner)
    RoundReading.objects.create(seat=seat, reader=cast.owner)
    journey.cast_vote(opened, by=cast.owner, choice="approve")
    assert Vote.objects.count() == 1
    assert counts("rubber_stamps") == (1, 1)
    assert behind("rubber_stamps") == [change.pk]


def test_a_vote_whose_reading_is_not_known_is_left_out(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    assert counts("rubber_stamps") == (0, 0)


def test_planned_again_after_approval(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    assert counts("edits_after_approval") == (0, 1)
    take_step(change, "replan", by=cast.manager, comment="Wrong item")
    assert counts("edits_after_approval") == (0, 0)  # a draft again: not looked at until it is submitted
    take_step(change, "submit", by=cast.requester)
    assert counts("edits_after_approval") == (1, 1)


def test_filters_by_service_team_kind_and_days(cast):
    team, service = make_team(), make_item("service")
    host = make_item(owner_team=team)
    make_relation(source=service, target=host)
    start = timezone.now() - timedelta(days=40)
    hit = imported(cast, "failed", items=[host], start=start, import_key="1")
    imported(cast, "successful", start=start - timedelta(days=100), kind="standard", import_key="2")
    day = timezone.localtime(start).date()
    for chosen in (
        {"service": service.pk}, {"team": team.pk}, {"kind": "normal"}, {"since": day},
        {"since": day, "until": day},
    ):  # fmt: skip
        assert counts("success_rate", **chosen) == (0, 1), chosen
        assert changes_behind(metric_named("failure_rate"), Choice(**chosen)) == [hit.pk]
    assert counts("success_rate", until=day - timedelta(days=1)) == (1, 1)
    assert counts("success_rate", service=make_item("service").pk) == (0, 0)


def test_months_are_those_of_the_reader_and_none_is_left_out(cast):
    start = datetime(2026, 1, 31, 20, tzinfo=UTC)
    imported(cast, "successful", start=start, import_key="1")
    imported(cast, "failed", start=start - timedelta(days=60), import_key="2")
    with timezone.override("Asia/Shanghai"):
        assert report_on(Choice()).span == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    with timezone.override("UTC"):
        report = report_on(Choice())
    assert report.span == [date(2025, 12, 1), date(2026, 1, 1)]
    assert [found.hits for _month, found in report.by_month(metric_named("success_rate"))] == [0, 1]


@pytest.mark.parametrize(
    ("hits", "cases", "percent"),
    [(0, 0, None), (7, 9, 77.8), (999_999, 1_000_000, 99.9), (1, 1_000_000, 0.1), (9, 9, 100), (0, 9, 0)],
)
def test_a_share_is_never_rounded_to_all_or_to_none(hits, cases, percent):
    assert Figure(hits=hits, cases=cases).percent == percent


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "20 seconds"),
        (60, "1 minute"),
        (3660, "1 hour 1 minute"),
        (93_600, "1 day 2 hours"),
        (172_800, "2 days"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


def test_the_statements_do_not_grow(cast, django_assert_num_queries):
    imported(cast, "successful", import_key="1")
    with django_assert_num_queries(2):
        report_on(Choice())
    for number in range(5):
        imported(cast, "failed", import_key=f"x{number}")
    with django_assert_num_queries(2):
        report_on(Choice())


# Writes without a change


@pytest.fixture
def written(db):
    """Two writes of today, of two types: one on a team's host that a service needs, one on a rack."""
    team, service = make_team(), make_item("service")
    host, rack = make_item(owner_team=team), make_item("rack")
    make_relation(source=service, target=host)
    CIType.objects.filter(key__in=["host", "rack"]).update(control="recorded")
    ConfigurationItem.objects.filter(pk__in=[host.pk, rack.pk]).update(description="by the way")
    return SimpleNamespace(team=team, service=service, host=host, rack=rack)


def test_unauthorised_counts_writes_explained_or_not(written, cast):
    assert counts("unauthorised") == (2, 2)
    write = UnauthorisedWrite.objects.get(type__key="host")
    accept_write(write, by=make_user("configuration_manager"), comment="Taking stock")
    assert counts("unauthorised") == (1, 2)
    assert [month["unauthorised"].cases for month in report_on(Choice()).months.values()] == [2]


def test_the_list_behind_unauthorised_shows_as_many(written, reader):
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    for chosen, expected in (
        ({"since": today, "until": today}, 2), ({"until": yesterday}, 0), ({"team": written.team.pk}, 1),
        ({"service": written.service.pk}, 1), ({"kind": "normal"}, 0),
    ):  # fmt: skip
        assert counts("unauthorised", **chosen) == (expected, expected), chosen
        listed = reader.get(reverse("changes:metrics-behind", args=["unauthorised"]), chosen, follow=True)
        assert listed.redirect_chain[0][0].startswith(reverse("changes:unauthorised"))
        assert len(listed.context["rows"]) == expected, chosen
    body = reader.get(reverse("changes:metrics")).content.decode()
    assert f'<a href="{reverse("changes:unauthorised")}?state=all">2</a>' in body
    assert "of them to be explained: 2" in body
    assert reader.get(reverse("changes:unauthorised"), {"service": "x", "kind": "y"}).status_code == 200


def test_a_write_linked_to_an_emergency_counts_for_emergencies(written, cast):
    change = make_change(kind="emergency", items=[written.host])
    write = UnauthorisedWrite.objects.get(type__key="host")
    link_write(write, change, by=cast.requester)
    assert counts("unauthorised", kind="emergency") == (0, 1)
    assert counts("unauthorised", kind="normal") == (0, 0)


# Page, file, API


@pytest.fixture
def reader(client, cast):
    client.force_login(make_user("engineer"))
    return client


def test_the_page_shows_counts_definitions_and_the_way_to_the_changes(reader, cast):
    for number in range(9):
        imported(cast, "successful" if number < 7 else "failed", import_key=str(number))
    body = reader.get(reverse("changes:metrics")).content.decode()
    assert "7 of 9" in body
    assert "77.8 %" in body
    for metric in METRICS:
        assert str(metric.label).split("(")[0].strip() in body
    listed = reader.get(reverse("changes:metrics-behind", args=["failure_rate"]))
    assert [change.outcome for change in listed.context["rows"]] == ["failed", "failed"]
    assert reader.get(reverse("changes:metrics-behind", args=["nonsense"])).status_code == 404


def test_the_list_behind_goes_on_by_key(reader, cast):
    for number in range(55):
        imported(cast, "failed", import_key=str(number), items=[])
    url = reverse("changes:metrics-behind", args=["failure_rate"])
    first = reader.get(url)
    assert len(first.context["rows"]) == 50
    assert len(reader.get(url + first.context["next"]).context["rows"]) == 5


@pytest.mark.parametrize("asked", ["since=x", "since=0001-01-01", "service=a", "kind=b", "team=99999999"])
def test_wrong_filters_are_told_and_break_nothing(reader, cast, asked):
    response = reader.get(f"{reverse('changes:metrics')}?{asked}")
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert reader.get(f"/api/changes/metrics/?{asked}").status_code == 400


def test_the_file_is_recorded_and_computes_nothing(reader, cast):
    imported(cast, "successful", import_key="1")
    response = reader.get(reverse("changes:metrics-export"))
    text = response.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    total = next(row for row in rows if row["measure"] == "success_rate" and not row["month"])
    assert (total["hits"], total["cases"], total["percent"]) == ("1", "1", "100.0")
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@" and cell]
    assert SecurityEvent.objects.filter(kind="export", target="changes.metrics").exists()


def test_the_api_says_the_same(reader, cast):
    imported(cast, "successful", import_key="1")
    told = reader.get("/api/changes/metrics/").json()
    assert (told["changes"], told["imported"]) == (1, 1)
    success = next(metric for metric in told["metrics"] if metric["key"] == "success_rate")
    assert success["total"] == {
        "hits": 1.0, "cases": 1.0, "percent": 100.0, "median_seconds": None, "p90_seconds": None,
    }  # fmt: skip
    assert len(success["months"]) == 1
    assert reader.get("/api/changes/metrics/?colour=red").status_code == 400


def test_who_sees_nothing_sees_no_measures(client, db):
    client.force_login(make_user())
    for name, *args in (("metrics",), ("metrics-export",), ("metrics-behind", "failure_rate")):
        assert client.get(reverse(f"changes:{name}", args=args)).status_code == 403
    assert client.get("/api/changes/metrics/").status_code == 403
