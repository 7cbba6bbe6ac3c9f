"""The five numbers: every run counts in one, the rate leaves out what counts against nobody."""

from decimal import Decimal

import pytest

from inspections.actions import cancel_run, record_answers, sign_run, submit_run
from inspections.actions.answers import AnswerInput
from inspections.kpi import Punctuality, punctuality, punctuality_by
from inspections.models import InspectionRun
from tests.factories import make_run, make_user

pytestmark = pytest.mark.django_db


def signed(**over):
    run, engineer = make_run(**over), make_user("engineer")
    entry = AnswerInput(run.targets.get().pk, run.version.items.get().pk, "20")
    record_answers(run, [entry], by=engineer)
    return sign_run(submit_run(run, by=engineer), by=make_user("reviewer"))


def submitted(**over):
    run, engineer = make_run(**over), make_user("engineer")
    entry = AnswerInput(run.targets.get().pk, run.version.items.get().pk, "20")
    record_answers(run, [entry], by=engineer)
    return submit_run(run, by=engineer)


PAST_DUE = {"opens_minutes": -60, "due_minutes": -30}
NOT_YET = {"due_minutes": 1440}


def test_each_way_to_end_has_its_number():
    signed(**NOT_YET)
    assert signed(**PAST_DUE).is_late
    make_run(**PAST_DUE, expires_minutes=-29)
    cancel_run(make_run(**NOT_YET), by=make_user("reviewer"), reason="room closed")
    make_run(**PAST_DUE)  # overdue and still open
    submitted(**PAST_DUE)  # handed in, unsigned
    make_run(**NOT_YET)
    runs = InspectionRun.objects.filter(plan__key__startswith="plan-")
    found = punctuality(runs)
    assert found == Punctuality(on_time=1, late=1, missed=1, cancelled=1, open=3, not_yet_due=1)
    assert found.due == 7 == runs.count()
    assert found.counted == 5
    assert found.rate == Decimal("20.0")


def test_nothing_due_has_no_rate():
    assert punctuality(InspectionRun.objects.none()).rate is None
    assert Punctuality(cancelled=3).rate is None
    assert Punctuality(on_time=2, late=1).rate == Decimal("66.7")


def test_numbers_by_plan_take_one_statement(django_assert_num_queries):
    one, two = signed(**NOT_YET), make_run(**PAST_DUE)
    with django_assert_num_queries(1):
        found = punctuality_by(InspectionRun.objects.all(), "plan")
    assert found[one.plan_id,].on_time == 1
    assert found[two.plan_id,].open == 1
