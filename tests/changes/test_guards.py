"""Each guard refuses when it should and is silent when it should; one line a case."""

import pathlib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.step_up import Proof
from changes.actions import complete_task, take_step
from changes.guards import GUARDS
from changes.guards.collisions import freezes_on
from changes.models import ApprovalPolicy, ChangeEvent, ChangeRequest, PolicyStep, TestRun
from tests.changes.journey import (
    HIGH,
    LOW,
    do_the_work,
    draft,
    emergency,
    to_implementing,
    to_scheduled,
    to_testing,
    to_verifying,
    verify,
)
from tests.factories import (
    make_caused_incident,
    make_change,
    make_change_link,
    make_consultation,
    make_criterion_result,
    make_freeze,
    make_impact_confirmation,
    make_item,
    make_member,
    make_presence,
    make_review_action,
    make_round,
    make_standard_template,
    make_task,
    make_team,
    make_test_run,
    make_user,
    make_vote,
    make_vote_confirmation,
)

NOW = timezone.now()


def codes(name, change, by=None, data=None):
    change = ChangeRequest.objects.get(pk=change.pk)
    return {refusal.code for refusal in GUARDS[name](change, by, data)}


def edited(change, **fields):
    """The change with other values, written past the actions."""
    ChangeRequest.objects.filter(pk=change.pk).update(**fields)
    change.refresh_from_db()
    return change


def test_every_guard_is_tested_in_this_folder():
    text = "".join(each.read_text() for each in pathlib.Path(__file__).parent.glob("test_*.py"))
    assert [name for name in GUARDS if f'"{name}"' not in text] == []


@pytest.fixture
def change(db):
    return make_change()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "TBC"),
        ("reason", ""),
        ("reason", "N/A"),
        ("reason", " n/a. "),
        ("reason", "无"),
        ("window", None),
    ],
)
def test_form_complete(change, field, value):
    assert codes("form_complete", change) == set()
    assert codes("form_complete", edited(change, **{field: value})) == {field}


def test_cis_listed(cast):
    change = draft(cast)
    assert codes("cis_listed", change) == set()
    change.change_items.all().delete()
    assert codes("cis_listed", change) == {"cis_listed", "operations_within_items"}


def test_incident_and_import_source(change):
    assert codes("incident_referenced", change) == {"incident_referenced"}
    assert codes("incident_referenced", edited(change, incident_ref="INC-1")) == set()
    assert codes("import_source_named", change) == {"import_source_named"}
    assert codes("import_source_named", edited(change, import_source="osg", import_key="7")) == set()
    assert codes("incident_is_p1", edited(change, incident_priority="p2")) == {"incident_is_p1"}
    assert codes("incident_is_p1", edited(change, incident_priority="p1")) == set()
    assert codes("incident_linked", edited(change, incident_ref=""), data={}) == {"incident_linked"}
    assert codes("incident_linked", change, data={"caused_incidents": "INC-2"}) == set()


def test_actual_times_given(change):
    name = "actual_times_given"
    assert codes(name, change) == set()
    assert codes(name, change, data={"actual_start": NOW, "actual_end": NOW}) == {name}
    assert codes(name, change, data={"actual_start": NOW - timedelta(1), "actual_end": NOW}) == set()


def test_plans_of_rollback_test_and_verification(cast):
    change = draft(cast)
    for name in (
        "rollback_plan_present",
        "rollback_plan_complete",
        "test_plan_complete",
        "verify_plan_measurable",
    ):
        assert codes(name, change) == set()
    change.rollback_steps.all().delete()
    change.criteria.all().delete()
    edited(change, rollback_trigger="", rollback_minutes=None, rollback_owner=None, test_plan="tbd")
    assert codes("rollback_plan_present", change) == {"rollback_plan_present"}
    assert codes("rollback_plan_complete", change) == {
        "rollback_plan_present", "rollback_trigger", "rollback_minutes", "rollback_owner",
    }  # fmt: skip
    change.test_cases.all().delete()
    assert codes("test_plan_complete", change) == {"test_plan"}
    assert codes("verify_plan_measurable", change) == {"verify_plan_measurable"}


