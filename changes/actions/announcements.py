"""What the records of others bring to somebody: freezes, deputies, questions to a team, agreed actions.

Found by the clock, so that it does not matter how a record came to be; each is told once under its key.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes import notices
from changes.actions.telling import managers, parts_of, tell_people, window_words
from changes.collisions.freezes import freeze_hits
from changes.collisions.ranges import span_of
from changes.models import ChangeRequest, Consultation, FreezeWindow, ReviewAction
from changes.workflow import State

DAY = timedelta(days=1)
FROZEN_IN = (State.ASSESSING, State.TESTING, State.APPROVING, State.SCHEDULED)
MOST_ITEMS = 5  # named in a notice; the page shows them all


def tell_of_freezes(now: datetime) -> int:
    """Requester, owner and implementers of every change whose coming window a freeze covers; once a freeze
    and window. Statements grow with what is found, not with what is looked at."""
    coming = ChangeRequest.objects.filter(state__in=FROZEN_IN, window__endswith__gt=now)
    changes = {change.pk: change for change in coming.select_related("requester", "owner")}
    subjects = [(change, span) for change in changes.values() if (span := span_of(change.window))]
    count = 0
    for pk, hits in freeze_hits(subjects).items():
        items: dict[FreezeWindow, list[str]] = defaultdict(list)
        for hit in hits:
            if hit.override is None:
                items[hit.freeze].append(str(hit.item))
        for freeze, names in items.items():
            count += _tell_of_freeze(changes[pk], freeze, names)
    return count


def _tell_of_freeze(change: ChangeRequest, freeze: FreezeWindow, names: list[str]) -> int:
    parts = parts_of(change)
    more = len(names) - MOST_ITEMS
    covered = _("It covers: %(items)s.") if more <= 0 else _("It covers: %(items)s and %(more)s more.")
    what = (
        _("The hard freeze “%(freeze)s” covers its window: the change cannot go on in it.")
        if freeze.is_hard
        else _("The soft freeze “%(freeze)s” covers its window: going on takes a reason.")
    )
    return tell_people(
        change,
        parts["requester"] | parts["owner"] | parts["implementer"],
        notices.FREEZE,
        _("Freeze: %(change)s"),
        what,
        covered,
        key=f"freeze:{freeze.pk}:{change.pk}:{change.window.lower:%Y%m%dT%H%M}",
        freeze=freeze,
        items=", ".join(names[:MOST_ITEMS]),
        more=more,
        **window_words(change),
    )


def ask_teams(now: datetime) -> int:
    """The members of every team that is asked about a change and has not answered, or answered for an earlier
    plan: once for each question, and once for each answer that an edit made void."""
    count = 0
    for row in Consultation.objects.to_be_told().select_related("change", "team"):
        members = User.objects.filter(memberships__team=row.team_id)
        count += tell_people(
            row.change,
            members,
            notices.CONSULTED,
            _("Your team is asked again: %(change)s")
            if row.is_outdated
            else _("Your team is asked: %(change)s"),
            _("The plan was edited since %(team)s answered. Read it and agree or object on its page.")
            if row.is_outdated
            else _("%(team)s owns something that this change touches. Agree or object on its page."),
            key=f"consult:{row.pk}:{row.plan_hash[:16]}" if row.is_outdated else f"consult:{row.pk}",
            team=row.team,
        )
    return count


def remind_of_actions(now: datetime) -> int:
    """Who agreed to do something after a review: on the day before it is due, and when it is overdue; then
    the change managers too."""
    today = timezone.localdate(now)
    count = 0
    due = ReviewAction.objects.filter(
        done_at__isnull=True, due_on__lte=today + DAY, due_on__gt=today - 30 * DAY
    )
    for action in due.select_related("change", "owner"):
        is_late = action.due_on < today
        count += tell_people(
            action.change,
            [action.owner, *(managers() if is_late else [])],
            notices.ACTION_DUE,
            _("Overdue since %(day)s: %(action)s") if is_late else _("Due on %(day)s: %(action)s"),
            _("%(owner)s agreed to it in the review of %(change)s."),
            key=f"action:{action.pk}:{action.due_on}:{'late' if is_late else 'soon'}",
            day=action.due_on,
            action=action,
            owner=action.owner,
        )
    return count
