"""Every step between the states of a change, as one frozen table."""

# ruff: noqa: E501  a table is read by its rows
from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from changes.workflow.states import Kind, Outcome


@dataclass(frozen=True)
class Input:
    """One thing that a step asks for, as a dialog shows it and as `data[name]` carries it.

    `kind`: text, longtext, bool, datetime, user (id), choice, risk (answers by key).
    """

    name: str
    kind: str
    label: str | Promise
    is_required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One row of the table: an event that takes a change of some kinds from one state to the next.

    `apart`: relations that the actor must not have; `apart_if_high`: the same at high risk.
    `decides`: what the votes must say (approval or rejection); `opens`: the round that it opens.
    `binds`: the plan as it stands becomes the approved one; `unchanged`: it must still be that one.
    """

    event: str
    source: str
    target: str
    kinds: tuple[str, ...]
    who: tuple[str, ...]
    label: str | Promise
    guards: tuple[str, ...] = ()
    needs_comment: bool = False
    inputs: tuple[Input, ...] = ()
    effects: tuple[str, ...] = ()
    tone: str = "neutral"
    apart: tuple[str, ...] = ()
    apart_if_high: tuple[str, ...] = ()
    decides: str = ""
    opens: str = ""
    binds: bool = False
    unchanged: bool = False
    outcomes: tuple[str, ...] = ()
    on_hold: str = "no"  # "no", "also" or "only"


N, S, E = Kind.NORMAL.value, Kind.STANDARD.value, Kind.EMERGENCY.value
REQ, OWN, CM, SYS = "requester", "owner", "change_manager", "system"
IMP, VER, ONCALL = "implementer", "verifier", "oncall"
O = Outcome  # noqa: E741

_RISK = Input("risk_answers", "risk", _("Risk questions"), is_required=False)
_INCIDENT = Input("caused_incidents", "text", _("Incident"))
_SEVERITY = Input(
    "incident_severity", "choice", _("Severity of the incident"), False, ("p1", "p2", "p3", "p4")
)
_SECOND = Input("second_person", "user", _("Second person present"))
_WAIVED = Input(
    "discovery_waived", "text", _("Why a difference from the plan is accepted"), is_required=False
)
_OUTCOME = Input(
    "outcome", "choice", _("Outcome"), False, (O.SUCCESSFUL.value, O.SUCCESSFUL_WITH_ISSUES.value)
)
_FREEZE = Input(
    "freeze_reason", "text", _("Why in spite of a soft freeze, if one is in force"), is_required=False
)
_GO_GUARDS = ("implementers_named", "verifier_named", "people_apart")
_SCHEDULE_GUARDS = ("window_reserved", "no_hard_conflict", "no_hard_freeze")

APPLICATION = (
    Step("submit", "draft", "assessing", (N,), (REQ, OWN), _("Submit"),
         ("form_complete", "cis_listed", "no_hard_conflict", "no_hard_freeze", "soft_freeze_explained"),
         effects=("snapshot_impact", "ask_owners", "notify"), tone="primary"),
    Step("submit", "draft", "scheduled", (S,), (REQ, OWN), _("Submit"),
         ("form_complete", "cis_listed", "template_active", "cis_in_template_scope", "params_valid", "plan_from_template",
          "line_not_stopped", *_GO_GUARDS, *_SCHEDULE_GUARDS, "soft_freeze_explained"),
         effects=("submit_with_impact", "bind_plan", "notify"), tone="primary", binds=True),
    Step("submit", "draft", "approving", (E,), (REQ, OWN, ONCALL), _("Call the emergency board"),
         ("form_complete", "cis_listed", "incident_referenced", "rollback_plan_present",
          "implementers_named", "seats_reachable", "freeze_override_if_frozen"),
         effects=("compute_risk", "open_round", "notify"), tone="danger", opens="approve"),
    Step("record_retro", "draft", "verifying", (E,), (ONCALL, IMP, CM), _("Record what was already done"),
         ("form_complete", "cis_listed", "incident_referenced", "actual_times_given", "implementers_named",
          "verifier_named", "people_apart"),
         needs_comment=True,
         inputs=(Input("actual_start", "datetime", _("Started at")), Input("actual_end", "datetime", _("Ended at"))),
         effects=("compute_risk", "mark_retrospective", "bind_plan", "apply_done_operations",
                  "start_ratify_clock", "notify"),
         tone="danger", binds=True),
    Step("to_normal", "draft", "draft", (S, E), (REQ, OWN, CM), _("Make it a normal change"),
         needs_comment=True, effects=("make_normal",)),
    Step("withdraw", "draft", "withdrawn", (N, S, E), (REQ, OWN), _("Withdraw"), needs_comment=True, on_hold="also"),
    Step("withdraw", "assessing", "withdrawn", (N,), (REQ, OWN), _("Withdraw"), needs_comment=True, on_hold="also"),
    Step("withdraw", "testing", "withdrawn", (N,), (REQ, OWN), _("Withdraw"), needs_comment=True, on_hold="also"),
    Step("withdraw", "approving", "withdrawn", (N, E), (REQ, OWN), _("Withdraw"), needs_comment=True,
         effects=("void_round", "notify"), on_hold="also"),
    Step("record_import", "draft", "closed", (N, S, E), ("importer", SYS), _("Record as a past change"),
         ("import_source_named",),
         inputs=(Input("outcome", "choice", _("Outcome"), True, tuple(Outcome.values)),
                 Input("actual_start", "datetime", _("Started at"), is_required=False),
                 Input("actual_end", "datetime", _("Ended at"), is_required=False)),
         effects=("mark_imported",), outcomes=tuple(Outcome.values)),
)  # fmt: skip

ASSESSMENT = (
    Step("assessed", "assessing", "testing", (N,), ("assessor",), _("Assessment done"),
         ("risk_answered", "impact_confirmed", "rollback_plan_complete", "test_plan_complete",
          "verify_plan_measurable", "ci_owners_consulted", "diff_dry_run_clean"),
         inputs=(_RISK,), effects=("snapshot_impact", "compute_risk", "notify"),
         tone="primary", apart=(REQ,)),
    Step("assessed_low", "assessing", "approving", (N,), ("assessor",), _("Assessed as low risk, no test"),
         ("risk_answered", "impact_confirmed", "rollback_plan_complete", "verify_plan_measurable",
          "ci_owners_consulted", "diff_dry_run_clean", "policy_allows_skip_test", "seats_reachable"),
         needs_comment=True, inputs=(_RISK,),
         effects=("snapshot_impact", "compute_risk", "open_round", "notify"),
         tone="primary", apart=(REQ,), opens="approve"),
    Step("return", "assessing", "draft", (N,), ("assessor", CM), _("Send back"), needs_comment=True,
         effects=("notify",)),
    Step("reject", "assessing", "rejected", (N,), (CM,), _("Reject"), needs_comment=True, effects=("notify",),
         tone="danger", apart=(REQ,)),
    Step("tested", "testing", "approving", (N,), ("tester",), _("Test passed"),
         ("evidence_bound_to_plan", "all_cases_passed", "rollback_rehearsed_if_high", "ci_owners_consulted",
          "seats_reachable"),
         effects=("open_round", "notify"), tone="primary", apart=(REQ,), apart_if_high=("assessor",), opens="approve"),
    Step("test_failed", "testing", "draft", (N,), ("tester",), _("Test failed"), needs_comment=True,
         effects=("notify",), tone="danger"),
)  # fmt: skip

APPROVAL = (
    Step("approve", "approving", "scheduled", (N,), (SYS, CM), _("Close the vote as approved"),
         ("quorum_met_every_step", "plan_voted_on", "evidence_bound_to_plan", "impact_still_true", *_GO_GUARDS, *_SCHEDULE_GUARDS),
         effects=("close_round", "bind_plan", "notify"), tone="primary", apart=(REQ, IMP), decides="approval",
         binds=True),
    Step("approve", "approving", "implementing", (E,), (SYS, CM), _("Close the vote as approved"),
         ("quorum_met_every_step", "plan_voted_on", "implementers_named", "people_apart",
          "freeze_override_if_frozen"),
         effects=("close_round", "bind_plan", "start_clock", "notify"), tone="primary", apart=(REQ, IMP),
         decides="approval", binds=True),
    Step("break_glass", "approving", "implementing", (E,), (ONCALL,), _("Break the glass"),
         ("no_ecab_answer_within_minutes", "step_up_auth", "incident_is_p1", "no_prior_reject",
          "second_person_present", "implementers_named"),
         needs_comment=True, inputs=(_SECOND,),
         effects=("void_round", "mark_break_glass", "bind_plan", "start_clock", "start_ratify_clock", "notify"),
         tone="danger", binds=True),
    Step("reject", "approving", "rejected", (N, E), (SYS, CM), _("Close the vote as rejected"),
         ("reject_threshold_reached",), effects=("close_round", "notify"), tone="danger", apart=(REQ,),
         decides="rejection"),
    Step("escalate", "approving", "approving", (N, E), (SYS,), _("Vote overdue"), ("vote_overdue",),
         effects=("escalate_steps", "notify"), tone="danger"),
    Step("new_round", "approving", "approving", (N, E), (REQ, OWN, CM), _("Open a new round"),
         ("no_open_round", "evidence_bound_to_plan", "ci_owners_consulted", "seats_reachable"), effects=("open_round", "notify"),
         opens="approve"),
    Step("rework", "approving", "draft", (N,), (CM, "voter"), _("Send back for rework"), needs_comment=True,
         effects=("void_round", "notify")),
    Step("downgrade", "approving", "draft", (E,), (CM,), _("Not an emergency"), needs_comment=True,
         effects=("void_round", "make_normal", "notify")),
)  # fmt: skip

SCHEDULE = (
    Step("start", "scheduled", "implementing", (N, S), (IMP,), _("Start"),
         ("inside_window", "fresh_conflict_check", "line_not_stopped", "no_hard_freeze", "soft_freeze_reasoned",
          "prechecks_done",
          "backup_evidence_if_required", "second_person_if_dual", "plan_unchanged", "impact_still_true",
          "upstream_changes_done",
          "step_up_auth_if_high"),
         inputs=(Input("backup_ref", "text", _("Backup reference"), is_required=False),
                 Input("second_operator", "user", _("Second operator"), is_required=False), _FREEZE),
         effects=("start_clock", "notify"), tone="primary", unchanged=True),
    Step("reschedule", "scheduled", "scheduled", (N, S), (OWN, CM), _("Reschedule"),
         ("plan_unchanged", "within_approved_tolerance", "new_window_free", "new_window_not_frozen",
          "soft_freeze_reasoned"), needs_comment=True,
         inputs=(Input("window_start", "datetime", _("New start")), Input("window_end", "datetime", _("New end")), _FREEZE),
         effects=("move_window", "bind_plan", "notify"), unchanged=True, binds=True),
    Step("replan", "scheduled", "draft", (N,), (OWN, CM), _("Plan again"), needs_comment=True,
         effects=("void_round", "notify")),
    Step("convert", "scheduled", "draft", (S,), (OWN, CM), _("Plan again as a normal change"), needs_comment=True,
         effects=("make_normal", "notify")),
    Step("cancel", "scheduled", "cancelled", (N, S), (REQ, OWN, CM), _("Cancel"), needs_comment=True,
         effects=("notify",), tone="danger", outcomes=("cancelled",), on_hold="also"),
    Step("expire", "scheduled", "cancelled", (N, S), (SYS,), _("Window missed"), ("window_passed_plus_grace",),
         effects=("mark_missed_window", "notify"), outcomes=("missed_window",)),
)  # fmt: skip

_ROLLBACK = _("Roll back")
IMPLEMENTATION = (
    Step("finish", "implementing", "verifying", (N, S, E), (IMP,), _("Finish"),
         ("tasks_done_in_order", "ci_ops_all_applied", "dual_tasks_have_two_people"),
         inputs=(Input("deviations", "longtext", _("Deviations from the plan"), is_required=False),),
         effects=("stop_clock", "notify"), tone="primary"),
    Step("abort", "implementing", "cancelled", (N, S, E), (IMP, CM), _("Abort"),
         ("no_task_started", "no_ci_op_applied"), needs_comment=True, effects=("stop_clock", "notify"),
         tone="danger", outcomes=("cancelled",)),
    Step("rollback", "implementing", "rolling_back", (N, S, E), (IMP, CM), _ROLLBACK,
         ("way_back_open",), needs_comment=True, effects=("notify",), tone="danger", on_hold="also"),
    Step("rollback", "verifying", "rolling_back", (N, S, E), (IMP, CM, VER), _ROLLBACK,
         ("way_back_open",), needs_comment=True, effects=("notify",), tone="danger", on_hold="also"),
    Step("auto_rollback", "implementing", "rolling_back", (N, S, E), (SYS,), _("Roll back by criterion"),
         ("criterion_breached", "way_back_open"), effects=("notify",), tone="danger", on_hold="also"),
    Step("auto_rollback", "verifying", "rolling_back", (N, S, E), (SYS,), _("Roll back by criterion"),
         ("criterion_breached", "way_back_open"), effects=("notify",), tone="danger", on_hold="also"),
)  # fmt: skip

VERIFICATION = (
    Step("verified", "verifying", "closed", (N,), (VER,), _("Effect verified, close"),
         ("verifier_apart", "criteria_judged", "criteria_passed", "observation_elapsed",
          "discovery_matches_plan_or_waived", "no_pir_needed"),
         inputs=(_OUTCOME, _WAIVED), effects=("notify",), tone="success", apart=(IMP, REQ),
         outcomes=("successful", "successful_with_issues")),
    Step("verified", "verifying", "closed", (S,), (VER,), _("Effect verified, close"),
         ("verifier_apart", "criteria_judged", "criteria_passed", "observation_elapsed",
          "discovery_matches_plan_or_waived", "no_pir_needed"),
         inputs=(_OUTCOME, _WAIVED), effects=("notify",), tone="success", apart=(IMP,),
         outcomes=("successful", "successful_with_issues")),
    Step("verified_review", "verifying", "reviewing", (N,), (VER,), _("Verified, needs a review"),
         ("verifier_apart", "criteria_judged", "observation_elapsed", "pir_needed"),
         inputs=(Input("issues", "longtext", _("Issues seen"), is_required=False),), effects=("notify",),
         tone="primary", apart=(IMP, REQ)),
    Step("verified_emergency", "verifying", "ratifying", (E,), (VER,), _("Effect verified"),
         ("verifier_apart", "criteria_judged", "ratify_seats_reachable"), inputs=(_WAIVED,),
         effects=("start_ratify_clock", "open_round", "notify"), tone="success", apart=(IMP,), opens="ratify"),
    Step("auto_verified", "verifying", "closed", (S,), (SYS,), _("Verified by machine"),
         ("template_auto_verify", "criteria_judged", "machine_checks_pass", "observation_elapsed"),
         effects=("notify",), tone="success", outcomes=("successful",)),
)  # fmt: skip

RESTORE = (
    Step("rolled_back", "rolling_back", "rolled_back", (N, S, E), (IMP,), _("Rollback done"),
         ("rollback_steps_done", "ci_ops_all_reverted_or_decided"), effects=("stop_clock", "notify"),
         tone="primary"),
    Step("rollback_failed", "rolling_back", "reviewing", (N, S, E), (IMP, CM), _("Rollback failed"),
         ("incident_linked",), needs_comment=True, inputs=(_INCIDENT, _SEVERITY),
         effects=("link_incident", "suspend_template", "notify"),
         tone="danger", outcomes=("failed",)),
    Step("restore_ok", "rolled_back", "reviewing", (N, S), (VER,), _("Restored state confirmed"),
         ("verifier_apart", "restored_to_before"),
         inputs=(Input("restore_check", "longtext", _("What was checked")), _WAIVED),
         effects=("suspend_template", "notify"), tone="success", apart=(IMP,), outcomes=("rolled_back",)),
    Step("restore_ok", "rolled_back", "ratifying", (E,), (VER,), _("Restored state confirmed"),
         ("verifier_apart", "restored_to_before", "ratify_seats_reachable"),
         inputs=(Input("restore_check", "longtext", _("What was checked")), _WAIVED),
         effects=("start_ratify_clock", "open_round", "notify"), tone="success", apart=(IMP,), opens="ratify",
         outcomes=("rolled_back",)),
    Step("restore_bad", "rolled_back", "rolling_back", (N, S, E), (VER,), _("Not restored"), needs_comment=True,
         effects=("reopen_rollback", "notify"), tone="danger", apart=(IMP,)),
)  # fmt: skip

REVIEW = (
    Step("ratify", "ratifying", "reviewing", (E,), (SYS, CM), _("Close the vote as ratified"),
         ("quorum_met_every_step", "verbal_votes_confirmed", "presence_confirmed", "assessment_completed"),
         inputs=(Input("retro_assessment", "longtext", _("Assessment made afterwards"), is_required=False),),
         effects=("close_round", "notify"), tone="success", apart=(REQ, IMP), decides="approval"),
    Step("not_ratified", "ratifying", "reviewing", (E,), (SYS, CM), _("Close the vote as not ratified"),
         ("reject_threshold_reached",), effects=("close_round", "mark_unauthorised", "notify"), tone="danger",
         apart=(REQ, IMP), decides="rejection", outcomes=("unratified",)),
    # The clock also runs for what never came so far: a broken glass is not forgotten by leaving the change as it is.
    *(Step("ratify_overdue", state, state, (E,), (SYS,), _("Ratification overdue"),
           ("ratification_overdue",), effects=("mark_unauthorised", "notify"), tone="danger", on_hold="also")
      for state in ("implementing", "verifying", "rolling_back", "rolled_back", "ratifying")),
    Step("escalate", "ratifying", "ratifying", (E,), (SYS,), _("Vote overdue"), ("vote_overdue",),
         effects=("escalate_steps", "notify"), tone="danger"),
    Step("close", "reviewing", "closed", (N, S, E), (CM,), _("Close"),
         ("pir_complete", "caused_incidents_linked", "actions_have_owner_and_date"),
         inputs=(Input("pir", "longtext", _("Post-implementation review"), is_required=False),
                 Input("outcome", "choice", _("Outcome"), False,
                       ("successful", "successful_with_issues", "rolled_back", "failed", "unratified")),
                 Input("no_incident", "bool", _("It caused no incident"), is_required=False)),
         effects=("suspend_template", "notify"), tone="primary", apart=(IMP,),
         outcomes=("successful", "successful_with_issues", "rolled_back", "failed", "unratified")),
)  # fmt: skip

_HOLDABLE = (
    ("assessing", (N,)), ("testing", (N,)), ("approving", (N, E)), ("scheduled", (N, S)),
    ("implementing", (N, S, E)), ("verifying", (N, S, E)), ("reviewing", (N, S, E)),
)  # fmt: skip
HOLD = tuple(
    Step("hold", state, state, kinds, (OWN, CM), _("Put on hold"), needs_comment=True,
         effects=("hold", "notify"))
    for state, kinds in _HOLDABLE
) + tuple(
    Step("resume", state, state, kinds, (OWN, CM), _("Resume"), needs_comment=True,
         effects=("resume", "notify"), on_hold="only")
    for state, kinds in _HOLDABLE
)  # fmt: skip

STEPS: tuple[Step, ...] = (
    *APPLICATION, *ASSESSMENT, *APPROVAL, *SCHEDULE, *IMPLEMENTATION, *VERIFICATION, *RESTORE, *REVIEW, *HOLD,
)  # fmt: skip


def steps_from(state: str, kind: str) -> tuple[Step, ...]:
    """Every step that a change of this kind can take from this state, in the order of the table."""
    return tuple(step for step in STEPS if step.source == state and kind in step.kinds)


def find_step(event: str, state: str, kind: str) -> Step | None:
    """The one step of that name from that state for that kind, or None."""
    return next((step for step in steps_from(state, kind) if step.event == event), None)
