"""Whether an application, its plan and its assessment say enough."""

from __future__ import annotations

import re

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Team, User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ApprovalPolicy, ChangeRequest, Consultation
from changes.models.request import ItemImpact
from changes.risk import unanswered
from changes.workflow import Kind

SAYS_NOTHING = re.compile(r"^\W*(n/?a|tbc|tbd|none|todo|test|xxx*|无|待定|同上)?\W*$", re.IGNORECASE)


def says_something(text: str) -> bool:
    """Not empty, and not "n/a", "TBC" or the like."""
    return not SAYS_NOTHING.match(text or "")


def form_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Title and reason say something; a normal or standard change wants a window."""
    refusals = unless(
        says_something(change.title), "title", _("The title says nothing."), _("Fill in the title.")
    )
    refusals += unless(
        says_something(change.reason),
        "reason",
        _("The reason says nothing."),
        _("Write why it must be done."),
    )
    if change.kind != Kind.EMERGENCY:
        refusals += unless(
            change.window is not None, "window", _("No window is asked for."), _("Set the window.")
        )
    return refusals


def cis_listed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """At least one item, and every item that an operation touches is among them."""
    listed = set(change.change_items.filter(impact=ItemImpact.MANUAL).values_list("item_id", flat=True))
    touched = set(change.operations.exclude(item=None).values_list("item_id", flat=True))
    return unless(
        listed,
        "cis_listed",
        _("No configuration item is listed."),
        _("Add the items that will be changed."),
    ) + unless(
        touched <= listed,
        "operations_within_items",
        _("An operation touches an item that is not listed."),
        _("Add the item to the change."),
    )


def incident_referenced(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        says_something(change.incident_ref),
        "incident_referenced",
        _("An emergency names the incident or the security advisory behind it."),
        _("Fill in the incident."),
    )


def actual_times_given(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    if data is None:
        return []
    start, end = data.get("actual_start"), data.get("actual_end")
    return unless(
        start and end and start < end,
        "actual_times_given",
        _("The end of the work must come after its start."),
        _("Give both times."),
    )


def import_source_named(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.import_source and change.import_key,
        "import_source_named",
        _("Only a change from another system is recorded as past."),
        _("Fill in where it comes from and its key there."),
    )


def rollback_plan_present(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.rollback_steps.exists(),
        "rollback_plan_present",
        _("There is no way back planned."),
        _("Add the steps of the rollback."),
    )


def rollback_plan_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Steps, the condition on which to roll back, the longest time it takes, and who decides."""
    return (
        rollback_plan_present(change, by, data)
        + unless(
            says_something(change.rollback_trigger),
            "rollback_trigger",
            _("The plan does not say when to roll back."),
            _("Fill in when to roll back."),
        )
        + unless(
            change.rollback_minutes,
            "rollback_minutes",
            _("The plan does not say how long a rollback takes at most."),
            _("Fill in the minutes."),
        )
        + unless(
            change.rollback_owner_id,
            "rollback_owner",
            _("Nobody is named to decide on rolling back."),
            _("Name a person."),
        )
    )


def test_plan_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        says_something(change.test_plan),
        "test_plan",
        _("There is no test plan."),
        _("Write what will be tested."),
    )


def verify_plan_measurable(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """At least one criterion: each has a metric and a threshold by construction."""
    return unless(
        change.criteria.exists(),
        "verify_plan_measurable",
        _("Nothing says how the effect will be measured."),
        _("Add a criterion with a threshold."),
    )


def risk_answered(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    if data is None:
        return []
    answers = data.get("risk_answers") or change.risk_inputs.get("answers") or {}
    return [
        Refusal(
            "risk_answered", _("Not answered: %(question)s") % {"question": question.label}, _("Answer it.")
        )
        for question in unanswered(answers)
    ]


def impact_confirmed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The assessor has read the list of affected items; the step writes it anew from the live graph."""
    if data is None:
        return []
    return unless(
        data.get("impact_acknowledged"),
        "impact_confirmed",
        _("The list of affected items is not confirmed."),
        _("Read the list and confirm it."),
    )


def owners_to_consult(change: ChangeRequest) -> QuerySet[Team]:
    """The teams that own a changed item, the requester's own aside."""
    teams = Team.objects.filter(
        owned_items__change_items__change=change, owned_items__change_items__impact=ItemImpact.MANUAL
    )
    return teams.exclude(members__user=change.requester_id).distinct()


def ci_owners_consulted(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Each team that owns a changed item, the requester's own aside, has answered and does not object."""
    answers = dict(change.consultations.values_list("team_id", "answer"))
    return [
        Refusal(
            "ci_owners_consulted",
            _("%(team)s objects.") % {"team": team}
            if answers.get(team.pk) == Consultation.Answer.OBJECTED
            else _("%(team)s owns an item and has not answered yet.") % {"team": team},
            _("Record the team's answer."),
        )
        for team in owners_to_consult(change)
        if answers.get(team.pk) != Consultation.Answer.AGREED
    ]


def policy_allows_skip_test(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The policy for this risk goes without a test; with answers given, the step computes the risk first."""
    if not change.risk:
        return []
    policy = (
        ApprovalPolicy.objects.filter(kind=change.kind, risk__in=[change.risk, ""]).order_by("-risk").first()
    )
    return unless(
        policy is not None and policy.allows_skip_test,
        "policy_allows_skip_test",
        _("The approval policy asks for a test at %(risk)s risk.") % {"risk": change.get_risk_display()},
        _("Use “Assessment done” and have it tested."),
    )


def template_active(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    template = change.template
    return unless(
        template and template.is_active,
        "template_active",
        _("The template is missing, not approved, or suspended."),
        _("Choose an active template, or make it a normal change."),
    )


def cis_in_template_scope(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every changed item is of a type that the template names."""
    scope = change.template.scope_types if change.template else []
    outside = change.change_items.filter(impact=ItemImpact.MANUAL).exclude(item__type__key__in=scope)
    return unless(
        not outside.exists(),
        "cis_in_template_scope",
        _("An item is of a type that the template does not cover."),
        _("Remove the item, or make it a normal change."),
    )


def params_valid(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every required parameter of the template has a value and no other is given."""
    wanted = change.template.parameters if change.template else {}
    missing = [n for n, about in wanted.items() if about.get("required") and not change.parameters.get(n)]
    unknown = [n for n in change.parameters if n not in wanted]
    return unless(
        not missing,
        "params_missing",
        _("Parameters without a value: %(names)s") % {"names": ", ".join(missing)},
        _("Fill them in."),
    ) + unless(
        not unknown,
        "params_unknown",
        _("Parameters that the template does not have: %(names)s") % {"names": ", ".join(unknown)},
        _("Remove them."),
    )
