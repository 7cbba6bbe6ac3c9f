"""Raw SQL as the application role against the invariants that PostgreSQL guards."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from inspections.actions import (
    decide_amendment,
    draft_version,
    generate_runs,
    mark_target,
    propose_amendment,
    publish_version,
    record_answers,
    sign_run,
    start_run,
    submit_run,
)
from inspections.actions.answers import AnswerInput
from inspections.guards import Refused
from inspections.models import Answer, InspectionRun
from inspections.workflow import FINDING_STEPS, RUN_STEPS, FindingState, RunState
from tests.factories import (
    make_answer,
    make_finding,
    make_item,
    make_plan,
    make_run,
    make_signature,
    make_user,
)

pytestmark = pytest.mark.django_db


OUR_REASONS = {"23001", "23505", "23514", "42501"}  # restricted, not unique, check failed, no privilege


def refused(sql, *parameters):
    """Whether PostgreSQL refuses the statement for a reason of ours; a slip in the statement is an error."""
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(sql, parameters)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except DatabaseError as error:
            if error.__cause__.sqlstate not in OUR_REASONS:
                raise
            return True
    return False


def ask(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def signed_run():
    run = make_signature().run
    return sign_run(run, by=make_user("reviewer"))


def missed_run():
    plan = make_plan(starts_on=timezone.localdate() - timedelta(days=3))
    generate_runs()
    return plan.runs.filter(state="missed").first()


def test_we_attack_as_the_application_role():
    assert not ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    assert ask("SELECT tableowner <> current_user FROM pg_tables WHERE tablename = 'inspections_answer'")


@pytest.mark.parametrize(
    ("function", "steps", "states"),
    [("run", RUN_STEPS, RunState.values), ("finding", FINDING_STEPS, FindingState.values)],
)
def test_postgresql_and_python_know_the_same_steps(function, steps, states):
    ours = {(source, step.target) for step in steps for source in step.sources}
    sql = f"SELECT inspections_{function}_may_v1(%s, %s)"
    theirs = {(a, b) for a in states for b in states if ask(sql, a, b)}
    assert {(str(a), str(b)) for a, b in ours} == theirs


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_templateitem SET crit_high = 1000 WHERE version_id = %s",
        "UPDATE inspections_templateitem SET version_id = version_id + 0, label = 'x' WHERE version_id = %s",
        "DELETE FROM inspections_templateitem WHERE version_id = %s",
        "INSERT INTO inspections_templateitem SELECT * FROM inspections_templateitem WHERE version_id = %s",
        "UPDATE inspections_templateversion SET state = 'draft' WHERE id = %s",
        "UPDATE inspections_templateversion SET changelog = 'x' WHERE id = %s",
        "UPDATE inspections_templateversion SET sha256 = repeat('0', 64) WHERE id = %s",
        "DELETE FROM inspections_templateversion WHERE id = %s",
    ],
)  # fmt: skip
def test_a_published_version_never_changes(sql):
    version = make_plan().template.versions.get()
    assert version.sha256
    assert refused(sql, version.pk)


def test_publishing_needs_items_and_hashes_them():
    version = make_plan().template.versions.get()
    draft = draft_version(version.template, by=make_user(is_superuser=True))
    assert draft.number == 2
    assert not refused("UPDATE inspections_templateitem SET crit_high = 99 WHERE version_id = %s", draft.pk)
    published = publish_version(draft, by=make_user(is_superuser=True))
    assert published.sha256 != version.sha256
    empty = draft_version(version.template, by=make_user(is_superuser=True))
    empty.items.all().delete()
    assert refused("UPDATE inspections_templateversion SET state = 'published' WHERE id = %s", empty.pk)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_inspectionrun SET slot_at = slot_at + interval '1 day' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET version_sha256 = repeat('0', 64) WHERE id = %s",
        "UPDATE inspections_inspectionrun SET expires_at = expires_at + interval '1 day' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET signoff = 'none' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET state = 'signed' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET state = 'submitted' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET state = 'missed' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET state = 'cancelled' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET is_late = true, outcome = 'ok' WHERE id = %s",
        "DELETE FROM inspections_inspectionrun WHERE id = %s",
        "UPDATE inspections_runtarget SET snapshot = '{}' WHERE run_id = %s",
        "DELETE FROM inspections_runtarget WHERE run_id = %s",
    ],
)  # fmt: skip
def test_an_open_run_moves_by_its_steps_only(sql):
    assert refused(sql, make_run().pk)


SECOND_RUN = """
INSERT INTO inspections_inspectionrun (row_version, number, plan_id, slot_at, group_key, group_label,
    version_id, version_sha256, opens_at, due_at, expires_at, signoff, state, state_reason, is_late, outcome,
    record_sha256)
SELECT 1, 'XJ-1', plan_id, slot_at, group_key, '', version_id, version_sha256, opens_at, due_at, expires_at,
    signoff, 'open', '', false, '', '' FROM inspections_inspectionrun WHERE id = %s