def test_risk_and_impact(change):
    assert codes("risk_answered", change) == set()
    assert codes("risk_answered", change, data={"risk_answers": LOW}) == set()
    assert codes("risk_answered", change, data={"risk_answers": LOW | {"reach": "?"}}) == {"risk_answered"}
    assert codes("risk_answered", change, data={}) == {"risk_answered"}
    for name in ("impact_confirmed", "impact_still_true"):
        assert codes(name, change, data={}) == {name}
    make_impact_confirmation(change=change)
    for name in ("impact_confirmed", "impact_still_true"):
        assert codes(name, change, data={}) == set()


def test_ci_owners_consulted(cast):
    team = make_team()
    change = draft(cast, item=make_item(serial="OLD", owner_team=team))
    assert codes("ci_owners_consulted", change) == {"ci_owners_consulted"}
    asked = make_consultation(change=change, team=team, answer="objected")
    assert codes("ci_owners_consulted", change) == {"owner_objects"}
    asked.refresh_from_db()  # the plan that was answered to is set by PostgreSQL
    asked.answer = "agreed"
    asked.save()
    assert codes("ci_owners_consulted", change) == set()


def test_the_requesters_own_team_need_not_be_asked(cast):
    change = draft(cast, item=make_item(serial="OLD", owner_team=make_team()))
    make_member(team=change.change_items.get().item.owner_team, user=cast.requester)
    assert codes("ci_owners_consulted", change) == set()


def test_diff_dry_run_clean(cast):
    change = draft(cast)
    assert codes("diff_dry_run_clean", change) == set()
    item = change.change_items.get().item
    item.serial = "MOVED"
    item.save()
    assert codes("diff_dry_run_clean", change) == {"diff_dry_run_clean"}


def test_policy_allows_skip_test(change):
    name = "policy_allows_skip_test"
    assert codes(name, edited(change, risk="low")) == set()
    assert codes(name, edited(change, risk="high")) == {name}
    ApprovalPolicy.objects.filter(risk="high").update(allows_skip_test=True)
    assert codes(name, change) == set()


def test_templates(db):
    template = make_standard_template(parameters={"ticket": {"required": True}})
    change = make_change(kind="standard", template=template, parameters={"ticket": "T"})
    for name in ("template_active", "cis_in_template_scope", "params_valid", "plan_from_template"):
        assert codes(name, change) == set()
    template.is_active = False
    template.save()
    assert codes("template_active", change) == {"template_active"}
    elsewhere = make_standard_template(scope_types=["database"], has_auto_verify=True)
    assert codes("cis_in_template_scope", edited(change, template=elsewhere)) == {"cis_in_template_scope"}
    edited(change, template=template)
    assert codes("params_valid", edited(change, parameters={"other": 1})) == {
        "params_missing",
        "params_unknown",
    }
    assert codes("template_auto_verify", change) == {"template_auto_verify"}
    assert codes("template_auto_verify", edited(change, template=elsewhere)) == set()
    assert codes("template_active", edited(change, template=None)) == {"template_active"}


def test_people_named_and_apart(cast):
    change = draft(cast)
    for name in ("implementers_named", "verifier_named", "people_apart", "second_person_if_dual"):
        assert codes(name, change) == set()
    change.assignments.filter(user=cast.second).delete()
    assert codes("second_person_if_dual", change) == {"second_person_if_dual"}
    change.assignments.filter(role="verifier").update(user=cast.implementer)
    assert codes("people_apart", change) == {"people_apart"}
    change.assignments.filter(role="verifier").update(user=cast.requester)
    assert codes("people_apart", change) == {"verifier_is_requester"}
    change.assignments.all().delete()
    assert codes("implementers_named", change) == {"implementers_named"}
    assert codes("verifier_named", change) == {"verifier_named"}


