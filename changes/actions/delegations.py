"""Lending one's vote to a deputy for a while ("B for A")."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.actions import notify
from accounts.models import User
from accounts.roles import Right, has_right
from audit.actions import record_refusal
from audit.context import because
from changes import notices
from changes.actions.refusals import StepRefused, in_words
from changes.guards.people import RIGHT_FOR
from changes.guards.refusal import Refusal
from changes.models import VoteDelegation
from changes.workflow import Relation


@contextmanager
def refused_aloud(deed: str, by: User, target: str) -> Iterator[None]:
    """All of the block or nothing, with the deed as reason; a refusal stands in the audit record for good."""
    try:
        with because(reason=deed, user=by), transaction.atomic(), in_words():
            yield
    except StepRefused as refused:
        record_refusal(deed, by=by, target=target, reasons=[each.as_dict() for each in refused.refusals])
        raise


def delegate_votes(
    person: User, deputy: User, *, starts_at: datetime, ends_at: datetime, by: User, reason: str = ""
) -> VoteDelegation:
    """`deputy` may vote in the seats of `person` from `starts_at` up to, without, `ends_at`.

    By the person, or noted by a change manager who is not the deputy. Raises StepRefused with every reason.
    """
    with refused_aloud("delegate", by, person.username):
        refusals = [
            Refusal(code, str(message), str(fix))
            for holds, code, message, fix in (
                (by.pk == person.pk or has_right(by, Right.CHANGE_MANAGE), "who",
                 _("You may lend your own vote only."), _("Ask a change manager.")),
                (deputy.pk != by.pk, "own_delegation",
                 _("Nobody notes that the votes of another are theirs."),
                 _("The member does it, or another change manager.")),
                (deputy.pk != person.pk, "same", _("A deputy is somebody else."), _("Choose a colleague.")),
                (deputy.is_active and any(has_right(deputy, right) for right in RIGHT_FOR[Relation.VOTER]),
                 "right", _("%(name)s has no right to vote.") % {"name": deputy},
                 _("Choose a colleague who has.")),
                (starts_at < ends_at, "order", _("The end comes before the start."), _("Correct the dates.")),
                (ends_at > timezone.now(), "past", _("The time is over already."), _("Correct the dates.")),
            )
            if not holds
        ]  # fmt: skip
        if refusals:
            raise StepRefused(refusals)
        row = VoteDelegation.objects.create(
            person=person, deputy=deputy, starts_at=starts_at, ends_at=ends_at, reason=reason.strip()
        )
        _tell(row, [row.person], _("%(deputy)s may vote for %(person)s"))
        return row


def _tell(row: VoteDelegation, people: list[User], subject: str | Promise) -> None:
    """They have heard of it, also who did it; a new deputy hears from the announcements."""
    notify(
        people,
        notices.DELEGATED,
        subject=subject,
        text=_("From %(starts)s to %(ends)s. The record names both whenever the deputy votes."),
        words={
            "deputy": row.deputy,
            "person": row.person,
            "starts": row.starts_at,
            "ends": row.ends_at,
        },
        path=reverse("changes:delegations"),
        to_self=True,
    )


def end_delegation(delegation: VoteDelegation, *, by: User) -> VoteDelegation:
    """It counts no more from now on. By its people or a change manager; what was voted stands."""
    with refused_aloud("end_delegation", by, str(delegation)):
        row = VoteDelegation.objects.select_for_update().get(pk=delegation.pk)
        if by.pk not in (row.person_id, row.deputy_id) and not has_right(by, Right.CHANGE_MANAGE):
            raise StepRefused(
                [Refusal("who", str(_("Its two people end a delegation, or a change manager.")))]
            )
        now = timezone.now()
        if row.ends_at > now:
            row.starts_at, row.ends_at = min(row.starts_at, now - timedelta(seconds=1)), now
            row.save(update_fields=["starts_at", "ends_at"])
            _tell(row, [row.person, row.deputy], _("%(deputy)s votes for %(person)s no more"))
        return row
