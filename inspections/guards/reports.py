"""Why somebody cannot take a report out now."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from inspections.guards.refusal import Refusal, lacking
from inspections.models import ReportIssue, ReportOrder

#: How many reports one person may take out in how long; schedules are not counted.
MOST, A_WHILE = 30, timedelta(minutes=10)


def may_take_again(issue: ReportIssue, by: User) -> bool:
    """The watermark names one person: that person, and who exports evidence, may have the file again."""
    return issue.issued_by_id == by.pk or has_right(by, Right.AUDIT_EXPORT)


def against_issuing(by: User) -> list[Refusal]:
    """Why this person cannot take a report out now: no right, or too many in a while. Two statements."""
    found = list(lacking(by, Right.VIEW))
    since = timezone.now() - A_WHILE
    taken = ReportIssue.objects.filter(issued_by=by, schedule=None, issued_at__gt=since).count()
    taken += ReportOrder.objects.filter(ordered_by=by, issue=None, ordered_at__gt=since).count()
    if taken >= MOST:
        message = _("You took %(n)d reports out in the last %(minutes)d minutes.")
        words = {"n": taken, "minutes": A_WHILE.total_seconds() // 60}
        found.append(Refusal("too_many", message % words, _("Wait a few minutes, then try again.")))
    return found
