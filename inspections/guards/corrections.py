"""Why a proposed correction of the CMDB cannot be decided now."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right
from cmdb.attributes import broken_rule, fault_message
from inspections.guards.refusal import Refusal, lacking
from inspections.models import CorrectionProposal
from inspections.workflow import CorrectionState


def against_deciding_correction(proposal: CorrectionProposal, by: User) -> list[Refusal]:
    """Why this person cannot decide on it; who answered never can, superusers included."""
    found = list(lacking(by, Right.CMDB_EDIT))
    if proposal.state != CorrectionState.PROPOSED:
        message = _("The correction is “%(state)s”.") % {"state": proposal.get_state_display()}
        found.append(Refusal("state", message))
    if proposal.answer.answered_by_id == by.pk:
        message = _("You gave the answer that proposes it.")
        found.append(Refusal("answered", message, _("Somebody else decides.")))
    return found


def against_accepting_correction(proposal: CorrectionProposal, by: User, recorded: object) -> list[Refusal]:
    """Why it cannot be accepted: the record has moved on, or cannot hold what was seen."""
    found = against_deciding_correction(proposal, by)
    if recorded != proposal.was:
        words = {"now": recorded or _("empty"), "was": proposal.was or _("empty")}
        message = _("The record says “%(now)s” now, not “%(was)s” any more.") % words
        found.append(Refusal("moved_on", message, _("Refuse it, or let the next inspection look again.")))
    schema = proposal.ci.type.compiled_schema
    if proposal.field != "serial":
        spec = schema.get(proposal.key)
        if spec is None:
            message = _("The type has no attribute “%(key)s” any more.") % {"key": proposal.key}
            found.append(Refusal("no_field", message))
        elif rule := broken_rule(spec, proposal.seen):
            found.append(Refusal("does_not_fit", fault_message(spec, rule), _("Correct the record by hand.")))
    return found
