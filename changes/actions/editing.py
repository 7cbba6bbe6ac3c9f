"""Who may edit a plan now, and what an edit makes worthless: said before it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.consultations import ask_owners_anew
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, Consultation, TestRun, Vote
from changes.models.request import AssignmentRole
from changes.workflow import EDITABLE

_is_confirmed: ContextVar[bool] = ContextVar("void_confirmed", default=False)


@contextmanager
def void_confirmed(is_confirmed: bool = True) -> Iterator[None]:
    """Edits inside may void votes and evidence: whoever edits has read `what_an_edit_voids` and agreed."""
    token = _is_confirmed.set(is_confirmed)
    try:
        yield
    finally:
        _is_confirmed.reset(token)


@contextmanager
def editing(change: ChangeRequest, by: User) -> Iterator[ChangeRequest]:
    """The change, locked, for who may edit its plan in its present state; `change` is refreshed afterwards.

    Raises StepRefused, recorded, otherwise; also, with the code `voids_votes` and a reason for each loss, for
    an edit that alters the plan's hash while a round is open or evidence is bound to it, unless it is made
    under `void_confirmed()`. An edit that leaves the hash as it is voids nothing.
    """
    with refusals_recorded("edit_plan", change, by):
        current = locked(change)
        if refusals := reasons_against_editing(current, by):
            raise StepRefused(refusals)
        with nothing_voided_unsaid(current):
            yield current
    change.refresh_from_db()


@contextmanager
def nothing_voided_unsaid(current: ChangeRequest) -> Iterator[None]:
    """Raises StepRefused (`voids_votes`) when the block altered the plan's hash, that voids something, and
    nobody agreed to it. Owners whose answer it voids have a new time to answer by. Two queries more, four
    when the hash has changed; `current` is as before the block."""
    planned, asked = current.plan_hash, current.asked_hash
    losses = [] if _is_confirmed.get() else what_an_edit_voids(current)
    yield
    ask_owners_anew(current, asked)
    if losses and ChangeRequest.objects.filter(pk=current.pk).exclude(plan_hash=planned).exists():
        fix = _("Confirm that this is void, or leave the plan as it is.")
        raise StepRefused([Refusal("voids_votes", loss, fix) for loss in losses])


def what_an_edit_voids(change: ChangeRequest) -> list[str]:
    """Every loss in words: the open round with its votes, test runs bound to the plan, agreements to it.

    Four queries.
    """
    losses = []
    votes = list(
        Vote.objects.filter(round__change=change, round__closed_at=None)
        .select_related("voter")
        .order_by("id")
    )
    if votes:
        words = {"count": len(votes), "people": _names(vote.voter for vote in votes)}
        text = ngettext(
            "%(count)d vote in the open round, by %(people)s: everybody votes again.",
            "%(count)d votes in the open round, by %(people)s: everybody votes again.",
            len(votes),
        )
        losses.append(text % words)
    elif change.rounds.filter(closed_at=None).exists():
        losses.append(_("The open round of voting, in which nobody has voted yet: it is opened again."))
    runs = change.test_runs.filter(plan_hash=change.plan_hash).select_related("tester").order_by("id")
    for purpose, text in _BOUND.items():
        of_kind = [run for run in runs if run.purpose == purpose]
        if of_kind:
            words = {"count": len(of_kind), "people": _names(run.tester for run in of_kind)}
            losses.append(text(len(of_kind)) % words)
    asked = list(change.consultations.select_related("team").order_by("id"))
    agreed = [row.team for row in asked if row.answer == Consultation.Answer.AGREED and not row.is_outdated]
    if agreed:
        text = ngettext(
            "The agreement of %(people)s to this plan: they are asked again.",
            "The agreements of %(people)s to this plan: they are asked again.",
            len(agreed),
        )
        losses.append(text % {"people": _names(agreed)})
    if overruled := [row.team for row in asked if row.is_overruled]:
        text = _("That %(people)s were overruled: the assessor decides again.")
        losses.append(text % {"people": _names(overruled)})
    return losses


def _tests(count: int) -> str:
    return ngettext(
        "%(count)d test run made with this plan, by %(people)s: it counts no more.",
        "%(count)d test runs made with this plan, by %(people)s: they count no more.",
        count,
    )


def _rehearsals(count: int) -> str:
    return ngettext(
        "%(count)d rehearsal of the way back, by %(people)s: it counts no more.",
        "%(count)d rehearsals of the way back, by %(people)s: they count no more.",
        count,
    )


_BOUND = {TestRun.Purpose.TEST: _tests, TestRun.Purpose.REHEARSAL: _rehearsals}


def _names(people: Any) -> str:
    return get_text_list(list(dict.fromkeys(str(person) for person in people)), _("and"))


def reasons_against_editing(change: ChangeRequest, by: User) -> list[Refusal]:
    """Why this person cannot edit the plan now; empty when they can."""
    refusals = []
    if change.is_ended:
        refusals.append(
            Refusal(
                "plan_locked",
                _("The change has ended (“%(state)s”); its plan stays as it was.")
                % {"state": change.get_state_display()},
                _("Copy it as a new change."),
            )
        )
    elif change.state not in EDITABLE:
        refusals.append(
            Refusal(
                "plan_locked",
                _("The plan is locked while the change is “%(state)s”.")
                % {"state": change.get_state_display()},
                _("Plan again to edit it."),
            )
        )
    parts = set(change.assignments.filter(user=by).values_list("role", flat=True))
    mine = by.pk in (change.requester_id, change.owner_id) and has_right(by, Right.CHANGE_REQUEST)
    working = parts & {AssignmentRole.ASSESSOR, AssignmentRole.IMPLEMENTER, AssignmentRole.OWNER}
    if not (mine or working or has_right(by, Right.CHANGE_MANAGE)):
        refusals.append(
            Refusal("who", _("Requester, owner, assessor, implementers and change managers edit the plan."))
        )
    return refusals
