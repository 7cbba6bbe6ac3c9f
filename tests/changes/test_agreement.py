"""Python and PostgreSQL agree on every step of every state; what Python alone refuses is named here."""

import json
from collections import defaultdict
from copy import copy
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.step_up import Proof
from changes.actions import (
    StepRefused,
    cast_vote,
    complete_task,
    record_criterion,
    roll_back,
    stop_the_line,
    take_step,
)
from changes.actions.effects import EFFECTS
from changes.actions.refusals import locked
from changes.actions.steps import clean_input, refusals_of, store_input
from changes.models import PolicyStep
from changes.workflow import STEPS, find_step
from tests.changes import journey
from tests.changes.journey import HIGH, MEDIUM, Cast, draft
from tests.factories import (
    make_change,
    make_change_link,
    make_freeze,
    make_item,
    make_standard_template,
    make_user,
    make_vote,
)

EVENTS = sorted({step.event for step in STEPS})
# What Python refuses and PostgreSQL does not, each with the reason why it is not asked there too.
PYTHON_ALONE = {
    "who": "rights of roles are code (accounts.roles); PostgreSQL asks the part in the change (BY_ROLE)",
    "comment_required": "asked there too; listed for steps whose comment is an input",
    "title": "whether words say enough is a judgement by word lists, kept in one language",
    "reason": "as title",
    "rollback_step_thin": "as title",
    "metric_thin": "as title",
    "rollback_trigger": "as title; PostgreSQL asks that it is not empty",
    "test_case_thin": "as title; PostgreSQL asks that a case is planned",
    "pir_complete": "as title; PostgreSQL asks that it is not empty",
    "soft_freeze": "a soft freeze only asks for a reason in words",
    "operations_within_items": "asked there as cis_listed",
    "diff_dry_run_clean": "a trial of the whole plan; PostgreSQL compares for good when the stage is applied",
    "params_missing": "values of parameters have kinds that are code; the plan they make is compared there",
    "impact_confirmed": "asked there for the items; the graph is walked by Python",
    "impact_still_true": "as impact_confirmed",
    "outside_maintenance": "recurrence rules are read by Python",
    "discovery_matches_plan_or_waived": "a waiver in words lifts it; compared there on finishing",
    "restored_to_before": "as discovery_matches_plan_or_waived, when the rollback was done",
    "pir_needed": "a review too many hurts nobody",
    "observation_elapsed": "asked there as criteria_judged",
    "caused_incidents_linked": "ticking that there was none is enough, and is not kept apart",
    "tasks_in_order": "ticks are refused out of order by the action; order is no safety of its own",
    "verifier_is_requester": "the step `verified` bars the requester in both",
    "no_hard_conflict": "asked there for one item held twice (double_booked); others walk the graph",
    "rollback_fits": "the plan is seen by the voters, who judge it",
}
# Steps for these may be taken by anybody as far as PostgreSQL knows: it asks no role.
BY_ROLE = {"change_manager", "oncall", "importer"}


def full_data(cast):
    """An answer to everything that any step asks for."""
    now = timezone.now()
    return {
        "risk_answers": MEDIUM,
        "actual_start": (now - timedelta(hours=2)).isoformat(),
        "actual_end": (now - timedelta(hours=1)).isoformat(),
        "window_start": (now + timedelta(minutes=5)).isoformat(),
        "window_end": (now + timedelta(hours=1)).isoformat(),
        "second_person": cast.second.pk,
        "caused_incidents": "INC-9",
        "pir": "The label was read twice and that was enough.",
        "restore_check": "The old number is found again.",
        "retro_assessment": "It had to be done at once.",
        "backup_ref": "vault/1",
        "no_incident": True,
        "outcome": "successful",
        "discovery_waived": "Known.",
    }


# The states of each kind, whole and with something wrong: name → how to get there.


def vote_raw(change):
    """Enough votes, cast past the action that would close the round."""
    ballot = change.rounds.get(closed_at=None)
    make_vote(round=ballot)


def freeze(change, **over):
    now = timezone.now()
    make_freeze(window=(now - timedelta(hours=1), now + timedelta(hours=9)), **over)


