"""The list of configuration items, and the same as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Team
from accounts.roles import Right, has_right, require_right
from audit.actions import record_event
from cmdb.imports.exporting import export_rows
from cmdb.models import CIType, ConfigurationItem, Criticality, Environment, LifecycleStage
from cmdb.views.keyset import KeysetPage

PAGE_ROWS = 50
COUNTED = 10_000
ORDERS = {
    "name": [("name", False), ("id", True)],
    "-name": [("name", True), ("id", False)],
    "-criticality": [("criticality", True), ("name", False), ("id", True)],
    "newest": [("id", True)],
}
STAGE_TONES = {
    "operational": "good", "deployed": "info", "maintenance": "warn", "defective": "bad", "missing": "bad",
    "planned": "info", "ordered": "info", "in_stock": "info", "retired": "neutral", "disposed": "neutral",
}  # fmt: skip
CRITICALITY_TONES = {1: "neutral", 2: "info", 3: "serious", 4: "bad"}
FILTERS = ("q", "type", "stage", "environment", "team", "criticality")


def filtered(asked):
    """The items that the query string asks for; a value that means nothing filters nothing."""
    items = ConfigurationItem.objects.all()
    if words := asked.get("q", "").replace("\x00", "").strip():
        items = items.searched(words[:200])
    if kind := asked.get("type"):
        items = items.of_type(kind)
    if asked.get("stage") in LifecycleStage.values:
        items = items.filter(lifecycle_stage=asked["stage"])
    if asked.get("environment") in Environment.values:
        items = items.filter(environment=asked["environment"])
    if team := asked.get("team"):
        items = items.filter(owner_team__key=team)
    if asked.get("criticality") in map(str, Criticality.values):
        items = items.filter(criticality=asked["criticality"])
    return items


@require_GET
@login_required
def item_list(request):
    """One page of items: five statements, however many items there are."""
    require_right(request.user, Right.VIEW)
    asked = request.GET
    items = filtered(asked)
    sort = asked.get("sort") if asked.get("sort") in ORDERS else "name"
    shown = items.select_related("type", "owner_team").defer("description", "attributes", "search_text")
    page = KeysetPage(shown, ORDERS[sort], asked.get("page", ""), PAGE_ROWS)
    for item in page.rows:
        item.stage_tone = STAGE_TONES[item.lifecycle_stage]
        item.criticality_tone = CRITICALITY_TONES[item.criticality]
    counted = items.order_by()[: COUNTED + 1].count()
    return render(
        request,
        "cmdb/item_list.html",
        {
            "rows": page.rows,
            "next": page.next and query_string(asked, page.next),
            "previous": page.previous and query_string(asked, page.previous),
            "count": counted,
            "is_capped": counted > COUNTED,
            "cap": COUNTED,
            "sort": sort,
            "is_filtered": any(asked.get(name) for name in FILTERS),
            "types": sorted(CIType.objects.all(), key=lambda kind: str(kind)),
            "teams": Team.objects.all(),
            "stages": LifecycleStage.choices,
            "environments": Environment.choices,
            "criticalities": [(str(value), label) for value, label in Criticality.choices],
            "export_query": query_string(asked),
            "may_edit": has_right(request.user, Right.CMDB_EDIT),
            "may_import": has_right(request.user, Right.CMDB_IMPORT),
        },
    )


def query_string(asked, token: str = "") -> str:
    """The filters, and the page with this token of them."""
    query = asked.copy()
    query.pop("page", None)
    if token:
        query["page"] = token
    return f"?{query.urlencode()}" if query else ""


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


@require_GET
@login_required
def item_export(request):
    """The filtered items as CSV that imports again unchanged (`--map opsledger`)."""
    require_right(request.user, Right.VIEW)
    items = filtered(request.GET)
    asked = {key: request.GET[key] for key in FILTERS if request.GET.get(key)}
    record_event("export", by=request.user, target="cmdb.configurationitem", detail={"filters": asked})

    def lines() -> Iterator[str]:
        writer = csv.writer(Echo(), lineterminator="\r\n")
        yield "\ufeff"  # Excel reads UTF-8 only behind this mark
        for row in export_rows(items):
            yield writer.writerow(row)

    name = f"opsledger-items-{timezone.localdate():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
