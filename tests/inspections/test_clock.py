"""Whose clock counts: the device's, corrected by what it was off at sending; or the receipt."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from inspections.clock import corrected, is_doubted
from inspections.models import Answer, SyncOp
from tests.factories import make_run, make_user
from tests.inspections.test_sync import ITEMS, answer, body, send

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
MADE = NOW - timedelta(days=1)
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


@pytest.mark.parametrize("off", [timedelta(0), HOUR, -HOUR, YEAR, -YEAR, -56 * YEAR])
def test_a_clock_that_runs_evenly_is_put_right_however_wrong_it_is(off):
    """Done at 03:00 underground, sent at 07:00."""
    time = corrected(NOW - 4 * HOUR + off, NOW + off, NOW, not_before=MADE)
    assert time.observed_at == NOW - 4 * HOUR
    assert time.device_at == NOW - 4 * HOUR + off
    assert time.clock_skew_seconds == -off.total_seconds()
    assert not is_doubted(time.observed_at, time.device_at, time.clock_skew_seconds)


@pytest.mark.parametrize(
    ("made", "sent"),
    [
        (NOW - YEAR, NOW),  # set right between: a year ago the run did not exist
        (MADE - HOUR, NOW),
        (NOW + HOUR, NOW),  # done after it was sent
        (NOW, NOW - HOUR),
    ],
)
def test_what_cannot_be_true_counts_as_of_its_receipt_and_is_told(made, sent):
    time = corrected(made, sent, NOW, not_before=MADE)
    assert time.observed_at == NOW
    assert time.device_at == made
    assert is_doubted(time.observed_at, time.device_at, time.clock_skew_seconds)


def test_nothing_is_observed_after_its_receipt():
    time = corrected(NOW + timedelta(seconds=3), NOW, NOW, not_before=MADE)
    assert time.observed_at == NOW


def test_a_clock_that_is_wrong_by_lifetimes_is_refused():
    with pytest.raises(OverflowError):
        corrected(NOW - 70 * YEAR, NOW - 70 * YEAR, NOW, not_before=MADE)


@pytest.fixture
def engineer(client, db):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.fixture
def night(engineer, owner_rewrites):
    return owner_rewrites(make_run(items=ITEMS))


@pytest.fixture
def owner_rewrites(owner_sql):
    """Lets a run lie in the past, as only the owner of the tables can: made 6 h ago, due 3 h ago."""

    def rewrite(run):
        owner_sql.execute("ALTER TABLE inspections_inspectionrun DISABLE TRIGGER inspections_20_guard")
        owner_sql.execute(
            "UPDATE inspections_inspectionrun SET created_at = now() - interval '6 hours',"
            " opens_at = now() - interval '5 hours', due_at = now() - interval '3 hours',"
            " expires_at = now() + interval '3 hours' WHERE id = %s",
            [run.pk],
        )
        owner_sql.execute("ALTER TABLE inspections_inspectionrun ENABLE TRIGGER inspections_20_guard")
        run.refresh_from_db()
        return run

    return rewrite


def done_at(hours_ago, off=timedelta(0)):
    now = timezone.now()
    return {"made_at": (now - hours_ago * HOUR + off).isoformat(), "device_at": (now + off).isoformat()}


@pytest.mark.parametrize("off", [timedelta(0), YEAR, -YEAR])
def test_a_round_done_in_time_underground_is_in_time_when_it_is_sent_later(client, night, off):
    assert answer(client, night, "20", **done_at(4, off)).status_code == 201
    assert answer(client, night, "pass", key="lamp", **done_at(4, off)).status_code == 201
    assert send(client, body("submit", night, {"seen": 2}, **done_at(4, off))).status_code == 201
    night.refresh_from_db()
    assert (night.state, night.is_late) == ("submitted", False)
    assert abs(night.submitted_at - night.completed_at - 4 * HOUR) < timedelta(seconds=10)
    stored = Answer.objects.first()
    assert stored.arrived_later
    assert not stored.is_time_doubted
    assert abs(stored.received_at - stored.observed_at - 4 * HOUR) < timedelta(seconds=10)
    assert abs(stored.clock_skew_seconds + off.total_seconds()) <= 2


def test_a_clock_set_back_does_not_make_a_late_round_early(client, night):
    """The phone says that it was done before the run existed: it counts as of now, and is late."""
    answer(client, night, "20", **done_at(48))
    answer(client, night, "pass", key="lamp", **done_at(48))
    send(client, body("submit", night, {}, **done_at(48)))
    night.refresh_from_db()
    assert (night.state, night.is_late) == ("submitted", True)
    assert all(each.is_time_doubted for each in Answer.objects.all())


def test_a_clock_of_another_age_is_refused_in_words(client, engineer):
    run = make_run(items=ITEMS)
    sent = answer(client, run, "20", made_at="1950-01-01T00:00:00Z", device_at="1950-01-01T00:00:00Z")
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "clock")
    assert SyncOp.objects.get().clock_skew_seconds == 0
