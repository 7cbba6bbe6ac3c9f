"""One factory per model: it makes a valid row, unique where it must be. Append yours and its MAKERS line."""

import datetime
import itertools
import uuid

from django.utils import timezone

from accounts.models import ApiToken, Notice, NoticePreference, RoleGrant, Team, TeamMember, User
from accounts.roles import Right, has_right
from assets.models import (
    Asset,
    Contract,
    ContractCover,
    HardwareModel,
    Manufacturer,
    ResponsePromise,
    Vendor,
)
from audit.actions import keep_file
from audit.context import because
from audit.models import StoredFile
from changes.actions import add_operation, propose_template, vote_on_template
from changes.models import (
    AgendaItem,
    ApprovalPolicy,
    ApprovalRound,
    AssessmentPolicy,
    Assignment,
    Attendance,
    Board,
    BoardMeeting,
    BoardSeat,
    CausedIncident,
    ChangeEvent,
    ChangeImport,
    ChangeItem,
    ChangeLink,
    ChangeRequest,
    CollisionAcknowledgement,
    CollisionRule,
    Consultation,
    ControlDebt,
    Criterion,
    CriterionBreach,
    CriterionResult,
    Deviation,
    DriftDecision,
    DutySpell,
    FeedKey,
    FreezeOverride,
    FreezeWindow,
    GateAnswer,
    ImpactConfirmation,
    MaintenanceWindow,
    PlanDocument,
    PlannedOperation,
    PlanStage,
    PlanTask,
    PolicyStep,
    PresenceConfirmation,
    Remark,
    ReviewAction,
    Risk,
    RiskAnswer,
    RiskQuestion,
    RiskThreshold,
    RollbackStep,
    RoundReading,
    RoundSeat,
    RoundStep,
    StandardTemplate,
    StepEscalation,
    StoppedLine,
    TemplateVote,
    TestCase,
    TestRun,
    UnauthorisedRow,
    UnauthorisedWrite,
    Vote,
    VoteConfirmation,
    VoteDelegation,
    WorkingHours,
)
from cmdb.models import (
    CIAttribute,
    CIType,
    ConfigurationItem,
    DependencyGroup,
    IdentityRule,
    ItemLabel,
    Relation,
    RelationRule,
    RelationType,
)
from inspections.actions import (
    AnswerInput,
    Wanted,
    decide_amendment,
    generate_runs,
    issue_report,
    order_report,
    propose_amendment,
    publish_version,
    record_answers,
    sign_run,
    start_run,
    submit_run,
)
from inspections.actions.sync import Operation, take_operation
from inspections.models import (
    Alert,
    Amendment,
    Answer,
    CalendarDay,
    ChecklistTemplate,
    CorrectionProposal,
    Evidence,
    Finding,
    FindingEvent,
    FindingPolicy,
    InspectionPlan,
    InspectionRun,
    MachineReading,
    PlanMember,
    ReadingSource,
    ReportIssue,
    ReportOrder,
    ReportRecipient,
    ReportSchedule,
    ReportSending,
    RosterEntry,
    RunHandover,
    RunTarget,
    Shift,
    Signature,
    SyncOp,
    TemplateItem,
    TemplateVersion,
    ThresholdOverride,
    WorkCalendar,
)

_numbers = itertools.count(1)


def number():
    """A number not yet used in this run."""
    return next(_numbers)


# audit


def make_file(content=b""):
    return keep_file(content or f"file {number()}".encode())


# accounts


def make_team(**over):
    n = number()
    return Team.objects.create(**{"key": f"team-{n}", "label": f"Team {n}"} | over)


def make_user(role="", **over):
    user = User.objects.create_user(**{"username": f"user-{number()}", "password": "x"} | over)
    if role:
        RoleGrant.objects.create(user=user, role=role)
    return user


def make_member(**over):
    team, user = over.pop("team", None), over.pop("user", None)
    return TeamMember.objects.create(team=team or make_team(), user=user or make_user(), **over)


def make_grant(**over):
    user = over.pop("user", None) or make_user()
    return RoleGrant.objects.create(**{"user": user, "role": "requester"} | over)


def make_token(**over):
    user, end = over.pop("user", None) or make_user(), timezone.now() + datetime.timedelta(days=30)
    row = {"name": "program", "prefix": "opl_000000", "digest": f"{number():064x}", "expires_at": end}
    return ApiToken.objects.create(user=user, **row | over)


def make_notice(**over):
    person = over.pop("person", None) or make_user("engineer")
    row = {"kind": "account.test", "subject": "Something happened", "path": "/"}
    return Notice.objects.create(person=person, **row | over)


