"""Work calendars: a year at a glance, and its days loaded out of a file."""

import calendar as months
from datetime import date
from pathlib import Path

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Right, has_right, require_right
from inspections.actions import load_days
from inspections.models import CalendarDay, WorkCalendar
from inspections.views.access import page
from inspections.views.loads import posted_file, shown
from inspections.working_hours import hours_of, uncovered_years

SHIPPED = Path(__file__).parent.parent / "calendars"


@page
def calendars(request):
    """Every work calendar with its week, its hours and what it knows."""
    rows = WorkCalendar.objects.annotate(day_count=Count("days", distinct=True))
    may_manage = has_right(request.user, Right.INSPECT_MANAGE)
    gaps = {calendar.pk: years for calendar, years in uncovered_years(timezone.localdate())}
    for row in rows:
        row.gaps = gaps.get(row.pk, [])
        row.week_dates = [date(2024, 1, day) for day in sorted(set(row.weekdays))]  # a Monday is the 1st
    return render(request, "inspections/calendars.html", {"calendars": rows, "may_manage": may_manage})


@page
def calendar(request, key):
    """One year of a calendar; POST looks at a file of days, or loads what was looked at."""
    found = get_object_or_404(WorkCalendar, key=key)
    may_manage = has_right(request.user, Right.INSPECT_MANAGE)
    context = {}
    if request.method == "POST":
        require_right(request.user, Right.INSPECT_MANAGE)
        try:
            data = given(request)
            loaded = load_days(found, data, by=request.user, dry_run="load" not in request.POST)
        except ValidationError as error:
            context["error"] = " ".join(error.messages)
        else:
            if loaded.is_written:
                messages.success(request, _("Loaded: %(summary)s.") % {"summary": loaded.summary})
                year = next(iter(sorted(line.text[:4] for line in loaded.lines)), "")
                return redirect(f"{request.path}?year={year}" if year.isdigit() else request.path)
            context |= shown(loaded, data)
    year = chosen_year(request.GET.get("year", ""))
    hours = hours_of(found)
    labels = dict(CalendarDay.objects.filter(calendar=found, on__year=year).values_list("on", "label"))
    context |= {
        "calendar": found, "year": year, "months": year_of(year, hours, labels), "may_manage": may_manage,
        "days": CalendarDay.objects.filter(calendar=found, on__year=year).order_by("on"),
        "gaps": [(each, years) for each, years in uncovered_years(timezone.localdate()) if each == found],
        "plans": found.plans.order_by("key"), "shipped": sorted(path.stem for path in SHIPPED.glob("*.csv")),
        "week_dates": [date(2024, 1, day) for day in sorted(set(found.weekdays))],
    }  # fmt: skip
    return render(request, "inspections/calendar.html", context, status=400 if "error" in context else 200)


def given(request):
    """The bytes of the shipped list that was chosen, or of the file that was uploaded."""
    if name := request.POST.get("shipped", ""):
        lists = {path.stem: path for path in SHIPPED.glob("*.csv")}
        if name not in lists:
            raise ValidationError(_("There is no such list."))
        return lists[name].read_bytes()
    return posted_file(request)


def chosen_year(text):
    today = timezone.localdate().year
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text) <= 2100 else today


def year_of(year, hours, labels):
    """Twelve months of weeks of (day or None, class, what it is called)."""
    today, found = timezone.localdate(), []
    for month in range(1, 13):
        weeks = []
        for week in months.Calendar(0).monthdatescalendar(year, month):
            cells = []
            for day in week:
                if day.month != month:
                    cells.append((None, "", ""))
                    continue
                kind = hours.days.get(day) or ("" if hours.is_workday(day) else "off")
                look = f"{kind} today" if day == today else kind
                cells.append((day, look.strip(), labels.get(day, "")))
            weeks.append(cells)
        found.append((date(year, month, 1), weeks))
    return found
