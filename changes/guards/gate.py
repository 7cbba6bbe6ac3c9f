"""Whether a pipeline may go on: the change that allows it, or every reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from changes.guards.collisions import freeze_override_if_frozen, inside_window, no_hard_freeze
from changes.guards.line import line_not_stopped
from changes.guards.refusal import Refusal, unless
from changes.models import ChangeRequest
from changes.models.request import ItemImpact
from changes.querysets import ChangeQuerySet
from changes.workflow import Kind, State
from cmdb.models import ConfigurationItem

VALID_FOR = timedelta(minutes=15)
DEPLOY, ROLLBACK = "deploy", "rollback"
# The state in which a change lets a pipeline do this.
STATE_FOR = {DEPLOY: State.IMPLEMENTING, ROLLBACK: State.ROLLING_BACK}
JUDGED_AT_MOST = 20
LIVE_HASH = "SELECT changes_plan_hash_v1(c) FROM changes_changerequest c WHERE id = %s"


@dataclass(frozen=True)
class Question:
    """What a pipeline asks: may it touch these items (addresses) or this service, now?"""

    pipeline: str
    items: tuple[str, ...] = ()
    service: str = ""
    change: str = ""
    environment: str = ""
    artifact_sha256: str = ""
    purpose: str = DEPLOY


@dataclass(frozen=True)
class Verdict:
    """The change that was judged, and every reason against it; without a reason it is allowed."""

    change: ChangeRequest | None = None
    refusals: list[Refusal] = field(default_factory=list)
    expires_at: datetime | None = None


def verdict_on(question: Question, now: datetime) -> Verdict:
    """Allowed by one change that covers everything asked about, else the reasons of the likeliest one.

    Five to a few dozen queries, at most JUDGED_AT_MOST changes looked at.
    """
    addresses = [*question.items, *([question.service] if question.service else [])]
    found = ConfigurationItem.objects.by_addresses(addresses)
    if unknown := [address for address in addresses if address not in found]:
        return Verdict(None, [_unknown(address) for address in unknown])
    if not found:
        return Verdict(
            None, [Refusal("nothing_asked", _("Nothing was asked about."), _("Name items or a service."))]
        )
    if question.change:
        return _on_named(question, found, now)
    verdicts = []
    for change in _candidates(question, found):
        verdict = judged(change, question, found, now)
        if not verdict.refusals:
            return verdict
        verdicts.append(verdict)
    return verdicts[0] if verdicts else Verdict(None, _nothing_covers(found, now))


def judged(
    change: ChangeRequest, question: Question, found: Mapping[str, ConfigurationItem], now: datetime
) -> Verdict:
    """Every reason why this change does not let the pipeline go on; how long it does, if none."""
    is_deploy, is_emergency = question.purpose == DEPLOY, change.kind == Kind.EMERGENCY
    refusals = _in_the_right_state(change, question.purpose) + unless(
        not change.on_hold, "hold", _("The change is on hold."), _("Resume it first.")
    )
    refusals += _plan_as_approved(change) + _covered(change, question, found)
    refusals += _right_environment(question, found) + _artifact_of_the_plan(change, question)
    if is_deploy and change.window is not None:
        refusals += inside_window(change, None, None)
    if is_deploy and is_emergency:
        refusals += freeze_override_if_frozen(change, None, None)
    elif is_deploy:
        refusals += line_not_stopped(change, None, None) + no_hard_freeze(change, None, None)
    if refusals:
        return Verdict(change, list(dict.fromkeys(refusals)))
    ends = [now + VALID_FOR]
    if is_deploy and change.window is not None:
        ends.append(change.window.upper)
    return Verdict(change, [], min(ends))


def _on_named(question: Question, found: Mapping[str, ConfigurationItem], now: datetime) -> Verdict:
    change = ChangeRequest.objects.filter(number=question.change).first()
    if change is None:
        words = _("There is no change %(number)s.") % {"number": question.change}
        return Verdict(None, [Refusal("unknown_change", words, _("Correct the number."))])
    return judged(change, question, found, now)


def _candidates(question: Question, found: Mapping[str, ConfigurationItem]) -> list[ChangeRequest]:
    """Changes in the right state that touch something of what is asked; those that cover most first."""
    changes = _touching(found).filter(state=STATE_FOR[question.purpose], is_imported=False)
    ids = [item.pk for item in found.values()]
    hits = Count(
        "change_items", Q(change_items__item__in=ids, change_items__impact=ItemImpact.MANUAL), distinct=True
    )
    return list(changes.annotate(hits=hits).order_by("-hits", "-pk")[:JUDGED_AT_MOST])


def _touching(found: Mapping[str, ConfigurationItem]) -> ChangeQuerySet:
    ids = [item.pk for item in found.values()]
    touched = Q(change_items__item__in=ids, change_items__impact=ItemImpact.MANUAL) | Q(service__in=ids)
    return ChangeRequest.objects.filter(pk__in=ChangeRequest.objects.filter(touched).order_by().values("pk"))


def _nothing_covers(found: Mapping[str, ConfigurationItem], now: datetime) -> list[Refusal]:
    """No change is being implemented; the ones that wait to start are named."""
    waiting = _touching(found).filter(state=State.SCHEDULED, window__endswith__gt=now).order_by("window")[:3]
    fixes = [
        _("%(number)s is scheduled: its implementer starts it in its window.") % {"number": change.number}
        for change in waiting
    ]
    words = _("No change that covers this is being implemented.")
    return [Refusal("no_change", words, " ".join(fixes) or _("Raise a change, and start it."))]


def _unknown(address: str) -> Refusal:
    words = _("There is no configuration item “%(address)s”.") % {"address": address}
    return Refusal("unknown_item", words, _("Give addresses as type:name, as on the item's page."))


def _in_the_right_state(change: ChangeRequest, purpose: str) -> list[Refusal]:
    return unless(
        change.state == STATE_FOR[purpose],
        "not_implementing" if purpose == DEPLOY else "not_rolling_back",
        _("%(number)s stands at “%(state)s”.")
        % {"number": change.number, "state": change.get_state_display()},
        _("Its implementer starts it on its page.")
        if purpose == DEPLOY
        else _("Its implementer begins the rollback on its page."),
    )


def _plan_as_approved(change: ChangeRequest) -> list[Refusal]:
    """The plan, hashed anew by PostgreSQL, is the approved one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT changes_plan_hash_v1(c) FROM changes_changerequest c WHERE id = %s", [change.pk]
        )
        (live,) = cursor.fetchone()
    return unless(
        live and live == change.approved_hash,
        "plan_unchanged",
        _("The plan is not the approved one."),
        _("Plan again and have it approved."),
    )


