from collections import Counter
from itertools import pairwise

import pytest

from changes.guards import GUARDS
from changes.guards.people import RIGHT_FOR
from changes.models import StepRule
from changes.workflow import (
    ENDS,
    MAIN_LINE,
    STEPS,
    Kind,
    Outcome,
    Relation,
    State,
    find_step,
    steps_from,
)

ROWS = [(step, kind) for step in STEPS for kind in step.kinds]


def reachable(kind, start, *, forward=True):
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for step in STEPS:
            before, after = (step.source, step.target) if forward else (step.target, step.source)
            if kind in step.kinds and before == here and after not in found:
                found.add(after)
                waiting.append(after)
    return found


@pytest.mark.parametrize("kind", Kind.values)
def test_every_reachable_state_reaches_an_end(kind):
    for state in reachable(kind, "draft"):
        assert reachable(kind, state) & ENDS, state


@pytest.mark.parametrize("kind", Kind.values)
def test_no_end_has_an_exit(kind):
    assert not [step for end in ENDS for step in steps_from(end, kind)]


def test_an_event_leads_to_one_place_only():
    counted = Counter((step.event, step.source, kind) for step, kind in ROWS)
    assert [key for key, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("kind", Kind.values)
def test_the_main_line_is_a_way_through_the_table(kind):
    line = MAIN_LINE[kind]
    for here, there in pairwise(line):
        assert any(s.source == here and s.target == there for s in STEPS if kind in s.kinds), (here, there)


def test_only_the_states_of_a_kind_are_reachable():
    assert "assessing" not in reachable("emergency", "draft")
    assert reachable("normal", "draft") >= {"testing", "reviewing"}
    assert "ratifying" not in reachable("normal", "draft")
    assert set().union(*(reachable(kind, "draft") for kind in Kind.values)) == set(State.values)


def test_the_words_of_the_table_exist():
    for step in STEPS:
        assert {step.source, step.target} <= set(State.values)
        assert set(step.kinds) <= set(Kind.values)
        assert set(step.who) <= set(Relation.values)
        assert set(step.outcomes) <= set(Outcome.values)
        assert set(step.guards) <= set(GUARDS)
        assert step.label
    assert set(RIGHT_FOR) == set(Relation.values) - {"system"}


def test_the_table_is_the_specification():
    """Reference change.md §3.2, counted: the events, and how many rows each kind has."""
    specified = {
        "submit", "record_retro", "to_normal", "withdraw", "assessed", "assessed_low", "return", "reject",
        "tested", "test_failed", "approve", "break_glass", "rework", "downgrade", "start", "reschedule",
        "replan", "convert", "cancel", "expire", "finish", "abort", "rollback", "auto_rollback", "verified",
        "verified_review", "verified_emergency", "auto_verified", "rolled_back", "rollback_failed",
        "restore_ok", "restore_bad", "ratify", "not_ratified", "ratify_overdue", "close",
    }  # fmt: skip
    ours = {"hold", "resume", "record_import", "new_round", "escalate"}
    assert {step.event for step in STEPS} == specified | ours
    # The clock of the ratification runs before it too: four more rows than in the reference.
    early = {step for step in STEPS if step.event == "ratify_overdue" and step.source != "ratifying"}
    counted = Counter(kind for step, kind in ROWS if step.event not in ours and step not in early)
    assert counted == {"normal": 32, "standard": 21, "emergency": 24}


def test_a_step_on_hold_leads_out_or_resumes():
    assert {s.event for s in STEPS if s.on_hold == "also"} == {
        "withdraw",
        "cancel",
        "rollback",
        "auto_rollback",
        "ratify_overdue",
    }
    assert {s.event for s in STEPS if s.on_hold == "only"} == {"resume"}


def test_steps_are_found_by_event_state_and_kind():
    assert find_step("submit", "draft", "emergency").target == "approving"
    assert find_step("submit", "assessing", "normal") is None


@pytest.mark.django_db
def test_postgresql_has_the_same_rows():
    columns = (
        "event", "source", "target", "kinds", "who", "apart", "apart_if_high", "decides", "opens", "binds",
        "unchanged", "outcomes", "on_hold", "needs_comment", "effects",
    )  # fmt: skip
    here = [
        tuple(list(v) if isinstance(v := getattr(step, name), tuple) else v for name in columns)
        for step in STEPS
    ]
    there = list(StepRule.objects.order_by("id").values_list(*columns))
    assert there == here
