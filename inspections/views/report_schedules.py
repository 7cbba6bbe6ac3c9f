"""Schedules of reports: the list, one with its history of sendings, and the form."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Right, has_right, require_right
from inspections.actions import disable_schedule, enable_schedule, save_schedule, send_now
from inspections.forms.reports import ReportScheduleForm
from inspections.models import ReportSchedule, ReportSending
from inspections.views.access import page
from inspections.views.report_ledger import clients

PAGE = 50
TONES = {"sent": "good", "failed": "bad", "sending": "info", "waiting": "neutral"}
ICONS = {"sent": "mark_email_read", "failed": "error", "sending": "outgoing_mail", "waiting": "schedule"}


@page
def report_schedules(request):
    """What goes out by itself, when it last did, and what failed."""
    schedules = ReportSchedule.objects.select_related("site", "plan", "owner").annotate(
        people=Count("recipients", distinct=True),
        last_sent_at=Max("sendings__sent_at"),
        failed=Count("sendings", filter=Q(sendings__state="failed"), distinct=True),
    )
    may_edit = has_right(request.user, Right.INSPECT_MANAGE)
    return render(
        request, "inspections/report_schedules.html", {"schedules": schedules, "may_edit": may_edit}
    )


@page
def report_schedule(request, pk):
    """One schedule with its sendings; POST sends now, stops it, or lets it go on."""
    schedule = get_object_or_404(ReportSchedule.objects.select_related("site", "plan", "owner"), pk=pk)
    if request.method == "POST":
        return take(request, schedule)
    sendings = schedule.sendings.select_related("user", "issue")
    if (state := request.GET.get("state", "")) in ReportSending.State.values:
        sendings = sendings.filter(state=state)
    start = request.GET.get("start", "0")
    start = int(start[:7]) if start.isascii() and start.isdigit() else 0
    rows = list(sendings[start : start + PAGE + 1])
    for row in rows:
        row.tone, row.icon = TONES[row.state], ICONS[row.state]
    context = {
        "schedule": schedule,
        "sendings": rows[:PAGE],
        "state": state,
        "states": ReportSending.State.choices,
        "next_start": start + PAGE if len(rows) > PAGE else None,
        "previous_start": max(start - PAGE, 0) if start else None,
        "recipients": schedule.recipients.select_related("user"),
        "may_edit": has_right(request.user, Right.INSPECT_MANAGE),
    }
    return render(request, "inspections/report_schedule.html", context)


def take(request, schedule):
    """One deed on a schedule; what is refused comes back in words."""
    deed = request.POST.get("deed", "")
    try:
        if deed == "send":
            count = send_now(schedule, by=request.user)
            words = ngettext("%(n)d report is on its way.", "%(n)d reports are on their way.", count)
            messages.success(request, words % {"n": count})
        elif deed == "disable":
            disable_schedule(schedule, by=request.user, reason=request.POST.get("reason", ""))
            messages.success(request, _("The schedule sends nothing more."))
        elif deed == "enable":
            enable_schedule(schedule, by=request.user)
            messages.success(request, _("The schedule sends again from now on."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("inspections:report-schedule", schedule.pk)


@page
def report_schedule_edit(request, pk=None):
    """A new schedule, or another one's form."""
    require_right(request.user, Right.INSPECT_MANAGE)
    schedule = get_object_or_404(ReportSchedule, pk=pk) if pk else ReportSchedule()
    form = ReportScheduleForm(request.POST or None, instance=schedule)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_schedule(form.instance, by=request.user, recipients=form.cleaned_data["recipients"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The schedule is saved."))
            return redirect("inspections:report-schedule", saved.pk)
    return render(
        request,
        "inspections/report_schedule_edit.html",
        {"form": form, "schedule": schedule, "clients": clients()},
    )
