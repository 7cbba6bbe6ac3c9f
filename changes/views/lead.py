"""Changes that were asked for too late."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.dateparse import parse_date

from accounts.models import Team
from accounts.roles import Right, require_right
from changes.lead import LEAD_TIME, breaches, counted
from changes.models import ChangeRequest

PAGE_SIZE = 50
FILTERS = ("q", "team", "since", "until", "imported")


@login_required
def lead_times(request):
    """Normal changes with less than 48 hours between asking and starting, the newest start first."""
    require_right(request.user, Right.VIEW)
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    changes = narrowed(wanted)
    late = breaches(changes).select_related("requester").order_by("-starts_at", "-pk")
    page = Paginator(late, PAGE_SIZE).get_page(request.GET.get("page"))
    for change in page.object_list:
        hours = change.lead.total_seconds() / 3600
        change.lead_hours = f"{hours:.1f}"
    context = {
        "page": page,
        "counts": counted(changes),
        "hours": int(LEAD_TIME.total_seconds() // 3600),
        "wanted": wanted,
        "teams": Team.objects.all(),
    }
    return render(request, "changes/lead_times.html", context)


def narrowed(wanted):
    changes = ChangeRequest.objects.all()
    if term := wanted.get("q", "").strip():
        changes = changes.filter(title__icontains=term) | changes.filter(number__icontains=term)
    if key := wanted.get("team"):
        of_team = ChangeRequest.objects.filter(
            change_items__item__owner_team__key=key, change_items__impact="manual"
        )
        changes = changes.filter(pk__in=of_team.values("pk"))
    if wanted.get("imported") in ("yes", "no"):
        changes = changes.filter(is_imported=wanted["imported"] == "yes")
    for name, lookup in (("since", "gte"), ("until", "lte")):
        try:
            day = parse_date(wanted.get(name, ""))
        except ValueError:
            day = None
        if day:
            changes = changes.filter(**{f"window__startswith__date__{lookup}": day})
    return changes