def make_preference(**over):
    person = over.pop("person", None) or make_user("engineer")
    return NoticePreference.objects.create(person=person, **{"kind": "account.test", "channel": "off"} | over)


# cmdb


def make_type(**over):
    n = number()
    return CIType.objects.create(**{"key": f"type_{n}", "label": f"Type {n}"} | over)


def make_attribute(**over):
    values = {
        "type": over.get("type") or make_type(),
        "key": f"attribute_{number()}",
        "label": "Attribute",
    }
    return CIAttribute.objects.create(**values | over)


def make_item(kind="host", **over):
    """An item of the starter type `kind`, or of `type`."""
    values = {"type": over.get("type") or CIType.objects.get(key=kind), "name": f"item-{number()}"}
    return ConfigurationItem.objects.create(**values | over)


def make_relation_type(**over):
    values = {"key": f"way_{number()}", "label": "relates to", "inverse_label": "is related to"}
    return RelationType.objects.create(**values | over)


def make_relation_rule(**over):
    ends = {end: over.get(end) or make_type() for end in ("source_type", "target_type")}
    way = over.get("relation_type") or make_relation_type()
    return RelationRule.objects.create(**{"relation_type": way, **ends} | over)


def make_group(**over):
    values = {"item": over.get("item") or make_item(), "label": f"Group {number()}"}
    return DependencyGroup.objects.create(**values | over)


def make_relation(way="depends_on", **over):
    """A relation of the starter type `way`, between two hosts unless told."""
    ends = {end: over.get(end) or make_item() for end in ("source", "target")}
    kind = over.get("relation_type") or RelationType.objects.get(key=way)
    return Relation.objects.create(**{"relation_type": kind, **ends} | over)


def make_label(**over):
    given = {"item": over.get("item") or make_item(), "made_by": over.get("made_by") or make_user()}
    return ItemLabel.objects.create(**given | over)


def make_identity_rule(**over):
    values = {"type": over.get("type") or make_type(), "label": f"Rule {number()}", "fields": ["serial"]}
    return IdentityRule.objects.create(**values | over)


# assets


def make_manufacturer(**over):
    return Manufacturer.objects.create(**{"name": f"Maker {number()}"} | over)


def make_hardware_model(**over):
    maker = over.pop("manufacturer", None) or make_manufacturer()
    return HardwareModel.objects.create(**{"manufacturer": maker, "name": f"Model {number()}"} | over)


def make_vendor(**over):
    return Vendor.objects.create(**{"name": f"Vendor {number()}"} | over)


def make_asset(**over):
    model = over.pop("model", None) or make_hardware_model()
    return Asset.objects.create(**{"tag": f"IT-{number():05}", "model": model} | over)


def make_contract(**over):
    vendor = over.pop("vendor", None) or make_vendor()
    given = {"vendor": vendor, "number": f"C-{number()}", "starts_on": datetime.date(2020, 1, 1)} | over
    return Contract.objects.create(**given)


def make_cover(**over):
    contract, asset = over.pop("contract", None), over.pop("asset", None)
    return ContractCover.objects.create(
        contract=contract or make_contract(), asset=asset or make_asset(), **over
    )


def make_promise(**over):
    contract = over.pop("contract", None) or make_contract()
    return ResponsePromise.objects.create(
        **{"contract": contract, "priority": 1, "response_minutes": 30} | over
    )


MAKERS = {
    StoredFile: make_file,
    Team: make_team,
    User: make_user,
    TeamMember: make_member,
    RoleGrant: make_grant,
    ApiToken: make_token,
    Notice: make_notice,
    NoticePreference: make_preference,
    CIType: make_type,
    CIAttribute: make_attribute,
    ConfigurationItem: make_item,
    RelationType: make_relation_type,
    RelationRule: make_relation_rule,
    DependencyGroup: make_group,
    Relation: make_relation,
    IdentityRule: make_identity_rule,
    ItemLabel: make_label,
    Manufacturer: make_manufacturer,
    HardwareModel: make_hardware_model,
    Vendor: make_vendor,
    Asset: make_asset,
    Contract: make_contract,
    ContractCover: make_cover,
    ResponsePromise: make_promise,
}

# inspections


def make_template(**over):
    n = number()
    return ChecklistTemplate.objects.create(**{"key": f"list-{n}", "label": f"List {n}"} | over)


def make_version(**over):
    template = over.pop("template", None) or make_template()
    return TemplateVersion.objects.create(template=template, **over)


def make_checklist_item(**over):
    version = over.pop("version", None) or make_version()
    n = number()
    return TemplateItem.objects.create(version=version, **{"key": f"item-{n}", "label": f"Item {n}"} | over)


