"""The impact of one configuration item: list and graph."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.roles import Right, require_right
from cmdb.impact import impact_of
from cmdb.models import ConfigurationItem

GRAPH_NODES = 300
LIST_ROWS = 200


@require_GET
@login_required
def item_impact(request, pk):
    """What breaks if the item fails, or what it needs; the list says everything the graph shows."""
    require_right(request.user, Right.VIEW)
    item = get_object_or_404(ConfigurationItem.objects.select_related("type"), pk=pk)
    backward = request.GET.get("direction") == "backward"
    impact = impact_of([item], backward=backward)
    show_all = request.GET.get("rows") == "all"
    sets = [
        set_shown(name, getattr(impact, name), backward, None if show_all else LIST_ROWS)
        for name in ("down", "degraded", "informed")
    ]
    return render(
        request,
        "cmdb/item_impact.html",
        {
            "item": item,
            "backward": backward,
            "impact": impact,
            "sets": sets,
            "depths": list(enumerate(impact.by_depth, start=1)),
            "graph": graph_of(item, impact),
            "graph_limit": GRAPH_NODES,
            "graph_hidden": max(0, impact.total - GRAPH_NODES),
        },
    )


def set_shown(name, rows, backward, limit):
    """One of the three sets with its words, colour and icon, and how many rows are not listed."""
    label, text, tone, icon = words_of(name, backward)
    shown = rows[:limit]
    return {
        "name": name,
        "label": label,
        "text": text,
        "tone": tone,
        "icon": icon,
        "count": len(rows),
        "rows": shown,
        "more": len(rows) - len(shown),
    }


def words_of(name, backward):
    if backward:
        return {
            "down": (_("Indispensable"), _("If one of these fails, the item is down."), "bad", "dangerous"),
            "degraded": (
                _("Redundant"),
                _("If one of these fails, the item loses redundancy."),
                "warn",
                "warning",
            ),
            "informed": (
                _("In the background"),
                _("If one of these fails, something on the way loses redundancy."),
                "info",
                "info",
            ),
        }[name]
    return {
        "down": (_("Down"), _("These stop working."), "bad", "dangerous"),
        "degraded": (
            _("Degraded"),
            _("These keep working but lose redundancy: one more failure may stop them."),
            "warn",
            "warning",
        ),
        "informed": (
            _("Informed"),
            _("These depend on something degraded: they work, and their owners should know."),
            "info",
            "info",
        ),
    }[name]


def graph_of(item, impact):
    """Nodes and edges for the picture: the nearest and most critical first, at most GRAPH_NODES."""
    kind = {row.item_id: name for name in ("down", "degraded", "informed") for row in getattr(impact, name)}
    rows = sorted(impact.rows(), key=lambda row: (row.depth, -row.criticality, row.address))[:GRAPH_NODES]
    drawn = {item.pk, *(row.item_id for row in rows)}
    nodes = [node(item.pk, item.name, item.type.key, "start", 0)]
    nodes += [node(row.item_id, row.name, row.type_key, kind[row.item_id], row.depth) for row in rows]
    edges = [
        {"data": {"id": f"e{row.item_id}", "source": f"n{row.via_id}", "target": f"n{row.item_id}"}}
        for row in rows
        if row.via_id in drawn
    ]
    return {"nodes": nodes, "edges": edges}


def node(pk, name, type_key, kind, depth):
    return {
        "data": {
            "id": f"n{pk}",
            "label": name,
            "type": type_key,
            "kind": kind,
            "depth": depth,
            "url": reverse("cmdb:item", args=[pk]),
        }
    }
