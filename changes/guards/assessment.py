"""Whether the assessment is complete: questions, owners, test plan, and whether a test may be left out."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Team, User
from changes.guards.form import says_something, thin
from changes.guards.impact import critical_from
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ApprovalPolicy, ChangeRequest, Consultation, RiskQuestion
from changes.models.request import ItemImpact
from changes.workflow import Kind


def risk_answered(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every active question for this kind of change has one of its answers."""
    if data is None:
        return []
    answers = data.get("risk_answers") or change.risk_inputs.get("answers") or {}
    return [
        Refusal("risk_answered", _("Not answered: %(question)s") % {"question": question}, _("Answer it."))
        for question in RiskQuestion.objects.asked_of(change.kind)
        if question.level(answers.get(question.key, "")) is None
    ]


def owners_to_consult(change: ChangeRequest) -> QuerySet[Team]:
    """Teams that own a changed item or a critical one that is hit; the requester's own asked for it."""
    hit = Q(
        owned_items__change_items__impact__in=[ItemImpact.COMPUTED, ItemImpact.ADDED],
        owned_items__change_items__effect__in=["down", "degraded"],
        owned_items__criticality__gte=critical_from(change.kind),
    )
    teams = Team.objects.filter(
        Q(owned_items__change_items__impact=ItemImpact.MANUAL) | hit, owned_items__change_items__change=change
    )
    return teams.exclude(members__user=change.requester_id).distinct()


def ci_owners_consulted(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Each team to ask has agreed to the plan as it stands, or was overruled for a recorded reason; an
    objection always counts. Only normal changes ask."""
    if change.kind != Kind.NORMAL:
        return []
    asked = {row.team_id: row for row in change.consultations.select_related("team")}
    refusals = [
        Refusal(
            "owner_objects",
            _("%(team)s objects: %(comment)s") % {"team": row.team, "comment": row.comment or "—"},
            _("Mend the plan and ask again, or the assessor overrules with a reason."),
        )
        for row in asked.values()
        if row.answer == Consultation.Answer.OBJECTED and not row.is_settled
    ]
    return refusals + [
        _unanswered(team, asked.get(team.pk))
        for team in owners_to_consult(change)
        if team.pk not in asked or (asked[team.pk].is_silent and not asked[team.pk].is_settled)
    ]


def _unanswered(team: Team, row: Consultation | None) -> Refusal:
    if row is not None and row.is_outdated:
        return Refusal(
            "agreed_to_earlier_plan",
            _("%(team)s agreed to an earlier plan; it was edited since.") % {"team": team},
            _("A member of the team reads what it says now and answers again."),
        )
    return Refusal(
        "ci_owners_consulted",
        _("%(team)s owns an item and has not answered yet.") % {"team": team},
        _("A member of the team answers; silence never counts as agreement."),
    )


def test_plan_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """At least one test case, and each says what must come of it."""
    cases = list(change.test_cases.all())
    return unless(
        cases,
        "test_plan",
        _("There is no test plan: no test case is planned."),
        _("Add what will be tried and what must come of it."),
    ) + [
        Refusal(
            "test_case_thin",
            _("The test case “%(case)s” does not say what must come of it.") % {"case": case},
            _("Write what is seen when it passes, for example: “the old number is found by search”."),
        )
        for case in cases
        if thin(case.expected, 4) or not says_something(case.label)
    ]


def policy_allows_skip_test(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The approval policy for the risk that was computed goes without a test.

    Before the questions are answered the risk is not known: any policy of the kind that allows it will do.
    """
    policies = ApprovalPolicy.objects.filter(kind=change.kind)
    if not change.risk:
        return unless(
            policies.filter(allows_skip_test=True).exists(),
            "policy_allows_skip_test",
            _("No approval policy for this kind of change goes without a test."),
            _("Use “Assessment done” and have it tested."),
        )
    policy = policies.filter(risk__in=[change.risk, ""]).order_by("-risk").first()
    return unless(
        policy is not None and policy.allows_skip_test,
        "policy_allows_skip_test",
        _("The approval policy asks for a test at %(risk)s risk.") % {"risk": change.get_risk_display()},
        _("Use “Assessment done” and have it tested."),
    )