"""


def test_a_slot_has_one_run_whatever_its_number():
    run = make_run()
    assert refused(SECOND_RUN, run.pk)


ANOTHER_TARGET = """
INSERT INTO inspections_runtarget
       (row_version, run_id, ci_id, position, snapshot, skipped_items, result, reason)
SELECT 1, run, %s, 9, '{}', '[]', 'found', '' FROM unnest(%s::bigint[]) AS run
"""


def test_no_target_comes_to_a_run_that_began_not_even_beside_one_that_may():
    ci, ahead = make_item().pk, make_run()
    begun, signed, missed = make_answer("20").target.run, signed_run(), missed_run()
    for run in (begun, signed, missed):
        assert refused(ANOTHER_TARGET, ci, [run.pk])
        assert refused(ANOTHER_TARGET, ci, [ahead.pk, run.pk])
    assert refused(ANOTHER_TARGET, ci, [ahead.pk, 0])  # no such run
    assert ahead.targets.count() == 1
    assert not refused(ANOTHER_TARGET, ci, [ahead.pk])
    assert ahead.targets.count() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_answer SET value_number = 1 WHERE id = %s",
        "UPDATE inspections_answer SET severity = 'ok' WHERE id = %s",
        "UPDATE inspections_answer SET comment = 'x' WHERE id = %s",
        "UPDATE inspections_answer SET answered_by_id = NULL WHERE id = %s",
        "UPDATE inspections_answer SET is_current = false WHERE id = %s",  # and nothing in its place
        "DELETE FROM inspections_answer WHERE id = %s",
    ],
)
def test_an_answer_is_superseded_and_never_changed(sql):
    assert refused(sql, make_answer("96").pk)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_inspectionrun SET outcome = 'crit' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET state = 'returned', state_reason = 'x' WHERE id = %s",
        "UPDATE inspections_inspectionrun SET state_reason = 'x' WHERE id = %s",
        "UPDATE inspections_answer SET comment = 'x' WHERE %s > 0",
        "UPDATE inspections_runtarget SET result = 'unreachable', reason = 'x' WHERE run_id = %s",
        "UPDATE inspections_signature SET by_id = NULL WHERE run_id = %s",
        "DELETE FROM inspections_signature WHERE run_id = %s",
    ],
)  # fmt: skip
def test_after_the_signature_nothing_changes(sql):
    assert refused(sql, signed_run().pk)


def test_an_amendment_leaves_the_original_and_the_signed_hash():
    run = signed_run()
    before = ask("SELECT inspections_run_sha256_v1(%s)", run.pk)
    old = Answer.objects.get(target__run=run)
    proposed = propose_amendment(
        old, by=make_user("reviewer"), value="97", reason="display was misread", comment="full"
    )
    new = decide_amendment(proposed, by=make_user("reviewer"), approve=True).new_answer
    old.refresh_from_db()
    assert (old.is_current, new.is_current, new.supersedes, new.severity) == (False, True, old, "crit")
    assert ask("SELECT inspections_run_sha256_v1(%s)", run.pk) == before == run.record_sha256
    assert new.findings_opened.exists()
    assert refused("DELETE FROM inspections_amendment WHERE id = %s", new.amendment_id)
    assert refused("UPDATE inspections_amendment SET reason = 'x' WHERE id = %s", new.amendment_id)


REVIEW = """
INSERT INTO inspections_signature
    (row_version, run_id, role, by_id, method, comment, signed_at, record_sha256)
VALUES (1, %s, 'reviewer', %s, 'session', '', now(), '')
"""


def test_whoever_took_part_cannot_sign_not_even_a_superuser():
    run, root = make_run(), make_user(is_superuser=True)
    answer = make_answer("20", target=run.targets.get(), by=root)
    submit_run(answer.target.run, by=make_user("engineer"))
    assert refused(REVIEW, run.pk, root.pk)
    assert refused("UPDATE inspections_inspectionrun SET state = 'signed' WHERE id = %s", run.pk)
    assert not refused(REVIEW, run.pk, make_user("reviewer").pk)


def test_a_former_answer_counts_as_taking_part():
    run, first = make_run(), make_user("engineer")
    target = run.targets.get()
    make_answer("20", target=target, by=first)
    second = make_answer("21", target=target)
    submit_run(run, by=second.answered_by)
    assert refused(REVIEW, run.pk, first.pk)


def test_no_submission_with_gaps_by_raw_sql_either():
    run = make_run(items=[{"key": "a", "kind": "number", "warn_high": 5}, {"key": "b", "kind": "text"}])
    target, (first, second) = run.targets.get(), run.version.items.order_by("key")
    user = make_user("engineer")
    submit = """
        UPDATE inspections_inspectionrun SET state = 'submitted', submitted_by_id = started_by_id,
            completed_at = now() WHERE id = %s
    """
    record_answers(run, [AnswerInput(target.pk, first.pk, "9")], by=user)
    assert refused(submit, run.pk)  # b is not answered, a has no comment
    record_answers(run, [AnswerInput(target.pk, second.pk, "fine")], by=user)
    assert refused(submit, run.pk)
    record_answers(run, [AnswerInput(target.pk, first.pk, "9", comment="why")], by=user)
    assert not refused(submit, run.pk)


def test_the_hash_is_computed_by_postgresql():
    run = make_signature().run
    forged = InspectionRun.objects.get(pk=run.pk)
    assert forged.record_sha256 == ask("SELECT inspections_run_sha256_v1(%s)", run.pk)
    assert refused(
        "UPDATE inspections_inspectionrun SET record_sha256 = repeat('0', 64) WHERE id = %s", run.pk
    )


FORGED_EVENT = """
INSERT INTO inspections_findingevent (row_version, finding_id, source_state, target_state, comment, at)
VALUES (1, %s, 'open', 'verified', '', now())
"""
SECOND_FINDING = """
INSERT INTO inspections_finding (row_version, number, label, label_zh, ci_id, item_key, severity, state,
    state_comment, first_answer_id, last_answer_id, count, opened_at, response_due_at, due_at)
