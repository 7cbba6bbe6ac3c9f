"""One factory per model: it makes a valid row, unique where it must be. Append yours and its MAKERS line."""

import datetime
import itertools

from django.utils import timezone

from accounts.models import RoleGrant, Team, TeamMember, User
from assets.models import (
    Asset,
    Contract,
    ContractCover,
    HardwareModel,
    Manufacturer,
    ResponsePromise,
    Vendor,
)
from cmdb.models import (
    CIAttribute,
    CIType,
    ConfigurationItem,
    DependencyGroup,
    IdentityRule,
    Relation,
    RelationRule,
    RelationType,
)
from inspections.actions import (
    AnswerInput,
    amend_answer,
    generate_runs,
    publish_version,
    record_answers,
    sign_run,
    submit_run,
)
from inspections.models import (
    Amendment,
    Answer,
    ChecklistTemplate,
    Finding,
    FindingEvent,
    InspectionPlan,
    InspectionRun,
    RunTarget,
    Signature,
    TemplateItem,
    TemplateVersion,
)

_numbers = itertools.count(1)


def number():
    """A number not yet used in this run."""
    return next(_numbers)


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
    Team: make_team,
    User: make_user,
    TeamMember: make_member,
    RoleGrant: make_grant,
    CIType: make_type,
    CIAttribute: make_attribute,
    ConfigurationItem: make_item,
    RelationType: make_relation_type,
    RelationRule: make_relation_rule,
    DependencyGroup: make_group,
    Relation: make_relation,
    IdentityRule: make_identity_rule,
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


def make_signature(**over):
    answer = make_answer()
    return submit_run(answer.target.run, by=answer.answered_by).signatures.get()


def make_amendment(**over):
    signature = make_signature()
    sign_run(signature.run, by=make_user("reviewer"))
    answer = Answer.objects.get(target__run=signature.run)
    amend_answer(answer, by=make_user("reviewer"), value="21", reason="misread")
    return answer.amendments.get()


def make_finding(**over):
    answer = make_answer("96", comment="full", **over)
    submit_run(answer.target.run, by=answer.answered_by)
    return Finding.objects.get(first_answer=answer)


def make_finding_event(**over):
    return make_finding().events.get()


MAKERS |= {
    ChecklistTemplate: make_template,
    TemplateVersion: make_version,
    TemplateItem: make_checklist_item,
    InspectionPlan: make_plan,
    InspectionRun: make_run,
    RunTarget: make_target,
    Answer: make_answer,
    Signature: make_signature,
    Amendment: make_amendment,
    Finding: make_finding,
    FindingEvent: make_finding_event,
}
