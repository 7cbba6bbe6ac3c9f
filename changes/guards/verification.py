"""Whether the effect is proved, the restored state is the old one, and the review is complete."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.execution import drift_of, newest_results, shown
from changes.guards.form import says_something
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, DriftDecision
from changes.workflow import Kind, Outcome


def criteria_judged(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    judged = newest_results(change)
    return [
        Refusal(
            "criteria_judged",
            _("Not measured yet: %(criterion)s") % {"criterion": criterion},
            _("Measure it."),
        )
        for criterion in change.criteria.all()
        if criterion.pk not in judged
    ]


def criteria_passed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    judged = newest_results(change)
    return [
        Refusal(
            "criteria_passed",
            _("Not met: %(criterion)s, measured %(value)s.")
            % {"criterion": criterion, "value": judged[criterion.pk]},
            _("Roll back, or close through a review."),
        )
        for criterion in change.criteria.all()
        if criterion.pk in judged and not judged[criterion.pk].has_passed
    ]


def observation_elapsed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The longest observation time of the criteria has passed since the work ended."""
    minutes = max((criterion.observation_minutes for criterion in change.criteria.all()), default=0)
    since = change.actual_end_at or change.state_since_at or timezone.now()
    ready = since + timedelta(minutes=minutes)
    return unless(
        ready <= timezone.now(),
        "observation_elapsed",
        _("The effect is observed until %(time)s.")
        % {"time": timezone.localtime(ready).strftime("%Y-%m-%d %H:%M")},
        _("Wait until then."),
    )


def machine_checks_pass(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every criterion is measured by machine and passes."""
    by_hand = change.criteria.filter(is_machine=False).exists()
    return unless(
        not by_hand and change.criteria.exists(),
        "machine_checks_pass",
        _("Not every criterion is measured by machine."),
    ) + criteria_passed(change, by, data)


def template_auto_verify(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.template is not None and change.template.has_auto_verify,
        "template_auto_verify",
        _("The template does not allow machines to verify it."),
    )


def discovery_matches_plan_or_waived(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every field is what it was right after applying, or the verifier says why a difference is accepted."""
    if data and data.get("discovery_waived"):
        return []
    return [
        Refusal(
            "discovery_matches_plan_or_waived",
            _("%(item)s: %(field)s was set to %(expected)s and is %(found)s.")
            % {"item": d.address, "field": d.field, "expected": shown(d.expected), "found": shown(d.found)},
            _("Find out why, or say why it is accepted."),
        )
        for d in drift_of(list(change.operations.filter(applied_at__isnull=False)), "found")
    ]


def restored_to_before(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every field is back at its value before the change, save those that two people decided to keep."""
    if data and data.get("discovery_waived"):
        return []
    kept = set(
        DriftDecision.objects.filter(
            operation__change=change, decision=DriftDecision.Decision.KEEP, confirmed_by__isnull=False
        ).values_list("operation_id", "field")
    )
    drifts = drift_of(list(change.operations.filter(reverted_at__isnull=False)), "replaced")
    return [
        Refusal(
            "restored_to_before",
            _("%(item)s: %(field)s was %(expected)s before and is %(found)s.")
            % {"item": d.address, "field": d.field, "expected": shown(d.expected), "found": shown(d.found)},
            _("Say “not restored”, or why it is accepted."),
        )
        for d in drifts
        if (d.operation_id, d.field) not in kept
    ]


def review_reasons(change: ChangeRequest) -> list[str]:
    """Why a change is to be reviewed before it is closed; empty when nothing asks for it."""
    reasons = []
    if change.is_high_risk:
        reasons.append(_("its risk is high"))
    if change.deviations.strip():
        reasons.append(_("the work deviated from the plan"))
    if any(not result.has_passed for result in newest_results(change).values()):
        reasons.append(_("a criterion was not met"))
    window = change.window
    if (
        window is not None
        and not window.isempty
        and change.actual_end_at
        and change.actual_end_at > window.upper
    ):
        reasons.append(_("it took longer than its window"))
    if change.kind == Kind.EMERGENCY:
        reasons.append(_("it was an emergency"))
    return reasons


def no_pir_needed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    reasons = review_reasons(change)
    return unless(
        not reasons,
        "no_pir_needed",
        _("It needs a review: %(reasons)s.") % {"reasons": "; ".join(reasons)},
        _("Send it to the review."),
    )


def pir_needed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    wanted = review_reasons(change) or change.issues.strip() or data is None or (data or {}).get("issues")
    return unless(
        wanted,
        "pir_needed",
        _("Nothing asks for a review."),
        _("Close it, or write which issues were seen."),
    )


def pir_complete(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    text = (data or {}).get("pir") or change.pir
    return unless(
        data is None or (says_something(text) and len(text.strip()) >= 10),
        "pir_complete",
        _("The review says nothing yet."),
        _("Write what was learned."),
    )


def caused_incidents_linked(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """A change that failed or was rolled back names the incidents it caused, or says that there was none."""
    bad = change.outcome in (Outcome.FAILED, Outcome.ROLLED_BACK)
    return unless(
        data is None
        or not bad
        or data.get("caused_incidents")
        or change.caused_incidents
        or change.incident_ref,
        "caused_incidents_linked",
        _("It failed or was rolled back, and nothing says which incidents it caused."),
        _("Name them, or write that there were none."),
    )


def actions_have_owner_and_date(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    actions = (data or {}).get("pir_actions") or change.pir_actions
    loose = [
        action
        for action in actions
        if not (action.get("text") and action.get("owner") and action.get("due_on"))
    ]
    return unless(
        not loose,
        "actions_have_owner_and_date",
        _("An action agreed in the review has no owner or no date."),
        _("Fill in both."),
    )
