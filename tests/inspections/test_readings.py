"""POST /api/readings/: every row has its own result, and the same again changes nothing."""

import json
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.models import Finding, MachineReading, ReadingSource
from tests.changes.test_pipeline_gate import secret_of
from tests.factories import make_item, make_machine_reading, make_reading_source, make_type, make_user
from tests.inspections.readings import Program, watch

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def program():
    return Program()


def row(item, /, **over):
    given = {"ci": item.pk, "metric": "disk_used", "value": 71.5, "unit": "%", "observed_at": NOW.isoformat()}
    return {name: value for name, value in (given | over).items() if value is not ...}


def results(program, *rows):
    answer = program.post(list(rows))
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_ci_is_named_by_id_name_address_or_serial(program):
    ci = make_item(name="db-01", serial="SN-7")
    ways = [ci.pk, "db-01", f"{ci.type.key}:db-01", "SN-7"]
    told = results(program, *[row(ci, ci=way, external_id=f"e{n}") for n, way in enumerate(ways)])
    assert [each["status"] for each in told] == ["stored"] * 4
    assert set(MachineReading.objects.values_list("ci", flat=True)) == {ci.pk}


def test_who_is_meant_must_be_certain(program):
    make_item(name="twin")
    make_item(name="twin", type=make_type())
    make_item(name="old", lifecycle_stage="retired")
    twin, old, none, number = results(program, *[
        row(make_item(), ci=name) for name in ("twin", "old", "nobody", 2**40)
    ])  # fmt: skip
    assert [each["code"] for each in (twin, old, none, number)] == ["ci"] * 4
    assert "type:name or the id" in twin["error"]
    assert "No live configuration item" in none["error"]


def test_the_same_batch_twice_changes_nothing(program):
    ci = make_item()
    rows = [row(ci), row(ci, value=None, observed_at=(NOW - timedelta(minutes=1)).isoformat()),
            row(ci, observed_at=..., external_id="a")]  # fmt: skip
    first, second = (results(program, *rows) for _ in range(2))
    assert [each["status"] for each in first] == ["stored"] * 3
    assert [each["status"] for each in second] == ["repeated"] * 3
    assert [each["id"] for each in first] == [each["id"] for each in second]
    assert MachineReading.objects.count() == 3


def test_an_id_names_one_reading(program):
    ci = make_item()
    results(program, row(ci, external_id="a"))
    for over in ({"value": 72}, {"unit": "GB"}, {"metric": "cpu"}, {"observed_at": ...}):
        (told,) = results(program, row(ci, external_id="a", **over))
        assert (told["status"], told["code"]) == ("error", "id_reused"), over
    one, two, three = results(program, *[row(ci, external_id="b", value=value) for value in (1, 1, 2)])
    assert (one["status"], two["status"], three["status"]) == ("stored", "repeated", "error")
    assert results(Program(), row(ci, external_id="a", value=99))[0]["status"] == "stored"  # another source


@pytest.mark.parametrize("value", [None, "", "U", "NaN", "nan", "Inf", "-inf", "Infinity", "null"])
def test_what_is_no_finite_number_is_stored_as_unknown(program, value):
    assert results(program, row(make_item(), value=value))[0]["status"] == "stored"
    reading = MachineReading.objects.get()
    assert (reading.value, bool(reading.problem)) == (None, True)


