"""Questions, answers and notes about a change; they stay as they were written."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import OFFICES_APART, Right, has_right
from changes.actions.refusals import StepRefused, refusals_recorded
from changes.actions.telling import tell_remark
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, Remark

MENTION = re.compile(r"@([\w.+-]{1,150})")
LONGEST = 4000


def may_remark(by: User) -> bool:
    """Everybody who reads changes, except who holds nothing but an office kept apart, as an auditor does."""
    return has_right(by, Right.VIEW) and not (by.role_keys and by.role_keys <= set(OFFICES_APART))


def add_remark(
    change: ChangeRequest, text: str, *, by: User, is_question: bool = False, answers: Remark | None = None
) -> Remark:
    """The remark stands under the change for good; who is named as @user is noted as mentioned.

    Raises StepRefused for no words, too many, a missing right, or an answer to something else. It voids
    nothing: a discussion is no part of the plan.
    """
    with refusals_recorded("remark", change, by):
        words, refusals = text.strip(), []
        if not may_remark(by):
            refusals.append(Refusal("right", _("You have no right to take part in the discussion.")))
        if not words or "\x00" in words:
            refusals.append(Refusal("empty", _("There is nothing written."), _("Write your question.")))
        if len(words) > LONGEST:
            refusals.append(
                Refusal("too_long", _("At most %(n)d characters.") % {"n": LONGEST}, _("Shorten it."))
            )
        if answers is not None and (answers.change_id != change.pk or answers.kind != Remark.Kind.QUESTION):
            refusals.append(Refusal("no_question", _("This is no question about this change.")))
        if refusals:
            raise StepRefused(refusals)
        kind = Remark.Kind.QUESTION if is_question else Remark.Kind.NOTE
        remark = Remark.objects.create(
            change=change,
            author=by,
            text=words,
            kind=Remark.Kind.ANSWER if answers else kind,
            answers=answers,
            mentions=sorted(people_named(words)),
        )
        tell_remark(remark)
        return remark


def people_named(text: str) -> set[int]:
    """The active people whose user names stand behind an @ in the text. One query, none without an @."""
    names = {name.rstrip(".") for name in MENTION.findall(text)}
    if not names:
        return set()
    return set(User.objects.filter(username__in=names, is_active=True).values_list("pk", flat=True))
