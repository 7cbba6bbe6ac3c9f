"""Measured values: who posts them, when they count, when they breach a criterion, and what follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice
from accounts.roles import RightMissing
from changes.actions import (
    Observation,
    StepRefused,
    add_criterion,
    apply_stage,
    record_observations,
    take_step,
    watch_criteria,
)
from changes.models import ChangeRequest, CriterionBreach, CriterionResult
from cmdb.models import ConfigurationItem
from tests.changes.journey import do_the_work, draft, to_implementing, to_verifying
from tests.factories import make_user


def planned(cast, **fields):
    """A change under way whose error rate is watched: at most 0.1 %, rolled back by itself."""
    change = draft(cast)
    change.criteria.all().delete()
    told = {"comparison": "le", "threshold": Decimal("0.1"), "unit": "%", "has_auto_rollback": True}
    add_criterion(change, "error_rate", by=cast.requester, **told | fields)
    to_implementing(cast, change)
    return change


@pytest.fixture
def program(db):
    return make_user("integration")


def post(change, program, *values, **fields):
    return record_observations(
        change, [Observation(Decimal(v), metric="error_rate", **fields) for v in values], by=program
    )


def long_ago(cast, **fields):
    """A change recorded afterwards, verifying since two hours: its values may be of any minute since."""
    change = draft(cast, kind="emergency", incident_ref="INC-7", incident_priority="p1", window=None)
    change.criteria.all().delete()
    told = {"comparison": "le", "threshold": Decimal("0.1"), "has_auto_rollback": True}
    add_criterion(change, "error_rate", by=cast.requester, **told | fields)
    begun = timezone.now() - timedelta(hours=3)
    times = {"actual_start": begun, "actual_end": begun + timedelta(hours=1)}
    take_step(change, "record_retro", by=cast.oncall, comment="at night", data=times)
    return change


def measured(change, program, *pairs):
    """Posts each value as measured so many seconds after the work ended; tells the state after all."""
    end = change.actual_end_at
    rows = [
        Observation(Decimal(value), metric="error_rate", measured_at=end + timedelta(seconds=seconds))
        for seconds, value in pairs
    ]
    record_observations(change, rows, by=program)
    return change.state


# who, and what can be stored


def test_values_are_posted_by_programs_with_the_right_and_by_nobody_else(cast, program):
    change = planned(cast)
    ((stored, is_new),) = post(change, program, "0.05")
    assert (stored.has_passed, is_new, stored.measured_by) == (True, True, program)
    for who in (cast.implementer, cast.requester, cast.manager):
        with pytest.raises(RightMissing):
            post(change, who, "0.05")


def test_who_implements_measures_nothing_in_python_and_in_postgresql(cast, program):
    change = planned(cast)
    criterion = change.criteria.get()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        CriterionResult.objects.create(criterion=criterion, value=0, measured_by=cast.implementer)
    assert error.value.__cause__.diag.message_hint == "implementer_apart"


def test_values_come_during_the_work_and_after_it_alone(cast, program):
    change = draft(cast)
    with pytest.raises(StepRefused) as refused:
        record_observations(change, [Observation(Decimal(0), metric="Alarms")], by=program)
    assert [r.code for r in refused.value.refusals] == ["state"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e16"])
def test_what_is_no_number_to_keep_is_refused_by_its_number(cast, program, value):
    with pytest.raises(ValidationError) as error:
        post(planned(cast), program, "0.05", value)
    assert set(error.value.message_dict) == {"1"}
    assert not CriterionResult.objects.exists()


def test_an_unknown_metric_names_the_known_ones(cast, program):
    with pytest.raises(ValidationError) as error:
        record_observations(planned(cast), [Observation(Decimal(1), metric="latency")], by=program)
    assert "error_rate" in str(error.value)


def test_a_clock_ahead_is_refused_and_a_little_ahead_counts_as_now(cast, program):
    change = planned(cast)
    now = timezone.now()
    ((stored, _new),) = post(change, program, "0.05", measured_at=now + timedelta(seconds=100))
    assert stored.measured_at <= stored.received_at
    with pytest.raises(StepRefused) as refused:
        post(change, program, "0.05", measured_at=now + timedelta(minutes=5))
    assert [r.code for r in refused.value.refusals] == ["clock_ahead"]
    with pytest.raises(StepRefused) as refused:
        post(change, program, "0.05", measured_at=now - timedelta(days=1))
    assert [r.code for r in refused.value.refusals] == ["before_the_work"]


def test_a_key_makes_a_repeat_the_same_value(cast, program):
    change = planned(cast)
    ((first, _new),) = post(change, program, "0.05", key="probe-1")
    ((again, is_new),) = post(change, program, "0.05", key="probe-1")
    assert (again.pk, is_new, CriterionResult.objects.count()) == (first.pk, False, 1)
    with pytest.raises(StepRefused) as refused:
        post(change, program, "0.07", key="probe-1")
    assert [r.code for r in refused.value.refusals] == ["key_used"]


def test_a_thousand_values_take_the_statements_of_one(cast, program, django_assert_max_num_queries):
    change = planned(cast, has_auto_rollback=False)
    with django_assert_max_num_queries(32):
        post(change, program, *["0.05"] * 1000)
    assert CriterionResult.objects.count() == 1000
    with pytest.raises(ValidationError):
        post(change, program, *["0.05"] * 1001)


# when a criterion is breached


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("le", "0.1", "implementing"), ("le", "0.1001", "rolling_back"),
        ("lt", "0.1", "rolling_back"), ("lt", "0.0999", "implementing"),
        ("ge", "0.1", "implementing"), ("ge", "0.0999", "rolling_back"),
        ("gt", "0.1", "rolling_back"), ("gt", "0.1001", "implementing"),
        ("eq", "0.1", "implementing"), ("eq", "0.1001", "rolling_back"),
    ],
)  # fmt: skip
def test_the_threshold_itself_is_good_or_bad_as_the_comparison_says(cast, program, comparison, value, state):
    change = planned(cast, comparison=comparison)
    post(change, program, value)
    assert change.state == state


@pytest.mark.parametrize(
    ("seconds", "state"), [(299, "verifying"), (300, "rolling_back"), (301, "rolling_back")]
)
def test_bad_values_must_last_the_minutes_of_grace(cast, program, seconds, state):
    change = long_ago(cast, grace_minutes=5)
    assert measured(change, program, (0, "0.5")) == "verifying"
    assert measured(change, program, (seconds, "0.5")) == state


def test_a_good_value_in_between_begins_the_grace_anew(cast, program):
    change = long_ago(cast, grace_minutes=5)
    values = ((0, "0.5"), (240, "0.05"), (300, "0.5"), (540, "0.5"))
    assert measured(change, program, *values) == "verifying"
    assert measured(change, program, (600, "0.5")) == "rolling_back"


def test_a_late_bad_value_from_before_the_last_good_one_breaches_nothing(cast, program):
    change = long_ago(cast)
    assert measured(change, program, (600, "0.05"), (300, "0.5")) == "verifying"


def test_silence_neither_breaches_nor_mends(cast, program):
    change = long_ago(cast, grace_minutes=5)
    measured(change, program, (0, "0.5"))
    assert watch_criteria() == 0
    change.refresh_from_db()
    assert change.state == "verifying"


# what follows


def test_a_breach_rolls_back_by_itself_once_and_calls_people(cast, program):
    change = planned(cast)
    post(change, program, "0.05", "0.5")
    assert change.state == "rolling_back"
    event = change.events.first()
    assert (event.event, event.actor, event.data) == ("auto_rollback", None, {})
    assert event.comment.startswith("error_rate ≤ 0.1 %: 0.5 measured")
    breach = CriterionBreach.objects.get()
    assert (breach.answer, breach.result.value) == ("rolled_back", Decimal("0.5"))
    told = set(Notice.objects.filter(kind="changes.breach").values_list("person_id", flat=True))
    assert {cast.implementer.pk, cast.verifier.pk, cast.manager.pk} <= told


def test_the_operations_are_taken_back_where_the_plan_says_so(cast, program):
    change = planned(cast, has_auto_restore=True)
    item = change.operations.get().item
    do_the_work(cast, change)
    assert ConfigurationItem.objects.get(pk=item.pk).serial == "NEW"
    post(change, program, "0.5")
    assert change.state == "rolling_back"
    assert ConfigurationItem.objects.get(pk=item.pk).serial == "OLD"
    assert change.operations.get().reverted_at is not None


def test_drift_leaves_the_operations_to_two_people(cast, program):
    change = planned(cast, has_auto_restore=True)
    item = change.operations.get().item
    do_the_work(cast, change)
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="LATER")
    post(change, program, "0.5")
    assert change.state == "rolling_back"
    assert ConfigurationItem.objects.get(pk=item.pk).serial == "LATER"
    assert change.operations.get().reverted_at is None


def test_without_the_wish_people_are_called_and_nothing_moves(cast, program):
    change = planned(cast, has_auto_rollback=False)
    post(change, program, "0.5", "0.6")
    assert change.state == "implementing"
    assert CriterionBreach.objects.get().answer == "paged"
    assert Notice.objects.filter(kind="changes.breach", person=cast.manager).count() == 1


def test_past_the_point_of_no_return_people_are_called(cast, program):
    change = draft(cast)
    change.criteria.update(has_auto_rollback=True, metric="error_rate")
    change.stages.update(is_point_of_no_return=True)
    to_implementing(cast, change)
    do_the_work(cast, change)
    post(change, program, "0.5")
    assert change.state == "implementing"
    assert CriterionBreach.objects.get().answer == "paged"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.events.create(event="auto_rollback")
    assert error.value.__cause__.diag.message_hint == "way_back_open"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.events.create(event="rollback", actor=cast.implementer, comment="back")
    assert error.value.__cause__.diag.message_hint == "way_back_open"
    with pytest.raises(StepRefused):
        take_step(change, "rollback", by=cast.implementer, comment="back")
    take_step(change, "rollback", by=cast.manager, comment="the fix failed")
    assert change.state == "rolling_back"


def test_nobody_rolls_back_by_criterion_without_a_breach(cast, program):
    change = planned(cast)
    post(change, program, "0.05")
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.events.create(event="auto_rollback")
    assert error.value.__cause__.diag.message_hint == "criterion_breached"


def test_the_job_answers_what_was_written_past_the_actions(cast, program):
    change = planned(cast)
    CriterionResult.objects.create(criterion=change.criteria.get(), value=9)
    assert watch_criteria() == 1
    change.refresh_from_db()
    assert change.state == "rolling_back"
    assert watch_criteria() == 0


def test_on_hold_a_breach_still_rolls_back(cast, program):
    change = planned(cast)
    take_step(change, "hold", by=cast.manager, comment="wait")
    post(change, program, "0.5")
    assert change.state == "rolling_back"


# when the effect is proved


def test_a_value_counts_only_after_the_work_and_the_observation(cast, program):
    change = long_ago(cast, has_auto_rollback=False, observation_minutes=60)
    unproved = "SELECT count(*) FROM changes_unproved_v1(%s, %s)"

    def left(observed):
        with connection.cursor() as cursor:
            cursor.execute(unproved, [change.pk, observed])
            return cursor.fetchone()[0]

    assert (left(False), left(True)) == (1, 1)
    measured(change, program, (0, "0.05"))
    assert (left(False), left(True)) == (0, 1)
    measured(change, program, (3599, "0.05"))
    assert left(True) == 1
    measured(change, program, (3600, "0.05"))
    assert left(True) == 0


def test_time_on_hold_is_not_time_of_observation(cast, program):
    change = draft(cast)
    change.criteria.update(metric="error_rate", observation_minutes=1)
    to_verifying(cast, change)
    take_step(change, "hold", by=cast.manager, comment="wait")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.2)")
        cursor.execute("SELECT changes_held_since_v1(%s, %s)", [change.pk, change.actual_end_at])
        held = cursor.fetchone()[0]
    assert timedelta(seconds=0.2) <= held < timedelta(seconds=60)
    take_step(change, "resume", by=cast.manager, comment="go on")
    with connection.cursor() as cursor:
        cursor.execute("SELECT ready_at FROM changes_unproved_v1(%s, true)", [change.pk])
        assert cursor.fetchone()[0] >= change.actual_end_at + timedelta(minutes=1) + held


# before widening


def test_a_stage_is_not_widened_while_a_criterion_does_not_hold(cast, program):
    change = draft(cast)
    change.criteria.update(metric="error_rate", is_machine=True)
    second = change.stages.create(position=2, label="Everybody")
    to_implementing(cast, change)
    do = {"by": cast.implementer}
    with pytest.raises(StepRefused) as refused:
        apply_stage(second, **do)
    assert "stage_order" in {r.code for r in refused.value.refusals}
    apply_stage(change.stages.get(position=1), **do)
    with pytest.raises(StepRefused) as refused:
        apply_stage(second, **do)
    assert {r.code for r in refused.value.refusals} == {"criteria_hold"}
    post(change, program, "0.5")
    with pytest.raises(StepRefused) as refused:
        apply_stage(second, **do)
    assert {r.code for r in refused.value.refusals} == {"criteria_hold"}
    post(change, program, "0")
    apply_stage(second, **do)
    assert ChangeRequest.objects.get(pk=change.pk).stages.get(position=2).applied_at
