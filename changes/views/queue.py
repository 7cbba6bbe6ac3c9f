"""The queue of changes."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils.http import urlencode

from accounts.roles import Right, has_right, require_right
from changes.models import ChangeRequest
from changes.queue import (
    PAGE_SIZE,
    TABS,
    changes_of_tab,
    decorated,
    flagged,
    narrowed,
    tab_counts,
    with_columns,
)

FILTERS = ("q", "kind", "risk", "state")


@login_required
def queue(request):
    """One tab of changes, newest first; the tab of votes by deadline. Pages by key."""
    require_right(request.user, Right.VIEW)
    counts = tab_counts(request.user)
    default = "waiting" if counts["waiting"] else "mine" if counts["mine"] else "all"
    tab = next((each for each in TABS if each.key == request.GET.get("tab")), None)
    tab = tab or next(each for each in TABS if each.key == default)
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    changes = with_columns(narrowed(changes_of_tab(tab.key, request.user), wanted))
    rows, following = _page(changes, tab.key, request.GET.get("before", ""))
    return render(
        request,
        "changes/queue.html",
        {
            "tab": tab,
            "tabs": [(each, counts.get(each.key)) for each in TABS],
            "rows": [decorated(change) for change in flagged(rows)],
            "wanted": wanted,
            "choices": {name: ChangeRequest._meta.get_field(name).choices for name in FILTERS[1:]},
            "next": following and f"?{urlencode({'tab': tab.key, **wanted, 'before': following})}",
            "previous": request.GET.get("before") and f"?{urlencode({'tab': tab.key, **wanted})}",
            "may_raise": has_right(request.user, Right.CHANGE_REQUEST),
        },
    )


def _page(changes, tab, before):
    """One page and the key of the next one, "" at the end."""
    if tab == "waiting":
        return list(changes.order_by("due_at", "-id")[: PAGE_SIZE * 4]), ""
    if before.isascii() and before.isdigit():
        changes = changes.filter(pk__lt=int(before[:18]))
    rows = list(changes.order_by("-id")[: PAGE_SIZE + 1])
    return rows[:PAGE_SIZE], str(rows[PAGE_SIZE - 1].pk) if len(rows) > PAGE_SIZE else ""
