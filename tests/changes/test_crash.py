"""A process that is killed in the middle of a stage leaves nothing or all of it, and the page says which."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from time import perf_counter

import pytest
from django.db import connection
from django.urls import reverse

from changes.actions import apply_stage, roll_back, take_step
from changes.models import ChangeItem, ChangeRequest, PlannedOperation
from cmdb.models import ConfigurationItem
from tests.changes.journey import Cast, draft, to_implementing
from tests.changes.test_at_once import ROOT
from tests.factories import make_item
from tests.processes import environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MANY = 500
# Where a process is held and killed. All but the last lie in a transaction that is still open; the last lies
# in the commit itself, which PostgreSQL finishes although nobody is there any more to be told.
FIRST, MIDDLE, WRITTEN, COMMIT = MOMENTS = (9_000_001, 9_000_002, 9_000_003, 9_000_004)
# Each moment is a trigger that waits for an advisory lock which the test holds.
HOLD = """
CREATE FUNCTION hold_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(TG_ARGV[0]::bigint);
  RETURN NEW;
END $$;
CREATE TRIGGER zz_first BEFORE UPDATE ON cmdb_configurationitem
  FOR EACH STATEMENT EXECUTE FUNCTION hold_here(9000001);
CREATE TRIGGER zz_middle BEFORE UPDATE ON cmdb_configurationitem
  FOR EACH ROW WHEN (OLD.serial = 'MIDDLE') EXECUTE FUNCTION hold_here(9000002);
CREATE TRIGGER zz_written AFTER UPDATE ON changes_planstage
  FOR EACH ROW EXECUTE FUNCTION hold_here(9000003);
CREATE CONSTRAINT TRIGGER zz_commit AFTER UPDATE ON changes_planstage DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION hold_here(9000004);
"""
WAITING = (
    "SELECT a.pid, a.backend_xid IS NOT NULL FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND NOT l.granted AND l.objid = %s AND a.datname = current_database()"
)


@contextmanager
def worker():
    """A process of its own on the database of the test, ready for deeds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.changes.at_once"],
        cwd=ROOT, env=environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)
        process.stdin.close()
        process.stdout.close()


def of_many(cast):
    """A change under way with five hundred operations in its stage, and one more."""
    items = [make_item(description="before", serial=f"S-{n}-{random.random()}") for n in range(MANY)]
    ConfigurationItem.objects.filter(pk=items[MANY // 2].pk).update(serial="MIDDLE")
    change = draft(cast, item=make_item(serial="OLD"))
    stage = change.stages.get()
    ChangeItem.objects.bulk_create(ChangeItem(change=change, item=item) for item in items)
    PlannedOperation.objects.bulk_create(
        PlannedOperation(
            change=change, stage=stage, item=item, before={"description": "before"},
            after={"description": "after"},
        )
        for item in items
    )  # fmt: skip
    change.refresh_from_db()
    to_implementing(cast, change)
    return change, stage


def image():
    """Every configuration item as it stands, without its version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(string_agg((to_jsonb(ci) - 'row_version')::text, '|' ORDER BY id)) FROM"
            " cmdb_configurationitem ci"
        )
        return cursor.fetchone()[0]


def until(question, words):
    """The first answer of `question` that says something, asked every few milliseconds."""
    end = perf_counter() + 60
    while perf_counter() < end:
        if answer := question():
            return answer
        time.sleep(0.005)
    pytest.fail(words)


def killed_at(process, moment, deed, person, pk, owner_sql):
    """The process is killed while it waits at the moment; what its session did then has come to an end."""
    owner_sql.execute("SELECT pg_advisory_lock(%s)", [moment])
    process.stdin.write(json.dumps([deed, person.pk, pk]) + "\n")
    process.stdin.flush()
    session, has_written = until(
        lambda: owner_sql.execute(WAITING, [moment]).fetchone(), "the process never came to this moment"
    )
    assert has_written, "its transaction is open and has an id"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    owner_sql.execute("SELECT pg_advisory_unlock(%s)", [moment])
    gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
    until(lambda: owner_sql.execute(gone, [session]).fetchone()[0], "the session outlives its client")


def counts(change):
    """How many operations stand applied, how many items hold the planned value."""
    standing = change.operations.filter(applied_at__isnull=False, reverted_at=None)
    return standing.count(), ConfigurationItem.objects.filter(description="after").count()


NOTHING, ALL = (0, 0), (MANY + 1, MANY)


def test_kill_minus_nine_leaves_nothing_or_all_of_a_stage(client, owner_sql):
    cast = Cast()
    change, stage = of_many(cast)
    before = image()
    client.force_login(cast.implementer)
    page = reverse("changes:work", args=[change.number])
    owner_sql.execute(HOLD)
    for moment in MOMENTS:
        with worker() as process:
            assert process.stdout.readline() == "ready\n"
            killed_at(process, moment, "apply", cast.implementer, stage.pk, owner_sql)
        shown = client.get(page).content.decode()
        stage.refresh_from_db()
        if moment == COMMIT:
            assert (counts(change), stage.applied_at is not None) == (ALL, True)
            assert "applied at" in shown
            assert "nothing applied" not in shown
        else:
            assert (counts(change), stage.applied_at, image()) == (NOTHING, None, before), moment
            assert "nothing applied" in shown
            assert "applied at" not in shown


def test_kill_minus_nine_takes_back_nothing_or_all(client, owner_sql):
    cast = Cast()
    change, stage = of_many(cast)
    before = image()
    apply_stage(stage, by=cast.implementer)
    applied = image()
    take_step(change, "rollback", by=cast.implementer, comment="back")
    client.force_login(cast.implementer)
    page = reverse("changes:work", args=[change.number])
    owner_sql.execute(HOLD)
    for moment in (MIDDLE, WRITTEN, None):
        with worker() as process:
            assert process.stdout.readline() == "ready\n"
            if moment:
                killed_at(process, moment, "revert", cast.implementer, change.pk, owner_sql)
            else:  # killed right after it told of the commit
                process.stdin.write(json.dumps(["revert", cast.implementer.pk, change.pk]) + "\n")
                process.stdin.flush()
                assert json.loads(process.stdout.readline()) == {"done": MANY + 1}
        shown = client.get(page).content.decode()
        if moment:
            assert (counts(change), image()) == (ALL, applied), moment
            assert "applied at" in shown
            assert "taken back at" not in shown
        else:
            assert (counts(change), image()) == (NOTHING, before)
            assert "taken back at" in shown


def test_five_hundred_there_and_back_are_byte_identical_and_quick():
    cast = Cast()
    change, stage = of_many(cast)
    before = image()
    begun = perf_counter()
    assert apply_stage(stage, by=cast.implementer) == MANY + 1
    there = perf_counter() - begun
    assert image() != before
    take_step(change, "rollback", by=cast.implementer, comment="back")
    begun = perf_counter()
    assert roll_back(ChangeRequest.objects.get(pk=change.pk), by=cast.implementer) == MANY + 1
    back = perf_counter() - begun
    assert image() == before
    print(f"{MANY} operations: applied in {there * 1000:.0f} ms, taken back in {back * 1000:.0f} ms")
    assert max(there, back) < 10
