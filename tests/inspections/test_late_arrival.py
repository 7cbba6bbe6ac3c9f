"""A round that was made in time counts, although it arrives after the run was counted as missed."""

from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from inspections.actions import advance_runs, submit_run
from inspections.guards import Refused
from inspections.models import InspectionRun
from tests.factories import make_run, make_sync_op, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def missed(owner_sql):
    """A run of three hours ago that expired an hour ago, and that nobody handed in."""

    def make(hours=1):
        run = make_run()
        # Deadlines are fixed: only the owner of the tables can turn the clock.
        owner_sql.execute("ALTER TABLE inspections_inspectionrun DISABLE TRIGGER inspections_20_guard")
        owner_sql.execute(
            "UPDATE inspections_inspectionrun SET created_at = now() - make_interval(hours => %s),"
            " opens_at = now() - make_interval(hours => %s), due_at = now() - make_interval(hours => %s),"
            " expires_at = now() - make_interval(hours => %s) WHERE id = %s",
            [hours + 2, hours + 2, hours, hours, run.pk],
        )
        owner_sql.execute("ALTER TABLE inspections_inspectionrun ENABLE TRIGGER inspections_20_guard")
        assert advance_runs()[1] == 1
        return InspectionRun.objects.get(pk=run.pk)

    return make


def ago(hours):
    return timezone.now() - timedelta(hours=hours)


def test_what_was_done_in_time_takes_the_run_back_and_is_handed_in(missed):
    run, by = missed(), make_user("engineer")
    sent = make_sync_op("answer", by=by, target=run.targets.get(), made_at=ago(1.5))
    assert sent.status == 201, sent.response
    assert sent.response["run"]["state"] == "in_progress"
    run.refresh_from_db()
    assert run.arrived_late_at
    assert run.started_by == by
    assert run.started_at < run.expires_at
    assert advance_runs()[1] == 0, "it has a day to be handed in"
    sent = make_sync_op("submit", by=by, target=run.targets.get(), made_at=ago(1.2))
    assert sent.status == 201, sent.response
    run.refresh_from_db()
    assert (run.state, run.is_late) == ("submitted", False)


def test_what_was_done_too_late_changes_nothing(missed):
    run = missed()
    sent = make_sync_op("answer", target=run.targets.get(), made_at=ago(0.5))
    assert (sent.status, sent.response["run"]["state"]) == (409, "missed")
    run.refresh_from_db()
    assert (run.state, run.arrived_late_at) == ("missed", None)


def test_a_run_that_came_back_is_not_finished_with_later_answers(missed):
    run, by = missed(), make_user("engineer")
    target = run.targets.get()
    first = make_sync_op("answer", by=by, target=target, made_at=ago(1.5))
    known = first.response["answer"]["id"]
    sent = make_sync_op("answer", by=by, target=target, made_at=ago(0.2), value="30", expects=known)
    assert sent.status == 201
    sent = make_sync_op("submit", by=by, target=target, made_at=ago(1.2))
    assert (sent.status, sent.response["run"]["state"]) == (409, "in_progress")
    run.refresh_from_db()
    assert advance_runs(now=timezone.now() + timedelta(days=2))[1] == 1
    run.refresh_from_db()
    assert run.state == "missed"


def test_after_a_week_it_stays_missed(missed):
    run = missed(hours=24 * 8)
    sent = make_sync_op("answer", target=run.targets.get(), made_at=ago(24 * 8 + 1))
    assert (sent.status, sent.response["run"]["state"]) == (409, "missed")


def test_nobody_takes_a_missed_run_back_by_hand(missed, app_sql):
    run, by = missed(), make_user("engineer")
    with pytest.raises(psycopg.Error, match="nothing has arrived that was done in time"):
        app_sql.execute(
            "UPDATE inspections_inspectionrun SET state = 'in_progress', started_by_id = %s,"
            " arrived_late_at = now() WHERE id = %s",
            [by.pk, run.pk],
        )
    old = missed(hours=24 * 8)
    with pytest.raises(psycopg.Error, match="missed more than a week ago"):
        app_sql.execute(
            "UPDATE inspections_inspectionrun SET state = 'in_progress', started_by_id = %s WHERE id = %s",
            [by.pk, old.pk],
        )
    with pytest.raises(Refused):
        submit_run(run, by=by)
