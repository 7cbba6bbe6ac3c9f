from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.recorded.models import RecordedModel
from changes.models import ApprovalPolicy, Board, ChangeRequest, CriterionResult, PlanTask
from tests.changes.journey import draft, emergency, to_scheduled
from tests.factories import (
    MAKERS,
    make_change,
    make_criterion,
    make_criterion_result,
    make_item,
    make_standard_template,
    make_task,
    make_user,
)

OURS = [model for model in MAKERS if model._meta.app_label == "changes" and issubclass(model, RecordedModel)]


@pytest.mark.django_db
@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_row_has_words_and_a_history(model):
    row = MAKERS[model]()
    assert str(row)
    assert row.history.first().history_type in "+~"


def test_numbers_follow_each_other(db):
    first, second = make_change(), make_change()
    assert first.number.startswith("CHG-0")
    assert int(second.number[4:]) == int(first.number[4:]) + 1


def test_a_window_without_length_is_kept_and_overlaps_nothing(db):
    now = timezone.now()
    change = make_change(window=(now, now))
    assert change.window.isempty
    assert not ChangeRequest.objects.overlapping((now - timedelta(1), now + timedelta(1))).filter(
        pk=change.pk
    )


@pytest.mark.parametrize(
    ("comparison", "value", "passed"),
    [
        ("lt", 1, False),
        ("lt", 0, True),
        ("le", 1, True),
        ("eq", 1, True),
        ("eq", 2, False),
        ("ge", 1, True),
        ("ge", 0, False),
        ("gt", 1, False),
        ("gt", 2, True),
    ],
)
def test_postgresql_judges_a_value(db, comparison, value, passed):
    criterion = make_criterion(comparison=comparison, threshold=1)
    result = make_criterion_result(criterion=criterion, value=value, has_passed=not passed)
    assert CriterionResult.objects.get(pk=result.pk).has_passed is passed


def test_the_second_person_of_a_task_is_another_one(db):
    user = make_user()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_task(is_dual=True, done_by=user, second_by=user)
    assert not PlanTask.objects.exists()


def test_a_template_is_active_only_when_approved(db):
    row = make_standard_template(approved_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(is_active=True)


def test_a_fresh_installation_has_boards_and_a_policy(db):
    assert set(Board.objects.values_list("key", flat=True)) == {
        "peer",
        "tech_owner",
        "cab",
        "ecab",
        "executive",
    }
    high = ApprovalPolicy.objects.get(kind="normal", risk="high")
    assert list(high.steps.values_list("board__key", "relation", "need")) == [
        ("tech_owner", "", 1), (None, "ci_owners", 1), ("cab", "", 3),
    ]  # fmt: skip


def test_changes_are_found_by_what_a_person_has_to_do(cast):
    change = draft(cast)
    voting = emergency(cast, item=make_item(serial="B"), after={"serial": "C"})
    assert list(ChangeRequest.objects.waiting_for_vote_of(cast.emergency[0])) == [voting]
    assert not ChangeRequest.objects.waiting_for_vote_of(cast.peer)
    assert set(ChangeRequest.objects.involving(cast.implementer)) == {change, voting}
    to_scheduled(cast, change)
    assert set(ChangeRequest.objects.under_way()) == {change}
    assert not ChangeRequest.objects.to_expire()