def make_plan(**over):
    """A daily plan over one new CI whose published check list has one number item: warn 85, crit 95."""
    items = over.pop("items", None) or [{"key": "disk", "kind": "number", "warn_high": 85, "crit_high": 95}]
    template = over.pop("template", None)
    if template is None:
        version = make_version()
        for item in items:
            make_checklist_item(version=version, **item)
        template = publish_version(version, by=make_user(is_superuser=True)).template
    cis = over.pop("cis", None) or [make_item()]
    n = number()
    given = {"key": f"plan-{n}", "label": f"Plan {n}", "scope": {"id__in": [ci.pk for ci in cis]}}
    given |= {"template": template, "shift_start": datetime.time(0), "expires_minutes": 1440}
    return InspectionPlan.objects.create(**given | over)


def make_run(**over):
    """The run of today's slot of a new plan, open the whole day."""
    plan = over.pop("plan", None) or make_plan(**over)
    generate_runs(until=timezone.now())
    return plan.runs.order_by("-slot_at").first()


def make_target(**over):
    return make_run(**over).targets.get()


def make_answer(value="20", **over):
    target = over.pop("target", None) or make_target()
    by = over.pop("by", None) or make_user("engineer")
    item = over.pop("item", None) or target.run.version.items.first()
    entry = AnswerInput(target.pk, item.pk, value, **over)
    return record_answers(target.run, [entry], by=by)[0].answer


def make_evidence(**over):
    """A photo of a run that is running; its file holds some bytes."""
    target = over.pop("target", None) or make_target()
    taken_by = over.pop("taken_by", None) or make_user("engineer")
    start_run(target.run, by=taken_by)
    given = {"item": over.get("item") or target.run.version.items.first(), "file": make_file()}
    given |= {"name": "photo.jpg", "media_type": "image/jpeg", "width": 3, "height": 4}
    given |= {"captured_at": timezone.now(), "taken_by": taken_by, "run": target.run, "target": target}
    return Evidence.objects.create(**given | over)


def make_sync_op(kind="answer", by=None, target=None, made_at=None, **payload):
    """An operation that was carried out: the answer 20 to the first item, unless told."""
    target, by = target or make_target(), by or make_user("engineer")
    if kind == "answer":
        payload = {"item": target.run.version.items.first().pk, "value": "20"} | payload
    made_at = made_at or timezone.now()
    given = {"run": target.run.number, "made_at": made_at, "sent_at": timezone.now(), "device": "phone"}
    operation = Operation(uuid.uuid4(), kind, payload={"target": target.pk} | payload, **given)
    take_operation(operation, by=by)
    return SyncOp.objects.get(key=operation.key)


def make_signature(**over):
    answer = make_answer()
    return submit_run(answer.target.run, by=answer.answered_by).signatures.get()


def make_amendment(**over):
    signature = make_signature()
    sign_run(signature.run, by=make_user("reviewer"))
    answer = Answer.objects.get(target__run=signature.run)
    amendment = propose_amendment(
        answer, by=make_user("reviewer"), value=over.pop("value", "21"), reason="misread"
    )
    return (
        amendment
        if over.get("is_open")
        else decide_amendment(amendment, by=make_user("reviewer"), approve=True)
    )


def make_correction(seen="SN-NEW", by=None, **over):
    """An answer that read another serial number than the record has, handed in."""
    items = [{"key": "serial", "kind": "text", "attribute": "serial"}]
    run = make_run(items=items, cis=[make_item(**{"serial": f"SN-{number()}"} | over)])
    answer = make_answer(seen, target=run.targets.get(), by=by)
    submit_run(run, by=answer.answered_by)
    return CorrectionProposal.objects.get(answer=answer)


def make_override(**over):
    """A request that waits; `approved_by` approves it."""
    approver = over.pop("approved_by", None)
    target = None if {"ci", "template"} <= set(over) else make_target()
    given = {"item_key": "disk", "reason": "Big volume", "warn_high": 90, "crit_high": 97}
    if target:
        version = target.run.version
        key = version.items.filter(kind="number").values_list("key", flat=True).first()
        given |= {"template": version.template, "ci": target.ci, "item_key": key}
    until = timezone.localdate() + datetime.timedelta(days=30)
    given |= {"requested_by": over.get("requested_by") or make_user("engineer"), "valid_until_on": until}
    override = ThresholdOverride.objects.create(**given | over)
    if approver:
        ThresholdOverride.objects.filter(pk=override.pk).update(
            approved_by=approver, approved_at=timezone.now()
        )
    override.refresh_from_db()
    return override


