"""Random lives of changes, by actions, API and raw SQL: none leads where the table does not."""

from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from changes.actions import (
    StepRefused,
    cast_vote,
    complete_rollback_step,
    complete_task,
    confirm_impact,
    edit_change,
    record_criterion,
    roll_back,
    take_step,
    void_confirmed,
)
from changes.actions import apply_stage as apply
from changes.models import ChangeEvent, Vote
from changes.workflow import ENDS, STEPS, Kind, Outcome, find_step, steps_from
from tests.changes.journey import MEDIUM, Cast, draft, run_tests
from tests.factories import make_item, make_standard_template

EVENTS = sorted({step.event for step in STEPS})
PARTS = (
    "requester", "assessor", "tester", "implementer", "second", "verifier", "manager", "oncall", "peer",
    "owner", "board0", "board1", "board2", "emergency0", "emergency1", "stranger", "system",
)  # fmt: skip
NOW = timezone.now()
ANSWERS = {
    "risk_answers": MEDIUM,
    "actual_start": NOW.isoformat(),
    "actual_end": NOW.isoformat(),
    "pir": "Nothing to learn.",
}
PART_FOR = {"change_manager": "manager", "voter": "peer", "importer": "manager"}
GIVING_UP = ("withdraw", "cancel", "abort", "record_import")
# Where votes of the round must have said so; written here again, not taken from the table.
DECIDED = {"approve": "approved", "ratify": "approved", "reject": "rejected", "not_ratified": "rejected"}
# Who never takes these, whatever else they are.
NEVER = {
    "assessed": {"requester"},
    "assessed_low": {"requester"},
    "tested": {"requester"},
    "approve": {"requester", "implementer"},
    "verified": {"requester", "implementer"},
    "verified_emergency": {"implementer"},
    "restore_ok": {"implementer"},
    "close": {"implementer"},
}


REACHED: set[tuple[str, str]] = set()  # (born as, state), over all lives