SELECT 1, '', label, '', ci_id, item_key, severity, 'open', '', first_answer_id, last_answer_id, 1, opened_at,
    response_due_at, due_at FROM inspections_finding WHERE id = %s
"""


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_finding SET state = 'verified', verified_answer_id = 1 WHERE id = %s",
        "UPDATE inspections_finding SET count = 0 WHERE id = %s",
        "UPDATE inspections_finding SET ci_id = ci_id, item_key = 'other' WHERE id = %s",
        "UPDATE inspections_finding SET opened_at = now() - interval '1 year' WHERE id = %s",
        "UPDATE inspections_finding SET state = 'fixed', state_comment = '' WHERE id = %s",
        "DELETE FROM inspections_finding WHERE id = %s",
        "DELETE FROM inspections_findingevent WHERE finding_id = %s",
        "UPDATE inspections_findingevent SET comment = 'x' WHERE finding_id = %s",
        FORGED_EVENT,
        SECOND_FINDING,
    ],
)  # fmt: skip
def test_a_finding_moves_by_its_steps_only_and_once_per_item(sql):
    assert refused(sql, make_finding().pk)


def test_shadowing_a_table_diverts_no_guard():
    version = make_plan().template.versions.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE inspections_templateversion AS"
            " SELECT id, 'draft'::text AS state FROM public.inspections_templateversion"
        )
    attack = "UPDATE public.inspections_templateitem SET crit_high = 1000 WHERE version_id = %s"
    assert refused(attack, version.pk)


def test_who_started_a_run_is_not_rewritten_so_that_they_could_review_it():
    run = make_signature().run
    assert refused(
        "UPDATE inspections_inspectionrun SET started_by_id = %s WHERE id = %s", make_user().pk, run.pk
    )
    assert refused("UPDATE inspections_inspectionrun SET started_by_id = NULL WHERE id = %s", run.pk)


def test_a_trigger_on_a_temporary_table_writes_no_event_of_a_finding():
    """The depth of triggers can be had by anybody; the owner's name cannot."""
    finding = make_finding()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE lure (x int)")
        cursor.execute(
            f"""CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO public.inspections_findingevent
                  (row_version, finding_id, source_state, target_state, comment, at)
                VALUES (1, {finding.pk}, 'open', 'fixed', 'forged', now()); RETURN NEW; END $$"""
        )
        cursor.execute(
            "CREATE TRIGGER forge BEFORE INSERT ON lure FOR EACH ROW EXECUTE FUNCTION pg_temp.forge()"
        )
    assert refused("INSERT INTO lure VALUES (1)")
    assert finding.events.count() == 1


def test_who_marked_a_target_does_not_review_the_run():
    """Nor who marked it first, when another marked it again."""
    run = make_run()
    first, last, inspector = (make_user(is_superuser=True) for _each in range(3))
    target = run.targets.get()
    start_run(run, by=inspector)
    unnamed = "UPDATE inspections_runtarget SET result = 'unreachable', reason = 'x' WHERE run_id = %s"
    assert refused(unnamed, run.pk)
    mark_target(target, by=first, result="unreachable", reason="no power")
    mark_target(target, by=last, result="not_present", reason="taken away")
    assert refused("UPDATE inspections_runtarget SET marked_by_id = NULL WHERE run_id = %s", run.pk)
    submit_run(run, by=inspector)
    run.refresh_from_db()
    for marker in (first, last):
        with pytest.raises(Refused) as refusal:
            sign_run(run, by=marker)
        assert {each.code for each in refusal.value.refusals} == {"took_part"}
        assert refused(SIGN, run.pk, marker.pk)
    assert not refused(SIGN, run.pk, make_user().pk)


SIGN = """
INSERT INTO inspections_signature
    (row_version, run_id, role, by_id, method, comment, signed_at, record_sha256)
VALUES (1, %s, 'reviewer', %s, 'password', '', now(), '')"""
