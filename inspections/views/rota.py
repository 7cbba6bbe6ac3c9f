"""The rota: a grid of days, filled in turn, swapped for a reason, loaded out of a file."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right, has_right, require_right
from inspections.actions import fill_rota, give_duty, load_rota, remove_duty, swap_duties
from inspections.forms import FillForm
from inspections.guards import Refused
from inspections.models import RosterEntry, Shift, WorkCalendar
from inspections.views.access import page
from inspections.views.board import chosen_day
from inspections.views.loads import posted_file, shown
from inspections.working_hours import hours_of

DAY = timedelta(days=1)
AHEAD = 45  # days of duties to swap with


@page
def rota(request):
    """A week or a month of every shift, with its gaps; POST fills it forward or loads a file."""
    shifts = list(Shift.objects.select_related("team"))
    chosen = next((shift for shift in shifts if shift.key == request.GET.get("shift")), None)
    may_manage = has_right(request.user, Right.INSPECT_MANAGE)
    form = FillForm(initial={"first": timezone.localdate(), "shift": chosen})
    context, status = {}, 200
    if request.method == "POST":
        require_right(request.user, Right.INSPECT_MANAGE)
        if "fill" in request.POST:
            form = FillForm(request.POST)
            if form.is_valid() and (answer := take_fill(request, form)):
                return answer
            status = 400
        else:
            answer, context = take_load(request, shifts)
            if answer:
                return answer
            status = 400 if "error" in context else 200
    span = "month" if request.GET.get("span") == "month" else "week"
    days = days_of(chosen_day(request.GET.get("day", "")), span)
    rows, gaps = grid([chosen] if chosen else shifts, days)
    context |= {
        "shifts": shifts, "chosen": chosen, "span": span, "days": days_shown(days), "rows": rows,
        "gaps": gaps,
        "day": days[0], "previous": days[0] - DAY, "next": days[-1] + DAY, "may_manage": may_manage,
        "today": timezone.localdate(), "form": form, "last": days[-1],
        "inspectors": holders_of(Right.INSPECT).filter(is_superuser=False) if may_manage else [],
    }  # fmt: skip
    return render(request, "inspections/rota.html", context, status=status)


def days_of(day, span):
    """The week from Monday, or the month, around the day."""
    if span == "week":
        first = day - timedelta(days=day.weekday())
        return [first + n * DAY for n in range(7)]
    first = day.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - DAY
    return [first + n * DAY for n in range((last - first).days + 1)]


def days_shown(days):
    """Each day and whether people work on it: by the work calendar where there is one and no other."""
    calendars = list(WorkCalendar.objects.all()[:2])
    if len(calendars) != 1:
        return [(day, day.isoweekday() < 6) for day in days]
    hours = hours_of(calendars[0])
    return [(day, hours.is_workday(day)) for day in days]


def grid(shifts, days):
    """A row for each shift and duty, a cell for each day; and how many duties nobody has. One query."""
    entries = RosterEntry.objects.filter(shift__in=shifts, on__range=(days[0], days[-1]))
    found = {
        (entry.shift_id, entry.role, entry.on): entry
        for entry in entries.select_related("user", "replaces", "shift")
    }
    rows = [
        (shift, role, [(day, found.get((shift.pk, role, day))) for day in days])
        for shift in shifts
        for role in (("A", "B") if shift.has_deputy else ("A",))
    ]
    return rows, sum(entry is None for _shift, _role, cells in rows for _day, entry in cells)


def rota_url(shift, day):
    return f"{reverse('inspections:rota')}?shift={shift.key}&day={day}"


def take_fill(request, form):
    """The gaps of the days are filled in turn; None where the action refuses, said at the form."""
    given = form.cleaned_data
    try:
        count = fill_rota(
            given["shift"], given["people"], first=given["first"], last=given["last"], by=request.user,
            days_each=given["days_each"],
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
        return None
    told = ngettext("%(n)d duty was filled.", "%(n)d duties were filled.", count)
    messages.success(request, told % {"n": count})
    return redirect(rota_url(given["shift"], given["first"]))


def take_load(request, shifts):
    """(where to go on, what the page shows of the file)."""
    shift = next((shift for shift in shifts if shift.key == request.POST.get("shift")), None)
    try:
        if shift is None:
            raise ValidationError(_("Choose a shift."))
        data = posted_file(request)
        loaded = load_rota(shift, data, by=request.user, dry_run="load" not in request.POST)
    except ValidationError as error:
        return None, {"error": " ".join(error.messages)}
    if loaded.is_written:
        messages.success(request, _("Loaded: %(summary)s.") % {"summary": loaded.summary})
        return redirect(rota_url(shift, timezone.localdate())), {}
    return None, shown(loaded, data) | {"load_shift": shift}


@page
def duty(request, pk):
    """One duty: given to somebody else, swapped with another one, or taken out; each POST takes one step."""
    entry = get_object_or_404(RosterEntry.objects.select_related("shift", "user", "replaces"), pk=pk)
    if request.method == "POST":
        try:
            take(request, entry)
        except Refused as refused:
            for refusal in refused.refusals:
                messages.error(request, f"{refusal.message} {refusal.fix}".strip())
        else:
            return redirect(rota_url(entry.shift, entry.on))
    may_manage = has_right(request.user, Right.INSPECT_MANAGE)
    today = timezone.now().astimezone(entry.shift.zone).date()
    others = RosterEntry.objects.filter(shift=entry.shift, on__gte=today, on__lte=today + AHEAD * DAY)
    context = {
        "entry": entry, "may_change": may_manage or entry.user_id == request.user.pk,
        "may_remove": may_manage and entry.on > today,
        "inspectors": holders_of(Right.INSPECT).filter(is_superuser=False).exclude(pk=entry.user_id),
        "others": others.exclude(user=entry.user).select_related("user").order_by("on", "role"),
    }  # fmt: skip
    return render(request, "inspections/duty.html", context)


def take(request, entry):
    reason, step = request.POST.get("reason", "")[:200], request.POST.get("step")
    number = request.POST.get("to", "")[:18]
    number = int(number) if number.isascii() and number.isdigit() else 0
    if step == "give":
        give_duty(entry, to=get_object_or_404(User, pk=number), by=request.user, reason=reason)
    elif step == "swap":
        other = get_object_or_404(RosterEntry, pk=number, shift=entry.shift)
        swap_duties(entry, other, by=request.user, reason=reason)
    elif step == "remove":
        remove_duty(entry, by=request.user)
        messages.success(request, _("The duty is a gap again."))
        return
    messages.success(request, _("The rota is changed; both people are told."))