def reach(way, *more, answers=None):
    def go(cast, change):
        if way is not None:
            way(cast, change, **({"answers": answers} if answers else {}))
        for deed in more:
            deed(cast, change)

    return go


def step(event, who, **more):
    def deed(cast, change):
        take_step(change, event, by=getattr(cast, who) if who else None, comment="Because.", **more)

    return deed


def edited(cast, change):
    type(change).objects.filter(pk=change.pk).update(description="Another plan.")


def hold(cast, change):
    take_step(change, "hold", by=cast.manager, comment="Wait.")


def set_fields(**fields):
    return lambda cast, change: type(change).objects.filter(pk=change.pk).update(**fields)


def without(rows, **which):
    return lambda cast, change: getattr(change, rows).filter(**which).delete()


def failed_value(cast, change):
    record_criterion(change.criteria.get(), value=9, by=cast.verifier)


def undone(cast, change):
    roll_back(change, by=cast.implementer)
    for row in change.rollback_steps.all():
        journey.complete_rollback_step(row, by=cast.implementer)


def past_window():
    now = timezone.now()
    return (now - timedelta(hours=4), now - timedelta(hours=3))


def ahead():
    now = timezone.now()
    return (now + timedelta(hours=2), now + timedelta(hours=4))


def rejecting(cast, change):
    ballot = change.rounds.get(closed_at=None)
    for seat in ballot.steps.first().seats.filter(is_barred=False):
        make_vote(round=ballot, seat=seat, choice="reject", comment="No.")


J = journey
ROLL = step("rollback", "implementer")
NORMAL = {
    "draft": reach(None),
    "draft without items": reach(None, without("operations"), without("change_items")),
    "draft without a window": reach(None, set_fields(window=None)),
    "draft in a freeze": reach(None, lambda cast, change: freeze(change)),
    "imported draft": reach(None, set_fields(import_source="ledger", import_key="7")),
    "assessing": reach(J.to_assessing),
    "assessing without a way back": reach(J.to_assessing, without("rollback_steps")),
    "assessing without a criterion": reach(J.to_assessing, without("criteria")),
    "assessing on hold": reach(J.to_assessing, hold),
    "testing untested": reach(J.to_testing),
    "testing": reach(J.to_testing, J.run_tests),
    "testing, edited after": reach(J.to_testing, J.run_tests, edited),
    "high, not rehearsed": reach(J.to_testing, J.run_tests, answers=HIGH),
    "approving": reach(J.to_approving),
    "approving with votes": reach(J.to_approving, lambda cast, change: vote_raw(change)),
    "approving, voted against": reach(J.to_approving, rejecting),
    "approving, edited after": reach(J.to_approving, edited),
    "approving, frozen since": reach(
        J.to_approving, lambda cast, change: vote_raw(change), lambda cast, change: freeze(change)
    ),
    "approving, an item more": reach(
        J.to_approving, lambda cast, change: change.change_items.create(item=make_item())
    ),
    "scheduled": reach(J.to_scheduled),
    "scheduled on hold": reach(J.to_scheduled, hold),
    "scheduled, frozen since": reach(J.to_scheduled, lambda cast, change: freeze(change)),
    "scheduled, softly frozen": reach(J.to_scheduled, lambda cast, change: freeze(change, is_hard=False)),
    "scheduled, line stopped": reach(
        J.to_scheduled, lambda cast, change: stop_the_line(by=cast.manager, reason="Alarm")
    ),
    "scheduled after another": reach(
        None,
        lambda cast, change: make_change_link(change=change, other=make_change(window=past_window())),
        J.to_scheduled,
    ),
    "scheduled of high risk": reach(J.to_scheduled, answers=HIGH),
    "implementing": reach(J.to_implementing),
    "implementing, one task done": reach(
        J.to_implementing, lambda cast, change: complete_task(change.tasks.first(), by=cast.implementer)
    ),
    "implemented": reach(J.to_implementing, J.do_the_work),
    "verifying": reach(J.to_verifying),
    "measured": reach(J.to_verifying, J.verify),
    "measured badly": reach(J.to_verifying, failed_value),
    "measured, of high risk": reach(J.to_verifying, J.verify, answers=HIGH),
    "rolling back": reach(J.to_verifying, ROLL),
    "rolled back in deed": reach(J.to_verifying, ROLL, undone),
    "rolled back": reach(J.to_verifying, ROLL, J.undo),
    "reviewing": reach(
        J.to_verifying, J.verify, step("verified_review", "verifier", data={"issues": "One."})
    ),
    "closed": reach(J.to_verifying, J.verify, step("verified", "verifier")),
    "withdrawn": reach(None, step("withdraw", "requester")),
}
STANDARD = {
    "draft": reach(None),
    "draft in a freeze": reach(None, lambda cast, change: freeze(change)),
    "draft, line stopped": reach(None, lambda cast, change: stop_the_line(by=cast.manager, reason="Alarm")),
    "draft without a verifier": reach(None, without("assignments", role="verifier")),
    "draft without an implementer": reach(None, without("assignments", role="implementer")),
    "draft, too late": reach(None, lambda cast, change: set_fields(window=past_window())(cast, change)),
    "scheduled": reach(step("submit", "requester")),
    "scheduled ahead": reach(
        None, lambda cast, change: set_fields(window=ahead())(cast, change), step("submit", "requester")
    ),
    "implementing": reach(step("submit", "requester"), step("start", "implementer")),
    "measured": reach(
        step("submit", "requester"), step("start", "implementer"), J.do_the_work,
        step("finish", "implementer"), J.verify,
    ),
}  # fmt: skip


