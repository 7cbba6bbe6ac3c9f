"""The page of one configuration item, to read first."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.labelled import in_active_language
from accounts.roles import Right, has_right, require_right
from audit.recorded.admin import RecordedAdmin
from audit.recorded.differences import told_all, with_predecessors
from cmdb.attributes import attribute_label, choice_labels, in_order
from cmdb.models import ConfigurationItem, Relation
from cmdb.panels import panels_for
from cmdb.views.lists import CRITICALITY_TONES, STAGE_TONES

RELATIONS_SHOWN = 25
HISTORY_SHOWN = 8


@require_GET
@login_required
def item_page(request, pk):
    """Facts, attributes, relations, panels and the latest history: a fixed number of statements."""
    require_right(request.user, Right.VIEW)
    items = ConfigurationItem.objects.select_related(
        "type", "owner_team", "location__type", "duplicate_of__type"
    )
    item = get_object_or_404(items, pk=pk)
    return render(
        request,
        "cmdb/item_page.html",
        {
            "item": item,
            "stage_tone": STAGE_TONES[item.lifecycle_stage],
            "criticality_tone": CRITICALITY_TONES[item.criticality],
            "attributes": attribute_rows(item),
            "relation_groups": relation_groups(item),
            "panels": panels_for(item, request.user),
            "history": history_rows(item),
            "may_edit": has_right(request.user, Right.CMDB_EDIT),
        },
    )


def attribute_rows(item):
    """(label, value in words, unit) in the type's order; recommended ones are shown though empty."""
    rows = []
    schema = item.type.compiled_schema
    for key, spec in in_order(schema):
        value = item.attributes.get(key)
        if value is not None or spec.get("recommended") or spec.get("required"):
            rows.append(
                {
                    "label": attribute_label(spec),
                    "value": attribute_words(spec, value),
                    "unit": spec.get("unit", ""),
                    "is_link": spec["kind"] == "url" and str(value).startswith(("https://", "http://")),
                }
            )
    unknown = sorted(item.attributes.keys() - schema.keys())
    return rows + [{"label": key, "value": str(item.attributes[key]), "unit": ""} for key in unknown]


def attribute_words(spec, value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(value)
    if spec["kind"] == "choice":
        return choice_labels(spec).get(value, value)
    return str(value)


def relation_groups(item):
    """The item's relations by type and direction, each with its first few; one statement."""
    edges = Relation.objects.raw(
        """
        SELECT * FROM (
            SELECT edge.*, edge.source_id = %(item)s AS is_outgoing,
                   count(*) OVER kind AS kind_count,
                   row_number() OVER (PARTITION BY edge.relation_type_id, edge.source_id = %(item)s
                                      ORDER BY other.name, edge.id) AS place,
                   other.id AS other_id, other.name AS other_name, other_type.icon AS other_icon,
                   other_type.key AS other_type_key, other.lifecycle_stage AS other_stage,
                   grp.label AS group_label, grp.label_zh AS group_label_zh, grp.min_up
              FROM cmdb_relation edge
              JOIN cmdb_configurationitem other
                ON other.id = CASE WHEN edge.source_id = %(item)s THEN edge.target_id ELSE edge.source_id END
              JOIN cmdb_citype other_type ON other_type.id = other.type_id
              LEFT JOIN cmdb_dependencygroup grp ON grp.id = edge.group_id
             WHERE edge.source_id = %(item)s OR edge.target_id = %(item)s
            WINDOW kind AS (PARTITION BY edge.relation_type_id, edge.source_id = %(item)s)
        ) AS edge
        WHERE place <= %(shown)s
        ORDER BY relation_type_id, is_outgoing DESC, place
        """,
        {"item": item.pk, "shown": RELATIONS_SHOWN},
    ).prefetch_related("relation_type")
    groups = []
    for (way, is_outgoing), members in groupby(edges, lambda edge: (edge.relation_type, edge.is_outgoing)):
        rows = list(members)
        for edge in rows:
            edge.group_words = edge.group_id and group_words(edge)
        groups.append(
            {
                "label": capfirst(str(way) if is_outgoing else way.inverse),
                "rows": rows,
                "count": rows[0].kind_count,
                "more": rows[0].kind_count - len(rows),
            }
        )
    return groups


def group_words(edge):
    label = in_active_language(edge.group_label, edge.group_label_zh)
    return _("%(group)s: needs %(count)d") % {"group": label, "count": edge.min_up}


def history_rows(item):
    """The latest versions in words, each with a link to its change."""
    versions = list(
        item.history.select_related("history_user", "history_txn").order_by("-history_id")[:HISTORY_SHOWN]
    )
    links = RecordedAdmin.change_links({row.history_change_ref for row in versions if row.history_change_ref})
    rows = []
    for words in told_all(with_predecessors(versions)):
        reference = words["change_ref"]
        label, url = links.get(reference, (reference and f"#{reference}", ""))
        rows.append(words | {"change_label": label, "change_url": url})
    return rows