def test_verifier_apart(cast):
    change = draft(cast)
    assert codes("verifier_apart", change, by=cast.verifier) == set()
    assert codes("verifier_apart", change, by=cast.implementer) == {"implementer_apart"}
    check = make_task(change=change, phase="precheck")
    to_scheduled(cast, change)
    complete_task(check, by=cast.second)
    take_step(change, "replan", by=cast.manager, comment="anew")
    change.assignments.filter(user=cast.second).delete()
    assert codes("verifier_apart", change, by=cast.second) == {"implementer_apart"}, (
        "did it, though no longer named"
    )


def test_second_person_present(change):
    by, name = make_user("engineer"), "second_person_present"
    assert codes(name, change, by=by, data={"second_person": make_user("engineer").pk}) == set()
    assert codes(name, change, by=by, data={"second_person": by.pk}) == {name}
    assert codes(name, change, by=by, data={"second_person": make_user(is_active=False).pk}) == {name}


def test_step_up_auth(change):
    by, name = make_user("engineer"), "step_up_auth"
    stale = Proof("step_up", timezone.now() - timedelta(minutes=11))
    assert codes(name, change, by=by) == set(), "it is asked for by the dialog, not by the button"
    assert codes(name, change, by=by, data={"proof": Proof.now()}) == set()
    for proof in (None, stale, Proof("session"), Proof("token", timezone.now(), 7)):
        assert codes(name, change, by=by, data={"proof": proof}) == {"step_up"}
    assert codes("step_up_auth_if_high", edited(change, risk="low"), by=by, data={}) == set()
    assert codes("step_up_auth_if_high", edited(change, risk="high"), by=by, data={}) == {"step_up"}


@pytest.mark.parametrize(
    ("start", "end", "open_"),
    [(-2, -1, False), (-1, 1, True), (1, 2, True), (1, 1, False)],
)
def test_window_reserved(change, start, end, open_):
    edited(change, window=(NOW + timedelta(hours=start), NOW + timedelta(hours=end)))
    assert codes("window_reserved", change) == (set() if open_ else {"window_reserved"})


@pytest.mark.parametrize(
    ("start", "end", "inside"), [(-2, -1, False), (-1, 1, True), (1, 2, False), (1, 1, False)]
)
def test_inside_window(change, start, end, inside):
    edited(change, window=(NOW + timedelta(hours=start), NOW + timedelta(hours=end)))
    assert codes("inside_window", change) == (set() if inside else {"inside_window"})


def test_window_passed_plus_grace(change):
    name = "window_passed_plus_grace"
    assert codes(name, change) == {name}
    assert codes(name, edited(change, window=(NOW - timedelta(hours=3), NOW - timedelta(hours=2)))) == set()
    assert codes(name, edited(change, window=(NOW - timedelta(hours=3), NOW - timedelta(minutes=5)))) == {
        name
    }


def test_no_hard_conflict_on_the_same_item_at_an_overlapping_time(cast):
    held = draft(cast)
    to_scheduled(cast, held)
    item = held.change_items.get(impact="manual").item
    start, end = held.window.lower, held.window.upper
    change = make_change(items=[item], window=(start, end))
    for name in ("no_hard_conflict", "fresh_conflict_check"):
        assert codes(name, change) == {"no_hard_conflict"}
    assert codes("no_hard_conflict", edited(change, window=(end, end + timedelta(hours=1)))) == set(), (
        "they touch"
    )
    assert codes("no_hard_conflict", edited(change, window=(start, start))) == set(), (
        "an empty one never overlaps"
    )
    assert codes("no_hard_conflict", change, data={"window_start": start, "window_end": end}) == {
        "no_hard_conflict"
    }
    assert codes("no_hard_conflict", make_change(window=(start, end))) == set(), "another item"
    assert codes("no_hard_conflict", held) == set(), "not with itself"


