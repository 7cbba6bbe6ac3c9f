"""The trend of one check item on one CI: drawn, as a table, and as a file."""

import csv
from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from audit.actions import record_event
from audit.evidence import harmless
from cmdb.models import ConfigurationItem
from inspections.bounds import NAMES
from inspections.severity import Severity
from inspections.sheet import ICON, TONE, shown_limits
from inspections.trend import DAYS, item_of, trend_of
from inspections.views.access import page

PAGE = 50


def found(request, pk, key):
    ci = get_object_or_404(ConfigurationItem.objects.select_related("type"), pk=pk)
    item = item_of(ci, key)
    if item is None:
        raise Http404
    days = request.GET.get("days", "")
    return ci, item, int(days) if days in [str(each) for each in DAYS] else 30


@page
def trend_page(request, pk, key):
    """What people answered and machines said, between the bounds that hold today."""
    ci, item, days = found(request, pk, key)
    trend = trend_of(ci, item, days)
    before, points = request.GET.get("before", ""), trend.points
    if before:
        points = [point for point in points if place(point) < before]
    shown = points[:PAGE]
    dressed = [(point, TONE[point.severity], ICON[point.severity]) for point in shown]
    following = place(shown[-1]) if len(points) > PAGE else ""
    return render(
        request,
        "inspections/trend.html",
        {
            "ci": ci, "item": item, "days": days, "choices": DAYS, "trend": trend, "points": dressed,
            "limits": shown_limits(item), "drawn": drawn(trend, days) if any_number(trend) else None,
            "next": f"?days={days}&before={following}" if following else "",
            "previous": f"?days={days}" if before else "",
        },
    )  # fmt: skip


def place(point):
    """Where a point stands in the table: sorts as the points do."""
    return f"{point.at.timestamp():.6f}-{int(point.is_reading)}-{point.key:020}"


def any_number(trend):
    return any(point.value is not None for point in trend.points)


def drawn(trend, days):
    """What trend.js draws: times in seconds, one row of values for people and one for machines."""
    until = timezone.now()
    points = [point for point in reversed(trend.points) if point.value is not None]
    bounds = trend.bounds
    words = {"crit": Severity.CRIT.label, "warn": Severity.WARN.label}
    return {
        "times": [round(point.at.timestamp(), 3) for point in points],
        "answers": [None if point.is_reading else float(point.value) for point in points],
        "readings": [float(point.value) if point.is_reading else None for point in points],
        "bounds": [
            {"level": name[:4], "value": float(getattr(bounds, name)),
             "label": f"{words[name[:4]]} {'≥' if name.endswith('high') else '≤'}"}
            for name in NAMES
            if getattr(bounds, name) is not None
        ],
        "unit": trend.item.unit, "zone": timezone.get_current_timezone_name(),
        "from": round((until - timedelta(days=days)).timestamp()), "until": round(until.timestamp()),
        "words": {"answers": pgettext("trend", "Answers"), "readings": _("Readings"), "time": _("Time")},
    }  # fmt: skip


@page
def trend_export(request, pk, key):
    """The same as CSV; no cell is taken for a formula, and the export stands in the record."""
    ci, item, days = found(request, pk, key)
    trend = trend_of(ci, item, days, most=100_000)
    target = f"inspections.trend {ci.pk} {item.key}"
    record_event("export", by=request.user, target=target, detail={"days": days, "rows": len(trend.points)})
    name = f"opsledger-trend-{ci.pk}-{item.key}-{timezone.localdate():%Y-%m-%d}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    response.write("\ufeff")  # Excel reads UTF-8 only behind this mark
    writer = csv.writer(response, lineterminator="\r\n")
    writer.writerow(["observed_at", "kind", "value", "shown", "severity", "by", "comment"])
    for point in trend.points:
        kind = "reading" if point.is_reading else "answer"
        number = "" if point.value is None else f"{point.value.normalize():f}"
        texts = [harmless(text) for text in (point.shown, point.severity, point.who, point.comment)]
        writer.writerow([point.at.isoformat(), kind, number, *texts])
    return response
