"""The calendar of changes: drawn by a script where there is one, a list by day everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import Team
from accounts.roles import Right, require_right
from changes.forward import (
    SHOWN_AT_MOST,
    VIEWS,
    Opening,
    Period,
    Rows,
    by_day,
    decorated,
    freezes_in,
    on_the_wall,
    openings_in,
    period_of,
    planned,
    read_day,
    services_of,
    with_collisions,
    with_times,
)
from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem

FILTERS = ("service", "team", "kind", "risk", "mine")
ALL_DAY = timedelta(hours=24)
SERVICES_OFFERED = 300


@require_GET
@login_required
def calendar(request):
    """Changes, freezes and maintenance windows of a month, a week or a fortnight; the address says which."""
    require_right(request.user, Right.VIEW)
    view = next((each for each in VIEWS if each.key == request.GET.get("view")), VIEWS[0])
    period = period_of(view.key, read_day(request.GET.get("date", "")))
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    found = with_collisions(planned(period.window, wanted, request.user)).select_related("service")
    changes = [with_times(change) for change in found[: SHOWN_AT_MOST + 1]]
    more = found.count() - SHOWN_AT_MOST if len(changes) > SHOWN_AT_MOST else 0
    changes, freezes = changes[:SHOWN_AT_MOST], freezes_in(period.window)
    # Every night of a month would drown what is planned.
    openings = [] if period.view == "month" else openings_in(period)
    days = by_day(period, changes, freezes, openings)

    def link(**over: Any) -> str:
        return f"?{urlencode({'view': view.key, 'date': period.day, **wanted} | over)}"

    return render(
        request,
        "changes/calendar.html",
        {
            "view": view,
            "views": [(each, link(view=each.key)) for each in VIEWS],
            "period": period,
            "title": _title(period),
            "days": days,
            "more": more,
            "total": len(changes),
            "wanted": wanted,
            "previous": link(date=period.previous),
            "following": link(date=period.following),
            "today": link(date=timezone.localdate()),
            "services": ConfigurationItem.objects.filter(
                pk__in=ChangeRequest.objects.exclude(service=None).order_by().values("service")
            ).order_by("name")[:SERVICES_OFFERED],
            "teams": Team.objects.all(),
            "choices": {name: ChangeRequest._meta.get_field(name).choices for name in ("kind", "risk")},
            "zone": timezone.get_current_timezone_name(),
            "drawn": None if view.key == "list" else _drawn(period, changes, freezes, openings),
        },
    )


def _title(period: Period) -> str:
    if period.view == "month":
        return date_format(period.day, "F Y" if translation.get_language() == "en" else "Y年n月")
    last = period.after - timedelta(days=1)
    return f"{date_format(period.first, 'Y-m-d')} – {date_format(last, 'Y-m-d')}"


def _drawn(period: Period, changes: list[Any], freezes: list[Any], openings: list[Opening]) -> dict[str, Any]:
    """What the script draws: times are those of the reader's clock, without a zone."""
    services = services_of(changes) if period.view == "timeline" else {}
    rows = {pk: name for named in services.values() for pk, name in named.items()}
    resources = [{"id": str(pk), "title": name} for pk, name in sorted(rows.items(), key=lambda row: row[1])]
    if not all(services.values()) or not resources:
        resources.append({"id": "0", "title": _("Without a service")})
    asked = Rows(services) if services else None

    def touched(scope: Any) -> list[str]:
        return [str(pk) for pk in asked.touched(scope)] if asked else ["0"]

    return {
        "view": period.view,
        "date": f"{period.day if period.view == 'month' else period.first}",
        "locale": translation.get_language(),
        "zone": timezone.get_current_timezone_name(),
        "allDay": _("whole days"),
        "resources": resources if period.view == "timeline" else [],
        "events": [
            *(_change(change, period, services.get(change.pk)) for change in changes),
            *(_shade(freeze, period, touched(freeze)) for freeze in freezes),
            *(_open(opening, period, touched(opening.maintenance)) for opening in openings),
        ],
    }


def _change(change: Any, period: Period, services: dict[int, str] | None) -> dict[str, Any]:
    change = decorated(change)
    start, end = on_the_wall(change.window, period)
    # A whole day and longer stands above the hours of a week, not across them.
    is_all_day = period.view == "week" and end - start >= ALL_DAY
    if is_all_day:
        start, end = _whole_days(start, end)
    marks = [f"tone-{change.tone}", f"kind-{change.kind}"]
    marks += ["is-undecided"] if change.is_undecided else []
    marks += ["is-colliding"] if change.collides else []
    return {
        "id": change.number,
        "title": change.title,
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "allDay": is_all_day,
        "resourceIds": [str(pk) for pk in services or (0,)],
        "classNames": marks,
        "extendedProps": {
            "url": reverse("changes:change", args=[change.number]),
            "icon": change.kind_icon,
            "words": " · ".join(
                [
                    change.number,
                    _span(change.window),
                    str(change.get_kind_display()),
                    str(change.get_state_display()),
                    *([_("collides")] if change.collides else []),
                ]
            ),
            "collides": change.collides,
            "time": date_format(timezone.localtime(change.window.lower), "H:i"),
        },
    }


def _shade(freeze: Any, period: Period, every: list[str]) -> dict[str, Any]:
    start, end = on_the_wall(freeze.window, period)
    is_month = period.view == "month"
    if is_month:
        start, end = _whole_days(start, end)
    return {
        "id": f"freeze-{freeze.pk}",
        "title": str(freeze),
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "allDay": is_month,
        "display": "background",
        "resourceIds": every,
        "classNames": ["is-freeze", "is-hard" if freeze.is_hard else "is-soft"],
        "extendedProps": {"words": f"{freeze} · {_span(freeze.window)}"},
    }


def _open(opening: Opening, period: Period, rows: list[str]) -> dict[str, Any]:
    start, end = on_the_wall(opening.window, period)
    name = _("Maintenance: %(name)s") % {"name": opening.maintenance}
    return {
        "id": f"maintenance-{opening.maintenance.pk}-{opening.window.lower.timestamp():.0f}",
        "title": name,
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "display": "background",
        "resourceIds": rows,
        "classNames": ["is-maintenance"],
        "extendedProps": {"words": f"{name} · {_span(opening.window)}"},
    }


def _whole_days(start, end):
    """From the midnight before the start to the one after the end."""
    floor = start.replace(hour=0, minute=0, second=0, microsecond=0)
    ceiling = end.replace(hour=0, minute=0, second=0, microsecond=0)
    return floor, ceiling if ceiling == end and ceiling > floor else ceiling + timedelta(days=1)


def _span(window) -> str:
    ends = (timezone.localtime(each) if each else None for each in (window.lower, window.upper))
    return " – ".join(date_format(each, "Y-m-d H:i") if each else "…" for each in ends)
