"""What people are told about changes: one kind for each question they may want to answer differently by mail.

A helper of another part that has something to tell adds its kind here and calls `accounts.actions.notify`.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.notices import Channel, NoticeKind, declare

DIGEST = Channel.DIGEST.value


def _kind(name: str, label: str | Promise, *, mail: str = Channel.NOW.value, urgent: bool = False) -> str:
    key = f"changes.{name}"
    declare(NoticeKind(key, label, mail, _("Changes"), urgent))
    return key


# What waits for an answer.
VOTE = _kind("vote", _("Your vote is asked for"), urgent=True)
VOTE_REMINDER = _kind("vote_reminder", _("Your vote is still missing"), urgent=True)
VOTE_OVERDUE = _kind("vote_overdue", _("A vote is overdue (for who has to look after it)"), urgent=True)
YOUR_TURN = _kind("your_turn", _("A step of a change waits for you"))
CONSULTED = _kind("consulted", _("Your team is asked about a change"))
OWNER_ANSWERED = _kind("owner_answered", _("A team that owns something agreed to a change"), mail=DIGEST)
OBJECTED = _kind("objected", _("A team that owns something objects to a change"), urgent=True)
OVERRULED = _kind("overruled", _("The objection of a team, or its silence, is overruled"))
VERBAL_VOTE = _kind("verbal_vote", _("A vote by word of mouth in your name is to be confirmed"), urgent=True)
ACTION_DUE = _kind("action_due", _("An action agreed in a review is due"))
# What happened to a change that you take part in.
DECIDED = _kind("decided", _("A change was approved or rejected"))
SENT_BACK = _kind("sent_back", _("A change was sent back"))
PLAN_EDITED = _kind("plan_edited", _("A plan that you voted on was edited: your vote is void"))
RESCHEDULED = _kind("rescheduled", _("A change was given another window"))
MOVED = _kind("moved", _("A change went on to its next step"), mail=DIGEST)
ROLLED_BACK = _kind("rolled_back", _("A change is rolled back"), urgent=True)
CANCELLED = _kind("cancelled", _("A change was withdrawn, cancelled or aborted"))
ENDED = _kind("ended", _("A change has ended"), mail=DIGEST)
MENTIONED = _kind("mentioned", _("Somebody mentions you in the discussion of a change"))
DELEGATED = _kind("delegated", _("Your vote is lent to a deputy, or given back"))
DISCUSSED = _kind("discussed", _("A question about your change, or an answer to yours"))
# What the clock and the calendar bring.
STARTS_SOON = _kind("starts_soon", _("A change that you implement is about to start"))
WINDOW_ENDING = _kind("window_ending", _("The window of a change runs out"), urgent=True)
WINDOW_MISSED = _kind("window_missed", _("A change has missed its window"))
OBSERVED = _kind("observed", _("The observation is over: verify now"))
FREEZE = _kind("freeze", _("A freeze hits your change"))
# What must not be overlooked.
LINE = _kind("line", _("Somebody stopped the line, or let it run again"), urgent=True)
BREAK_GLASS = _kind("break_glass", _("Somebody broke the glass"), urgent=True)
BREACH = _kind("breach", _("A criterion of a change is breached"), urgent=True)
FORWARD_FIX = _kind("forward_fix", _("A forward fix is asked for, past the point of no return"), urgent=True)
PRESENCE = _kind("presence", _("You are named as the second person when the glass was broken"), urgent=True)
RATIFY_DUE = _kind("ratify_due", _("A ratification is due or overdue"), urgent=True)
TEMPLATE_SUSPENDED = _kind("template_suspended", _("A standard template was suspended"))

# Asked for by the state that a change is in: settled as soon as it moves on.
WAITING = (VOTE, VOTE_REMINDER, VOTE_OVERDUE, YOUR_TURN, STARTS_SOON, WINDOW_ENDING, OBSERVED)
