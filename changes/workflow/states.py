"""Where a change can stand, of which kind it is, what came of it and what a person is to it."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(TextChoices):
    """Where a change stands; the order is the order on the state bar."""

    DRAFT = "draft", _("Draft")
    ASSESSING = "assessing", _("Assessing")
    TESTING = "testing", _("Testing")
    APPROVING = "approving", _("Approving")
    SCHEDULED = "scheduled", _("Scheduled")
    IMPLEMENTING = "implementing", _("Implementing")
    VERIFYING = "verifying", _("Verifying")
    ROLLING_BACK = "rolling_back", _("Rolling back")
    ROLLED_BACK = "rolled_back", _("Rolled back, to be checked")
    RATIFYING = "ratifying", _("Ratifying")
    REVIEWING = "reviewing", _("Reviewing")
    CLOSED = "closed", pgettext_lazy("change", "Closed")
    REJECTED = "rejected", pgettext_lazy("change", "Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CANCELLED = "cancelled", pgettext_lazy("change", "Cancelled")


class Kind(TextChoices):
    """How much is asked of a change before it may start (ITIL 4)."""

    NORMAL = "normal", pgettext_lazy("kind of change", "Normal")
    STANDARD = "standard", pgettext_lazy("kind of change", "Standard")
    EMERGENCY = "emergency", pgettext_lazy("kind of change", "Emergency")


class Outcome(TextChoices):
    """What came of a change; apart from the state it ended in."""

    SUCCESSFUL = "successful", _("Successful")
    SUCCESSFUL_WITH_ISSUES = "successful_with_issues", _("Successful with issues")
    ROLLED_BACK = "rolled_back", _("Rolled back")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", pgettext_lazy("outcome", "Cancelled")
    MISSED_WINDOW = "missed_window", _("Window missed")
    UNRATIFIED = "unratified", _("Not ratified")


class Relation(TextChoices):
    """What a person is to a change; a step names the relations that may take it."""

    REQUESTER = "requester", _("requester")
    OWNER = "owner", _("owner")
    ASSESSOR = "assessor", _("assessor")
    TESTER = "tester", _("tester")
    IMPLEMENTER = "implementer", _("implementer")
    VERIFIER = "verifier", _("verifier")
    VOTER = "voter", _("member of the board that votes")
    ONCALL = "oncall", _("engineer on call")
    CHANGE_MANAGER = "change_manager", _("change manager")
    IMPORTER = "importer", _("importer of past changes")
    SYSTEM = "system", _("OpsLedger itself")


ENDS = frozenset({State.CLOSED, State.REJECTED, State.WITHDRAWN, State.CANCELLED})
EDITABLE = frozenset({State.DRAFT, State.ASSESSING, State.TESTING, State.APPROVING})
UNDER_WAY = frozenset({State.SCHEDULED, State.IMPLEMENTING, State.VERIFYING, State.ROLLING_BACK})
# The states on the way to the end of each kind, for the state bar.
MAIN_LINE = {
    Kind.NORMAL: (
        State.DRAFT, State.ASSESSING, State.TESTING, State.APPROVING, State.SCHEDULED,
        State.IMPLEMENTING, State.VERIFYING, State.REVIEWING, State.CLOSED,
    ),
    Kind.STANDARD: (State.DRAFT, State.SCHEDULED, State.IMPLEMENTING, State.VERIFYING, State.CLOSED),
    Kind.EMERGENCY: (
        State.DRAFT, State.APPROVING, State.IMPLEMENTING, State.VERIFYING, State.RATIFYING,
        State.REVIEWING, State.CLOSED,
    ),
}  # fmt: skip
