"""The heat map of configuration items and days."""

from datetime import timedelta

from django.db.models import F, Q
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cmdb.models import ConfigurationItem
from inspections.forms import HeatForm
from inspections.heat import heat_of, inspected_items
from inspections.models import InspectionRun
from inspections.views.access import page

PAGE_SIZE = 50
# state → (word, sign for those who do not tell colours apart, tone)
LEGEND = {
    "crit": (_("Critical"), "✕", "bad"),
    "warn": (_("Warning"), "!", "warn"),
    "missed": (_("Missed"), "–", "serious"),
    "unknown": (_("Unknown"), "?", "info"),
    "ok": (_("Normal"), "✓", "good"),
    "cancelled": (_("Cancelled"), "/", "neutral"),
    "open": (_("Open"), "·", "neutral"),
}


@page
def heat_map(request):
    """The worst of each day on each item, newest day last; each field leads to its inspection."""
    form = HeatForm(request.GET)
    form.is_valid()
    first, last = form.span()
    plan, team, word = form.chosen("plan"), form.chosen("team"), form.chosen("q")
    found = inspected_items(first, last, plan=plan and plan.pk, only_bad=form.chosen("only_bad"))
    if team:
        found = found.filter(owner_team=team)
    if word:
        found = found.filter(name__icontains=word)
    shown, after = page_of(found.select_related("type"), request.GET.get("after", ""))
    rows = heat_of(shown, first, last, plan=plan and plan.pk)
    for row in rows:
        for cell in row.cells:
            dress(row, cell)
    span = last - first + timedelta(days=1)
    return render(
        request,
        "inspections/heat.html",
        {
            "form": form, "rows": rows, "days": [first + timedelta(days=n) for n in range(span.days)],
            "legend": LEGEND.values(), "after": after, "is_later": bool(request.GET.get("after")),
            "asked": {name: value for name, value in request.GET.items() if value},
            "earlier": first - timedelta(days=1), "later": last + span, "has_runs": bool(rows) or has_runs(),
        },
    )  # fmt: skip


def has_runs():
    return InspectionRun.objects.exists()


def page_of(items, after):
    """A page by name after the item with this id, and the id the next page comes after. Two statements."""
    if after.isascii() and after.isdigit():
        last = ConfigurationItem.objects.filter(pk=after[:18]).values("name", "pk").first()
        if last:
            items = items.filter(Q(name__gt=last["name"]) | Q(name=last["name"], pk__gt=last["pk"]))
    found = list(items.order_by(F("name").asc(), "pk")[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None


def dress(row, cell):
    """The words of a field, for its title and for those who hear it."""
    cell.word, cell.sign, cell.tone = LEGEND.get(cell.state, ("", "", ""))
    if cell.state:
        parts = [row.item.name, date_format(cell.day, "Y-m-d"), str(cell.word)]
        if cell.bad:
            parts.append(ngettext("%(n)d bad answer", "%(n)d bad answers", cell.bad) % {"n": cell.bad})
        cell.title = " · ".join(parts)