def test_no_hard_freeze(change):
    item = change.change_items.get().item
    assert codes("no_hard_freeze", change) == set()
    freeze = make_freeze()
    assert codes("no_hard_freeze", change) == {"no_hard_freeze"}
    for narrowed in ({"item": make_item()}, {"environment": "production"}, {"owner_team": make_team()}):
        type(freeze).objects.filter(pk=freeze.pk).update(**narrowed)
        assert codes("no_hard_freeze", change) == set()
        type(freeze).objects.filter(pk=freeze.pk).update(item=None, environment="", owner_team=None)
    type(freeze).objects.filter(pk=freeze.pk).update(item=item, type=item.type, is_hard=False)
    assert codes("no_hard_freeze", change) == set()
    hits = freezes_on(change, change.window)
    assert [(hit.freeze, hit.item) for hit in hits] == [(freeze, item)], "a soft one is seen, not stopping"
    later = {"window_start": NOW + timedelta(days=9), "window_end": NOW + timedelta(days=10)}
    type(freeze).objects.update(is_hard=True)
    assert codes("no_hard_freeze", change, data=later) == set()


def test_a_soft_freeze_asks_for_a_reason(change):
    assert codes("soft_freeze_explained", change) == set()
    make_freeze(is_hard=False)
    assert codes("soft_freeze_explained", change) == {"soft_freeze"}
    assert codes("soft_freeze_reasoned", change) == set(), "the dialog asks"
    assert codes("soft_freeze_reasoned", change, data={}) == {"soft_freeze"}
    assert codes("soft_freeze_reasoned", change, data={"freeze_reason": "patients wait"}) == set()
    edited(change, freeze_override="patients wait")
    assert codes("soft_freeze_explained", change) == codes("soft_freeze_reasoned", change, data={}) == set()


def test_another_window_is_offered_even_where_this_one_collides(cast):
    held = draft(cast)
    to_scheduled(cast, held)
    make_freeze(window=(held.window.lower, held.window.upper))
    change = make_change(items=[held.change_items.get(impact="manual").item], window=held.window)
    assert codes("new_window_free", change) == codes("new_window_not_frozen", change) == set()
    same = {"window_start": held.window.lower, "window_end": held.window.upper}
    assert codes("new_window_free", change, data=same) == {"no_hard_conflict"}
    assert codes("new_window_not_frozen", change, data=same) == {"no_hard_freeze"}


def test_freeze_override_if_frozen(change):
    name = "freeze_override_if_frozen"
    edited(change, window=None)
    assert codes(name, change) == set()
    make_freeze()
    assert codes(name, change) == {name}
    assert codes(name, edited(change, freeze_override="patients wait")) == set()


def test_within_approved_tolerance(change):
    start = change.window.lower

    def asked(days, hours):
        begin = start + timedelta(days=days)
        return {"window_start": begin, "window_end": begin + timedelta(hours=hours)}

    name = "within_approved_tolerance"
    assert codes(name, change) == set()
    assert codes(name, change, data=asked(1, 1)) == set()
    assert codes(name, change, data=asked(1, 9)) == {"window_longer"}
    assert codes(name, change, data=asked(8, 1)) == {name}
    assert codes(name, change, data=asked(-1, 1)) == {"window_ahead"}
    assert codes(name, change, data=asked(1, 0)) == {"window_ahead"}


def test_upstream_changes_done(cast):
    change, first = make_change(), draft(cast)
    make_change_link(change=change, other=first)
    assert codes("upstream_changes_done", change) == {"upstream_changes_done"}
    to_verifying(cast, first)
    verify(cast, first)
    take_step(first, "verified", by=cast.verifier)
    assert codes("upstream_changes_done", change) == set()


