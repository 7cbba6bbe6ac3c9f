"""PostgreSQL as the last gate: what raw SQL of the application role could still forge."""

from datetime import timedelta

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from inspections.actions import (
    acknowledge_finding,
    decide_amendment,
    disable_plan,
    enable_plan,
    generate_runs,
    mark_fixed,
    propose_amendment,
    record_answers,
    save_plan,
    sign_run,
    submit_run,
)
from inspections.actions.answers import AnswerInput
from inspections.guards import Refused
from inspections.models import Answer, InspectionPlan
from tests.factories import (
    make_answer,
    make_evidence,
    make_finding,
    make_plan,
    make_run,
    make_signature,
    make_user,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def said(sql, *parameters):
    """What PostgreSQL says against the statement; empty where it goes through."""
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(sql, parameters)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        except DatabaseError as error:
            if error.__cause__.sqlstate not in ("23001", "23514"):
                raise
            return str(error).splitlines()[0]
    return ""


def codes(refusal):
    return {each.code for each in refusal.value.refusals}


# what a run takes from its plan

ANOTHER_RUN = """
INSERT INTO inspections_inspectionrun SELECT (jsonb_populate_record(r, jsonb_build_object(
    'id', 999999, 'number', 'X', 'group_key', 'x', 'state', 'open') || %s)).*
  FROM inspections_inspectionrun r WHERE id = %s"""


@pytest.mark.parametrize(
    "forged",
    [
        '{"signoff": "none"}',
        '{"signoff": "step_up"}',
        '{"client": "Somebody else"}',
        '{"expires_at": "2099-01-01"}',
        '{"opens_at": "2001-01-01"}',
    ],
)
def test_sign_off_client_and_deadlines_of_a_run_are_those_of_its_plan(forged):
    run = make_run()
    assert "as its plan says" in said(ANOTHER_RUN, forged, run.pk)
    assert not said(ANOTHER_RUN, "{}", run.pk)


# times of what happened


EARLY = timedelta(minutes=40)


def owned():
    """A finding that somebody owns, seen 40 minutes ago in a run that was there; it arrives now."""
    run = make_run(opens_minutes=-120, shift_start=(timezone.localtime() - EARLY).time())
    finding = make_finding(target=run.targets.get(), observed_at=timezone.now() - EARLY)
    return acknowledge_finding(finding, by=make_user("engineer"))


FIX = """UPDATE inspections_finding SET state = 'fixed', state_by_id = owner_id, state_comment = 'done',
         fixed_at = {} WHERE id = %s"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", ["opened_at", "opened_at - interval '1 hour'", "now() - interval '8 minutes'"])
def test_a_fix_is_not_dated_back(app_sql, owner_sql, at):
    """Or a good look of before the fix would verify it."""
    finding = make_finding()
    acknowledge_finding(finding, by=make_user("engineer"))
    for table, columns in (("finding", ["opened_at"]), ("answer", ["observed_at", "received_at"])):
        moved = ", ".join(f"{column} = {column} - interval '20 minutes'" for column in columns)
        owner_sql.execute(f"ALTER TABLE inspections_{table} DISABLE TRIGGER inspections_20_guard")
        owner_sql.execute(f"UPDATE inspections_{table} SET {moved}")
        owner_sql.execute(f"ALTER TABLE inspections_{table} ENABLE TRIGGER inspections_20_guard")
    owner_sql.execute("UPDATE inspections_finding SET opened_at = opened_at")
    if at == "opened_at":
        at = "opened_at + interval '1 second'"
    with pytest.raises(psycopg.Error, match="dated back"):
        app_sql.execute(FIX.format(at), [finding.pk])
    finding.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        mark_fixed(finding, by=finding.owner, comment="done", at=timezone.now() - timedelta(minutes=8))
    assert codes(refusal) == {"dated_back"}
    app_sql.execute(FIX.format("clock_timestamp() - interval '2 minutes'"), [finding.pk])
    finding.refresh_from_db()
    assert timezone.now() - finding.fixed_at < MINUTE, "clocks differ a little: it counts from now on"


def test_a_fix_on_the_spot_that_arrives_with_its_finding_counts_from_then():
    """Both arrive late: the fix lies between what was seen and its arrival."""
    finding, at = owned(), timezone.now() - EARLY / 2
    fixed = mark_fixed(finding, by=finding.owner, comment="plugged in", at=at)
    assert fixed.fixed_at == at
    other = owned()
    assert "dated back" in said(FIX.format("opened_at - interval '1 hour'"), other.pk)
    with pytest.raises(Refused) as refusal:
        mark_fixed(other, by=other.owner, comment="x", at=timezone.now() - 2 * EARLY)
    assert codes(refusal) == {"dated_back"}


def test_a_second_fix_has_a_time_of_its_own():
    finding = owned()
    first = mark_fixed(finding, by=finding.owner, comment="x", at=timezone.now() - EARLY / 2).fixed_at
    again = "UPDATE inspections_finding SET state = {}, state_comment = 'again' WHERE id = %s"
    assert not said(again.format("'open'"), finding.pk)
    assert not said(again.format("'fixed'"), finding.pk)
    finding.refresh_from_db()
    assert finding.fixed_at > first


def test_a_run_starts_when_it_starts():
    run, user = make_run(), make_user("engineer")
    assert not said(
        "UPDATE inspections_inspectionrun SET state = 'in_progress', started_by_id = %s,"
        " started_at = '2001-01-01' WHERE id = %s",
        user.pk, run.pk,
    )  # fmt: skip
    run.refresh_from_db()
    assert timezone.now() - run.started_at < MINUTE


PHOTO = """
INSERT INTO inspections_evidence SELECT (jsonb_populate_record(e, jsonb_build_object(
    'id', 999999, 'op', gen_random_uuid(), 'captured_at', %s::text))).*
  FROM inspections_evidence e WHERE id = %s"""


def test_no_photo_was_taken_before_its_run_was_there():
    photo = make_evidence()
    assert "before run" in said(PHOTO, "2001-01-01", photo.pk)
    assert not said(PHOTO, timezone.now().isoformat(), photo.pk)


# nobody is done before they have seen

SUBMIT = """UPDATE inspections_inspectionrun SET state = 'submitted', submitted_by_id = started_by_id,
            completed_at = now() - interval '{}' WHERE id = %s"""


def test_a_run_is_not_done_before_its_answers_were_observed():
    answer = make_answer("20")
    run = answer.target.run
    assert "was observed after that" in said(SUBMIT.format("1 hour"), run.pk)
    with pytest.raises(Refused) as refusal:
        submit_run(run, by=answer.answered_by, completed_at=timezone.now() - timedelta(hours=1))
    assert codes(refusal) == {"observed_later"}
    run.refresh_from_db()
    assert run.state == "in_progress"


def test_a_clock_that_is_a_little_behind_is_set_to_the_last_answer():
    answer = make_answer("20")
    done = submit_run(answer.target.run, by=answer.answered_by, completed_at=timezone.now() - 2 * MINUTE)
    assert (done.state, done.completed_at) == ("submitted", answer.observed_at)


# slots that are due

MOVE = "UPDATE inspections_inspectionplan SET starts_on = %s WHERE id = %s"


def plan_of(days, **over):
    return make_plan(starts_on=timezone.localdate() - timedelta(days=days), **over)


def test_a_plan_whose_first_day_has_come_hides_no_slot():
    plan, later = plan_of(10), timezone.localdate() + timedelta(days=5)
    assert "has come" in said(MOVE, later, plan.pk)
    plan.starts_on = later
    with pytest.raises(ValidationError) as refusal:
        save_plan(plan, by=make_user("reviewer"))
    assert "starts_on" in refusal.value.message_dict
    generate_runs(until=timezone.now())
    assert plan.runs.count() >= 10


def test_the_first_day_moves_within_what_was_made_and_before_it_came():
    plan = plan_of(10)
    generate_runs(until=timezone.now())
    assert not said(MOVE, timezone.localdate() - timedelta(days=5), plan.pk), "every slot before has its run"
    assert "has come" in said(MOVE, timezone.localdate() + timedelta(days=5), plan.pk)
    future = plan_of(-3)
    assert not said(MOVE, timezone.localdate() + timedelta(days=9), future.pk)
    assert not said(MOVE, timezone.localdate() - timedelta(days=9), future.pk)


def test_a_plan_that_was_stopped_for_a_reason_begins_anew():
    plan, by = plan_of(10), make_user("reviewer")
    generate_runs(until=timezone.now())
    plan = disable_plan(plan, by=by, reason="the room is rebuilt")
    plan.starts_on = timezone.localdate() + timedelta(days=5)
    save_plan(plan, by=by)
    plan = enable_plan(plan, by=by)
    assert plan.is_enabled


def test_the_mark_up_to_which_runs_exist_is_that_of_a_run():
    plan = plan_of(3)
    mark = "UPDATE inspections_inspectionplan SET generated_until_at = %s WHERE id = %s"
    assert "up to which runs exist" in said(mark, "2099-01-01", plan.pk)
    generate_runs(until=timezone.now())
    assert "up to which runs exist" in said(mark, "2099-01-01", plan.pk)
    since = "UPDATE inspections_inspectionplan SET enabled_at = '2099-01-01' WHERE id = %s"
    assert not said(since, plan.pk)
    made = InspectionPlan.objects.create(
        key="forged", label="F", template=plan.template, generated_until_at="2099-01-01T00:00Z",
        enabled_at="2099-01-01T00:00Z",
    )  # fmt: skip
    for each in (plan, made):
        each.refresh_from_db()
        assert each.enabled_at is None
    assert made.generated_until_at is None


# what hashes are made of


def test_a_plan_whose_runs_name_it_keeps_its_key(client):
    """The key is part of what every signature vouches for: another one, and no signed record verifies."""
    run, by = make_signature().run, make_user("reviewer")
    sign_run(run, by=by)
    rename = "UPDATE inspections_inspectionplan SET key = 'another' WHERE id = %s"
    assert "keeps its key" in said(rename, run.plan_id)
    plan = InspectionPlan.objects.get(pk=run.plan_id)
    plan.key = "another"
    with pytest.raises(ValidationError) as refusal:
        save_plan(plan, by=by)
    assert "key" in refusal.value.message_dict
    assert not said(rename, make_plan().pk), "nothing names it yet"


# amendments


@pytest.fixture
def two_answers():
    """Two answers of one signed run."""
    run = make_run(
        items=[
            {"key": key, "kind": "number", "warn_high": 85, "crit_high": 95, "comment_at": "crit"}
            for key in "ab"
        ]
    )
    target, by = run.targets.get(), make_user("engineer")
    entries = [AnswerInput(target.pk, item.pk, "20") for item in run.version.items.all()]
    record_answers(run, entries, by=by)
    sign_run(submit_run(run, by=by), by=make_user("reviewer"))
    return list(Answer.objects.filter(target=target).order_by("pk"))


DECIDE = """UPDATE inspections_amendment SET state = 'refused', decided_by_id = %s, decision_comment = 'x'
            WHERE id = %s"""


def test_two_people_do_not_approve_each_others_amendments_of_one_run(two_answers):
    one, two = make_user("reviewer"), make_user("reviewer")
    first, second = (
        propose_amendment(answer, by=by, value="30", reason="misread")
        for answer, by in zip(two_answers, (one, two), strict=True)
    )
    decide_amendment(first, by=two, approve=True)
    assert "took part" in said(DECIDE, one.pk, second.pk)
    with pytest.raises(Refused) as refusal:
        decide_amendment(second, by=one, approve=True)
    assert codes(refusal) == {"took_part"}
    assert decide_amendment(second, by=make_user("reviewer"), approve=True).state == "approved"


PROPOSE = """
INSERT INTO inspections_amendment (row_version, answer_id, by_id, reason, at, state, decision_comment,
    value_number, value_choice, value_text, is_na, comment)
VALUES (1, %s, %s, 'misread', now(), 'proposed', '', %s, '', '', false, %s)"""


def test_an_amendment_that_is_bad_says_what_an_answer_would(two_answers):
    answer, by = two_answers[0], make_user("reviewer")
    assert "needs a comment" in said(PROPOSE, answer.pk, by.pk, 96, " ")
    with pytest.raises(Refused) as refusal:
        propose_amendment(answer, by=by, value="96", reason="misread")
    assert codes(refusal) == {"comment"}
    assert propose_amendment(answer, by=by, value="96", reason="misread", comment="it is full").pk
    assert not said(PROPOSE, two_answers[1].pk, by.pk, 90, ""), "a warning needs none here"


def test_an_amendment_proposes_what_fits_its_item(two_answers):
    assert "finite number" in said(PROPOSE, two_answers[0].pk, make_user().pk, "NaN", "x")
