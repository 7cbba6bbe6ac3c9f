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
    add_test_case,
    apply_stage,
    assign,
    cast_vote,
    complete_rollback_step,
    complete_task,
    confirm_impact,
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
CASE = "Label in staging"


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
    add_test_case(change, CASE, by=cast.requester, expected="The number is the one on the label.")
    return change


def precedent(cast, change):
    """A change of the same type came out well last year: without one, no risk is low."""
    item = change.change_items.filter(impact="manual").first().item
    window = (timezone.now() - timedelta(days=60), timezone.now() - timedelta(days=59))
    past = create_change(
        by=cast.manager, title="Numbers corrected before", items=[item], reason="It was wrong then too.",
        window=window, import_source="ledger", import_key=f"{change.number}",
    )  # fmt: skip
    take_step(past, "record_import", by=cast.manager, data={"outcome": "successful"})
    return past


def to_assessing(cast, change):
    """Submitted, and the assessor has confirmed what it affects."""
    take_step(change, "submit", by=cast.requester)
    confirm_impact(change, by=cast.assessor)


def to_testing(cast, change, answers=MEDIUM):
    if answers == LOW:
        precedent(cast, change)
    to_assessing(cast, change)
    take_step(change, "assessed", by=cast.assessor, data={"risk_answers": answers})


def run_tests(cast, change, purposes=("test",)):
    """Every planned case passes; the way back was rehearsed in time."""
    for purpose in purposes:
        record_test_run(
            change, by=cast.tester, environment="staging", purpose=purpose,
            measured_minutes=change.rollback_minutes if purpose == "rehearsal" else None,
            cases=[{"case": case.pk, "result": "passed"} for case in change.test_cases.all()],
        )  # fmt: skip


def to_approving(cast, change, answers=MEDIUM):
    to_testing(cast, change, answers)
    run_tests(cast, change, ("test", "rehearsal") if change.is_high_risk else ("test",))
    take_step(change, "tested", by=cast.tester)


def to_scheduled(cast, change, answers=MEDIUM):
    to_approving(cast, change, answers)
    ballot = change.rounds.get(closed_at=None)
    for voter in [cast.owner, *(cast.board if change.is_high_risk else [])]:
        cast_vote(ballot, by=voter, choice="approve", proof=Proof.now())
    change.refresh_from_db()


def to_implementing(cast, change, answers=MEDIUM):
    to_scheduled(cast, change, answers)
    data = {"backup_ref": "vault/1"} if change.is_high_risk else {}
    take_step(change, "start", by=cast.implementer, data=data, proof=Proof.now())


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
