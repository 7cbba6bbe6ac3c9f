"""A process that is killed in the middle of a stage leaves nothing or all of it, and the page says which."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from time import perf_counter
from urllib.parse import quote

import pytest
from django.db import connection
from django.urls import reverse

from changes.actions import apply_stage, roll_back, take_step
from changes.models import ChangeItem, ChangeRequest, PlannedOperation
from cmdb.models import ConfigurationItem
from tests.changes.journey import Cast, draft, to_implementing
from tests.changes.test_at_once import ROOT
from tests.factories import make_item

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MANY = 500
# Seconds after which the process is killed: somewhere in the middle, and late enough for all of it.
MOMENTS = [0.05, *(random.uniform(0.1, 1.2) for _ in range(4)), 8]


def worker():
    """A process of its own on the database of the test, ready for deeds."""
    s = connection.settings_dict
    host = s["HOST"] or s["OPTIONS"].get("host", "")
    login = quote(s["USER"]) + (f":{quote(s['PASSWORD'])}" if s["PASSWORD"] else "")
    url = f"postgres://{login}@/{s['NAME']}?host={quote(host, safe='')}" + (
        f"&port={s['PORT']}" if s["PORT"] else ""
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.changes.at_once"],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def of_many(cast):
    """A change under way with five hundred operations in its stage."""
    items = [make_item(description="before", serial=f"S-{n}-{random.random()}") for n in range(MANY)]
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


def settled(process, timeout=30):
    """PostgreSQL has noticed that the client is gone: no lock of it is left."""
    process.wait(timeout=timeout)
    process.stdin.close()
    process.stdout.close()
    end = perf_counter() + timeout
    query = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relname = 'changes_planstage' AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"  # noqa: E501
    while perf_counter() < end:
        with connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.05)
    pytest.fail("PostgreSQL still works on the stage of a client that is gone")


def test_kill_minus_nine_leaves_nothing_or_all_of_a_stage(client):
    cast = Cast()
    change, stage = of_many(cast)
    before = image()
    client.force_login(cast.implementer)
    page = reverse("changes:work", args=[change.number])
    seen = []
    for n in range(len(MOMENTS)):
        process = worker()
        process.stdin.write(json.dumps(["apply", cast.implementer.pk, stage.pk]) + "\n")
        process.stdin.flush()
        time.sleep(MOMENTS[n])
        os.kill(process.pid, signal.SIGKILL)
        settled(process)
        applied = change.operations.filter(applied_at__isnull=False).count()
        written = ConfigurationItem.objects.filter(description="after").count()
        stage.refresh_from_db()
        shown = client.get(page).content.decode()
        seen.append(applied)
        assert (applied, written) in ((0, 0), (MANY + 1, MANY)), (applied, written)
        if applied:
            assert stage.applied_at is not None
            assert "applied at" in shown
            break
        assert n + 1 < len(MOMENTS), "eight seconds are enough for all of it"
        assert stage.applied_at is None
        assert "nothing applied" in shown
        assert image() == before
    print("applied after each kill:", seen)


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
