"""What machines say: where it comes from, the readings, and the alerts."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, has_right
from cmdb.models import ConfigurationItem
from inspections.actions import match_alert
from inspections.bounds import NUMERIC
from inspections.guards import Refused
from inspections.models import Alert, MachineReading, ReadingSource
from inspections.sheet import ICON, TONE
from inspections.subjects import items_meant
from inspections.trend import DAYS, trend_of
from inspections.views.access import page

PAGE = 50
QUIET = timedelta(hours=1)


@page
def sources(request):
    """Every source with its state: when it was last heard, how much today, and what goes wrong."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    recent = Q(readings__received_at__gte=today)
    rows = list(
        ReadingSource.objects.select_related("account").annotate(today=Count("readings", filter=recent))
    )
    for source in rows:
        source.tone, source.icon, source.word = state_of(source)
    return render(
        request,
        "inspections/sources.html",
        {
            "sources": rows, "may_edit": has_right(request.user, Right.INSPECT_MANAGE),
            "unmatched": Alert.objects.filter(ci=None).count(),
        },
    )  # fmt: skip


def state_of(source):
    if not source.is_enabled:
        return "neutral", "pause_circle", _("disabled")
    if source.last_error:
        return "bad", "error", _("fails")
    if source.last_seen_at is None:
        return "neutral", "help", _("never heard")
    if source.last_seen_at < timezone.now() - QUIET:
        return "warn", "schedule", _("quiet")
    return "good", "check_circle", _("heard")


@page
def reading_list(request):
    """The newest readings first, by CI, metric and source."""
    wanted = {name: request.GET.get(name, "").strip()[:200] for name in ("ci", "metric", "source")}
    readings = MachineReading.objects.select_related("ci__type", "source")
    error = ""
    if wanted["ci"]:
        meant = items_meant([wanted["ci"]])[wanted["ci"]]
        error = "" if isinstance(meant, int) else meant
        readings = readings.filter(ci=meant) if not error else readings.none()
    if wanted["metric"]:
        readings = readings.filter(metric=wanted["metric"])
    if wanted["source"]:
        readings = readings.filter(source__key=wanted["source"])
    rows, following = keyset(request, readings)
    return render(
        request,
        "inspections/readings.html",
        {
            "readings": rows, "wanted": wanted, "error": error, "sources": ReadingSource.objects.all(),
            **links(request, wanted, following),
        },
    )  # fmt: skip


@page
def alert_list(request):
    """Alerts, the newest first; those that name no CI can be matched by hand."""
    wanted = {"state": request.GET.get("state", "firing")}
    alerts = Alert.objects.select_related("ci__type", "source", "matched_by")
    if wanted["state"] == "unmatched":
        alerts = alerts.filter(ci=None)
    elif wanted["state"] in Alert.Status.values:
        alerts = alerts.filter(status=wanted["state"])
    rows, following = keyset(request, alerts.prefetch_related("findings_repeated"))
    for alert in rows:
        alert.tone, alert.icon = TONE[alert.severity], ICON[alert.severity]
    states = [
        ("firing", _("Firing")),
        ("unmatched", _("Without a CI")),
        ("resolved", _("Resolved")),
        ("all", _("All")),
    ]
    rights = (Right.INSPECT, Right.INSPECT_REVIEW, Right.INSPECT_MANAGE)
    return render(
        request,
        "inspections/alerts.html",
        {
            "alerts": rows, "state": wanted["state"], "states": states,
            "may_match": any(has_right(request.user, right) for right in rights),
            **links(request, wanted, following),
        },
    )  # fmt: skip


@page
@require_POST
def match(request, pk):
    """Says to which CI an alert belongs."""
    alert = get_object_or_404(Alert, pk=pk)
    name = request.POST.get("ci", "").strip()[:200]
    meant = items_meant([name], addresses=[name]).get(
        name, _("Say which CI: its id, name, type:name or serial.")
    )
    try:
        if not isinstance(meant, int):
            messages.error(request, meant)
        else:
            alert = match_alert(alert, ConfigurationItem.objects.get(pk=meant), by=request.user)
            messages.success(request, _("%(alert)s belongs to %(ci)s.") % {"alert": alert, "ci": alert.ci})
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}".strip())
    return redirect(f"{reverse('inspections:alerts')}?state=unmatched")


def seen_by_machines(finding, item):
    """What machines said about a finding: the newest readings of its item, and its alerts."""
    is_numeric = item is not None and item.kind in NUMERIC
    trend = trend_of(finding.ci, item, DAYS[-1], most=15) if is_numeric else None
    readings = [point for point in trend.points if point.is_reading] if trend else []
    alerts = []
    if finding.alert_id:
        named = Alert.objects.filter(ci=finding.ci_id, name=finding.alert.name)
        alerts = list(named.select_related("source").order_by("-starts_at")[:15])
    return {
        "readings": [(point, TONE[point.severity], ICON[point.severity]) for point in readings],
        "alerts": alerts, "has_trend": is_numeric,
    }  # fmt: skip


def keyset(request, rows):
    """A page of the newest rows before `before`, and where the next page begins."""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    rows = list(rows.order_by("-pk")[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def links(request, wanted, following):
    query = {name: value for name, value in wanted.items() if value}
    return {
        "next": f"?{urlencode(query | {'before': following})}" if following else "",
        "previous": f"?{urlencode(query)}" if request.GET.get("before") else "",
    }
