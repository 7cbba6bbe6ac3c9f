"""The measures of changes: a page with definitions, the changes behind each number, and a file."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.models import Team
from accounts.roles import Right, require_right
from audit.actions import record_event
from audit.evidence import harmless
from changes.dossier import TONES
from changes.forms import ChoiceForm
from changes.metrics import METRICS, Choice, Figure, Metric, Report, changes_behind, metric_named, report_on
from changes.models import ChangeRequest

PAGE_SIZE = 50
BAR = {"width": 14, "height": 44}
MONTHS_DRAWN = 24
COLUMNS = (
    "month", "measure", "label", "hits", "cases", "percent", "median_seconds", "p90_seconds", "definition",
)  # fmt: skip


@require_GET
@login_required
def metrics(request):
    """Every measure of the chosen changes, with its definition, its trend and the changes behind it."""
    require_right(request.user, Right.VIEW)
    form = ChoiceForm(request.GET)
    form.is_valid()
    report = report_on(form.choice())
    asked = request.GET.urlencode()
    return render(
        request,
        "changes/metrics.html",
        {
            "form": form,
            "asked": asked,
            "report": report,
            "cards": [_card(metric, report, _behind(metric, form.choice(), asked)) for metric in METRICS],
            "months": [(month, _cells_of(report, month)) for month in reversed(report.span)],
            "metrics": METRICS,
        },
    )  # fmt: skip


@require_GET
@login_required
def behind(request, key):
    """The changes that one number counts, newest first."""
    require_right(request.user, Right.VIEW)
    metric = metric_named(key)
    if metric is None:
        raise Http404
    form = ChoiceForm(request.GET)
    form.is_valid()
    before = request.GET.get("before", "")
    if metric.unit == "count":
        return redirect(_behind(metric, form.choice(), ""))
    ids = changes_behind(
        metric,
        form.choice(),
        all_cases=bool(request.GET.get("all")),
        before=int(before[:18]) if before.isascii() and before.isdigit() else None,
        limit=PAGE_SIZE + 1,
    )
    found = ChangeRequest.objects.select_related("service", "requester").in_bulk(ids[:PAGE_SIZE])
    query = request.GET.copy()
    query.pop("before", None)
    return render(
        request,
        "changes/metrics_behind.html",
        {
            "metric": metric,
            "rows": [_toned(found[pk]) for pk in ids[:PAGE_SIZE]],
            "all": request.GET.get("all"),
            "asked": query.urlencode(),
            "next": f"?{query.urlencode()}&before={ids[PAGE_SIZE - 1]}" if len(ids) > PAGE_SIZE else "",
            "previous": before and f"?{query.urlencode()}",
        },
    )


def _toned(change: Any) -> Any:
    change.tone = TONES[change.state]
    return change


@require_GET
@login_required
def export(request):
    """Every measure in total and by month as CSV; the export stands in the record."""
    require_right(request.user, Right.VIEW)
    form = ChoiceForm(request.GET)
    form.is_valid()
    report = report_on(form.choice())
    record_event("export", by=request.user, target="changes.metrics", detail={"asked": request.GET.dict()})
    name = f"opsledger-change-metrics-{timezone.localdate():%Y-%m-%d}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    response.write("\ufeff")  # Excel reads UTF-8 only behind this mark
    writer = csv.writer(response, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    months = [(f"{month:%Y-%m}", report.months.get(month, {})) for month in report.span]
    for month, figures in [("", report.total), *months]:
        for metric in METRICS:
            cells = _cells(month, metric, figures.get(metric.key, Figure()))
            writer.writerow([harmless(cell) for cell in cells])
    return response


def _cells_of(report: Report, month: date) -> list[str]:
    figures = report.months.get(month, {})
    return [in_words(metric, figures.get(metric.key, Figure())) for metric in METRICS]


def _cells(month: str, metric: Metric, figure: Figure) -> list[Any]:
    is_share = metric.unit != "duration"
    return [
        month, metric.key, metric.label, _whole(figure.hits) if is_share else "", _whole(figure.cases),
        figure.percent if metric.unit == "share" else "", figure.median, figure.p90,
        "" if month else metric.definition,
    ]  # fmt: skip


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else round(number, 1)


def _behind(metric: Metric, choice: Choice, asked: str) -> str:
    """Where what the measure counts is listed, with the same filters."""
    if metric.unit != "count":
        return f"{reverse('changes:metrics-behind', args=[metric.key])}?{asked}"
    team = Team.objects.filter(pk=choice.team).values_list("key", flat=True).first() if choice.team else ""
    wanted = {
        "state": "all", "since": choice.since, "until": choice.until, "service": choice.service, "team": team,
        "kind": choice.kind,
    }  # fmt: skip
    given = {name: value for name, value in wanted.items() if value}
    return f"{reverse('changes:unauthorised')}?{urlencode(given)}"


def _card(metric: Metric, report: Report, behind: str) -> dict[str, Any]:
    figure = report.total.get(metric.key, Figure())
    return {
        "metric": metric,
        "behind": behind,
        "figure": figure,
        "words": in_words(metric, figure),
        "detail": _detail(metric, figure),
        "hits": _whole(figure.hits),
        "cases": _whole(figure.cases),
        "bars": (bars := _bars(metric, report)),
        "width": max(1, len(bars)) * BAR["width"],
    }


def in_words(metric: Metric, figure: Figure) -> str:
    """The number as people say it: "7 of 9", "2 days 3 hours", or a dash where there is nothing to count."""
    if metric.unit == "count":
        return str(_whole(figure.cases))
    if not figure.cases:
        return "—"
    if metric.unit == "duration":
        return duration(figure.median or 0)
    if metric.unit == "minutes":
        return _("%(cases)s min planned, %(hits)s min at work") % {
            "cases": _whole(figure.cases),
            "hits": _whole(round(figure.hits)),
        }
    return _("%(hits)s of %(cases)s") % {"hits": _whole(figure.hits), "cases": _whole(figure.cases)}


def _detail(metric: Metric, figure: Figure) -> str:
    if metric.unit == "count":
        if figure.hits:
            return _("of them to be explained: %(count)s") % {"count": _whole(figure.hits)}
        return _("all of them explained") if figure.cases else ""
    if not figure.cases:
        return _("nothing to count yet")
    if metric.unit == "duration":
        return _("median of %(count)s; nine of ten within %(p90)s") % {
            "count": _whole(figure.cases),
            "p90": duration(figure.p90 or 0),
        }
    return f"{figure.percent} %" if metric.unit == "share" else ""


def duration(seconds: float) -> str:
    """Seconds in the two largest units that say something."""
    minutes = round(seconds / 60)
    if seconds < 1:
        return _("less than a second")
    if not minutes:
        whole = round(seconds)
        return ngettext("%(n)d second", "%(n)d seconds", whole) % {"n": whole}
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = []
    if days:
        parts.append(ngettext("%(n)d day", "%(n)d days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes and not days:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts)


def _height(metric: Metric, figure: Figure) -> float | None:
    if metric.unit == "count":
        return figure.cases
    return figure.median if metric.unit == "duration" else figure.percent


def _bars(metric: Metric, report: Report) -> list[dict[str, Any]]:
    """One bar per month of the last two years: the share, or the median or number against the highest one."""
    months = report.by_month(metric)[-MONTHS_DRAWN:]
    values = [_height(metric, figure) if figure.cases else None for _month, figure in months]
    highest = max((value for value in values if value is not None), default=0)
    top = 100 if metric.unit == "share" else highest
    return [
        {
            "x": place * BAR["width"] + 1,
            "y": BAR["height"] - round(BAR["height"] * (value or 0) / top if top else 0, 1),
            "height": round(BAR["height"] * (value or 0) / top if top else 0, 1),
            "is_empty": value is None,
            "words": f"{month:%Y-%m}: {in_words(metric, figure)}",
        }
        for place, ((month, figure), value) in enumerate(zip(months, values, strict=True))
    ]
