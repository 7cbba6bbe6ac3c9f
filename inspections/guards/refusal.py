"""What a guard answers: why not, and what to do about it; and what several guards ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from audit.actions import record_refusal
from inspections.models import InspectionRun


@dataclass(frozen=True)
class Refusal:
    """One failed guard: a stable code, what is wrong, and what to do about it."""

    code: str
    message: str
    fix: str = ""


class Refused(Exception):  # noqa: N818 (reads as the sentence it raises)
    """A step was refused; `refusals` says every reason."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(refusal.message for refusal in refusals))


def refuse_if(refusals: list[Refusal], deed: str, *, by: User, target: Any) -> None:
    """Passes when there is no reason against it. Raises Refused, and records the refusal, otherwise."""
    if refusals:
        reasons = [{"code": refusal.code, "message": refusal.message} for refusal in refusals]
        record_refusal(deed, by=by, target=str(target), reasons=reasons)
        raise Refused(refusals)


def lacking(user: User, right: Right) -> Iterable[Refusal]:
    if not has_right(user, right):
        message = _("You need the right to %(right)s.") % {"right": right.label}
        yield Refusal("right", message, _("Ask somebody who holds it."))


def lacking_all(user: User, rights: Iterable[Right]) -> Iterable[Refusal]:
    """One reason where the person holds none of the rights; it names the first."""
    rights = list(rights)
    if not any(has_right(user, right) for right in rights):
        yield from lacking(user, rights[0])


def no_comment(comment: str, words: str = "") -> Iterable[Refusal]:
    if not comment.strip():
        yield Refusal("comment", words or _("Say in a comment what was done, or why."))


def took_part_in(runs: Iterable[InspectionRun], person: User) -> set[int]:
    """Those of the runs in which the person took part. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::bigint[]) AS r(id) WHERE inspections_took_part_v1(id, %s)",
            [[run.pk for run in runs], person.pk],
        )
        return {pk for (pk,) in cursor.fetchall()}


def took_part(run: InspectionRun, person: User) -> bool:
    """Whether the person started, submitted, answered, took a photo or marked something, by PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inspections_took_part_v1(%s, %s)", [run.pk, person.pk])
        return cursor.fetchone()[0]