def make_finding(**over):
    answer = make_answer("96", comment="full", **over)
    submit_run(answer.target.run, by=answer.answered_by)
    return Finding.objects.get(first_answer=answer)


def make_finding_policy(**over):
    """The policy of critical findings, which stands from the start; of another severity none is missing."""
    policy = FindingPolicy.objects.order_by("severity").first()
    FindingPolicy.objects.filter(pk=policy.pk).update(**{"fix_minutes": 1440} | over)
    policy.refresh_from_db()
    return policy


def make_finding_event(**over):
    return make_finding().events.get()


def make_reading_source(kind="push", **over):
    n = number()
    given = {"key": f"source-{n}", "label": f"Source {n}", "kind": kind}
    if kind == "prometheus":
        given["url"] = "http://prometheus.example.org:9090"
    return ReadingSource.objects.create(**given | {"account": make_user("integration")} | over)


def make_machine_reading(value="20", **over):
    n = number()
    over.setdefault("source", None)
    source, ci = over.pop("source") or make_reading_source(), over.pop("ci", None) or make_item()
    given = {"metric": "disk", "observed_at": timezone.now(), "external_id": f"reading-{n}"}
    return MachineReading.objects.create(source=source, ci=ci, value=value, **given | over)


def make_alert(**over):
    n = number()
    given = {"fingerprint": f"{n:016x}", "name": "DiskFull", "severity": "crit", "status": "firing"}
    source = over.pop("source", None) or make_reading_source("alertmanager")
    return Alert.objects.create(source=source, starts_at=timezone.now(), **given | over)


MAKERS |= {
    ReadingSource: make_reading_source,
    MachineReading: make_machine_reading,
    Alert: make_alert,
    ChecklistTemplate: make_template,
    TemplateVersion: make_version,
    TemplateItem: make_checklist_item,
    InspectionPlan: make_plan,
    InspectionRun: make_run,
    RunTarget: make_target,
    Answer: make_answer,
    Evidence: make_evidence,
    SyncOp: make_sync_op,
    Signature: make_signature,
    Amendment: make_amendment,
    Finding: make_finding,
    FindingEvent: make_finding_event,
    ThresholdOverride: make_override,
    CorrectionProposal: make_correction,
    FindingPolicy: make_finding_policy,
}


def make_calendar(**over):
    n = number()
    return WorkCalendar.objects.create(**{"key": f"calendar-{n}", "label": f"Calendar {n}"} | over)


def make_calendar_day(**over):
    given = {
        "calendar": over.get("calendar") or make_calendar(),
        "on": timezone.localdate(),
        "kind": "holiday",
    }
    return CalendarDay.objects.create(**given | over)


def make_shift(**over):
    n = number()
    return Shift.objects.create(**{"key": f"shift-{n}", "label": f"Shift {n}"} | over)


def make_roster_entry(**over):
    """A duty on a new shift today, of a new engineer."""
    given = {"shift": over.get("shift") or make_shift(), "on": timezone.localdate()}
    return RosterEntry.objects.create(**given | {"user": over.get("user") or make_user("engineer")} | over)


def make_plan_member(**over):
    given = {"plan": over.get("plan") or make_plan(), "user": over.get("user") or make_user("engineer")}
    return PlanMember.objects.create(**given | over)


def make_handover(**over):
    """A run that its manager gave to an engineer."""
    run, to = over.get("run") or make_run(), over.get("taken_by") or make_user("engineer")
    given = {"run": run, "taken_by": to, "by": make_user("reviewer"), "kind": "reassign", "reason": "ill"}
    return RunHandover.objects.create(**given | over)


MAKERS |= {
    PlanMember: make_plan_member,
    RunHandover: make_handover,
    WorkCalendar: make_calendar,
    CalendarDay: make_calendar_day,
    Shift: make_shift,
    RosterEntry: make_roster_entry,
}

# reports


def make_report_issue(**over):
    by = over.pop("by", None) or make_user("engineer")
    return issue_report(Wanted("json", "en", over.pop("run", None) or make_run()), by=by)[0]


def make_report_order(**over):
    by = over.pop("by", None) or make_user("engineer")
    return order_report(Wanted("pdf", "en", over.pop("run", None) or make_run()), by=by)


def make_report_schedule(**over):
    given = {"label": f"Schedule {number()}", "owner": over.get("owner") or make_user("reviewer")}
    return ReportSchedule.objects.create(**given | over)


def make_report_recipient(**over):
    schedule, user = over.pop("schedule", None), over.pop("user", None)
    return ReportRecipient.objects.create(
        schedule=schedule or make_report_schedule(), user=user or make_user("engineer")
    )


