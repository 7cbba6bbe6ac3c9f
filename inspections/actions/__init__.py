"""What people and the scheduler do with inspections: one function per business event."""

from inspections.actions.alerts import AlertOutcome, Told, confirm_resolved, match_alert, record_alerts
from inspections.actions.amendments import decide_amendment, propose_amendment, withdraw_amendment
from inspections.actions.answers import AnswerInput, AnswerResult, record_answers
from inspections.actions.calendars import load_days
from inspections.actions.corrections import accept_correction, maintain_cmdb, refuse_correction
from inspections.actions.escalation import escalate_findings
from inspections.actions.finding_changes import draft_changes, raise_change
from inspections.actions.finding_deeds import (
    comment_finding,
    link_change,
    move_deadline,
    plan_recheck,
    reassign_finding,
    send_to_repair,
)
from inspections.actions.findings import (
    accept_risk,
    acknowledge_finding,
    mark_duplicate,
    mark_fixed,
    open_findings,
    reopen_expired_risks,
    reopen_finding,
    start_fix,
)
from inspections.actions.generation import advance_runs, generate_runs
from inspections.actions.handovers import claim_run, reassign_run, release_run
from inspections.actions.once import Scheduled, fitting_template, inspect_once
from inspections.actions.overrides import (
    approve_override,
    refuse_override,
    remind_of_overrides,
    request_override,
    withdraw_override,
)
from inspections.actions.photos import Shot, take_photo, withdraw_photo
from inspections.actions.plans import copy_plan, disable_plan, enable_plan, save_plan, set_members
from inspections.actions.pulls import pull_readings
from inspections.actions.readings import Outcome, record_readings
from inspections.actions.reminders import tell_of_rounds, tell_of_trouble, warn_of_calendars
from inspections.actions.report_orders import give_up_lost_orders, make_ordered, order_report
from inspections.actions.report_schedules import (
    defer_due_reports,
    disable_schedule,
    due_slots,
    enable_schedule,
    period_of,
    save_schedule,
    send_now,
)
from inspections.actions.report_sendings import defer_forgotten_reports, send_report
from inspections.actions.reports import (
    Wanted,
    has_changed_since,
    issue_report,
    remade,
    take_again,
    wanted_of,
)
from inspections.actions.rota import fill_rota, give_duty, remove_duty, swap_duties
from inspections.actions.rota_files import load_rota
from inspections.actions.runs import (
    cancel_run,
    mark_target,
    return_run,
    sign_all_good,
    sign_run,
    start_run,
    submit_run,
)
from inspections.actions.template_imports import (
    Imported,
    RowFault,
    ensure_starter_templates,
    import_checklist,
)
from inspections.actions.template_items import (
    copy_item,
    in_sections,
    move_item,
    move_section,
    remove_item,
    save_item,
)
from inspections.actions.templates import (
    create_checklist,
    discard_draft,
    draft_version,
    publish_version,
    retire_version,
)

__all__ = [
    "AlertOutcome",
    "AnswerInput",
    "AnswerResult",
    "Imported",
    "Outcome",
    "RowFault",
    "Scheduled",
    "Shot",
    "Told",
    "Wanted",
    "accept_correction",
    "accept_risk",
    "acknowledge_finding",
    "advance_runs",
    "approve_override",
    "cancel_run",
    "claim_run",
    "comment_finding",
    "confirm_resolved",
    "copy_item",
    "copy_plan",
    "create_checklist",
    "decide_amendment",
    "defer_due_reports",
    "defer_forgotten_reports",
    "disable_plan",
    "disable_schedule",
    "discard_draft",
    "draft_changes",
    "draft_version",
    "due_slots",
    "enable_plan",
    "enable_schedule",
    "ensure_starter_templates",
    "escalate_findings",
    "fill_rota",
    "fitting_template",
    "generate_runs",
    "give_duty",
    "give_up_lost_orders",
    "has_changed_since",
    "import_checklist",
    "in_sections",
    "inspect_once",
    "issue_report",
    "link_change",
    "load_days",
    "load_rota",
    "maintain_cmdb",
    "make_ordered",
    "mark_duplicate",
    "mark_fixed",
    "mark_target",
    "match_alert",
    "move_deadline",
    "move_item",
    "move_section",
    "open_findings",
    "order_report",
    "period_of",
    "plan_recheck",
    "propose_amendment",
    "publish_version",
    "pull_readings",
    "raise_change",
    "reassign_finding",
    "reassign_run",
    "record_alerts",
    "record_answers",
    "record_readings",
    "refuse_correction",
    "refuse_override",
    "release_run",
    "remade",
    "remind_of_overrides",
    "remove_duty",
    "remove_item",
    "reopen_expired_risks",
    "reopen_finding",
    "request_override",
    "retire_version",
    "return_run",
    "save_item",
    "save_plan",
    "save_schedule",
    "send_now",
    "send_report",
    "send_to_repair",
    "set_members",
    "sign_all_good",
    "sign_run",
    "start_fix",
    "start_run",
    "submit_run",
    "swap_duties",
    "take_again",
    "take_photo",
    "tell_of_rounds",
    "tell_of_trouble",
    "wanted_of",
    "warn_of_calendars",
    "withdraw_amendment",
    "withdraw_override",
    "withdraw_photo",
]
