"""States and steps of runs and findings as frozen data; sql/run_v1.sql and sql/finding_v1.sql repeat them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class OverrideState(models.TextChoices):
    """Where a request for other thresholds stands on a day; it follows from its decision and its dates."""

    WAITING = "waiting", _("Waiting for approval")
    COMING = "coming", _("Approved, begins later")
    ACTIVE = "active", _("In force")
    EXPIRED = "expired", _("Expired")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class CorrectionState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("correction", "Proposed")
    ACCEPTED = "accepted", pgettext_lazy("correction", "Accepted")
    REFUSED = "refused", pgettext_lazy("correction", "Refused")
    SUPERSEDED = "superseded", pgettext_lazy("correction", "Superseded")


class RunState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    OPEN = "open", _("Due")
    IN_PROGRESS = "in_progress", _("Running")
    SUBMITTED = "submitted", _("Waiting for sign-off")
    RETURNED = "returned", _("Returned")
    SIGNED = "signed", _("Signed")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")


class FindingState(models.TextChoices):
    OPEN = "open", pgettext_lazy("finding", "Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    FIXING = "fixing", _("Being fixed")
    FIXED = "fixed", _("Fixed, to be re-checked")
    VERIFIED = "verified", _("Verified")
    ACCEPTED_RISK = "accepted_risk", _("Risk accepted")
    DUPLICATE = "duplicate", _("Duplicate")


@dataclass(frozen=True)
class Step:
    """One legal move: `event` takes a row from any of `sources` to `target`."""

    event: str
    sources: tuple[str, ...]
    target: str


_R, _F = RunState, FindingState

RUN_STEPS = (
    Step("open", (_R.SCHEDULED,), _R.OPEN),
    Step("start", (_R.OPEN,), _R.IN_PROGRESS),
    Step("submit", (_R.IN_PROGRESS,), _R.SUBMITTED),
    Step("return", (_R.SUBMITTED,), _R.RETURNED),
    Step("resume", (_R.RETURNED,), _R.IN_PROGRESS),
    Step("sign", (_R.SUBMITTED,), _R.SIGNED),
    Step("miss", (_R.OPEN, _R.IN_PROGRESS), _R.MISSED),
    Step("arrive", (_R.MISSED,), _R.IN_PROGRESS),
    Step("cancel", (_R.SCHEDULED, _R.OPEN), _R.CANCELLED),
)

# A round that was made in time where there is no signal counts although it arrives after the run was counted
# as missed: so long the run is taken back for it, and so long it may then take to be handed in.
ARRIVES_WITHIN = timedelta(days=7)
HANDED_IN_WITHIN = timedelta(days=1)

FINDING_STEPS = (
    Step("acknowledge", (_F.OPEN,), _F.ACKNOWLEDGED),
    Step("start_fix", (_F.OPEN, _F.ACKNOWLEDGED), _F.FIXING),
    Step("mark_fixed", (_F.OPEN, _F.ACKNOWLEDGED, _F.FIXING), _F.FIXED),
    Step("verify", (_F.FIXED,), _F.VERIFIED),
    Step("fail_recheck", (_F.FIXED,), _F.OPEN),
    Step("accept_risk", (_F.OPEN, _F.ACKNOWLEDGED), _F.ACCEPTED_RISK),
    Step("reopen", (_F.ACCEPTED_RISK,), _F.OPEN),
    Step("mark_duplicate", (_F.OPEN, _F.ACKNOWLEDGED), _F.DUPLICATE),
)

FINDING_CLOSED = (_F.VERIFIED, _F.DUPLICATE)
# A deadline runs; elsewhere it waits for a re-check, for a day, or for nothing.
FINDING_RUNNING = (_F.OPEN, _F.ACKNOWLEDGED, _F.FIXING)


def target_of(steps: tuple[Step, ...], event: str, state: str) -> str | None:
    """The state that `event` leads to from `state`, or None where it is not legal."""
    return next((s.target for s in steps if s.event == event and state in s.sources), None)