def make_report_sending(**over):
    place = over.pop("recipient", None) or make_report_recipient()
    given = {"schedule": place.schedule, "user": place.user, "slot_at": timezone.now()}
    return ReportSending.objects.create(**given | over)


MAKERS |= {
    ReportIssue: make_report_issue,
    ReportOrder: make_report_order,
    ReportSchedule: make_report_schedule,
    ReportRecipient: make_report_recipient,
    ReportSending: make_report_sending,
}

# changes


def make_change(**over):
    """A draft with one host on it, requested by a requester, wanted within the hour."""
    items = over.pop("items", None)
    now = timezone.now()
    given = {
        "title": f"Change {number()}",
        "reason": "The old value is wrong.",
        "requester": over.get("requester") or make_user("requester"),
        "window": (now - datetime.timedelta(minutes=5), now + datetime.timedelta(hours=2)),
    } | over
    change = ChangeRequest.objects.create(**given)
    for item in [make_item()] if items is None else items:
        ChangeItem.objects.create(change=change, item=item)
    change.refresh_from_db()
    return change


def make_change_item(**over):
    given = {"change": over.get("change") or make_change(), "item": over.get("item") or make_item()}
    return ChangeItem.objects.create(**given | over)


def make_change_link(**over):
    given = {"change": over.get("change") or make_change(), "other": over.get("other") or make_change()}
    return ChangeLink.objects.create(**given | {"nature": "follows"} | over)


def make_assignment(role="implementer", **over):
    given = {"change": over.get("change") or make_change(), "user": over.get("user") or make_user("engineer")}
    return Assignment.objects.create(role=role, **given | over)


def make_consultation(**over):
    """A team that was asked; with an `answer`, given by a member."""
    given = {"change": over.get("change") or make_change(), "team": over.get("team") or make_team()}
    if over.get("answer", "asked") != "asked" and "answered_by" not in over:
        member = make_member(team=given["team"], user=make_user("engineer"))
        given |= {"answered_by": member.user, "comment": "We were asked and say so."}
    return Consultation.objects.create(**given | over)


def make_impact_confirmation(**over):
    """A confirmation by an assessor of a change that is being assessed."""
    change = over.pop("change", None) or make_change()
    if change.state == "draft":
        make_event(change=change)
        change.refresh_from_db()
    by = over.pop("confirmed_by", None) or make_assignment("assessor", change=change).user
    changed = list(change.change_items.filter(impact="manual").values_list("item_id", flat=True))
    return ImpactConfirmation.objects.create(change=change, confirmed_by=by, **{"changed": changed} | over)


def make_risk_question(**over):
    n = number()
    return RiskQuestion.objects.create(**{"key": f"question-{n}", "label": f"Question {n}"} | over)


def make_risk_answer(**over):
    given = {"question": over.get("question") or make_risk_question(), "key": f"answer-{number()}"}
    return RiskAnswer.objects.create(**given | {"label": "Answer", "level": "low"} | over)


def _renewed(model, key, **values):
    """The oldest row of a model of which each `key` has one, made anew."""
    row = model.objects.order_by("pk").first()
    given = {key: getattr(row, key)} | values
    row.delete()
    return model.objects.create(**given)


def make_risk_threshold(**over):
    return _renewed(RiskThreshold, "measure", **{"medium_from": 5} | over)


def make_working_hours(**over):
    nine, noon = datetime.time(9), datetime.time(12)
    return _renewed(WorkingHours, "day", **{"starts_at": nine, "ends_at": noon} | over)


def make_assessment_policy(**over):
    return _renewed(AssessmentPolicy, "kind", **over)


def make_test_case(**over):
    given = {"change": over.get("change") or make_change(), "label": f"Case {number()}"}
    return TestCase.objects.create(**given | {"expected": "It works as before."} | over)


def make_standard_template(**over):
    """A template that its board approved by two votes; `is_active=False` or `approved_at=None`: a draft."""
    voter, now = over.pop("approved_by", None), over.pop("approved_at", timezone.now())
    is_active = over.pop("is_active", True)
    given = {"key": f"standard-{number()}", "label": "Standard", "scope_types": ["host"]}
    row = StandardTemplate.objects.create(**given | {"board": over.get("board") or make_board()} | over)
    if now is None or not (is_active or voter):
        return row
    voters = [voter or make_user("board_member"), make_user("board_member")]
    for person in voters:
        BoardSeat.objects.create(board=row.board, user=person)
    propose_template(row, by=make_user("change_manager"))
    for person in reversed(voters):
        if not has_right(person, Right.CHANGE_VOTE):
            RoleGrant.objects.create(user=person, role="board_member")
            del person.role_keys
        vote_on_template(row, by=person, choice="approve")
    if not is_active:
        StandardTemplate.objects.filter(pk=row.pk).update(is_active=False)
    row.refresh_from_db()
    return row


