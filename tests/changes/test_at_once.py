"""Twenty processes press the same button in the same moment: one of them did it, and no vote is lost."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from accounts.models import Notice
from changes.models import ChangeEvent, ChangeRequest, PolicyStep, Vote
from tests.changes.at_once import START
from tests.changes.journey import (
    Cast,
    do_the_work,
    draft,
    emergency,
    to_approving,
    to_implementing,
    to_scheduled,
)
from tests.factories import make_item, make_seat, make_user, make_vote
from tests.processes import environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
CROWD = 20
RAW_APPROVAL = """INSERT INTO changes_changeevent (row_version, change_id, seq, event, kind, source, target,
                      comment, outcome, data, guard_results, plan_hash, actor_id)
                  VALUES (1, %s, 0, 'approve', '', '', '', '', '', '{}', '{}', '', %s)"""


@pytest.fixture(scope="module")
def crowd(django_db_setup):
    """Processes with connections of their own to the database of the tests, waiting for deeds."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.changes.at_once"],
            cwd=ROOT, env=environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(CROWD)
    ]  # fmt: skip
    try:
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        yield workers
    finally:
        for worker in workers:
            worker.stdin.close()
            worker.wait(timeout=30)
            worker.stdout.close()


def all_at_once(crowd, deed, people, pk):
    """What each process answered to the deed, done by each of `people` in turn, when all stood ready."""
    waiting = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [START])
        for n, worker in enumerate(crowd):
            worker.stdin.write(json.dumps([deed, people[n % len(people)].pk, pk]) + "\n")
            worker.stdin.flush()
        for _ in range(6_000):
            cursor.execute(waiting, [START])
            if cursor.fetchone()[0] == len(crowd):
                break
            time.sleep(0.01)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [START])
    return [json.loads(worker.stdout.readline()) for worker in crowd]


def done(answers):
    return [answer["done"] for answer in answers if "done" in answer]


def moves(change):
    return list(ChangeEvent.objects.filter(change=change).order_by("seq").values_list("event", flat=True))


def test_twenty_votes_at_quorum_make_one_transition_and_none_is_lost(crowd):
    cast = Cast()
    members = [*cast.emergency, *(make_seat("ecab").user for _ in range(CROWD - len(cast.emergency)))]
    PolicyStep.objects.filter(policy__kind="emergency").update(need=12, quorum=12)
    change = emergency(cast)
    answers = all_at_once(crowd, "vote", members, change.rounds.get().pk)
    change.refresh_from_db()
    assert change.state == "implementing"
    assert moves(change) == ["submit", "approve"]
    # A vote that was answered is kept; whoever came after the close is told so and has none.
    assert Vote.objects.filter(round__change=change).count() == len(done(answers)) >= 12
    assert {tuple(a["refused"]) for a in answers if "refused" in a} <= {("round_closed",), ("not_voting",)}


def test_twenty_votes_below_quorum_are_all_kept(crowd):
    cast = Cast()
    members = [*cast.emergency, *(make_seat("ecab").user for _ in range(CROWD))][:CROWD]
    PolicyStep.objects.filter(policy__kind="emergency").update(need=CROWD + 1, quorum=CROWD + 1)
    change = emergency(cast)
    answers = all_at_once(crowd, "vote", members, change.rounds.get().pk)
    assert len(done(answers)) == CROWD, answers
    assert Vote.objects.filter(round__change=change).values("voter").distinct().count() == CROWD
    assert moves(change) == ["submit"]


def test_twenty_starts_applications_and_ways_back_are_one_each(crowd):
    cast, item = Cast(), make_item(serial="OLD")
    change = draft(cast, item=item)
    to_scheduled(cast, change)
    both = [cast.implementer, cast.second]

    assert done(all_at_once(crowd, "start", both, change.pk)) == ["implementing"]
    assert done(all_at_once(crowd, "apply", both, change.stages.get().pk)) == [1]
    item.refresh_from_db()
    assert (item.serial, item.row_version) == ("NEW", 2)

    assert done(all_at_once(crowd, "rollback", both, change.pk)) == ["rolling_back"]
    assert sum(done(all_at_once(crowd, "revert", both, change.pk))) == 1
    item.refresh_from_db()
    assert (item.serial, item.row_version) == ("OLD", 3)
    assert [event for event in moves(change) if event in ("start", "rollback")] == ["start", "rollback"]


def test_of_two_changes_on_one_item_approved_at_once_one_is_scheduled(crowd):
    cast, item = Cast(), make_item(serial="OLD")
    rivals = [draft(cast, item=item) for _ in range(2)]
    for change in rivals:
        to_approving(cast, change)
    for worker, change in zip(crowd, rivals, strict=False):
        worker.stdin.write(json.dumps(["vote", cast.owner.pk, change.rounds.get().pk]) + "\n")
    for worker in crowd[:2]:
        worker.stdin.flush()
    answers = [json.loads(worker.stdout.readline()) for worker in crowd[:2]]
    assert done(answers) == ["approve", "approve"], "both votes are kept"
    assert sorted(ChangeRequest.objects.values_list("state", flat=True)) == ["approving", "scheduled"]


def test_of_two_raw_approvals_of_one_change_the_second_waits_and_finds_it_taken(app_sql):
    cast = Cast()
    change = draft(cast)
    to_approving(cast, change)
    make_vote(round=change.rounds.get())
    app_sql.autocommit = False
    app_sql.execute(RAW_APPROVAL, [change.pk, cast.manager.pk])
    refusals = []

    def second():
        try:
            ChangeEvent.objects.create(change=change, event="approve", actor=cast.manager)
        except IntegrityError as error:
            refusals.append(error.__cause__.diag.message_hint)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive(), "it waits for the first to commit"
    app_sql.commit()
    thread.join(20)
    assert refusals == ["no_such_step"]
    assert moves(change).count("approve") == 1


def test_of_two_raw_approvals_at_once_the_second_waits_and_is_refused(app_sql):
    cast, item = Cast(), make_item(serial="OLD")
    rivals = [draft(cast, item=item) for _ in range(2)]
    for change in rivals:
        to_approving(cast, change)
        make_vote(round=change.rounds.get())
    app_sql.autocommit = False
    app_sql.execute(RAW_APPROVAL, [rivals[0].pk, cast.manager.pk])
    refusals = []

    def second():
        try:
            ChangeEvent.objects.create(change=rivals[1], event="approve", actor=cast.manager)
        except IntegrityError as error:
            refusals.append(error.__cause__.diag.message_hint)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive(), "it waits for the first to commit"
    app_sql.commit()
    thread.join(20)
    assert refusals == ["double_booked"]
    assert sorted(ChangeRequest.objects.values_list("state", flat=True)) == ["approving", "scheduled"]


def test_twenty_bad_values_roll_back_once_and_each_person_is_called_once(crowd):
    cast, item = Cast(), make_item(serial="OLD")
    change = draft(cast, item=item)
    change.criteria.update(has_auto_rollback=True, has_auto_restore=True)
    to_implementing(cast, change)
    do_the_work(cast, change)
    programs = [make_user("integration") for _ in range(CROWD)]
    answers = all_at_once(crowd, "observe", programs, change.pk)
    assert len(done(answers)) >= 1
    assert {tuple(a["refused"]) for a in answers if "refused" in a} <= {("state",)}
    assert moves(change).count("auto_rollback") == 1
    item.refresh_from_db()
    assert (item.serial, item.row_version) == ("OLD", 3)
    told = Notice.objects.filter(kind="changes.breach", person=cast.manager)
    assert told.count() == 1
