"""A finding from the bad answer to the good one of somebody else."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from inspections.actions import (
    AnswerInput,
    accept_risk,
    acknowledge_finding,
    generate_runs,
    mark_duplicate,
    mark_fixed,
    record_answers,
    reopen_expired_risks,
    start_fix,
    submit_run,
)
from inspections.guards import Refused
from inspections.models import Answer, Finding
from tests.factories import make_finding, make_item, make_plan, make_user

pytestmark = pytest.mark.django_db


def inspect(plan, day, value, user):
    """That day's run of the plan is submitted with this value."""
    until = timezone.now() + timedelta(days=day)
    generate_runs(until=until, now=until)
    run = plan.runs.order_by("slot_at").last()
    target, item = run.targets.get(), run.version.items.get()
    record_answers(run, [AnswerInput(target.pk, item.pk, value, comment="seen")], by=user)
    return submit_run(run, by=user)


@pytest.fixture
def plan():
    return make_plan(starts_on=timezone.localdate())


def test_a_bad_answer_opens_one_finding_and_repeats_count(plan):
    user = make_user("engineer")
    inspect(plan, 0, "90", user)
    finding = Finding.objects.get()
    assert (finding.severity, finding.count, finding.state) == ("warn", 1, "open")
    assert finding.number == f"FD-{finding.pk:06}"
    assert finding.response_due_at - finding.opened_at == timedelta(hours=24)
    inspect(plan, 1, "96", user)
    finding = Finding.objects.get()
    assert (finding.severity, finding.count) == ("crit", 2)
    assert [event.target_state for event in finding.events.all()] == ["open", "open"]


def test_critical_is_to_be_answered_within_two_hours():
    finding = make_finding()
    assert finding.response_due_at - finding.opened_at == timedelta(hours=2)


def test_only_a_later_good_answer_of_somebody_else_verifies(plan):
    fixer, other = make_user("engineer"), make_user("engineer")
    inspect(plan, 0, "96", other)
    finding = acknowledge_finding(Finding.objects.get(), by=fixer)
    finding = mark_fixed(start_fix(finding, by=fixer), by=fixer, comment="cleaned up")
    inspect(plan, 1, "20", fixer)
    finding.refresh_from_db()
    assert finding.state == "fixed"  # nobody verifies their own fix
    inspect(plan, 2, "20", other)
    finding.refresh_from_db()
    assert (finding.state, finding.verified_answer.answered_by) == ("verified", other)
    states = [event.target_state for event in finding.events.all()]
    assert states == ["open", "acknowledged", "fixing", "fixed", "verified"]
    inspect(plan, 3, "96", other)
    assert Finding.objects.count() == 2  # closed is closed; the next bad answer is a new one


def test_a_good_answer_alone_closes_nothing(plan):
    user = make_user("engineer")
    inspect(plan, 0, "96", user)
    inspect(plan, 1, "20", make_user("engineer"))
    assert Finding.objects.get().state == "open"


def test_a_failed_re_check_reopens(plan):
    fixer, other = make_user("engineer"), make_user("engineer")
    inspect(plan, 0, "96", other)
    mark_fixed(Finding.objects.get(), by=fixer, comment="cleaned up")
    inspect(plan, 1, "97", other)
    finding = Finding.objects.get()
    assert (finding.state, finding.count, finding.state_by) == ("open", 2, other)


def test_accepted_risk_needs_a_reviewer_and_expires():
    finding, reviewer = make_finding(), make_user("reviewer")
    today = timezone.localdate()
    finding = acknowledge_finding(finding, by=make_user("engineer"))
    with pytest.raises(Refused):
        accept_risk(finding, by=make_user("engineer"), until=today, comment="small")
    with pytest.raises(Refused):
        accept_risk(finding, by=reviewer, until=today, comment=" ")
    accept_risk(finding, by=reviewer, until=today, comment="replaced next month")
    assert reopen_expired_risks(on=today) == 0
    assert reopen_expired_risks(on=today + timedelta(days=1)) == 1
    finding.refresh_from_db()
    assert finding.state == "open"


def test_a_duplicate_names_the_other_one():
    first, second = make_finding(), make_finding()
    with pytest.raises(Refused):
        mark_duplicate(first, by=make_user(), of=second, comment="same")
    assert mark_duplicate(first, by=make_user("engineer"), of=second, comment="same").is_closed


def test_items_without_a_finding_rule_open_none():
    items = [{"key": "k", "kind": "number", "warn_high": 1, "finding": "none"}]
    inspect(make_plan(items=items, starts_on=timezone.localdate()), 0, "5", make_user("engineer"))
    assert not Finding.objects.exists()


def test_two_plans_on_one_ci_share_the_finding():
    item, user = make_item(), make_user("engineer")
    for _each in range(2):
        inspect(make_plan(cis=[item], starts_on=timezone.localdate()), 0, "96", user)
    assert Finding.objects.get().count == 2


VERIFY = "UPDATE inspections_finding SET state = 'verified', verified_answer_id = %s WHERE id = %s"


def test_postgresql_verifies_by_a_later_good_answer_of_somebody_else_only(plan):
    fixer, other = make_user("engineer"), make_user("engineer")
    bad = inspect(plan, 0, "96", other)
    finding = mark_fixed(Finding.objects.get(), by=fixer, comment="cleaned up")
    own = inspect(plan, 1, "20", fixer)
    good = record_good_answer(plan, other)
    elsewhere = inspect(make_plan(starts_on=timezone.localdate()), 0, "20", other)
    for run in (bad, own, elsewhere):
        answer = Answer.objects.get(target__run=run)
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(VERIFY, [answer.pk, finding.pk])
    with connection.cursor() as cursor:
        cursor.execute(VERIFY, [good.pk, finding.pk])
    finding.refresh_from_db()
    assert finding.is_closed
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(count=9)


def record_good_answer(plan, user):
    """A good answer in a run that is not handed in, so that nothing has verified anything yet."""
    until = timezone.now() + timedelta(days=2)
    generate_runs(until=until, now=until)
    run = plan.runs.order_by("slot_at").last()
    entry = AnswerInput(run.targets.get().pk, run.version.items.get().pk, "20")
    return record_answers(run, [entry], by=user)[0].answer