def broken(cast, change):
    """The board had its time, and did not answer."""
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    take_step(change, "submit", by=cast.requester)


def through_the_glass(cast, change):
    broken(cast, change)
    data = {"second_person": cast.second.pk}
    take_step(change, "break_glass", by=cast.oncall, comment="It burns.", data=data, proof=Proof.now())


def by_the_board(cast, change):
    take_step(change, "submit", by=cast.requester)
    for member in cast.emergency[:2]:
        cast_vote(change.rounds.get(closed_at=None), by=member, choice="approve")
    change.refresh_from_db()
    assert change.state == "implementing"


VERIFIED = (J.do_the_work, step("finish", "implementer"), J.verify, step("verified_emergency", "verifier"))
EMERGENCY = {
    "draft": reach(None),
    "draft without a way back": reach(None, without("rollback_steps")),
    "draft without an incident": reach(None, set_fields(incident_ref="")),
    "draft in a freeze": reach(None, lambda cast, change: freeze(change)),
    "approving in time": reach(step("submit", "requester")),
    "approving, time up": reach(broken),
    "approving, one abstained": reach(
        broken, lambda cast, change: cast_vote(change.rounds.get(), by=cast.emergency[0], choice="abstain")
    ),
    "approving, one approved": reach(
        broken, lambda cast, change: cast_vote(change.rounds.get(), by=cast.emergency[0], choice="approve")
    ),
    "approving, no P1": reach(set_fields(incident_priority="p3"), broken),
    "implementing": reach(by_the_board),
    "through the glass": reach(through_the_glass),
    "implemented": reach(by_the_board, J.do_the_work),
    "verifying": reach(by_the_board, J.do_the_work, step("finish", "implementer")),
    "ratifying": reach(by_the_board, *VERIFIED),
    "ratifying, broken glass": reach(through_the_glass, *VERIFIED),
    "rolling back": reach(by_the_board, J.do_the_work, ROLL),
    "rolled back": reach(by_the_board, J.do_the_work, ROLL, J.undo),
}
WAYS = {"normal": NORMAL, "standard": STANDARD, "emergency": EMERGENCY}
SCENES = [(kind, name) for kind, scenes in WAYS.items() for name in scenes]
FIELDS = {
    "normal": {},
    "standard": {},
    "emergency": {"incident_ref": "INC-7", "incident_priority": "p1", "window": None},
}
FOR = {"change_manager": "manager", "voter": "voter", "importer": "manager"}


def people(cast, change):
    found = {
        name: getattr(cast, name)
        for name in (
            "requester", "assessor", "tester", "implementer", "second", "verifier", "manager", "oncall",
        )
    }  # fmt: skip
    almighty = copy(cast.requester)
    almighty.is_superuser = True
    voter = cast.emergency[2] if change.kind == "emergency" else cast.owner
    return found | {
        "owner": change.owner, "voter": voter, "stranger": make_user("engineer"), "superuser": almighty,
        "system": None,
    }  # fmt: skip