def make_template_vote(**over):
    """The first vote on a template that is proposed."""
    row = make_standard_template(approved_at=None)
    voters = [make_seat(row.board.key).user for _seat in range(2)]
    propose_template(row, by=make_user("change_manager"))
    return vote_on_template(row, by=voters[0], choice="approve")


def make_stage(**over):
    change = over.pop("change", None) or make_change()
    return PlanStage.objects.create(
        **{"change": change, "label": "Pilot", "position": change.stages.count() + 1} | over
    )


def make_task(**over):
    change = over.pop("change", None) or make_change()
    return PlanTask.objects.create(**{"change": change, "label": "Do it"} | over)


def make_operation(after=None, **over):
    """An update of the serial of the change's first item, with its live value as before."""
    change = over.pop("change", None) or make_change()
    item = over.pop("item", None) or change.change_items.first().item
    return add_operation(
        change, item, after or {"serial": f"SN-{number()}"}, by=make_user("change_manager"), **over
    )


def make_rollback_step(**over):
    return RollbackStep.objects.create(
        **{"change": over.get("change") or make_change(), "label": "Undo"} | over
    )


def make_document(**over):
    given = {"change": over.get("change") or make_change(), "label": "Procedure", "name": "procedure.txt"}
    return PlanDocument.objects.create(
        **given | {"file": over.get("file") or make_file(), "added_by": make_user("requester")} | over
    )


def make_drift_decision(**over):
    given = {"operation": over.get("operation") or make_operation(), "field": "serial", "decision": "keep"}
    return DriftDecision.objects.create(**given | {"decided_by": make_user("engineer")} | over)


def make_test_run(**over):
    change = over.pop("change", None) or make_change()
    tester = over.pop("tester", None) or make_assignment("tester", change=change).user
    given = {"change": change, "tester": tester, "environment": "staging", "has_passed": True}
    return TestRun.objects.create(**given | over)


def make_criterion(**over):
    given = {"change": over.get("change") or make_change(), "metric": "Error rate", "threshold": "0.1"}
    return Criterion.objects.create(**given | {"unit": "%"} | over)


def make_criterion_result(**over):
    given = {"criterion": over.get("criterion") or make_criterion(), "value": "0.05"}
    return CriterionResult.objects.create(**given | over)


def make_board(**over):
    n = number()
    return Board.objects.create(**{"key": f"board-{n}", "label": f"Board {n}"} | over)


def make_seat(board="peer", **over):
    given = {"board": Board.objects.get(key=board), "user": over.get("user") or make_user("board_member")}
    return BoardSeat.objects.create(**given | over)


def make_policy(**over):
    """A policy for a kind and risk that has none yet."""
    taken = set(ApprovalPolicy.objects.values_list("kind", "risk"))
    pairs = ((kind, risk) for kind in ("standard", "emergency") for risk in ("", *Risk.values))
    kind, risk = next(pair for pair in pairs if pair not in taken)
    return ApprovalPolicy.objects.create(**{"kind": kind, "risk": risk} | over)


def make_policy_step(**over):
    policy = over.pop("policy", None) or ApprovalPolicy.objects.first()
    return PolicyStep.objects.create(
        **{"policy": policy, "board": Board.objects.first(), "position": number()} | over
    )


def make_delegation(**over):
    now = timezone.now()
    given = {"person": over.get("person") or make_user("board_member"), "starts_at": now}
    given |= {"deputy": over.get("deputy") or make_user("board_member")}
    return VoteDelegation.objects.create(**given | {"ends_at": now + datetime.timedelta(days=1)} | over)


def make_freeze(**over):
    now = timezone.now()
    window = (now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1))
    return FreezeWindow.objects.create(**{"label": "Year end", "window": window} | over)


def make_stop(**over):
    """A stop of one new service."""
    given = {"reason": "Switch down", "stopped_by": over.get("stopped_by") or make_user("engineer")}
    return StoppedLine.objects.create(**given | {"service": over.get("service") or make_item()} | over)


def make_gate_answer(**over):
    reasons = [{"code": "no_change", "message": "No change covers this.", "fix": ""}]
    given = {"asked_by": over.get("asked_by") or make_user("integration"), "pipeline": "deploy"}
    return GateAnswer.objects.create(**given | {"decision": "deny", "reasons": reasons} | over)


def make_feed_key(**over):
    return FeedKey.objects.create(**{"user": over.get("user") or make_user("requester")} | over)


