"""Who hears of a finding: its owner, the team of its CI, the reviewers."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.actions import notify, settle
from accounts.models import Team, User
from accounts.querysets import holders_of
from accounts.roles import Right
from changes.models import ChangeRequest
from inspections import notices
from inspections.models import Finding


def page_of(finding: Finding) -> str:
    """The address of the finding's page."""
    return reverse("inspections:finding", args=[finding.number])


def members_of(team: Team | int | None) -> list[User]:
    """The active people of a team; none where there is no team."""
    if team is None:
        return []
    return list(User.objects.filter(memberships__team=team, is_active=True).distinct())


def reviewers() -> list[User]:
    """Everybody who signs inspections off."""
    return list(holders_of(Right.INSPECT_REVIEW))


def tell_finding(  # noqa: PLR0913  each is one part of a notice
    finding: Finding,
    people: Iterable[User],
    kind: str,
    subject: str | Promise,
    text: str | Promise = "",
    *,
    key: str = "",
    to_self: bool = False,
    **words: object,
) -> int:
    """The people have a notice that leads to the finding; returns how many."""
    given = {"finding": f"{finding.number} {finding.label}", "ci": finding.ci.name, **words}
    return notify(
        people, kind, subject=subject, text=text, words=given, path=page_of(finding), key=key,
        about=finding.number, to_self=to_self,
    )  # fmt: skip


def tell_owner(finding: Finding, *, by: User, comment: str) -> None:
    """The owner knows that the finding is theirs, unless they took it themselves."""
    settle(page_of(finding), notices.FINDING_WAITING)
    if finding.owner is not None and finding.owner != by:
        tell_finding(
            finding, [finding.owner], notices.FINDING_OWNED,
            _("Yours: %(finding)s on %(ci)s"), _("%(by)s gave it to you. Fix due: %(due)s. %(comment)s"),
            by=by, due=finding.due_at, comment=comment,
        )  # fmt: skip


def tell_recheck(finding: Finding, *, by: User, comment: str) -> None:
    """The team of the CI knows that somebody other than the fixer is to look again."""
    settle(page_of(finding), notices.FINDING_WAITING)
    people = [person for person in members_of(finding.ci.owner_team_id) if person != by]
    tell_finding(
        finding, people, notices.FINDING_FIXED, _("To re-check: %(finding)s on %(ci)s"),
        _("%(by)s says it is fixed: “%(comment)s” A good answer of somebody else closes it."),
        by=by, comment=comment,
    )  # fmt: skip


def tell_draft(finding: Finding, change: ChangeRequest) -> None:
    """The requester in whose name a change was drafted knows it."""
    tell_finding(
        finding, [change.requester], notices.FINDING_DRAFTED, _("Drafted for you: %(change)s"),
        _("The check item behind %(finding)s on %(ci)s asks for a change. Complete the draft and submit it."),
        to_self=True, change=str(change),
    )  # fmt: skip
