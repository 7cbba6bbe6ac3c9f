"""One of the many processes of test_at_once.py: reads a deed a line, does it, prints what came of it."""

import json
import os
import sys
from decimal import Decimal

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.db import connection

from accounts.models import User
from changes.actions import (
    Observation,
    StepRefused,
    apply_stage,
    cast_vote,
    record_observations,
    roll_back,
    take_step,
)
from changes.models import ApprovalRound, ChangeRequest, PlanStage

#: The advisory lock before which the processes of a crowd gather.
START = 20_202_020
DEEDS = {
    "vote": lambda by, pk: cast_vote(ApprovalRound.objects.get(pk=pk), by=by, choice="approve").choice,
    "start": lambda by, pk: take_step(ChangeRequest.objects.get(pk=pk), "start", by=by).target,
    "apply": lambda by, pk: apply_stage(PlanStage.objects.get(pk=pk), by=by),
    "rollback": lambda by, pk: (
        take_step(ChangeRequest.objects.get(pk=pk), "rollback", by=by, comment="It went wrong.").target
    ),
    "observe": lambda by, pk: len(
        record_observations(
            ChangeRequest.objects.get(pk=pk), [Observation(Decimal("0.5"), metric="Alarms")], by=by
        )
    ),
    "revert": lambda by, pk: roll_back(ChangeRequest.objects.get(pk=pk), by=by),
}


def answer(deed, person, pk):
    by = User.objects.get(pk=person)
    with connection.cursor() as cursor:  # until the test lets all of them go in one moment
        cursor.execute("SELECT pg_advisory_lock_shared(%s), pg_advisory_unlock_shared(%s)", [START, START])
    try:
        return {"done": DEEDS[deed](by, pk)}
    except StepRefused as refused:
        return {"refused": sorted(refusal.code for refusal in refused.refusals)}


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)
        connection.close()  # the next test gets a fresh copy of the database under the same name