def _covered(
    change: ChangeRequest, question: Question, found: Mapping[str, ConfigurationItem]
) -> list[Refusal]:
    """Each item is one that the change changes; a service may also be the one it is for."""
    changed = set(change.change_items.filter(impact=ItemImpact.MANUAL).values_list("item_id", flat=True))
    return [
        Refusal(
            "not_covered",
            _("%(number)s does not change %(address)s.") % {"number": change.number, "address": address},
            _("Plan it into the change, or name the change that covers it."),
        )
        for address, item in found.items()
        if item.pk not in changed and not (address == question.service and change.service_id == item.pk)
    ]


def _right_environment(question: Question, found: Mapping[str, ConfigurationItem]) -> list[Refusal]:
    return [
        Refusal(
            "environment",
            _("%(address)s is in “%(has)s”, not in “%(asked)s”.")
            % {"address": address, "has": item.environment or "—", "asked": question.environment},
            _("Check which environment the pipeline deploys to."),
        )
        for address, item in found.items()
        if question.environment and item.environment != question.environment
    ]


def _artifact_of_the_plan(change: ChangeRequest, question: Question) -> list[Refusal]:
    """The artifact, if its hash is given, is one of the plan's documents."""
    if not question.artifact_sha256:
        return []
    return unless(
        question.artifact_sha256.lower() in document_hashes(change),
        "artifact",
        _("The artifact is none of the plan's documents."),
        _("Attach what was tested to the plan, and have it approved."),
    )


def document_hashes(change: ChangeRequest) -> set[Any]:
    """The SHA-256 of every document of the plan."""
    return set(change.documents.values_list("file__sha256", flat=True))
