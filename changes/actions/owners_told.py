"""Who hears of what an owning team answered, and of an objection that was overruled."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes import notices
from changes.actions.telling import Text, never_in_the_way, parts_of, tell_people
from changes.models import Consultation
from changes.workflow import Relation

CONCERNED = (Relation.REQUESTER, Relation.OWNER, "assessor")


@never_in_the_way
def tell_answer(row: Consultation) -> None:
    """Requester, owner and assessors know the team's answer, an objection at once; not its author."""
    is_objection = row.answer == Consultation.Answer.OBJECTED
    lines: list[Text] = [
        _("%(by)s objects for %(team)s. The plan is mended, or the assessor overrules with a reason.")
        if is_objection
        else _("%(by)s agrees for %(team)s.")
    ]
    if row.comment:
        lines.append("“%(comment)s”")
    tell_people(
        row.change,
        _concerned(row) - {row.answered_by},
        notices.OBJECTED if is_objection else notices.OWNER_ANSWERED,
        _("%(team)s objects: %(change)s") if is_objection else _("%(team)s agrees: %(change)s"),
        *lines,
        key=_key(row),
        by=row.answered_by,
        team=row.team,
        comment=row.comment,
    )


@never_in_the_way
def tell_overruling(row: Consultation) -> None:
    """Who objected, or the whole team that was silent, knows why; so do requester and owner."""
    silent = User.objects.filter(memberships__team=row.team_id, is_active=True)
    team = {row.answered_by} if row.answered_by else set(silent)
    deed = (
        _("%(by)s goes on in spite of the objection:")
        if row.answered_by
        else _("%(by)s goes on without an answer:")
    )
    tell_people(
        row.change,
        (_concerned(row) | team) - {row.overruled_by},
        notices.OVERRULED,
        _("%(team)s is overruled: %(change)s"),
        deed,
        "“%(comment)s”",
        key=_key(row),
        by=row.overruled_by,
        team=row.team,
        comment=row.overruled_because,
    )


def _concerned(row: Consultation) -> set[User]:
    parts = parts_of(row.change)
    return set().union(*(parts.get(part, set()) for part in CONCERNED))


def _key(row: Consultation) -> str:
    return f"consultation:{row.pk}:{row.row_version}"