ASK = """
DO $do$
DECLARE r record; code text; answers jsonb := '[]';
BEGIN
  FOR r IN SELECT * FROM jsonb_to_recordset(current_setting('agreement.asked')::jsonb)
             AS x (change bigint, event text, actor bigint, data jsonb, comment text) LOOP
    BEGIN
      INSERT INTO changes_changeevent (row_version, change_id, seq, event, kind, source, target, comment,
                                       outcome, data, guard_results, plan_hash, actor_id, proof, proved_at)
      VALUES (1, r.change, 0, r.event, '', '', '', r.comment, '', r.data, '{}', '', r.actor, 'step_up',
              clock_timestamp());
      RAISE EXCEPTION 'let through';
    EXCEPTION
      WHEN raise_exception THEN code := '';
      WHEN restrict_violation THEN GET STACKED DIAGNOSTICS code = PG_EXCEPTION_HINT;
    END;
    answers := answers || to_jsonb(code);
  END LOOP;
  PERFORM set_config('agreement.answers', answers::text, true);
END $do$"""


def postgresql_says(asked):
    """The code with which PostgreSQL refuses each event ('' where it lets it through); nothing stays."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('agreement.asked', %s, true)", [json.dumps(asked)])
        cursor.execute(ASK)
        cursor.execute("SELECT current_setting('agreement.answers')")
        return json.loads(cursor.fetchone()[0])


def try_everything(cast, change, data):
    """{(event, actor): (Python's codes, PostgreSQL's code, step)}, with the effects that take_step brings."""
    found = {}
    persons = people(cast, change)
    strange = [event for event in EVENTS if find_step(event, change.state, change.kind) is None]
    answers = postgresql_says(
        [
            {"change": change.pk, "event": event, "actor": by and by.pk, "data": data, "comment": "Because."}
            for event in strange
            for by in persons.values()
        ]
    )
    assert set(answers) == {"no_such_step"}, "an event that does not lead from here was let through"
    for event in EVENTS:
        known = find_step(event, change.state, change.kind)
        if known is None:
            continue
        mark = transaction.savepoint()
        current = locked(change)
        values, missing = clean_input(known, "Because.", data)
        role = known.who[0]
        doer = persons.get(FOR.get(role, role))
        try:
            with transaction.atomic():
                for name in known.effects:
                    EFFECTS.get(name, lambda *_: None)(current, doer, values)
                store_input(current, known, doer, values)
        except (StepRefused, IntegrityError):
            current = locked(change)
        given = values | {"proof": Proof.now()}
        asked = [
            {"change": change.pk, "event": event, "actor": by and by.pk, "data": data, "comment": "Because."}
            for by in persons.values()
        ]
        for (part, by), code in zip(persons.items(), postgresql_says(asked), strict=True):
            refused = {each.code for each in [*missing, *refusals_of(current, known, by, given)]}
            found[event, part] = (refused, code, known)
        transaction.savepoint_rollback(mark)
    return found


@pytest.mark.parametrize(("kind", "name"), SCENES)
def test_python_and_postgresql_agree(db, kind, name):
    cast = Cast()
    fields = FIELDS[kind] | ({"template": make_standard_template()} if kind == "standard" else {})
    change = draft(cast, kind, item=make_item(serial="OLD"), owner=make_user("requester"), **fields)
    WAYS[kind][name](cast, change)
    change.refresh_from_db()
    too_strict, too_loose = [], defaultdict(set)
    for (event, part), (refused, code, known) in try_everything(cast, change, full_data(cast)).items():
        if not refused and code:
            too_strict.append((event, part, code))
        if refused and not code:
            beyond = refused - PYTHON_ALONE.keys()
            if "who" in refused and not BY_ROLE & set(known.who) and part not in known.who:
                beyond.add("who")
            if beyond:
                too_loose[event].add((part, *sorted(beyond)))
    assert not too_strict, "Python offers what PostgreSQL refuses"
    assert not too_loose, (
        "PostgreSQL lets through what Python refuses, for a reason not named in PYTHON_ALONE"
    )
