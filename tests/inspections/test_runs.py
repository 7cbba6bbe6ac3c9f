"""A run from start to signature, by its actions."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import SecurityEvent
from inspections.actions import (
    AnswerInput,
    advance_runs,
    cancel_run,
    generate_runs,
    record_answers,
    sign_run,
    start_run,
    submit_run,
)
from inspections.guards import Refused
from inspections.models import Answer, InspectionRun
from tests.factories import make_answer, make_item, make_plan, make_run, make_user

pytestmark = pytest.mark.django_db


def codes(refused):
    return {refusal.code for refusal in refused.value.refusals}


def test_answers_start_the_run_and_supersede_each_other():
    target, user = make_run().targets.get(), make_user("engineer")
    first = make_answer("20", target=target, by=user)
    second = make_answer("30", target=target, by=user)
    first.refresh_from_db()
    assert (first.is_current, second.supersedes) == (False, first)
    same = make_answer("30.0", target=target, by=user)
    assert same == second
    assert Answer.objects.count() == 2


def test_a_page_of_answers_takes_the_same_statements_as_one():
    items = [{"key": f"k{n}", "kind": "number"} for n in range(40)]
    user = make_user("engineer")

    def statements(count, value):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            entries = [AnswerInput(target.pk, item.pk, value) for item in all_items[:count]]
            assert all(result.answer for result in record_answers(run, entries, by=user))
        return len(captured)

    run = make_run(items=items)
    target, all_items = run.targets.get(), list(run.version.items.all())
    statements(1, "1")
    one, many = statements(1, "2"), statements(40, "3")
    assert many <= one <= 16


def test_good_answers_are_kept_when_others_are_bad():
    run = make_run(items=[{"key": "a", "kind": "number"}, {"key": "b", "kind": "number"}])
    target, (a, b) = run.targets.get(), run.version.items.order_by("key")
    other = make_run().targets.get()
    results = record_answers(
        run,
        [
            AnswerInput(target.pk, a.pk, "5"), AnswerInput(target.pk, a.pk, "6"),
            AnswerInput(target.pk, b.pk, "x"), AnswerInput(other.pk, b.pk, "5"),
            AnswerInput(target.pk, b.pk, is_na=True),
        ],
        by=make_user("engineer"),
    )  # fmt: skip
    assert [result.code for result in results] == ["", "twice", "number", "unknown", "na"]
    assert Answer.objects.get().value_number == 5


def test_a_key_counts_once_and_for_one_body():
    run, user, op = make_run(), make_user("engineer"), uuid.uuid4()
    target, item = run.targets.get(), run.version.items.get()
    entry = AnswerInput(target.pk, item.pk, "20", op=op)
    first, again = (record_answers(run, [entry], by=user)[0] for _each in range(2))
    assert first.answer == again.answer
    assert again.replayed
    changed = AnswerInput(target.pk, item.pk, "21", op=op)
    assert record_answers(run, [changed], by=user)[0].code == "key_reused"


def test_an_answer_whose_response_was_lost_is_answered_again_after_submission():
    run, user, op = make_run(), make_user("engineer"), uuid.uuid4()
    target, item = run.targets.get(), run.version.items.get()
    entry = AnswerInput(target.pk, item.pk, "20", op=op)
    (lost,) = record_answers(run, [entry], by=user)
    submit_run(run, by=user)
    (again,) = record_answers(run, [entry], by=user)
    assert (again.answer, again.replayed, again.code) == (lost.answer, True, "")
    run.refresh_from_db()
    assert (run.state, Answer.objects.count(), Answer.objects.get().row_version) == ("submitted", 1, 1)
    changed = AnswerInput(target.pk, item.pk, "21", op=op)
    for more in ([changed], [entry, AnswerInput(target.pk, item.pk, "21")]):
        with pytest.raises(Refused):
            record_answers(run, more, by=user)
    with pytest.raises(Refused):
        record_answers(make_run(), [entry], by=make_user("reviewer"))
    with pytest.raises(Refused):
        record_answers(run, [entry], by=make_user())


def test_only_the_right_people_answer_and_only_while_it_runs():
    run = make_run()
    for user in (make_user(), make_user("reviewer"), make_user("auditor")):
        with pytest.raises(Refused) as refused:
            start_run(run, by=user)
        assert codes(refused) == {"right"}
    plan = make_plan()
    generate_runs(until=timezone.now() + timedelta(days=2))
    with pytest.raises(Refused) as refused:
        start_run(plan.runs.order_by("slot_at").last(), by=make_user("engineer"))
    assert codes(refused) == {"not_open"}


def test_a_refusal_names_every_reason_and_is_recorded():
    run = make_run(items=[{"key": "a"}, {"key": "b"}])
    user = make_user("engineer")
    start_run(run, by=user)
    with pytest.raises(Refused) as refused:
        submit_run(run, by=user)
    assert [refusal.code for refusal in refused.value.refusals] == ["unanswered", "unanswered"]
    event = SecurityEvent.objects.filter(kind="refusal", actor_id=user.pk).latest("pk")
    assert event.target == run.number


def test_lateness_is_that_of_the_device_and_of_the_first_submission():
    target = make_run().targets.get()
    seen = min(target.run.due_at, timezone.now()) - timedelta(minutes=1)
    answer = make_answer("20", target=target, observed_at=seen)
    run, user = answer.target.run, answer.answered_by
    early = submit_run(run, by=user, completed_at=seen)
    assert not early.is_late
    late = make_answer("20")
    run = late.target.run
    if run.due_at < timezone.now():  # due an hour after midnight
        assert submit_run(run, by=late.answered_by).is_late
    assert early.submitted_at > early.completed_at


def test_an_expired_run_is_missed_and_takes_no_submission():
    plan = make_plan(opens_minutes=0, due_minutes=1, expires_minutes=2)
    generate_runs(until=timezone.now(), now=timezone.now() - timedelta(days=1))
    run = plan.runs.get()
    answer = make_answer("20", target=make_open(run).targets.get())
    if run.expires_at < timezone.now():
        with pytest.raises(IntegrityError):
            submit_run(run, by=answer.answered_by)


def make_open(run):
    advance_runs(now=run.opens_at)
    run.refresh_from_db()
    return run


def test_missed_is_a_record_and_the_board_moves_on():
    run = make_run()
    assert advance_runs(now=run.expires_at - timedelta(seconds=1)) == (0, 0)
    with pytest.raises(IntegrityError):  # PostgreSQL asks its own clock
        advance_runs(now=run.expires_at)


def test_without_sign_off_a_submitted_run_is_signed_by_the_inspector():
    answer = make_answer("20", target=make_run(signoff="none").targets.get())
    run = submit_run(answer.target.run, by=answer.answered_by)
    assert run.state == "signed"
    assert run.signatures.get().role == "inspector"


def test_signing_again_or_by_the_wrong_person_is_refused():
    answer = make_answer("20")
    run = submit_run(answer.target.run, by=answer.answered_by)
    both = make_user("reviewer", is_superuser=True)
    for user, expected in ((answer.answered_by, {"right", "took_part"}), (make_user("engineer"), {"right"})):
        with pytest.raises(Refused) as refused:
            sign_run(run, by=user)
        assert codes(refused) == expected
    assert sign_run(run, by=both).state == "signed"
    with pytest.raises(Refused) as refused:
        sign_run(run, by=make_user("reviewer"))
    assert codes(refused) == {"state"}


def test_cancelling_needs_a_manager_and_a_reason():
    run = make_run()
    with pytest.raises(Refused) as refused:
        cancel_run(run, by=make_user("engineer"), reason=" ")
    assert codes(refused) == {"right", "comment"}
    assert cancel_run(run, by=make_user("reviewer"), reason="site closed").state == "cancelled"
    assert InspectionRun.objects.filter(pk=run.pk).exists()


def test_history_names_who_answered_and_why():
    user = make_user("engineer")
    answer = make_answer("20", target=make_run(cis=[make_item()]).targets.get(), by=user)
    assert answer.history.latest().history_user == user
