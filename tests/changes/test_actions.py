from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.step_up import Proof
from audit.models import SecurityEvent
from changes.actions import (
    NOTIFY,
    StepRefused,
    apply_stage,
    assign,
    available_steps,
    cast_vote,
    complete_task,
    confirm_vote,
    edit_change,
    record_criterion,
    take_step,
    void_confirmed,
)
from changes.actions.effects import EFFECTS, EFFECTS_OF_THE_GATE
from changes.models import ChangeItem, PolicyStep
from changes.workflow import STEPS
from tests.changes.journey import (
    HIGH,
    LOW,
    MEDIUM,
    do_the_work,
    draft,
    emergency,
    precedent,
    run_tests,
    to_approving,
    to_assessing,
    to_implementing,
    to_scheduled,
    to_testing,
    to_verifying,
    undo,
    verify,
)
from tests.factories import make_item, make_relation, make_standard_template, make_user


def codes(refused):
    return {refusal.code for refusal in refused.value.refusals}


def test_every_effect_of_the_table_is_done_by_somebody():
    named = {name for step in STEPS for name in step.effects}
    assert named == set(EFFECTS) | EFFECTS_OF_THE_GATE
    assert not set(EFFECTS) & EFFECTS_OF_THE_GATE


def test_a_normal_change_goes_to_closed_and_its_item_is_changed(cast):
    change = draft(cast)
    item = change.change_items.get().item
    to_verifying(cast, change)
    verify(cast, change)
    take_step(change, "verified", by=cast.verifier)
    item.refresh_from_db()
    assert (change.state, change.outcome, item.serial) == ("closed", "successful", "NEW")
    events = list(change.events.order_by("seq").values_list("event", flat=True))
    assert events == ["submit", "assessed", "tested", "approve", "start", "finish", "verified"]
    assert item.history.first().history_change_ref == change.pk
    assert item.history.first().history_user == cast.implementer


def test_a_high_risk_change_needs_its_board_a_rehearsal_and_a_review(cast):
    change = draft(cast)
    to_testing(cast, change, HIGH)
    assert change.risk == "high"
    run_tests(cast, change)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "tested", by=cast.tester)
    assert codes(refused) == {"rollback_rehearsed_if_high"}
    run_tests(cast, change, ["rehearsal"])
    take_step(change, "tested", by=cast.tester)
    round_ = change.rounds.get()
    for voter in [cast.owner, *cast.board[:2]]:
        cast_vote(round_, by=voter, choice="approve", proof=Proof.now())
        change.refresh_from_db()
        assert change.state == "approving"
    cast_vote(round_, by=cast.board[2], choice="approve", proof=Proof.now())
    change.refresh_from_db()
    assert change.state == "scheduled"
    with pytest.raises(StepRefused) as refused:
        take_step(change, "start", by=cast.implementer)
    assert codes(refused) == {"backup_evidence_if_required", "step_up"}
    take_step(change, "start", by=cast.implementer, data={"backup_ref": "vault/1"}, proof=Proof.now())
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    verify(cast, change)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "verified", by=cast.verifier)
    assert codes(refused) == {"no_pir_needed"}
    take_step(change, "verified_review", by=cast.verifier)
    take_step(change, "close", by=cast.manager, data={"pir": "It went as planned."})
    assert (change.state, change.outcome, change.backup_ref) == ("closed", "successful", "vault/1")


def test_a_low_risk_change_goes_without_a_test_and_a_medium_one_does_not(cast):
    change = draft(cast)
    precedent(cast, change)
    to_assessing(cast, change)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "assessed_low", by=cast.assessor, comment="trivial", data={"risk_answers": MEDIUM})
    assert "policy_allows_skip_test" in codes(refused)
    change.refresh_from_db()
    assert change.risk == "", "a refused step leaves nothing behind"
    take_step(change, "assessed_low", by=cast.assessor, comment="trivial", data={"risk_answers": LOW})
    cast_vote(change.rounds.get(), by=cast.peer, choice="approve")
    change.refresh_from_db()
    assert change.state == "scheduled"


def test_a_rolled_back_change_restores_the_item_and_ends_as_rolled_back(cast):
    change = draft(cast)
    item = change.change_items.get().item
    to_verifying(cast, change)
    item.refresh_from_db()
    assert item.serial == "NEW"
    take_step(change, "rollback", by=cast.implementer, comment="alarms")
    undo(cast, change)
    item.refresh_from_db()
    assert item.serial == "OLD"
    take_step(change, "restore_ok", by=cast.verifier, data={"restore_check": "label read"})
    take_step(
        change,
        "close",
        by=cast.manager,
        data={"pir": "The label was right after all.", "no_incident": True},
    )
    assert (change.state, change.outcome) == ("closed", "rolled_back")