def test_rounds_and_their_results(cast):
    change = emergency(cast)
    assert codes("no_open_round", change) == {"no_open_round"}
    assert codes("quorum_met_every_step", change) == {"quorum_met_every_step"}
    assert codes("reject_threshold_reached", change) == {"reject_threshold_reached"}
    assert codes("plan_voted_on", change) == set()
    assert codes("no_prior_reject", change) == set()
    round_ = change.rounds.get()
    make_vote(round=round_)
    make_vote(round=round_)
    assert codes("quorum_met_every_step", change) == set()
    edited(change, description="more")
    assert codes("plan_voted_on", change) == {"plan_voted_on"}
    assert codes("no_open_round", change) == set()


def test_rejections_are_remembered(cast):
    change = emergency(cast)
    for _twice in range(2):
        make_vote(round=change.rounds.get(), choice="reject", comment="no")
    assert codes("reject_threshold_reached", change) == set()
    assert codes("no_prior_reject", change) == {"no_prior_reject"}


def test_no_ecab_answer_within_minutes(cast):
    name = "no_ecab_answer_within_minutes"
    assert codes(name, emergency(cast)) == {name}
    ApprovalPolicy.objects.get(kind="emergency").steps.update(minutes=0)
    change = emergency(cast, item=make_item(serial="B"), after={"serial": "C"})
    assert codes(name, change) == set()
    make_vote(round=change.rounds.get())
    assert codes(name, change) == {name}


def test_seats_reachable(cast):
    change = draft(cast)
    assert codes("seats_reachable", edited(change, risk="low")) == set()
    assert codes("ratify_seats_reachable", change) == set()
    cast.peer.board_seats.update(is_active=False)
    assert codes("seats_reachable", change) == {"seats_reachable"}
    assert codes("ratify_seats_reachable", change) == {"seats_reachable"}
    ApprovalPolicy.objects.get(kind="normal", risk="low").steps.all().delete()
    assert codes("seats_reachable", change) == {"policy_missing"}


def test_verbal_votes_confirmed(cast):
    change = emergency(cast)
    assert codes("verbal_votes_confirmed", change) == set()
    vote = make_vote(round=change.rounds.get(), channel="verbal", recorded_by=cast.oncall)
    assert codes("verbal_votes_confirmed", change) == {"verbal_votes_confirmed"}
    make_vote_confirmation(vote=vote)
    assert codes("verbal_votes_confirmed", change) == set()


def test_assessment_completed_and_ratification_overdue(cast):
    change = emergency(cast)
    assert codes("assessment_completed", change, data={}) == {"assessment_completed"}
    assert codes("assessment_completed", change, data={"retro_assessment": "small"}) == set()
    assert codes("ratification_overdue", change) == {"ratification_overdue"}
    late = ChangeRequest(ratify_due_at=NOW - timedelta(minutes=1))
    assert GUARDS["ratification_overdue"](late, None, None) == []


def test_evidence(cast):
    change = draft(cast)
    to_testing(cast, change, HIGH)
    names = ("evidence_bound_to_plan", "all_cases_passed", "rollback_rehearsed_if_high")
    for name in names:
        assert codes(name, change) == {name}
    make_test_run(change=change, cases=[{"name": "a", "passed": False}])
    assert codes("evidence_bound_to_plan", change) == set()
    assert codes("all_cases_passed", change) == {"case_not_passed", "case_not_run"}
    make_test_run(change=change, cases=[{"name": "a", "passed": True}])
    assert codes("all_cases_passed", change) == {"case_not_run"}
    planned = {"case": change.test_cases.get().pk, "name": "label", "result": "passed"}
    make_test_run(change=change, cases=[planned])
    rehearsal = {"change": change, "purpose": TestRun.Purpose.REHEARSAL}
    make_test_run(**rehearsal)
    assert codes("rollback_rehearsed_if_high", change) == {"rehearsal_measured"}
    make_test_run(**rehearsal, measured_minutes=change.rollback_minutes + 1)
    assert codes("rollback_rehearsed_if_high", change) == {"rehearsal_too_slow"}
    make_test_run(**rehearsal, measured_minutes=change.rollback_minutes)
    for name in names:
        assert codes(name, change) == set()
    edited(change, description="more")
    assert codes("evidence_bound_to_plan", change) == {"evidence_bound_to_plan"}
    assert codes("rollback_rehearsed_if_high", change) == {"rollback_rehearsed_if_high"}


