"""What people and the scheduler do with inspections: one function per business event."""

from inspections.actions.answers import AnswerInput, AnswerResult, amend_answer, record_answers
from inspections.actions.calendars import load_days
from inspections.actions.findings import (
    accept_risk,
    acknowledge_finding,
    link_change,
    mark_duplicate,
    mark_fixed,
    open_findings,
    raise_change,
    reopen_expired_risks,
    start_fix,
)
from inspections.actions.once import Scheduled, fitting_template, inspect_once
from inspections.actions.overrides import (
    approve_override,
    refuse_override,
    remind_of_overrides,
    request_override,
    withdraw_override,
)
from inspections.actions.plans import advance_runs, disable_plan, enable_plan, generate_runs
from inspections.actions.runs import cancel_run, mark_target, return_run, sign_run, start_run, submit_run
from inspections.actions.templates import draft_version, ensure_starter_templates, publish_version

__all__ = [
    "AnswerInput",
    "AnswerResult",
    "Scheduled",
    "accept_risk",
    "acknowledge_finding",
    "advance_runs",
    "amend_answer",
    "approve_override",
    "cancel_run",
    "disable_plan",
    "draft_version",
    "enable_plan",
    "ensure_starter_templates",
    "fitting_template",
    "generate_runs",
    "inspect_once",
    "link_change",
    "load_days",
    "mark_duplicate",
    "mark_fixed",
    "mark_target",
    "open_findings",
    "publish_version",
    "raise_change",
    "record_answers",
    "refuse_override",
    "remind_of_overrides",
    "reopen_expired_risks",
    "request_override",
    "return_run",
    "sign_run",
    "start_fix",
    "start_run",
    "submit_run",
    "withdraw_override",
]
