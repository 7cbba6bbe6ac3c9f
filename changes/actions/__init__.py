"""Everything that can be done to a change; one function per business event."""

from changes.actions.apply import against_widening, apply_stage, roll_back
from changes.actions.collisions import accept_collision, decide_collision, declare_freeze, override_freeze
from changes.actions.consent import open_for_consent, reasons_against_consent, vote_by_consent
from changes.actions.consultations import ask_owners, consult_owner, overrule_owner, reasons_against_answering, reasons_against_overruling
from changes.actions.control import accept_write, link_write, may_accept, open_retrospective, plan_instead
from changes.actions.copies import Copy, copy_change
from changes.actions.delegations import delegate_votes, end_delegation
from changes.actions.discussion import add_remark
from changes.actions.drift import confirm_drift, decide_drift, live_drift
from changes.actions.editing import reasons_against_editing, void_confirmed, what_an_edit_voids
from changes.actions.emergency import confirm_presence, note_overdue_ratifications
from changes.actions.feeds import renew_feeds, revoke_feeds
from changes.actions.gate import ask_gate, record_answer, seconds_to_wait
from changes.actions.impact import acknowledge_impact, add_affected, confirm_impact, judge_not_affected, list_mark, withdraw_judgement
from changes.actions.imports import begin_import, check_import, import_changes, queue_or_run_import, run_import, use_mapping
from changes.actions.line import may_stop, release_the_line, stop_the_line
from changes.actions.meetings import add_to_agenda, decisions_on, edit_item, end_meeting, fill_agenda, may_run, move_item, note_attendance, open_meeting, plan_meeting, take_off_agenda
from changes.actions.observations import Observation, answer_breaches, record_criterion, record_observations, watch_criteria
from changes.actions.people import assign, unassign
from changes.actions.plan import add_criterion, add_item, add_rollback_step, add_stage, add_task, create_change, edit_change, edit_row, move_row, remove_row
from changes.actions.plan_documents import add_document
from changes.actions.plan_drift import DryRun, take_live_values, try_plan
from changes.actions.plan_operations import MOST_OPERATIONS, OperationsRefused, Outcome, Wanted, add_operation, move_operations, plan_new_item, plan_operations, plan_relation, remove_operations, retire_item
from changes.actions.refusals import AlreadyDone, DriftFound, StepRefused
from changes.actions.reminders import remind
from changes.actions.review import add_caused_incident, add_review_action, complete_review_action, record_review
from changes.actions.risk import assess
from changes.actions.rounds import escalate_overdue_votes, note_reading, remind_at_half_time
from changes.actions.standard import could_be_standard, raise_from_template, skeleton_of, template_from
from changes.actions.steps import NOTIFY, Offer, available_steps, take_step
from changes.actions.tasks import ask_for_forward_fix, complete_rollback_step, complete_task, record_deviation, start_task
from changes.actions.templates import edit_template, new_version, propose_template, reasons_against_proposing, reasons_against_voting_on, retire_template, suspend_template, vote_on_template, voters_on
from changes.actions.testing import add_test_case, reasons_against_testing, record_test_run
from changes.actions.votes import cast_vote, close_if_decided, confirm_vote, reasons_against_voting
from changes.actions.work import expire_missed_windows

__all__ = [
    "AlreadyDone",
    "Copy",
    "DriftFound",
    "DryRun",
    "MOST_OPERATIONS",
    "NOTIFY",
    "Observation",
    "Offer",
    "OperationsRefused",
    "Outcome",
    "StepRefused",
    "Wanted",
    "accept_collision",
    "accept_write",
    "acknowledge_impact",
    "add_affected",
    "add_caused_incident",
    "add_criterion",
    "add_document",
    "add_item",
    "add_operation",
    "add_remark",
    "add_review_action",
    "add_rollback_step",
    "add_stage",
    "add_task",
    "add_test_case",
    "add_to_agenda",
    "against_widening",
    "answer_breaches",
    "apply_stage",
    "ask_for_forward_fix",
    "ask_gate",
    "ask_owners",
    "assess",
    "assign",
    "available_steps",
    "begin_import",
    "cast_vote",
    "check_import",
    "close_if_decided",
    "complete_review_action",
    "complete_rollback_step",
    "complete_task",
    "confirm_drift",
    "confirm_impact",
    "confirm_presence",
    "confirm_vote",
    "consult_owner",
    "copy_change",
    "could_be_standard",
    "create_change",
    "decide_collision",
    "decide_drift",
    "decisions_on",
    "declare_freeze",
    "delegate_votes",
    "edit_change",
    "edit_item",
    "edit_row",
    "edit_template",
    "end_delegation",
    "end_meeting",
    "escalate_overdue_votes",
    "expire_missed_windows",
    "fill_agenda",
    "import_changes",
    "judge_not_affected",
    "link_write",
    "list_mark",
    "live_drift",
    "may_accept",
    "may_run",
    "may_stop",
    "move_item",
    "move_operations",
    "move_row",
    "new_version",
    "note_attendance",
    "note_overdue_ratifications",
    "note_reading",
    "open_for_consent",
    "open_meeting",
    "open_retrospective",
    "override_freeze",
    "overrule_owner",
    "plan_instead",
    "plan_meeting",
    "plan_new_item",
    "plan_operations",
    "plan_relation",
    "propose_template",
    "queue_or_run_import",
    "raise_from_template",
    "reasons_against_answering",
    "reasons_against_consent",
    "reasons_against_editing",
    "reasons_against_overruling",
    "reasons_against_proposing",
    "reasons_against_testing",
    "reasons_against_voting",
    "reasons_against_voting_on",
    "record_answer",
    "record_criterion",
    "record_deviation",
    "record_observations",
    "record_review",
    "record_test_run",
    "release_the_line",
    "remind",
    "remind_at_half_time",
    "remove_operations",
    "remove_row",
    "renew_feeds",
    "retire_item",
    "retire_template",
    "revoke_feeds",
    "roll_back",
    "run_import",
    "seconds_to_wait",
    "skeleton_of",
    "start_task",
    "stop_the_line",
    "suspend_template",
    "take_live_values",
    "take_off_agenda",
    "take_step",
    "template_from",
    "try_plan",
    "unassign",
    "use_mapping",
    "void_confirmed",
    "vote_by_consent",
    "vote_on_template",
    "voters_on",
    "watch_criteria",
    "what_an_edit_voids",
    "withdraw_judgement",
]