def test_the_outcome_of_a_rolled_back_change_is_not_improved_at_closing(cast):
    change = draft(cast)
    to_verifying(cast, change)
    take_step(change, "rollback", by=cast.implementer, comment="alarms")
    undo(cast, change)
    take_step(change, "restore_ok", by=cast.verifier, data={"restore_check": "label read"})
    with pytest.raises(StepRefused) as refused:
        take_step(
            change,
            "close",
            by=cast.manager,
            data={"pir": "All is well, really.", "no_incident": True, "outcome": "successful"},
        )
    assert codes(refused) == {"outcome"}


def test_a_failed_rollback_names_its_incident_and_ends_as_failed(cast):
    change = draft(cast)
    to_implementing(cast, change)
    take_step(change, "rollback", by=cast.implementer, comment="alarms")
    with pytest.raises(StepRefused) as refused:
        take_step(change, "rollback_failed", by=cast.implementer, comment="stuck")
    assert "input:caused_incidents" in codes(refused)
    take_step(
        change, "rollback_failed", by=cast.implementer, comment="stuck", data={"caused_incidents": "INC-9"}
    )
    take_step(change, "close", by=cast.manager, data={"pir": "The way back was wrong."})
    assert (change.state, change.outcome) == ("closed", "failed")


def test_a_restored_state_found_wanting_goes_back_to_rolling_back(cast):
    change = draft(cast)
    to_verifying(cast, change)
    take_step(change, "rollback", by=cast.verifier, comment="alarms")
    undo(cast, change)
    take_step(change, "restore_bad", by=cast.verifier, comment="still wrong")
    assert change.state == "rolling_back"
    assert change.rollback_steps.get().done_at is None


def test_a_standard_change_goes_by_its_template(cast):
    template = make_standard_template(parameters={"ticket": {"required": True}})
    change = draft(cast, kind="standard", template=template)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "submit", by=cast.requester)
    assert codes(refused) == {"params_missing"}
    edit_change(change, by=cast.requester, parameters={"ticket": "T-1"})
    take_step(change, "submit", by=cast.requester)
    assert change.approved_hash == change.plan_hash
    take_step(change, "start", by=cast.implementer)
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    verify(cast, change)
    take_step(change, "verified", by=cast.verifier)
    assert (change.state, change.outcome) == ("closed", "successful")


def test_a_standard_change_that_fails_suspends_its_template(cast):
    template = make_standard_template()
    change = draft(cast, kind="standard", template=template)
    take_step(change, "submit", by=cast.requester)
    take_step(change, "start", by=cast.implementer)
    take_step(change, "rollback", by=cast.implementer, comment="alarms")
    undo(cast, change)
    take_step(change, "restore_ok", by=cast.verifier, data={"restore_check": "label read"})
    template.refresh_from_db()
    assert not template.is_active
    assert change.number in template.suspended_reason


def test_a_standard_change_is_verified_by_machine_where_its_template_says_so(cast):
    change = draft(cast, kind="standard", template=make_standard_template(has_auto_verify=True))
    change.criteria.update(is_machine=True)
    take_step(change, "submit", by=cast.requester)
    take_step(change, "start", by=cast.implementer)
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "auto_verified", by=None)
    assert codes(refused) == {"criteria_judged"}
    record_criterion(change.criteria.get(), value=0, by=None, source="prometheus")
    take_step(change, "auto_verified", by=None)
    assert change.outcome == "successful"


def test_an_emergency_is_approved_by_its_board_and_ratified_afterwards(cast):
    change = emergency(cast)
    for voter in cast.emergency[:2]:
        cast_vote(change.rounds.get(), by=voter, choice="approve")
    change.refresh_from_db()
    assert change.state == "implementing"
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    verify(cast, change)
    take_step(change, "verified_emergency", by=cast.verifier)
    assert change.state == "ratifying"
    assert change.ratify_due_at > timezone.now()
    cast_vote(change.rounds.get(closed_at=None), by=cast.owner, choice="approve")
    change.refresh_from_db()
    assert change.state == "ratifying", "the assessment has not been made up for"
    take_step(change, "ratify", by=cast.manager, data={"retro_assessment": "Small, and well done."})
    take_step(change, "close", by=cast.manager, data={"pir": "The alarm was right."})
    assert (change.state, change.outcome) == ("closed", "successful")


