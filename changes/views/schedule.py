"""Collisions and freezes: read, accepted, overridden, moved away from."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right, has_right, require_right
from changes.actions import accept_collision, decide_collision, edit_change, override_freeze
from changes.collisions.shown import current_pairs
from changes.models import ChangeRequest, CollisionKind, FreezeWindow
from changes.views.deeds import deed

PAGE_SIZE = 25
STATES = {
    "stops": (gettext_lazy("stops something"), lambda group: group.blocks),
    "warns": (gettext_lazy("a warning"), lambda group: not group.blocks and not group.is_accepted),
    "accepted": (gettext_lazy("accepted"), lambda group: group.is_accepted),
}


@login_required
def collisions(request):
    """Every collision between changes ahead, computed now; those that stop something first."""
    require_right(request.user, Right.VIEW)
    wanted = {
        name: request.GET[name].strip() for name in ("q", "kind", "is") if request.GET.get(name, "").strip()
    }
    pairs = [pair for pair in current_pairs(request.user) if _fits(pair, wanted)]
    page = Paginator(pairs, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "changes/collisions.html",
        {
            "page": page,
            "wanted": wanted,
            "may_freeze": has_right(request.user, Right.CHANGE_MANAGE),
            "kinds": [kind for kind in CollisionKind.choices if kind[0] != CollisionKind.MAINTENANCE],
            "states": [(key, label) for key, (label, _fits_state) in STATES.items()],
        },
    )


def _fits(pair, wanted):
    group, term = pair.group, wanted.get("q", "").lower()
    said = [pair.first, group.other, group.text, *(item for row in group.rows for item in row["path"])]
    return (
        wanted.get("kind", group.kind) == group.kind
        and (wanted.get("is") not in STATES or STATES[wanted["is"]][1](group))
        and (not term or any(term in str(each).lower() for each in said))
    )


@deed(gettext_lazy("Acceptance of a collision"))
def accept(request, shown):
    given = request.POST
    deed_of = decide_collision if given.get("is_override") == "1" else accept_collision
    deed_of(
        shown,
        get_object_or_404(ChangeRequest, number=given.get("other", "")),
        given.get("kind", ""),
        by=request.user,
        comment=given.get("comment", ""),
        keys=given.get("keys", "").split(","),
    )
    messages.success(request, _("Recorded. It holds until either window moves."))


@deed(gettext_lazy("Override of a freeze"))
def override(request, shown, freeze):
    override_freeze(
        shown,
        get_object_or_404(FreezeWindow, pk=freeze),
        by=request.user,
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, _("Recorded. It holds until either window moves."))


@deed(gettext_lazy("New window"))
def take_slot(request, shown):
    """The change takes a window that was proposed, while its plan may still be edited."""
    start, end = (_moment(request.POST.get(name, "")) for name in ("start", "end"))
    if start >= end:
        raise ValidationError(_("The end comes before the start."))
    edit_change(shown, by=request.user, window=DateTimeTZRange(start, end))
    messages.success(request, _("The change has its new window."))


def _moment(text):
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or is_naive(moment) or not 1900 < moment.year < 9000:
        raise ValidationError(_("This moment cannot be read; open the page again."))
    return moment
