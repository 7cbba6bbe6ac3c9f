"""Whether a review is asked for, and whether it is complete."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.form import says_something
from changes.guards.observation import newest_results
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, CriterionBreach
from changes.workflow import Kind, Outcome


def review_reasons(change: ChangeRequest) -> list[str]:
    """Why a change is to be reviewed before it is closed; empty when nothing asks for it."""
    reasons = []
    if change.is_high_risk:
        reasons.append(_("its risk is high"))
    if change.deviations.strip() or change.deviation_rows.exists():
        reasons.append(_("the work deviated from the plan"))
    if any(not result.has_passed for result in newest_results(change).values()):
        reasons.append(_("a criterion was not met"))
    elif CriterionBreach.objects.filter(criterion__change=change).exists():
        reasons.append(_("a criterion was breached for a while"))
    if change.incidents.exists():
        reasons.append(_("it caused an incident"))
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
        or data.get("no_incident")
        or change.caused_incidents
        or change.incident_ref
        or change.incidents.exists(),
        "caused_incidents_linked",
        _("It failed or was rolled back, and nothing says which incidents it caused."),
        _("Name them on the page of the review, or tick that there was none."),
    )


def actions_have_owner_and_date(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Rows cannot be without; what an older review noted as text is asked."""
    loose = [
        action
        for action in change.pir_actions
        if not (action.get("text") and action.get("owner") and action.get("due_on"))
    ]
    inactive = change.review_actions.filter(done_at=None, owner__is_active=False).select_related("owner")
    return unless(
        not loose,
        "actions_have_owner_and_date",
        _("An action agreed in the review has no owner or no date."),
        _("Fill in both."),
    ) + [
        Refusal(
            "actions_have_owner_and_date",
            _("%(person)s, who was to do “%(action)s”, is no longer here.")
            % {"person": action.owner, "action": action},
            _("Agree on somebody else."),
        )
        for action in inactive
    ]


def incident_linked(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        data is None or data.get("caused_incidents") or change.incident_ref or change.incidents.exists(),
        "incident_linked",
        _("A failed rollback is an incident."),
        _("Give the incident's reference."),
    )