def test_an_emergency_that_is_not_ratified_ends_as_unratified(cast):
    change = emergency(cast)
    for voter in cast.emergency[:2]:
        cast_vote(change.rounds.get(), by=voter, choice="approve")
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    verify(cast, change)
    take_step(change, "verified_emergency", by=cast.verifier)
    cast_vote(change.rounds.get(closed_at=None), by=cast.owner, choice="reject", comment="no need")
    change.refresh_from_db()
    assert (change.state, change.outcome) == ("reviewing", "unratified")


def test_the_glass_is_broken_only_after_silence_and_with_two_people(cast):
    change = emergency(cast)
    with pytest.raises(StepRefused) as refused:
        take_step(
            change, "break_glass", by=cast.oncall, comment="it burns", data={"second_person": cast.oncall.pk}
        )
    assert codes(refused) == {"no_ecab_answer_within_minutes", "second_person_present", "step_up"}
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    with void_confirmed():
        edit_change(change, by=cast.requester, description="now without patience")
    take_step(change, "new_round", by=cast.requester)
    take_step(
        change,
        "break_glass",
        by=cast.oncall,
        comment="it burns",
        data={"second_person": cast.second.pk},
        proof=Proof.now(),
    )
    assert (change.state, change.is_break_glass) == ("implementing", True)
    assert change.ratify_due_at is not None
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    verify(cast, change)
    take_step(change, "verified_emergency", by=cast.verifier)
    assert change.state == "ratifying"


def test_what_was_already_done_is_recorded_afterwards(cast):
    change = draft(cast, kind="emergency", incident_ref="INC-7", window=None)
    item = change.change_items.get().item
    item.serial = "NEW"
    item.save()
    now = timezone.now()
    take_step(
        change,
        "record_retro",
        by=cast.implementer,
        comment="done at night",
        data={"actual_start": now - timedelta(hours=3), "actual_end": now.isoformat()},
    )
    assert (change.state, change.is_retrospective) == ("verifying", True)
    assert change.operations.get().applied_at is not None
    assert change.ratify_due_at is not None


def test_a_criterion_breached_by_machine_rolls_back_by_itself(cast):
    change = draft(cast)
    change.criteria.update(has_auto_rollback=True)
    to_implementing(cast, change)
    record_criterion(change.criteria.get(), value=3, by=None, source="prometheus")
    change.refresh_from_db()
    assert change.state == "rolling_back"
    assert change.events.first().actor is None
    assert "Alarms" in change.events.first().comment


def test_an_edit_in_approving_voids_round_and_evidence_and_rework_leads_back(cast):
    change = draft(cast)
    to_approving(cast, change)
    with void_confirmed():
        edit_change(change, by=cast.requester, description="one thing more")
    assert change.rounds.get().result == "void"
    with pytest.raises(StepRefused) as refused:
        take_step(change, "new_round", by=cast.manager)
    assert codes(refused) == {"evidence_bound_to_plan"}
    take_step(change, "rework", by=cast.manager, comment="test again")
    assert change.state == "draft"


def test_after_an_edit_an_emergency_gets_a_new_round(cast):
    change = emergency(cast)
    with void_confirmed():
        edit_change(change, by=cast.requester, description="one thing more")
    take_step(change, "new_round", by=cast.requester)
    assert change.rounds.filter(closed_at=None).get().plan_hash == change.plan_hash


def test_a_vote_of_its_own_closes_the_round_and_the_decision_names_the_system(cast):
    change = draft(cast)
    to_approving(cast, change)
    cast_vote(change.rounds.get(), by=cast.owner, choice="reject", comment="not now")
    change.refresh_from_db()
    assert change.state == "rejected"
    assert change.events.first().actor is None


def test_where_a_guard_stands_against_approval_the_vote_stands_and_a_manager_ends_it(cast):
    change = draft(cast)
    to_approving(cast, change)
    other = draft(cast, item=make_item(serial="X"))
    to_scheduled(cast, other)
    row = ChangeItem.objects.create(change=change, item=other.change_items.first().item)
    assert change.rounds.get().result == "void"
    row.delete()
    take_step(change, "new_round", by=cast.manager)
    edit_window = (timezone.now() - timedelta(hours=3), timezone.now() - timedelta(hours=2))
    with void_confirmed():
        edit_change(change, by=cast.requester, window=edit_window)
    take_step(change, "rework", by=cast.manager, comment="the window has passed")
    assert change.state == "draft"