def test_python_s_own_nan_is_taken_as_unknown_too(program):
    text = json.dumps([row(make_item(), value=float("nan")), row(make_item(), value=float("-inf"))])
    assert [each["status"] for each in program.post(text).json()["results"]] == ["stored"] * 2
    assert list(MachineReading.objects.order_by("id").values_list("problem", flat=True)) == ["nan", "inf"]


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"value": "full"}, "value"), ({"value": True}, "value"), ({"value": [1]}, "value"),
        ({"value": ...}, "value"), ({"value": 1e18}, "value"), ({"metric": ...}, "metric"),
        ({"metric": "m" * 81}, "metric"), ({"unit": "u" * 17}, "unit"), ({"ci": True}, "ci"),
        ({"ci": None}, "ci"), ({"ci": 1.5}, "ci"), ({"ci": 0}, "ci"), ({"ci": 2**63}, "ci"),
        ({"observed_at": ...}, "observed_at"), ({"observed_at": "yesterday"}, "observed_at"),
        ({"observed_at": "2026-02-30T00:00:00Z"}, "observed_at"), ({"observed_at": 1e300}, "observed_at"),
        ({"observed_at": "2026-11-22T08:00:00"}, "observed_at"), ({"observed_at": 0}, "too_old"),
        ({"observed_at": (NOW + timedelta(days=1)).isoformat()}, "future"), ({"vlaue": 1}, "field"),
        ({"external_id": "x" * 201}, "external_id"), ({"perfdata": "a=1"}, "perfdata"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_says_what_to_do_and_harms_no_other(program, over, code):
    good, bad, last = results(program, row(make_item()), row(make_item(), **over), row(make_item()))
    assert (good["status"], last["status"]) == ("stored", "stored")
    assert (bad["status"], bad["code"]) == ("error", code)
    assert len(bad["error"]) > 15
    assert MachineReading.objects.count() == 2


@pytest.mark.parametrize(
    "body", ["{}", "7", "[]", '{"readings": []}', '{"readings": {}}', "[", '"x"', "null"]
)
def test_what_is_no_batch_is_refused_as_a_whole(program, body):
    assert program.post(body).status_code == 400


def test_rows_that_are_no_objects_have_their_result(program):
    assert [each["code"] for each in results(program, 7, None, [], "x")] == ["row"] * 4


def test_more_than_five_thousand_are_refused_as_a_whole(program):
    answer = program.post([row(make_item())] * 5001)
    assert answer.status_code == 400
    assert "At most 5000" in answer.content.decode()


def test_performance_data_makes_one_reading_a_label(program):
    ci = make_item()
    text = "DISK OK - free | /=85%;85;95;0;100 'my label'=U;;;; time=0.003s hits=7c"
    answer = program.post([{"ci": ci.pk, "perfdata": text, "observed_at": NOW.timestamp()}]).json()
    assert "strictly outside" in answer["boundary"]
    assert [(each["row"], each["metric"], each["status"]) for each in answer["results"]] == [
        (0, name, "stored") for name in ("/", "my label", "time", "hits")
    ]
    assert "Exactly at the plugin's warning threshold" in answer["results"][0]["note"]
    kept = list(MachineReading.objects.order_by("id").values_list("metric", "unit", "problem"))
    assert kept == [("/", "%", ""), ("my label", "", "empty"), ("time", "s", ""), ("hits", "", "")]
    again = program.post([{"ci": ci.pk, "perfdata": text, "observed_at": NOW.timestamp()}]).json()
    assert again["repeated"] == 4


def test_half_readable_performance_data_keeps_what_can_be_read(program):
    one, two = results(program, row(make_item(), value=..., unit=..., perfdata="a=1 b=x"))
    assert (one["status"], two["code"]) == ("stored", "perfdata")
    assert "b=x" in two["error"]


def test_another_unit_than_the_check_list_s_is_said_at_once(program):
    ci = make_item()
    watch(ci)
    (told,) = results(program, row(ci, unit="GB", value=99))
    assert told["status"] == "stored"
    assert "counts as unknown" in told["note"]
    assert not Finding.objects.exists()
    assert results(program, row(ci, unit="percent", external_id="p"))[0]["note"] == ""


def test_an_old_reading_is_kept_for_the_trend_and_opens_nothing(program):
    ci = make_item()
    watch(ci)
    (told,) = results(program, row(ci, value=99, observed_at=(NOW - timedelta(days=900)).isoformat()))
    assert "kept for the trend" in told["note"]
    assert not Finding.objects.exists()


def test_a_clock_slightly_ahead_counts_as_now(program):
    at = (timezone.now() + timedelta(minutes=2)).isoformat()
    results(program, row(make_item(), observed_at=at))
    reading = MachineReading.objects.get()
    assert reading.observed_at == reading.received_at


def test_the_statements_do_not_grow_with_the_rows(program):
    cis = [make_item() for _ in range(40)]
    watch(*cis)
    results(program, row(cis[0]))

    def statements(rows):
        with CaptureQueriesContext(connection) as captured:
            results(program, *rows)
        return len(captured)

    few = statements([row(cis[0], value=96, external_id="x")])
    assert statements([row(ci, value=96, external_id=f"y{ci.pk}") for ci in cis]) <= few


def test_only_an_enabled_source_s_account_with_the_right_may_post(program):
    ci = make_item()
    headers = {name: {"Authorization": f"Bearer {secret_of(user, scope)}"} for name, user, scope in [
        ("reads only", program.source.account, "read"), ("no source", make_user("integration"), "write"),
        ("engineer", make_user("engineer"), "write"), ("reviewer", make_user("reviewer"), "write"),
    ]}  # fmt: skip
    body = json.dumps([row(ci)])
    for name, header in headers.items():
        answer = Client().post("/api/readings/", body, content_type="application/json", headers=header)
        assert answer.status_code == 403, name
    assert Client().post("/api/readings/", body, content_type="application/json").status_code == 401
    ReadingSource.objects.update(is_enabled=False)
    refused = program.post([row(ci)])
    assert refused.status_code == 403
    assert "is disabled" in refused.content.decode()
    assert not MachineReading.objects.exists()


def test_who_posts_sees_when_it_was_last_seen(program):
    results(program, row(make_item()))
    versions = program.source.history.count()
    results(program, row(make_item()))
    program.source.refresh_from_db()
    assert timezone.now() - program.source.last_seen_at < timedelta(minutes=1)
    assert program.source.history.count() == versions  # a call is no change of the source


def test_readings_are_listed_and_filtered(program, admin_client):
    ci = make_item()
    results(program, row(ci), row(make_item()))
    listed = admin_client.get(f"/api/readings/?ci={ci.pk}&metric=disk_used").json()
    assert [each["ci"] for each in listed["results"]] == [ci.pk]
    assert listed["results"][0]["value"] == "71.500000"


# As the application role


@pytest.mark.parametrize("deed", ["UPDATE {} SET value = 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_readings_are_never_changed_or_deleted(app_sql, deed):
    reading = make_machine_reading()
    with pytest.raises(psycopg.Error, match=r"permission denied|is refused"):
        app_sql.execute(deed.format("inspections_machinereading"))
    assert MachineReading.objects.get() == reading


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"observed_at": NOW + timedelta(hours=1)}, "in the future"),
        ({"observed_at": "1999-12-31T00:00:00Z"}, "before 2000"),
        ({"value": None}, "says_why_not"),
        ({"problem": "nan"}, "says_why_not"),
        ({"metric": ""}, "metric_and_id"),
    ],
)
def test_postgresql_refuses_readings_that_cannot_be(over, words):
    source = make_reading_source()
    given = {"source": source, "value": 1, "observed_at": NOW, "problem": ""} | over
    with pytest.raises(DatabaseError, match=words):
        make_machine_reading(given.pop("value"), **given)


def test_a_disabled_source_says_nothing_even_by_raw_sql():
    source = make_reading_source(is_enabled=False)
    for each in (source, make_reading_source("alertmanager")):
        with pytest.raises(DatabaseError, match="enabled source"), transaction.atomic():
            make_machine_reading(source=each)


def test_when_a_reading_arrived_is_postgresql_s_word():
    reading = make_machine_reading(received_at="2020-01-01T00:00:00Z")
    reading.refresh_from_db()
    assert timezone.now() - reading.received_at < timedelta(minutes=1)


def test_a_source_that_said_something_keeps_its_account():
    source = make_machine_reading().source
    source.account = make_user("integration")
    with pytest.raises(DatabaseError, match="are fixed"):
        source.save()