def make_maintenance(**over):
    """Sunday from one o'clock for four hours, in UTC."""
    given = {"label": "Sunday night", "rule": "FREQ=WEEKLY;BYDAY=SU", "starts_on": datetime.date(2026, 1, 4)}
    given |= {"starts_at": datetime.time(1), "duration_minutes": 240}
    return MaintenanceWindow.objects.create(**given | over)


def make_collision_rule(**over):
    """One of the six that there are; no seventh kind can be made."""
    return CollisionRule.objects.order_by("?").first() if not over else CollisionRule.objects.create(**over)


def make_acknowledgement(**over):
    """The requester of the other of two changes on one item accepts it."""
    item = make_item()
    change = over.pop("change", None) or make_change(items=[item])
    other = over.pop("other", None) or make_change(items=[item], window=change.window)
    given = {"kind": "same_item", "keys": [str(item.pk)], "by": other.requester, "comment": "Agreed"}
    return CollisionAcknowledgement.objects.create(change=change, other=other, **given | over)


def make_freeze_override(**over):
    change, freeze = over.pop("change", None) or make_change(), over.pop("freeze", None) or make_freeze()
    given = {"by": make_user("change_manager"), "reason": "Patients wait"}
    return FreezeOverride.objects.create(change=change, freeze=freeze, **given | over)


def make_round(**over):
    """An open round of an emergency change on a board with three seats."""
    change = over.pop("change", None) or make_change(kind="emergency", incident_ref="INC-1", risk="medium")
    make_rollback_step(change=change)
    make_assignment(change=change, user=make_user("engineer"))
    for _seat in range(3):
        make_seat("ecab")
    ChangeEvent.objects.create(change=change, event="submit", actor=change.requester)
    return change.rounds.get()


def make_event(**over):
    change = over.pop("change", None) or make_change()
    event = ChangeEvent.objects.create(
        **{"change": change, "event": "submit", "actor": change.requester} | over
    )
    event.refresh_from_db()
    return event


def make_vote(**over):
    round_ = over.pop("round", None) or make_round()
    seat = over.pop("seat", None) or RoundSeat.objects.filter(step__round=round_, vote=None).first()
    given = {"voter": seat.user, "choice": "approve", "plan_hash": round_.plan_hash}
    return Vote.objects.create(round=round_, seat=seat, **given | over)


def make_change_import(**over):
    return ChangeImport.objects.create(**{"name": f"ledger-{number()}.csv", "sha256": "0" * 64} | over)


def make_meeting(**over):
    given = {
        "board": over.get("board") or make_board(),
        "chair": over.get("chair") or make_user("board_member"),
    }
    return BoardMeeting.objects.create(**given | {"starts_at": timezone.now()} | over)


def make_agenda_item(**over):
    given = {"meeting": over.get("meeting") or make_meeting(), "change": over.get("change") or make_change()}
    return AgendaItem.objects.create(**given | over)


def make_attendance(**over):
    given = {"meeting": over.get("meeting") or make_meeting(), "user": over.get("user") or make_user()}
    return Attendance.objects.create(**given | over)


def make_remark(**over):
    given = {"change": over.get("change") or make_change(), "author": over.get("author") or make_user()}
    return Remark.objects.create(**given | {"text": "Why now?"} | over)


def make_reading(**over):
    seat = over.pop("seat", None) or RoundSeat.objects.filter(step__round=make_round()).first()
    return RoundReading.objects.create(seat=seat, **{"reader": seat.user} | over)


def make_reminder(**over):
    """A round that has no time left, reminded of."""
    steps = PolicyStep.objects.filter(policy__kind="emergency")
    minutes = steps.first().minutes
    steps.update(minutes=0)
    round_ = make_round()
    steps.update(minutes=minutes)
    return StepEscalation.objects.create(step=round_.steps.first(), **{"kind": "reminder"} | over)


def make_unauthorised_write(**over):
    """A host of a recorded type, written without a change."""
    item = over.get("item") or make_item(type=make_type(control="open"))
    CIType.objects.filter(pk=item.type_id).update(control="recorded")
    with because(user=over.get("writer") or make_user("engineer")):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial=f"SN-{number()}")
    return UnauthorisedWrite.objects.get(type=item.type, writer__isnull=False)


def make_control_debt(**over):
    """A recorded change that wrote, while it was being recorded, what it had planned."""
    change = make_change(kind="emergency")
    stage = PlanStage.objects.create(change=change, label="All")
    item = change.change_items.get().item
    PlannedOperation.objects.create(
        change=change, stage=stage, item=item, before={"serial": ""}, after={"serial": "NEW"}
    )
    CIType.objects.filter(pk=item.type_id).update(control="controlled")
    with because(change_ref=change.pk):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="NEW")
    return ControlDebt.objects.get(change=change)


