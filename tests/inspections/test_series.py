"""Readings against bounds: findings begin, grow, and end, with hysteresis."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from inspections.actions import AnswerInput, mark_fixed, raise_change, record_answers, submit_run
from inspections.models import Finding, MachineReading, ThresholdOverride
from inspections.workflow import FindingState
from tests.factories import make_item, make_machine_reading, make_run, make_user
from tests.inspections.readings import Program, finding_of, watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def ci():
    return make_item()


@pytest.fixture
def program():
    return Program()


def fixed(finding):
    mark_fixed(finding, by=make_user("engineer"), comment="swapped", at=timezone.now() - timedelta(seconds=5))
    return Finding.objects.get(pk=finding.pk)


def now(program, ci, *values):
    """Values observed this very moment, in order."""
    for place, value in enumerate(values):
        at = (timezone.now() - timedelta(milliseconds=500 - place)).isoformat()
        program.post([{"ci": ci.pk, "metric": "disk_used", "value": value, "unit": "%", "observed_at": at}])


def test_a_bad_reading_opens_one_finding(program, ci):
    watch(ci)
    program.says(ci, 84.9)
    assert not Finding.objects.exists()
    program.says(ci, 85, minutes=0.5)
    finding = finding_of(ci)
    assert (finding.item_key, finding.severity, finding.state, finding.count) == ("disk", "warn", "open", 1)
    assert finding.first_reading.value == 85
    assert (finding.first_answer, finding.item.key, finding.label) == (None, "disk", "Disk")
    event = finding.events.get()
    assert (event.reading, event.by) == (finding.first_reading, program.source.account)


@pytest.mark.parametrize(
    ("value", "severity"),
    [(84.9, ""), (85, "warn"), ("85.0", "warn"), (94.9, "warn"), (95, "crit"), (1e9, "crit"), (None, ""),
     ("NaN", ""), (10.1, ""), (10, "warn"), (5.1, "warn"), (5, "crit"), (-40, "crit")],
)  # fmt: skip
def test_bounds_raise_at_the_bound_itself(program, ci, value, severity):
    watch(ci, warn_low=10, crit_low=5)
    program.says(ci, value)
    assert [each.severity for each in Finding.objects.all()] == ([severity] if severity else [])


def test_newer_bad_readings_repeat_it_and_the_worst_counts(program, ci):
    watch(ci)
    program.says(ci, 90, 50, 91, 96, 92)
    finding = finding_of(ci)
    assert (finding.count, finding.severity, finding.last_reading.value) == (4, "crit", 92)
    program.says(ci, 93, minutes=0.2)
    finding.refresh_from_db()
    assert (finding.count, finding.severity) == (5, "crit")
    assert finding.events.count() == 2  # one a batch that says something new


def test_the_same_readings_one_by_one_or_as_a_batch_give_the_same(program, ci):
    other = make_item()
    watch(ci, other, bad_readings=2)
    values = [90, 50, 90, 91, 50, 96, 90, 90]
    program.says(ci, *values)
    for place, value in enumerate(values):
        program.says(other, value, minutes=len(values) - place)
    seen = {(f.count, f.severity, f.first_reading.value, f.last_reading.value) for f in Finding.objects.all()}
    assert seen == {(4, "crit", 91, 90)}


def test_sent_again_they_count_once(program, ci):
    watch(ci)
    rows = [{"ci": ci.pk, "metric": "disk_used", "value": 96, "external_id": "a"}]
    program.post(rows)
    versions = finding_of(ci).history.count()
    assert program.post(rows).json()["repeated"] == 1
    assert (finding_of(ci).count, finding_of(ci).history.count()) == (1, versions)


def test_a_late_one_from_before_the_last_counts_nothing(program, ci):
    watch(ci)
    program.says(ci, 90, minutes=5)
    program.says(ci, 99, minutes=30)
    assert (finding_of(ci).count, finding_of(ci).severity) == (1, "warn")


@pytest.mark.parametrize(
    ("values", "opens"),
    [((90,), False), ((90, 90), False), ((90, 90, 90), True), ((90, 90, 50, 90), False),
     ((90, 90, None, 90, 90), False), ((90, 99, 90), True)],
)  # fmt: skip
def test_as_many_in_a_row_as_the_item_asks_for_open_it(program, ci, values, opens):
    watch(ci, bad_readings=3)
    program.says(ci, *values)
    assert Finding.objects.exists() == opens


def test_they_are_counted_by_when_they_were_seen_not_by_when_they_came(program, ci):
    watch(ci, bad_readings=2)
    program.says(ci, 90, minutes=30)
    program.says(ci, 90, minutes=10)
    assert Finding.objects.count() == 1
    other = make_item()
    watch(other, bad_readings=2)
    program.says(other, 50, minutes=20)
    program.says(other, 90, minutes=30)
    program.says(other, 90, minutes=10)
    assert not Finding.objects.filter(ci=other).exists()


def test_good_ones_newer_than_the_fix_verify_it_by_the_machine(program, ci):
    watch(ci)
    program.says(ci, 96)
    finding = fixed(finding_of(ci))
    now(program, ci, 50)
    assert finding_of(ci).state == FindingState.FIXED  # one of two
    now(program, ci, 51)
    finding = finding_of(ci)
    assert (finding.state, finding.verified_reading.value) == ("verified", 51)
    assert finding.events.last().by == program.source.account


def test_an_open_finding_is_never_verified_by_readings(program, ci):
    watch(ci)
    program.says(ci, 96)
    now(program, ci, 50, 50, 50, 50)
    assert finding_of(ci).state == FindingState.OPEN


def test_good_ones_from_before_the_fix_prove_nothing(program, ci):
    watch(ci)
    program.says(ci, 96)
    fixed(finding_of(ci))
    program.says(ci, 50, 50, 50)  # minutes ago
    assert finding_of(ci).state == FindingState.FIXED


def test_a_good_row_that_was_interrupted_proves_nothing(program, ci):
    watch(ci)
    program.says(ci, 96)
    fixed(finding_of(ci))
    now(program, ci, 50, None, 50)
    assert finding_of(ci).state == FindingState.FIXED


def test_bad_ones_after_the_fix_reopen_it(program, ci):
    watch(ci, bad_readings=2)
    program.says(ci, 96, 96)
    fixed(finding_of(ci))
    now(program, ci, 96)
    assert finding_of(ci).state == FindingState.FIXED
    now(program, ci, 96)
    finding = finding_of(ci)
    assert finding.state == FindingState.OPEN
    assert finding.events.last().reading == finding.last_reading


def test_after_it_was_verified_a_new_one_begins_a_new_finding(program, ci):
    watch(ci, good_readings=1)
    program.says(ci, 96)
    fixed(finding_of(ci))
    now(program, ci, 50)
    program.says(ci, 97, minutes=20)  # from before: known to be mended
    assert Finding.objects.count() == 1
    now(program, ci, 98)
    assert Finding.objects.filter(state="open").get().first_reading.value == 98


def test_an_answer_repeats_what_a_reading_began(program, ci):
    run = make_run(plan=watch(ci))
    program.says(ci, 96)
    engineer = make_user("engineer")
    entry = AnswerInput(run.targets.get().pk, run.version.items.get().pk, "97", comment="seen too")
    record_answers(run, [entry], by=engineer)
    submit_run(run, by=engineer)
    finding = finding_of(ci)
    assert (finding.count, finding.last_answer.value_number) == (2, 97)


def test_only_what_a_plan_watches_is_judged(program, ci):
    plan = watch(ci)
    program.says(make_item(), 99)
    program.says(ci, 99, metric="cpu")
    plan.is_enabled, plan.disabled_reason, plan.disabled_by = False, "no", make_user()
    plan.save()
    program.says(ci, 99)
    assert not Finding.objects.exists()


def test_an_item_without_findings_or_for_others_opens_none(program, ci):
    watch(ci, finding="none")
    other = make_item()
    watch(other, applies_if={"name": "somebody-else"})
    program.says(ci, 99)
    program.says(other, 99)
    assert not Finding.objects.exists()


def test_a_plan_whose_scope_cannot_be_read_stops_no_other(program, ci):
    broken = watch(ci)
    type(broken).objects.filter(pk=broken.pk).update(scope={"nonsense": 1})
    watch(ci)
    program.says(ci, 99)
    assert Finding.objects.count() == 1


def test_bounds_approved_for_the_ci_count(program, ci):
    plan = watch(ci)
    today = timezone.localdate()
    override = ThresholdOverride.objects.create(
        template=plan.template, item_key="disk", ci=ci, crit_high=99, reason="bigger",
        requested_by=make_user(), valid_from_on=today, valid_until_on=today + timedelta(days=5),
    )  # fmt: skip
    override.approved_by, override.approved_at = make_user("reviewer"), timezone.now()
    override.save()
    program.says(ci, 96)
    assert not Finding.objects.exists()
    program.says(ci, 99, minutes=0.5)
    assert finding_of(ci).severity == "crit"


def test_a_change_that_is_drafted_carries_the_readings(program, ci):
    watch(ci)
    program.says(ci, 50, 96)
    reason = raise_change(finding_of(ci), by=make_user("engineer")).reason
    assert "disk_used: 96 %" in reason
    assert "disk_used: 50 %" in reason


# As the application role


def forged(ci, plan, reading, **over):
    item = plan.template.versions.get().items.get()
    given = {"ci": ci, "item_key": "disk", "item": item, "severity": "warn", "label": "x", "number": "",
             "first_reading": reading, "last_reading": reading, "response_due_at": timezone.now(),
             "due_at": timezone.now()}  # fmt: skip
    with transaction.atomic():
        return Finding.objects.create(**given | over)


def test_postgresql_opens_findings_by_bad_readings_of_that_ci_and_item_alone(ci):
    plan = watch(ci, bad_readings=2)
    given = {"metric": "disk_used", "unit": "%"}
    bad = make_machine_reading(90, ci=ci, **given)
    for reading, over in [
        (bad, {}), (make_machine_reading(20, ci=ci, **given), {}),
        (make_machine_reading(90, ci=make_item(), **given), {}), (make_machine_reading(90, ci=ci), {}),
        (bad, {"item_key": "cpu"}), (bad, {"item": None}), (None, {}),
    ]:  # fmt: skip
        with pytest.raises(DatabaseError, match=r"inspections|evidence"):
            forged(ci, plan, reading, **over)
    MachineReading.objects.count()
    make_machine_reading(90, ci=ci, **given)
    assert forged(ci, plan, make_machine_reading(90, ci=ci, **given)).number == ""


def test_postgresql_verifies_by_good_readings_newer_than_the_fix_alone(program, ci):
    watch(ci)
    program.says(ci, 96)
    finding = fixed(finding_of(ci))
    before = timezone.now() - timedelta(minutes=3)
    old = make_machine_reading(20, ci=ci, metric="disk_used", observed_at=before)
    bad = make_machine_reading(96, ci=ci, metric="disk_used")
    one = make_machine_reading(20, ci=ci, metric="disk_used")
    other = make_machine_reading(20, metric="disk_used")
    for reading in (old, bad, one, other, None):
        finding.state, finding.verified_reading = "verified", reading
        with pytest.raises(DatabaseError, match="inspections"), transaction.atomic():
            finding.save()
    finding.verified_reading = make_machine_reading(20, ci=ci, metric="disk_used")
    finding.save()
