"""The impact of one configuration item: list and graph."""

from __future__ import annotations

from collections import Counter, defaultdict

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.roles import Right, require_right
from cmdb.impact import impact_of
from cmdb.models import CIType, ConfigurationItem

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
    types = {each.key: str(each) for each in CIType.objects.all()}
    graph = graph_of(item, impact)
    show_all = request.GET.get("rows") == "all"
    sets = [
        set_shown(name, getattr(impact, name), backward, None if show_all else LIST_ROWS, types)
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
            "graph": graph,
            "graph_hidden": impact.total + 1 - len(graph["nodes"]),
        },
    )


def set_shown(name, rows, backward, limit, types):
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
        "rows": [(row, types.get(row.type_key, row.type_key)) for row in shown],
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
    """Nodes and edges for the picture, at most GRAPH_NODES; a node says how many below it are left out."""
    kind = {row.item_id: name for name in ("down", "degraded", "informed") for row in getattr(impact, name)}
    rows = drawn(impact.rows())
    hidden = Counter(row.via_id for row in impact.rows())
    hidden.subtract(row.via_id for row in rows)
    nodes = [node(item.pk, item.name, item.type.key, "start", 0, hidden[item.pk])]
    nodes += [
        node(row.item_id, row.name, row.type_key, kind[row.item_id], row.depth, hidden[row.item_id])
        for row in rows
    ]
    edges = [
        {"data": {"id": f"e{row.item_id}", "source": f"n{row.via_id}", "target": f"n{row.item_id}"}}
        for row in rows
    ]
    return {"nodes": nodes, "edges": edges}


def drawn(rows):
    """At most GRAPH_NODES rows, some of every depth, the most critical first, each with its whole path."""
    share = 1.0
    while True:
        chosen = some_of_every_depth(rows, share * GRAPH_NODES / max(len(rows), GRAPH_NODES))
        if len(chosen) <= GRAPH_NODES:
            return chosen
        share *= 0.8


def some_of_every_depth(rows, part):
    by_depth = defaultdict(list)
    for row in sorted(rows, key=lambda row: (-row.criticality, row.address)):
        by_depth[row.depth].append(row)
    chosen, needed = [], set()
    for depth in sorted(by_depth, reverse=True):
        level = by_depth[depth]
        kept = [row for row in level if row.item_id in needed]
        others = [row for row in level if row.item_id not in needed]
        kept += others[: max(0, int(len(level) * part) - len(kept))]
        chosen = kept + chosen
        needed = {row.via_id for row in kept}
    return chosen


def node(pk, name, type_key, kind, depth, hidden):
    return {
        "data": {
            "id": f"n{pk}",
            "label": name,
            "type": type_key,
            "kind": kind,
            "depth": depth,
            "hidden": hidden,
            "url": reverse("cmdb:item", args=[pk]),
        }
    }
