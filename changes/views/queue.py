"""The queue of changes."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils.http import urlencode

from accounts.roles import Right, has_right, require_right
from changes.models import Board, ChangeRequest
from changes.queue import (
    MOST_COMPARED,
    SORT_LABELS,
    SORTS,
    TABS,
    changes_of_tab,
    decorated,
    left_uncompared,
    narrowed,
    page_of,
    tab_counts,
    with_columns,
)

FILTERS = ("q", "kind", "risk", "state", "board", "mine", "week", "conflict")
BY_DEADLINE = ("waiting", "approving", "ratify")


@login_required
def queue(request):
    """One tab of changes: what is voted on by deadline and risk, the rest newest first. Pages by key."""
    require_right(request.user, Right.VIEW)
    counts = tab_counts(request.user)
    default = "waiting" if counts["waiting"] else "mine" if counts["mine"] else "all"
    tab = next((each for each in TABS if each.key == request.GET.get("tab")), None)
    tab = tab or next(each for each in TABS if each.key == default)
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    usual = "due" if tab.key in BY_DEADLINE else "window" if tab.key == "scheduled" else "newest"
    sort = request.GET.get("sort") if request.GET.get("sort") in SORTS else usual
    changes = with_columns(narrowed(changes_of_tab(tab.key, request.user), wanted, request.user))
    unfiltered = {name: value for name, value in wanted.items() if name != "conflict"}
    uncompared = (
        left_uncompared(narrowed(changes_of_tab(tab.key, request.user), unfiltered, request.user))
        if wanted.get("conflict")
        else 0
    )
    rows, following = page_of(changes, sort, request.GET.get("after", ""))
    asked = {"tab": tab.key, **wanted} | ({"sort": sort} if sort != usual else {})
    return render(
        request,
        "changes/queue.html",
        {
            "tab": tab,
            "tabs": [(each, counts.get(each.key)) for each in TABS],
            "rows": decorated(rows, request.user),
            "wanted": wanted,
            "uncompared": uncompared,
            "compared": MOST_COMPARED,
            "choices": {name: ChangeRequest._meta.get_field(name).choices for name in FILTERS[1:4]},
            "boards": Board.objects.all(),
            "sort": sort,
            "sorts": SORT_LABELS,
            "next": following and f"?{urlencode(asked | {'after': following})}",
            "previous": request.GET.get("after") and f"?{urlencode(asked)}",
            "may_import": has_right(request.user, Right.CHANGE_IMPORT),
            "may_raise": has_right(request.user, Right.CHANGE_REQUEST),
        },
    )
