"""Punctuality: the five numbers, by plan, team and person, week by week."""

import csv

from django.db.models.functions import TruncWeek
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Team, User
from audit.actions import record_event
from audit.evidence import harmless
from inspections.forms import FiguresForm
from inspections.heat import span_of
from inspections.kpi import punctuality, punctuality_by
from inspections.models import InspectionPlan, InspectionRun
from inspections.views.access import page

NUMBERS = ("due", "on_time", "late", "missed", "cancelled", "open", "not_yet_due", "rate")


def chosen_runs(form):
    """The runs of the days, plan, team and client that were chosen."""
    start, end = span_of(*form.span())
    runs = InspectionRun.objects.filter(slot_at__gte=start, slot_at__lt=end)
    for name in ("plan", "team", "assignee"):
        if value := form.chosen(name):
            runs = runs.filter(**{name: value})
    return runs


def tables(runs):
    """(title, rows of (name, link, punctuality)) by plan, team and person. Six statements."""
    found = []
    for title, field, model in (
        (_("By plan"), "plan", InspectionPlan),
        (_("By team"), "team", Team),
        (_("By person"), "assignee", User),
    ):
        numbers = {key: value for (key,), value in punctuality_by(runs, field).items()}
        named = model.objects.in_bulk([key for key in numbers if key])
        rows = [
            {
                "name": str(named[key]) if key else _("nobody in particular"),
                "field": field,
                "key": key,
                "n": each,
            }
            for key, each in numbers.items()
        ]
        # Whoever misses most stands first.
        found.append((title, sorted(rows, key=lambda row: (-row["n"].missed, -row["n"].late, row["name"]))))
    return found


def weeks(runs):
    """(Monday, punctuality) of each week with runs. One statement."""
    numbers = punctuality_by(runs.annotate(week=TruncWeek("slot_at")), "week")
    return [(week, each) for (week,), each in numbers.items()]


@page
def figures(request):
    """How punctual inspections were, with the numbers that the percentage is made of."""
    form = FiguresForm(request.GET)
    form.is_valid()
    runs = chosen_runs(form)
    first, last = form.span()
    return render(
        request,
        "inspections/figures.html",
        {
            "form": form, "total": punctuality(runs), "tables": tables(runs), "weeks": weeks(runs),
            "first": first, "last": last, "asked": request.GET.urlencode(),
        },
    )  # fmt: skip


@page
def figures_export(request):
    """The same numbers as CSV; the export stands in the record."""
    form = FiguresForm(request.GET)
    form.is_valid()
    runs = chosen_runs(form)
    record_event(
        "export", by=request.user, target="inspections.figures", detail={"asked": request.GET.dict()}
    )
    name = f"opsledger-inspection-figures-{timezone.localdate():%Y-%m-%d}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    response.write("\ufeff")  # Excel reads UTF-8 only behind this mark
    writer = csv.writer(response, lineterminator="\r\n")
    writer.writerow(["part", "name", *NUMBERS])
    rows = [("total", "", punctuality(runs))]
    rows += [(row["field"], row["name"], row["n"]) for _title, part in tables(runs) for row in part]
    rows += [("week", f"{timezone.localdate(week):%Y-%m-%d}", each) for week, each in weeks(runs)]
    for part, name, each in rows:
        writer.writerow([harmless(cell) for cell in (part, name, *(getattr(each, key) for key in NUMBERS))])
    return response
