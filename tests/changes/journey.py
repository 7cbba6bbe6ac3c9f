"""The people of a change, and the ways along which tests take it."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from accounts.step_up import Proof
from changes.actions import (
    add_criterion,
    add_operation,
    add_rollback_step,
    add_task,
    apply_stage,
    assign,
    cast_vote,
    complete_rollback_step,
    complete_task,
    create_change,
    record_criterion,
    record_test_run,
    roll_back,
    take_step,
)
from tests.factories import make_item, make_seat, make_user

LOW = {"novelty": "often", "rollback": "rehearsed", "reach": "nobody"}
MEDIUM = {"novelty": "before", "rollback": "planned", "reach": "nobody"}
HIGH = {"novelty": "first_time", "rollback": "planned", "reach": "department"}
ASSESSED = {"impact_acknowledged": True}


def person(role):
    return make_user(role)


@dataclass
class Cast:
    """One person for each part, and the boards manned."""

    requester: User = field(default_factory=lambda: person("requester"))
    assessor: User = field(default_factory=lambda: person("engineer"))
    tester: User = field(default_factory=lambda: person("engineer"))
    implementer: User = field(default_factory=lambda: person("engineer"))
    second: User = field(default_factory=lambda: person("engineer"))
    verifier: User = field(default_factory=lambda: person("engineer"))
    manager: User = field(default_factory=lambda: person("change_manager"))
    oncall: User = field(default_factory=lambda: person("engineer"))
    peer: User = field(default_factory=lambda: person("board_member"))
    owner: User = field(default_factory=lambda: person("board_member"))
    board: list = field(default_factory=lambda: [person("board_member") for _ in range(3)])
    emergency: list = field(default_factory=lambda: [person("board_member") for _ in range(3)])

    def __post_init__(self):
        make_seat("peer", user=self.peer)
        make_seat("tech_owner", user=self.owner)
        for member in self.board:
            make_seat("cab", user=member)
        for member in self.emergency:
            make_seat("ecab", user=member)


def draft(cast, kind="normal", item=None, after=None, **fields):
    """A complete plan in draft: one operation, two tasks, a criterion, a way back, the people."""
    now = timezone.now()
    fields = {
        "reason": "The serial number on record is wrong.",
        "window": (now - timedelta(minutes=5), now + timedelta(hours=2)),
        "test_plan": "Read the label in staging.",
        "rollback_trigger": "Any alarm.",
        "rollback_minutes": 10,
        "rollback_owner": cast.requester,
    } | fields
    item = item or make_item(serial="OLD")
    change = create_change(
        by=cast.requester, title="Correct the serial number", kind=kind, items=[item], **fields
    )
    for role in ("assessor", "tester", "implementer", "verifier"):
        assign(change, getattr(cast, role), role, by=cast.requester)
    assign(change, cast.second, "implementer", by=cast.requester)
    add_operation(change, item, after or {"serial": "NEW"}, by=cast.requester)
    add_task(change, "Read the label", by=cast.requester)
    add_task(change, "Write it down together", by=cast.requester, is_dual=True)
    add_criterion(change, "Alarms", by=cast.requester, comparison="le", threshold=0)
    add_rollback_step(change, "Put the old number back", by=cast.requester)
    return change


def to_testing(cast, change, answers=MEDIUM):
    take_step(change, "submit", by=cast.requester)
    take_step(change, "assessed", by=cast.assessor, data=ASSESSED | {"risk_answers": answers})


def to_approving(cast, change, answers=MEDIUM):
    to_testing(cast, change, answers)
    record_test_run(
        change,
        by=cast.tester,
        environment="staging",
        has_passed=True,
        cases=[{"name": "label", "passed": True}],
    )
    take_step(change, "tested", by=cast.tester)


def to_scheduled(cast, change, answers=MEDIUM):
    to_approving(cast, change, answers)
    cast_vote(change.rounds.get(closed_at=None), by=cast.owner, choice="approve", proof=Proof.now())
    change.refresh_from_db()


def to_implementing(cast, change, answers=MEDIUM):
    to_scheduled(cast, change, answers)
    take_step(change, "start", by=cast.implementer, proof=Proof.now())


def do_the_work(cast, change):
    for task in change.tasks.all():
        complete_task(task, by=cast.implementer)
        if task.is_dual:
            complete_task(task, by=cast.second)
    for stage in change.stages.all():
        apply_stage(stage, by=cast.implementer)


def to_verifying(cast, change, answers=MEDIUM):
    to_implementing(cast, change, answers)
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)


def verify(cast, change):
    for criterion in change.criteria.all():
        record_criterion(criterion, value=0, by=cast.verifier)


def undo(cast, change):
    """From rolling back to rolled back."""
    roll_back(change, by=cast.implementer)
    for step in change.rollback_steps.all():
        complete_rollback_step(step, by=cast.implementer)
    take_step(change, "rolled_back", by=cast.implementer)


def emergency(cast, **fields):
    change = draft(
        cast, kind="emergency", incident_ref="INC-7", incident_priority="p1", window=None, **fields
    )
    take_step(change, "submit", by=cast.requester)
    return change