class Lives(RuleBasedStateMachine):
    """One change of each kind, and a cast that tries everything with it in any order."""

    def __init__(self):
        super().__init__()
        self.start = transaction.savepoint()
        cast = self.cast = Cast()
        self.people = {
            **{name: getattr(cast, name) for name in PARTS if hasattr(cast, name)},
            **{f"board{n}": person for n, person in enumerate(cast.board)},
            **{f"emergency{n}": person for n, person in enumerate(cast.emergency)},
            "stranger": Cast().tester,
            "system": None,
        }
        of_kind = {
            "normal": {},
            "standard": {"template": make_standard_template()},
            "emergency": {"incident_ref": "INC-1", "incident_priority": "p1", "window": None},
        }
        self.changes = {
            kind: draft(
                cast, kind, item=make_item(serial=f"OLD-{kind}"), after={"serial": f"NEW-{kind}"}, **fields
            )
            for kind, fields in of_kind.items()
        }

    def teardown(self):
        transaction.savepoint_rollback(self.start)

    def follow(self, kind):
        """The change as it is now."""
        change = self.changes[kind]
        change.refresh_from_db()
        REACHED.add((kind, change.state))
        return change

    def data(self, event, by):
        second = self.people["second"]
        return ANSWERS | {
            "second_person": second.pk,
            "outcome": Outcome.SUCCESSFUL.value if event in ("verified", "record_import") else "",
            "caused_incidents": "INC-9" if event == "rollback_failed" else "",
        }

    @rule(kind=st.sampled_from(Kind.values), event=st.sampled_from(EVENTS), part=st.sampled_from(PARTS))
    def step(self, kind, event, part):
        self.attempt(kind, event, part)

    @initialize(ways=st.lists(st.lists(st.integers(0, 5), max_size=9), min_size=3, max_size=3))
    def begin_somewhere(self, ways):
        """Each life has gone some way already, or hardly any would leave its draft."""
        for kind, way in zip(Kind.values, ways, strict=True):
            for pick in way:
                self.go_on(kind, pick)

    @rule(kind=st.sampled_from(Kind.values), pick=st.integers(0, 5))
    def go_on(self, kind, pick):
        """What the state asks for is done, then a step that leads elsewhere is taken by whom it is for."""
        change = self.follow(kind)
        self.prepare(kind, change)
        change = self.follow(kind)
        leading = [
            step
            for step in steps_from(change.state, change.kind)
            if step.target != step.source
            and step.event not in ("withdraw", "cancel", "abort", "record_import")
        ]
        if leading:
            # Half of the picks take what comes first in the table: the way the change is meant to go.
            step = leading[0 if pick < 3 else pick % len(leading)]
            self.attempt(kind, step.event, PART_FOR.get(step.who[0], step.who[0]))

    def prepare(self, kind, change):
        if change.state == "assessing":
            self.confirm(change)
        elif change.state == "testing":
            self.test_it(kind)
        elif change.state in ("approving", "ratifying"):
            self.everybody_approves(kind)
        elif change.state in ("implementing", "verifying", "rolling_back"):
            self.work(kind, backward=change.state == "rolling_back")

    def confirm(self, change):
        try:
            with transaction.atomic():
                confirm_impact(change, by=self.cast.assessor)
        except StepRefused:
            pass

    def attempt(self, kind, event, part):
        change, by = self.follow(kind), self.people[part]
        before, kind_before, known = change.state, change.kind, find_step(event, change.state, change.kind)
        try:
            with transaction.atomic():
                happened = take_step(change, event, by=by, comment="Because.", data=self.data(event, by))
        except StepRefused:
            assert self.follow(kind).state == before
        else:
            assert known is not None
            assert (happened.source, happened.target) == (before, known.target)
            assert kind_before in known.kinds
            assert self.follow(kind).state == known.target

    @rule(kind=st.sampled_from(Kind.values), event=st.sampled_from(EVENTS), part=st.sampled_from(PARTS))
    def api(self, kind, event, part):
        if self.people[part] is None:
            return
        change = self.follow(kind)
        before, known = change.state, find_step(event, change.state, change.kind)
        client = Client()
        client.force_login(self.people[part])
        answer = client.post(
            f"/api/changes/{change.number}/steps/",
            {"event": event, "comment": "Because.", "data": self.data(event, None)},
            content_type="application/json",
        )
        assert answer.status_code in (201, 409), answer.content
        after = self.follow(kind).state
        assert after == (known.target if answer.status_code == 201 else before)

    @rule(
        kind=st.sampled_from(Kind.values),
        event=st.sampled_from(EVENTS),
        part=st.sampled_from(PARTS),
        claimed=st.sampled_from(["", "closed", "scheduled", "implementing"]),
    )
    def raw_event(self, kind, event, part, claimed):
        """The gate alone, as psql reaches it; what it lets through must be a row of the table."""
        change, by = self.follow(kind), self.people[part]
        before, known = change.state, find_step(event, change.state, change.kind)
        mark = transaction.savepoint()
        try:
            with transaction.atomic():
                ChangeEvent.objects.create(
                    change=change, event=event, actor=by, comment="Raw.", target=claimed,
                    data={"window_start": NOW.isoformat(), "window_end": "2999-01-01T00:00:00Z"},
                )  # fmt: skip
        except IntegrityError:
            assert self.follow(kind).state == before
            return
        assert known is not None, (event, before)
        assert claimed in ("", known.target)
        change.refresh_from_db()
        assert change.state == known.target
        # The way there was legal; its guards in Python were not asked, so the life goes on without it.
        transaction.savepoint_rollback(mark)

    @rule(
        kind=st.sampled_from(Kind.values),
        column=st.sampled_from([
            "state = CASE state WHEN 'closed' THEN 'draft' ELSE 'closed' END", "on_hold = NOT on_hold",
            "approved_hash = 'x' || left(approved_hash, 60)", "is_imported = NOT is_imported",
            "outcome = CASE outcome WHEN 'failed' THEN 'successful' ELSE 'failed' END",
        ]),
    )  # fmt: skip
    def raw_update(self, kind, column):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE changes_changerequest SET {column} WHERE id = %s", [self.changes[kind].pk]
            )

    @rule(
        kind=st.sampled_from(Kind.values),
        part=st.sampled_from(PARTS),
        choice=st.sampled_from(["approve", "approve", "approve", "reject", "abstain"]),
    )
    def vote(self, kind, part, choice):
        change, by = self.follow(kind), self.people[part]
        ballot = change.rounds.filter(closed_at=None).first()
        if ballot is None or by is None:
            return
        try:
            with transaction.atomic():
                cast_vote(ballot, by=by, choice=choice, comment="I say so.")
        except StepRefused:
            pass
        self.follow(kind)

    @rule(kind=st.sampled_from(Kind.values))
    def everybody_approves(self, kind):
        for part in PARTS[:-1]:
            self.vote(kind, part, "approve")

    @rule(kind=st.sampled_from(Kind.values))
    def test_it(self, kind):
        change = self.follow(kind)
        try:
            with transaction.atomic():
                run_tests(self.cast, change)
        except StepRefused:
            pass

    @rule(kind=st.sampled_from(Kind.values), backward=st.booleans())
    def work(self, kind, backward):
        change, cast = self.follow(kind), self.cast
        deeds = [lambda: roll_back(change, by=cast.implementer)] if backward else []
        for step in change.rollback_steps.all() if backward else []:
            deeds.append(lambda step=step: complete_rollback_step(step, by=cast.implementer))
        for task in [] if backward else change.tasks.all():
            deeds.append(lambda task=task: complete_task(task, by=cast.implementer))
            deeds.append(lambda task=task: complete_task(task, by=cast.second))
        for stage in [] if backward else change.stages.all():
            deeds.append(lambda stage=stage: apply(stage, by=cast.implementer))
        for criterion in change.criteria.all():
            deeds.append(lambda row=criterion: record_criterion(row, value=0, by=cast.verifier))
        for deed in deeds:
            try:
                with transaction.atomic():
                    deed()
            except StepRefused:
                pass

    @rule(kind=st.sampled_from(Kind.values))
    def edit(self, kind):
        change = self.follow(kind)
        try:
            with transaction.atomic(), void_confirmed():
                edit_change(change, by=self.cast.requester, description=f"Edited in {change.row_version}.")
        except StepRefused:
            pass

    @invariant()
    def the_way_is_one_of_the_table(self):
        for change in self.changes.values():
            events = list(change.events.order_by("seq"))
            assert [e.seq for e in events] == list(range(1, len(events) + 1))
            if events:
                assert events[0].source == "draft"
            assert all(a.target == b.source for a, b in pairwise(events))
            assert not [e for e in events[:-1] if e.target in ENDS]
            for event in events:
                assert find_step(event.event, event.source, event.kind).target == event.target

    @invariant()
    def duties_are_apart(self):
        cast = self.cast
        who = {"requester": {cast.requester.pk}, "implementer": {cast.implementer.pk, cast.second.pk}}
        for change in self.changes.values():
            for event in change.events.all():
                for part in NEVER.get(event.event, ()):
                    assert event.actor_id not in who[part], (event.event, part)
            voters = set(Vote.objects.filter(round__change=change).values_list("voter_id", flat=True))
            assert not voters & (who["requester"] | who["implementer"])

    @invariant()
    def nothing_starts_unapproved(self):
        for change in self.changes.values():
            for event in change.events.all():
                if wanted := DECIDED.get(event.event):
                    if event.event == "reject" and event.source == "assessing":
                        continue
                    assert change.rounds.filter(result=wanted, plan_hash=event.plan_hash).exists()
            if change.state in ("scheduled", "implementing"):
                assert change.approved_hash == change.plan_hash


def test_no_illegal_life(db):
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            phases=[Phase.generate],  # a life is read as it was; making it shorter takes minutes
        ),
    )
    ends_of_ways = {
        ("normal", "implementing"), ("normal", "closed"), ("standard", "implementing"),
        ("emergency", "implementing"), ("emergency", "ratifying"),
    }  # fmt: skip
    assert len(REACHED) >= 18, "the lives stayed near their drafts and proved nothing"
    assert ends_of_ways <= REACHED