def test_plan_unchanged(cast):
    change = draft(cast)
    assert codes("plan_unchanged", change) == {"plan_unchanged"}
    to_scheduled(cast, change)
    assert codes("plan_unchanged", change) == set()


def test_prechecks(cast):
    change = draft(cast)
    task = make_task(change=change, phase="precheck")
    to_scheduled(cast, change)
    assert codes("prechecks_done", change) == {"prechecks_done"}
    complete_task(task, by=cast.implementer)
    assert codes("prechecks_done", change) == set()


def test_backup(change):
    name = "backup_evidence_if_required"
    assert codes(name, change, data={}) == set()
    assert codes(name, edited(change, downtime_minutes=5), data={}) == {name}
    assert codes(name, change, data={"backup_ref": "vault"}) == set()


def test_work_done(cast):
    change = draft(cast)
    to_implementing(cast, change)
    assert codes("no_task_started", change) == set()
    assert codes("no_ci_op_applied", change) == set()
    assert codes("ci_ops_all_applied", change) == {"ci_ops_all_applied"}
    assert codes("ci_ops_all_reverted_or_decided", change) == set()
    assert codes("tasks_done_in_order", change) == {"tasks_done"}
    first, second = change.tasks.order_by("position")
    tasks = type(first).objects
    tasks.filter(pk=first.pk).update(done_at=NOW, done_by=cast.implementer)
    tasks.filter(pk=second.pk).update(done_at=NOW, done_by=cast.implementer)
    assert codes("dual_tasks_have_two_people", change) == {"dual_tasks"}
    tasks.filter(pk=second.pk).update(second_by=cast.second)
    change.operations.update(applied_at=NOW)
    assert codes("ci_ops_all_applied", change) == {"ci_ops_all_applied"}, "the mark alone does nothing"
    item = change.change_items.get(impact="manual").item
    type(item).objects.filter(pk=item.pk).update(serial="NEW")
    for name in ("tasks_done_in_order", "dual_tasks_have_two_people", "ci_ops_all_applied"):
        assert codes(name, change) == set()
    assert codes("no_task_started", change) == {"no_task_started"}
    assert codes("no_ci_op_applied", change) == {"no_ci_op_applied"}
    assert codes("ci_ops_all_reverted_or_decided", change) == {"ci_ops_all_reverted_or_decided"}
    assert codes("rollback_steps_done", change) == {"rollback_steps_done"}
    take_step(change, "rollback", by=cast.implementer, comment="back")
    change.rollback_steps.update(done_at=NOW, done_by=cast.implementer)
    assert codes("rollback_steps_done", change) == set()


def test_criteria(cast):
    change = draft(cast)
    to_verifying(cast, change)
    criterion = change.criteria.get()
    assert codes("criteria_judged", change) == {"criteria_judged"}
    make_criterion_result(criterion=criterion, value=3)
    assert codes("criteria_judged", change) == set()
    assert codes("criteria_passed", change) == {"criteria_passed"}
    assert codes("criterion_breached", change) == {"criterion_breached"}, "it does not roll back by itself"
    assert codes("machine_checks_pass", change) == {"machine_checks_pass", "criteria_passed"}
    assert codes("pir_needed", change, data={}) == set()
    assert codes("no_pir_needed", change) == {"no_pir_needed"}
    make_criterion_result(criterion=criterion, value=0)
    for name in ("criteria_passed", "no_pir_needed"):
        assert codes(name, change) == set()
    assert codes("pir_needed", change, data={}) == {"pir_needed"}
    assert codes("pir_needed", change, data={"issues": "slow"}) == set()