def make_vote_confirmation(**over):
    vote = over.pop("vote", None) or make_vote(channel="verbal", recorded_by=make_user("engineer"))
    return VoteConfirmation.objects.create(vote=vote, **{"confirmed_by": vote.voter} | over)


def make_deviation(**over):
    given = {"change": over.get("change") or make_change(), "text": "Two reboots instead of one"}
    return Deviation.objects.create(**given | {"recorded_by": make_user("engineer")} | over)


def make_breach(**over):
    bad = make_criterion_result(value="0.5")
    given = {"criterion": bad.criterion, "first_result": bad, "result": bad, "answer": "paged"}
    return CriterionBreach.objects.create(**given | over)


def make_caused_incident(**over):
    given = {"change": over.get("change") or make_change(), "reference": f"INC-{number()}"}
    return CausedIncident.objects.create(**given | {"recorded_by": make_user("change_manager")} | over)


def make_review_action(**over):
    given = {"change": over.get("change") or make_change(), "text": "Add the index"}
    given |= {"owner": over.get("owner") or make_user("engineer"), "due_on": datetime.date(2030, 1, 31)}
    return ReviewAction.objects.create(**given | {"agreed_by": make_user("change_manager")} | over)


def make_duty(board="ecab", **over):
    now = timezone.now()
    given = {"board": Board.objects.get(key=board), "person": over.get("person") or make_user("board_member")}
    given |= {"starts_at": now - datetime.timedelta(hours=1), "ends_at": now + datetime.timedelta(hours=8)}
    return DutySpell.objects.create(**given | over)


def make_presence(**over):
    """The glass was broken over a round whose time was up, and the second person says they were there."""
    second = make_user("engineer")
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    change = make_round(**over).change
    ChangeRequest.objects.filter(pk=change.pk).update(incident_priority="p1")
    event = ChangeEvent.objects.create(
        change=change, event="break_glass", actor=make_user("engineer"), comment="no answer",
        data={"second_person": second.pk}, proof="step_up", proved_at=timezone.now(),
    )  # fmt: skip
    return PresenceConfirmation.objects.create(event=event, confirmed_by=second)


MAKERS |= {
    Deviation: make_deviation,
    CriterionBreach: make_breach,
    CausedIncident: make_caused_incident,
    ReviewAction: make_review_action,
    DutySpell: make_duty,
    PresenceConfirmation: make_presence,
    ChangeRequest: make_change,
    ChangeItem: make_change_item,
    ChangeImport: make_change_import,
    UnauthorisedWrite: make_unauthorised_write,
    UnauthorisedRow: lambda **over: make_unauthorised_write(**over).rows.get(),
    ControlDebt: make_control_debt,
    ChangeLink: make_change_link,
    Assignment: make_assignment,
    Consultation: make_consultation,
    ImpactConfirmation: make_impact_confirmation,
    RiskQuestion: make_risk_question,
    RiskAnswer: make_risk_answer,
    RiskThreshold: make_risk_threshold,
    WorkingHours: make_working_hours,
    AssessmentPolicy: make_assessment_policy,
    TestCase: make_test_case,
    StandardTemplate: make_standard_template,
    TemplateVote: make_template_vote,
    PlanStage: make_stage,
    PlanTask: make_task,
    PlannedOperation: make_operation,
    RollbackStep: make_rollback_step,
    PlanDocument: make_document,
    DriftDecision: make_drift_decision,
    TestRun: make_test_run,
    Criterion: make_criterion,
    CriterionResult: make_criterion_result,
    Board: make_board,
    BoardSeat: make_seat,
    ApprovalPolicy: make_policy,
    PolicyStep: make_policy_step,
    VoteDelegation: make_delegation,
    FeedKey: make_feed_key,
    FreezeWindow: make_freeze,
    GateAnswer: make_gate_answer,
    StoppedLine: make_stop,
    MaintenanceWindow: make_maintenance,
    CollisionRule: make_collision_rule,
    CollisionAcknowledgement: make_acknowledgement,
    FreezeOverride: make_freeze_override,
    ApprovalRound: make_round,
    RoundStep: lambda **over: make_round(**over).steps.first(),
    RoundSeat: lambda **over: make_round(**over).steps.first().seats.first(),
    ChangeEvent: make_event,
    Vote: make_vote,
    VoteConfirmation: make_vote_confirmation,
    BoardMeeting: make_meeting,
    AgendaItem: make_agenda_item,
    Attendance: make_attendance,
    Remark: make_remark,
    RoundReading: make_reading,
    StepEscalation: make_reminder,
}
