"""Machine readings before they are confirmed, and answers that name one."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.actions import AnswerInput, record_answers, start_run
from inspections.models import Answer
from inspections.prefill import prefills_of
from tests.factories import (
    make_item,
    make_machine_reading,
    make_plan,
    make_reading_source,
    make_run,
    make_user,
)

pytestmark = pytest.mark.django_db
MACHINE = {"key": "disk", "kind": "machine", "metric": "disk_used", "unit": "%", "warn_high": 85,
           "crit_high": 95, "decimals": 1}  # fmt: skip


def run_of(ci, **item):
    return make_run(plan=make_plan(items=[MACHINE | item], cis=[ci] if not isinstance(ci, list) else ci))


@pytest.fixture
def ci():
    return make_item()


def says(ci, value="20", minutes=5, **more):
    at = timezone.now() - timedelta(minutes=minutes)
    return make_machine_reading(value, ci=ci, metric="disk_used", observed_at=at, **{"unit": "%"} | more)


def only(run):
    (prefill,) = prefills_of(run).values()
    return prefill


def answer(run, value, reading=None, comment="", by=None):
    entry = AnswerInput(
        run.targets.get().pk, run.version.items.get().pk, value, comment=comment,
        reading=reading.pk if reading else None,
    )  # fmt: skip
    return record_answers(run, [entry], by=by or make_user("engineer"))[0]


def test_the_newest_reading_fills_in(ci):
    run, source = run_of(ci), make_reading_source(label="Zabbix")
    newest = says(ci, "20.26", minutes=5, source=source)
    says(ci, "40", minutes=30, source=source)
    says(make_item(), "99")
    prefill = prefills_of(run)[run.targets.get().pk, "disk"]
    assert (prefill.reading_id, prefill.value, prefill.source_label) == (newest.pk, Decimal("20.3"), "Zabbix")
    assert prefill.is_usable
    assert prefill.observed_at == newest.observed_at


def test_it_takes_one_query_however_many_targets():
    cis = [make_item() for _ in range(6)]
    run = run_of(cis)
    for each in cis:
        says(each)
    with CaptureQueriesContext(connection) as queries:
        assert len(prefills_of(run)) == 6
    assert len(queries) == 1


def test_what_is_old_empty_or_in_another_unit_is_unknown(ci):
    run = run_of(ci)
    says(ci, "20", minutes=61)
    assert only(run).is_stale
    assert not only(run).is_usable
    says(ci, None, minutes=4, problem="nan")
    assert (only(run).value, only(run).problem, only(run).is_usable) == (None, "not a number", False)
    says(ci, "20", minutes=3, unit="GB")
    assert only(run).value is None
    assert only(run).problem == "in GB instead of %"
    says(ci, "20", minutes=2, unit="")
    assert only(run).is_usable


def test_readings_of_another_kind_of_source_do_not_fill_in(ci):
    run = run_of(ci, reading_source="prometheus", query="up")
    says(ci)
    assert prefills_of(run) == {}
    says(ci, source=make_reading_source("prometheus"))
    assert only(run).is_usable


def test_a_reading_is_confirmed_as_it_is(ci):
    run, reading = run_of(ci), says(ci, "90.04")
    given = answer(run, "90.0", reading).answer
    assert (given.source, given.reading, given.severity) == (Answer.Source.CONFIRMED, reading, "warn")


def test_who_says_something_else_says_why_and_both_values_are_kept(ci):
    run, reading = run_of(ci), says(ci, "90")
    refused = answer(run, "50", reading)
    assert (refused.answer, refused.code) == (None, "override")
    given = answer(run, "50", reading, "the sensor is broken").answer
    assert (given.source, given.reading.value, given.value_number) == ("human", 90, 50)


def test_a_stale_reading_is_not_confirmed(ci):
    run, reading = run_of(ci), says(ci, "50", minutes=90)
    assert answer(run, "50", reading).code == "stale"
    assert answer(run, "50", reading, "looked on the console").answer.source == "human"


def test_a_reading_of_another_ci_is_no_proof(ci):
    run = run_of(ci)
    assert answer(run, "20", says(make_item())).code == "reading"
    assert answer(run, "20", make_machine_reading(ci=ci, metric="cpu")).code == "reading"


def test_without_a_reading_a_person_may_say_what_they_see(ci):
    given = answer(run_of(ci), "20").answer
    assert (given.source, given.reading) == ("human", None)


def forged(run, reading, **over):
    given = {
        "target": run.targets.get(),
        "item": run.version.items.get(),
        "value_number": 20,
        "reading": reading,
    }
    with transaction.atomic():
        return Answer.objects.create(**given | {"answered_by": make_user("engineer")} | over)


def test_postgresql_refuses_what_the_action_refuses(ci):
    engineer = make_user("engineer")
    run = start_run(run_of(ci), by=engineer)
    stale, other = says(ci, "20", minutes=90), says(make_item(), "20")
    for reading, over in [
        (stale, {}), (stale, {"source": "confirmed"}), (other, {"comment": "x"}),
        (None, {"source": "machine"}), (None, {"source": "confirmed"}),
    ]:  # fmt: skip
        with pytest.raises(IntegrityError, match="inspections:"):
            forged(run, reading, **over)
    with pytest.raises(IntegrityError, match="says why"):
        forged(run, says(ci, "21"))
    with pytest.raises(IntegrityError, match="fresh, good reading"):
        forged(run, says(ci, "20"), source="machine")


def test_the_source_of_an_answer_is_what_postgresql_finds(ci):
    run = start_run(run_of(ci), by=make_user("engineer"))
    assert forged(run, says(ci, "20"), source="human").source
    assert Answer.objects.get().source == "confirmed"


def test_the_reading_is_part_of_what_is_signed(ci):
    run, reading = run_of(ci), says(ci, "20")
    answer(run, "20", reading)
    with connection.cursor() as cursor:
        cursor.execute("SELECT inspections_run_record_v1(%s)", [run.pk])
        assert f'"reading": {reading.pk}' in cursor.fetchone()[0]
