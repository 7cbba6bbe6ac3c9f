"""Why a step or deed on a finding is not possible now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from assets.models import Asset
from inspections.guards.alerts import against_confirming
from inspections.guards.refusal import Refusal, lacking, lacking_all, no_comment
from inspections.models import Finding, FindingPolicy
from inspections.workflow import FINDING_STEPS, FindingState, target_of

CLOCKS_DIFFER = timedelta(minutes=5)
FINDING_RIGHTS = (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_IMPLEMENT)


def closed(finding: Finding) -> Iterable[Refusal]:
    if finding.is_closed:
        state = finding.get_state_display()
        yield Refusal("state", _("The finding is “%(state)s”.") % {"state": state})


def against_finding_step(
    finding: Finding, event: str, by: User, comment: str, values: Mapping[str, Any] | None = None
) -> list[Refusal]:
    """Why this person cannot take this step of the finding; `values` is None while it is only offered."""
    found: list[Refusal] = []
    if event in ("accept_risk", "reopen"):
        found += lacking(by, Right.INSPECT_REVIEW)
    else:
        found += lacking_all(by, FINDING_RIGHTS)
    if target_of(FINDING_STEPS, event, finding.state) is None:
        state = finding.get_state_display()
        found.append(Refusal("state", _("The finding is “%(state)s”.") % {"state": state}))
    if event in ("mark_fixed", "accept_risk", "mark_duplicate", "reopen"):
        found += no_comment(comment)
    if event == "mark_fixed" and values is not None:
        found += against_dating_back(finding, values.get("fixed_at"))
    if event == "verify":
        found += against_confirming(finding, by)
    if event == "accept_risk":
        found += against_accepting(finding, by, values)
    if values is not None and isinstance(owner := values.get("owner"), User):
        found += cannot_own(owner)
    if values is not None and event == "mark_duplicate":
        found += against_duplicate(finding, values.get("duplicate_of"))
    return found


def against_dating_back(finding: Finding, fixed_at: datetime | None) -> Iterable[Refusal]:
    """A fix counts from now on, or from between what was seen bad and its arrival, where both come late."""
    if fixed_at is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.* FROM inspections_finding f, inspections_finding_known_v1(f) k WHERE f.id = %s",
            [finding.pk],
        )
        seen_at, learnt_at = cursor.fetchone()
    if fixed_at < seen_at or learnt_at < fixed_at <= timezone.now() - CLOCKS_DIFFER:
        at = date_format(timezone.localtime(fixed_at), "Y-m-d H:i")
        message = _("The fix cannot be dated back to %(at)s.") % {"at": at}
        yield Refusal("dated_back", message, _("Leave the time out: the fix counts from now on."))


def against_accepting(finding: Finding, by: User, values: Mapping[str, Any] | None) -> Iterable[Refusal]:
    """A risk is accepted by somebody who never owned it, for as long as the policy allows."""
    if finding.owner_id is None:
        message = _("Nobody owns this finding yet.")
        yield Refusal("no_owner", message, _("Somebody takes it on; another person accepts the risk."))
    elif finding.owner_id == by.pk or finding.history.filter(owner=by.pk).exists():
        message = _("You own this finding, or did.")
        yield Refusal("own_risk", message, _("Somebody else accepts the risk."))
    if values is None:
        return
    until, today = values.get("accepted_until_on"), timezone.localdate()
    policy = FindingPolicy.objects.filter(severity=finding.severity).first()
    last = today + timedelta(days=policy.longest_risk_days if policy else 180)
    if until is None or not today <= until <= last:
        words = {"first": today.isoformat(), "last": last.isoformat()}
        yield Refusal("until", _("A risk is accepted up to a day from %(first)s to %(last)s.") % words)


def cannot_own(owner: User) -> Iterable[Refusal]:
    """An owner is somebody active who can do something about it."""
    if not any(has_right(owner, right) for right in FINDING_RIGHTS):
        message = _("%(who)s can do nothing about findings.") % {"who": owner}
        yield Refusal("owner", message, _("Choose an engineer or a reviewer."))


def against_duplicate(finding: Finding, of: Finding | None) -> Iterable[Refusal]:
    originals = Finding.objects.exclude(state=FindingState.DUPLICATE).exclude(pk=finding.pk)
    if of is None or not originals.filter(pk=of.pk).exists():
        message = _("Name another finding that is no duplicate itself.")
        yield Refusal("duplicate_of", message, _("For example FD-000123."))


def against_commenting(finding: Finding, by: User, comment: str) -> list[Refusal]:
    """Why this person cannot add a comment."""
    return [*lacking_all(by, (*FINDING_RIGHTS, Right.CHANGE_REQUEST)), *no_comment(comment)]


def against_reassigning(finding: Finding, by: User, owner: User | None, comment: str) -> list[Refusal]:
    """Why this person cannot give the finding to that one; the owner may give it on, a reviewer always."""
    found = [*closed(finding), *no_comment(comment, _("Say why somebody else owns it from now on."))]
    if finding.owner_id != by.pk:
        found += lacking_all(by, (Right.INSPECT_REVIEW, Right.INSPECT_MANAGE))
    if owner is not None:
        found += cannot_own(owner)
        if owner.pk == finding.owner_id:
            found.append(Refusal("owner", _("%(who)s owns it already.") % {"who": owner}))
    return found


def against_moving_deadline(
    finding: Finding, by: User, due_at: datetime | None, comment: str
) -> list[Refusal]:
    """Why this person cannot set another deadline for the fix."""
    found = [*lacking_all(by, (Right.INSPECT_REVIEW, Right.INSPECT_MANAGE)), *closed(finding)]
    found += no_comment(comment, _("Say why the fix has another deadline."))
    if finding.owner_id == by.pk:
        message = _("You own this finding.")
        found.append(Refusal("own_deadline", message, _("Somebody else grants more time.")))
    if due_at is not None and due_at <= timezone.now():
        found.append(Refusal("due_at", _("The new deadline lies ahead.")))
    return found


def against_rechecking(finding: Finding, by: User, *, has_template: bool = True) -> list[Refusal]:
    """Why no re-check can be planned now."""
    found = [*lacking_all(by, (*FINDING_RIGHTS, Right.INSPECT_MANAGE))]
    if finding.state != FindingState.FIXED:
        message = _("The finding is “%(state)s”.") % {"state": finding.get_state_display()}
        found.append(Refusal("state", message, _("A re-check follows a fix.")))
    if not has_template:
        message = _("No published check list asks for this item.")
        found.append(Refusal("no_check_list", message, _("Publish one that does, or inspect by a plan.")))
    return found


def against_repairing(finding: Finding, asset: Asset | None, by: User) -> list[Refusal]:
    """Why this asset is not the one to repair for the finding."""
    found = [*lacking_all(by, (*FINDING_RIGHTS, Right.ASSET_EDIT)), *closed(finding)]
    if asset is not None and asset.ci_id != finding.ci_id:
        message = _("%(asset)s is no asset of %(ci)s.") % {"asset": asset, "ci": finding.ci}
        found.append(Refusal("asset", message, _("Link the asset to the CI first.")))
    return found


def against_raising(finding: Finding, by: User) -> list[Refusal]:
    """Why no change can be drafted from the finding by this person."""
    found = [*lacking(by, Right.CHANGE_REQUEST), *against_linking(finding, by)]
    if finding.change_id:
        message = _("%(change)s fixes this already.") % {"change": finding.change}
        found.append(Refusal("has_change", message))
    return found


def against_linking(finding: Finding, by: User) -> list[Refusal]:
    """Why this person cannot name the change that is to fix the finding."""
    rights = (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_REQUEST)
    return [*lacking_all(by, rights), *closed(finding)]