def test_observation_elapsed(cast):
    change = draft(cast)
    change.criteria.update(observation_minutes=60)
    to_verifying(cast, change)
    assert codes("observation_elapsed", change) == {"observation_elapsed"}
    change = draft(cast, item=make_item(serial="OLD-2"), after={"serial": "NEW-2"})
    to_verifying(cast, change)
    assert codes("observation_elapsed", change) == set()


def test_way_back_open(cast):
    change = draft(cast)
    to_implementing(cast, change)
    do_the_work(cast, change)
    assert codes("way_back_open", change, cast.implementer) == set()
    change = draft(cast, item=make_item(serial="OLD-2"), after={"serial": "NEW-2"})
    change.stages.update(is_point_of_no_return=True)
    to_implementing(cast, change)
    assert codes("way_back_open", change, cast.implementer) == set()
    do_the_work(cast, change)
    for who in (cast.implementer, cast.verifier, cast.peer, None):
        assert codes("way_back_open", change, who) == {"way_back_open"}
    assert codes("way_back_open", change, cast.manager) == set()


def test_presence_confirmed(db):
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    change = make_round().change
    assert codes("presence_confirmed", change) == set()
    confirmed = make_presence()
    assert codes("presence_confirmed", confirmed.event.change) == set()
    ChangeRequest.objects.filter(pk=change.pk).update(incident_priority="p1")
    ChangeEvent.objects.create(
        change=change, event="break_glass", actor=make_user("engineer"), comment="no answer",
        data={"second_person": make_user("engineer").pk}, proof="step_up", proved_at=timezone.now(),
    )  # fmt: skip
    assert codes("presence_confirmed", change) == {"presence_confirmed"}


def test_discovery_and_restoring(cast):
    change = draft(cast)
    to_verifying(cast, change)
    item = change.change_items.get().item
    name = "discovery_matches_plan_or_waived"
    assert codes(name, change) == set()
    type(item).objects.filter(pk=item.pk).update(serial="ELSE")
    assert codes(name, change, data={}) == {name}
    assert codes(name, change, data={"discovery_waived": "known"}) == set()
    change.operations.update(reverted_at=NOW)
    assert codes("restored_to_before", change) == {"restored_to_before"}
    type(item).objects.filter(pk=item.pk).update(serial="OLD")
    assert codes("restored_to_before", change) == set()


def test_closing(change):
    assert codes("pir_complete", change, data={}) == {"pir_complete"}
    assert codes("pir_complete", change, data={"pir": "n/a"}) == {"pir_complete"}
    assert codes("pir_complete", change, data={"pir": "It went as planned."}) == set()

    def said(name, data):  # of the change as it stands in memory
        return {refusal.code for refusal in GUARDS[name](change, None, data)}

    change.outcome = "failed"
    assert said("caused_incidents_linked", {}) == {"caused_incidents_linked"}
    assert said("caused_incidents_linked", {"no_incident": True}) == set()
    make_caused_incident(change=change)
    assert said("caused_incidents_linked", {}) == set()
    name = "actions_have_owner_and_date"
    whole = {"text": "Write it down", "owner": "ops", "due_on": "2030-01-01"}
    for change.pir_actions, wanted in (([whole], set()), ([whole | {"owner": ""}], {name}), ([], set())):
        assert said(name, {}) == wanted
    action = make_review_action(change=change)
    assert said(name, {}) == set()
    type(action.owner).objects.filter(pk=action.owner_id).update(is_active=False)
    assert said(name, {}) == {name}


def test_vote_overdue(change, cast):
    assert codes("vote_overdue", change) == {"vote_overdue"}
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    late = emergency(cast, item=make_item(serial="LATE"))
    assert codes("vote_overdue", late) == set()
    take_step(late, "escalate", by=None)
    assert codes("vote_overdue", late) == {"vote_overdue"}, "once"