def test_a_verbal_vote_is_taken_down_and_confirmed_by_its_voter(cast):
    change = emergency(cast)
    first, second = cast.emergency[:2]
    vote = cast_vote(
        change.rounds.get(), by=cast.oncall, on_behalf_of=first, choice="approve", channel="verbal"
    )
    assert (vote.voter, vote.recorded_by) == (first, cast.oncall)
    cast_vote(change.rounds.get(), by=second, choice="approve")
    with pytest.raises(StepRefused):
        confirm_vote(vote, by=cast.oncall)
    confirm_vote(vote, by=first)


def test_hold_stops_all_but_the_ways_out(cast):
    change = draft(cast)
    to_scheduled(cast, change)
    take_step(change, "hold", by=cast.manager, comment="wait")
    with pytest.raises(StepRefused) as refused:
        take_step(change, "start", by=cast.implementer)
    assert "hold" in codes(refused)
    offers = {offer.step.event: offer for offer in available_steps(change, by=cast.manager)}
    assert offers["resume"].is_open
    assert offers["cancel"].is_open
    assert not offers["replan"].is_open
    take_step(change, "resume", by=cast.manager, comment="go on")
    take_step(change, "start", by=cast.implementer)
    assert change.state == "implementing"


def test_offers_name_every_reason_and_ask_for_no_input_yet(cast):
    change = draft(cast)
    edit_change(change, by=cast.requester, reason="tbc", window=None)
    offer = next(o for o in available_steps(change, by=cast.tester) if o.step.event == "submit")
    assert {refusal.code for refusal in offer.refusals} == {"who", "reason", "window"}
    assert all(refusal.message for refusal in offer.refusals)


def test_a_refused_step_is_recorded_with_its_reasons(cast):
    change = draft(cast)
    with pytest.raises(StepRefused):
        take_step(change, "submit", by=cast.tester)
    noted = SecurityEvent.objects.filter(target=change.number, kind="refusal").last()
    assert noted.detail["deed"] == "submit"
    assert noted.detail["reasons"][0]["code"] == "who"


def test_an_unknown_event_is_refused(cast):
    with pytest.raises(StepRefused) as refused:
        take_step(draft(cast), "approve", by=cast.manager)
    assert codes(refused) == {"no_such_step"}


def test_who_listens_hears_of_a_step_after_commit(cast, django_capture_on_commit_callbacks):
    heard = []
    NOTIFY.append(heard.append)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            event = take_step(draft(cast), "submit", by=cast.requester)
    finally:
        NOTIFY.remove(heard.append)
    assert heard == [event]


def test_the_affected_items_are_written_down_at_assessment(cast):
    item = make_item(serial="OLD", criticality=2)
    user = make_item(criticality=4)
    make_relation(source=user, target=item)
    change = draft(cast, item=item)
    to_testing(cast, change, LOW)
    computed = change.change_items.get(impact="computed")
    assert (computed.item, computed.effect, computed.depth) == (user, "down", 1)
    assert change.risk == "high", "a critical item goes down"
    assert change.risk_inputs["inputs"]["criticality"] == {
        "value": 4, "level": "high", "about": {"item": user.address},
    }  # fmt: skip


def test_tasks_are_ticked_in_order_and_a_dual_one_by_two_people(cast):
    change = draft(cast)
    to_implementing(cast, change)
    first, second = change.tasks.order_by("position")
    with pytest.raises(StepRefused) as refused:
        complete_task(second, by=cast.implementer)
    assert codes(refused) == {"tasks_in_order"}
    complete_task(first, by=cast.implementer)
    complete_task(second, by=cast.implementer)
    with pytest.raises(StepRefused) as refused:
        complete_task(second, by=cast.implementer)
    assert codes(refused) == {"already_done"}
    apply_stage(change.stages.get(), by=cast.implementer)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "finish", by=cast.implementer)
    assert codes(refused) == {"dual_tasks"}
    complete_task(second, by=cast.second)
    take_step(change, "finish", by=cast.implementer)


@pytest.mark.parametrize(
    ("role", "who"),
    [
        ("assessor", "requester"),
        ("tester", "requester"),
        ("verifier", "requester"),
        ("verifier", "implementer"),
        ("implementer", "verifier"),
    ],
)
def test_nobody_is_assigned_to_two_parts_that_exclude_each_other(cast, role, who):
    change = draft(cast)
    user = getattr(cast, who)
    if who == "requester":
        user.is_superuser = True
        user.save()
    with pytest.raises(StepRefused) as refused:
        assign(change, user, role, by=cast.manager)
    assert f"{who}_apart" in codes(refused)


def test_nobody_is_assigned_without_the_right(cast):
    with pytest.raises(StepRefused) as refused:
        assign(draft(cast), make_user("auditor"), "implementer", by=cast.manager)
    assert codes(refused) == {"right"}
