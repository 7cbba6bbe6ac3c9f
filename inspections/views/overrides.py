"""Thresholds of single CIs: those that wait, hold and have run out; asking for one, deciding on one."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, RightMissing, has_right
from inspections import guards
from inspections.actions import approve_override, refuse_override, request_override, withdraw_override
from inspections.bounds import own_bounds
from inspections.forms import OverrideForm
from inspections.models import ChecklistTemplate, TemplateItem, ThresholdOverride
from inspections.sheet import shown_limits
from inspections.views.access import page
from inspections.views.checklist_items import place
from inspections.views.scale import scale_of
from inspections.workflow import OverrideState

PAGE = 25
TONE = {
    OverrideState.WAITING: ("warn", "hourglass_empty"), OverrideState.COMING: ("info", "event"),
    OverrideState.ACTIVE: ("good", "check_circle"), OverrideState.EXPIRED: ("neutral", "event_busy"),
    OverrideState.REFUSED: ("bad", "block"), OverrideState.WITHDRAWN: ("neutral", "undo"),
}  # fmt: skip


@page
def overrides(request):
    """Threshold overrides by state, check list and words; those that wait first."""
    today = timezone.localdate()
    state, word = request.GET.get("state", ""), request.GET.get("q", "").strip()[:80]
    rows = ThresholdOverride.objects.of_state(state, today).for_list()
    if word:
        rows = rows.filter(
            Q(ci__name__icontains=word) | Q(item_key__icontains=word) | Q(reason__icontains=word)
        )
    if template := request.GET.get("list", "")[:50]:
        rows = rows.filter(template__key=template)
    shown = Paginator(rows.order_by("-id"), PAGE).get_page(request.GET.get("page"))
    decorate(shown)
    context = {
        "page": shown, "state": state, "states": OverrideState.choices, "word": word, "template": template,
        "templates": ChecklistTemplate.objects.filter(overrides__isnull=False).distinct().order_by("key"),
        "waiting": ThresholdOverride.objects.waiting(today).count(),
        "may_ask": not guards.against_asking_override(request.user),
    }  # fmt: skip
    return render(request, "inspections/overrides.html", context)


def decorate(rows):
    """Each override with its look and with the item it is about. One statement."""
    rows = list(rows)
    wanted = {(row.template_id, row.item_key) for row in rows}
    items = TemplateItem.objects.filter(
        version__template__in={pk for pk, _key in wanted}, key__in={key for _pk, key in wanted}
    ).select_related("version").order_by("version__number")  # fmt: skip
    newest = {(item.version.template_id, item.key): item for item in items}
    for row in rows:
        row.tone, row.icon = TONE[row.state]
        row.state_word = OverrideState(row.state).label
        row.item = newest.get((row.template_id, row.item_key))
        if row.item:
            row.limits = shown_limits(row.item, own_bounds(row))
            row.usual = shown_limits(row.item)
            row.scale, row.usual_scale = scale_of(own_bounds(row)), scale_of(own_bounds(row.item))
    return rows


@page
def override_new(request):
    """Asks for other thresholds; a link from a finding or a sheet fills in what it is about."""
    if guards.against_asking_override(request.user):
        raise RightMissing(Right.INSPECT)
    initial = {name: request.GET[name][:200] for name in ("item", "ci") if name in request.GET}
    form = OverrideForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            override = request_override(form.instance, by=request.user)
        except ValidationError as error:
            place(error, form, form)
        else:
            messages.success(request, _("Asked for. Somebody else who defines check lists decides."))
            return redirect("inspections:override", override.pk)
    return render(
        request, "inspections/override_new.html", {"form": form}, status=400 if form.errors else 200
    )


@page
def override(request, pk):
    """One override: what was asked for, beside what the check list says, and what can be done with it."""
    return override_page(request, get_object_or_404(ThresholdOverride.objects.for_list(), pk=pk))


def override_page(request, row, refused=None, status=200):
    [row] = decorate([row])
    live = row.state in (OverrideState.WAITING, OverrideState.COMING, OverrideState.ACTIVE)
    context = {
        "row": row, "refused": refused, "typed": request.POST,
        "why_not_decided": guards.against_deciding_override(row, request.user),
        "why_not_withdrawn": guards.against_withdrawing_override(row, request.user),
        "is_waiting": row.state == OverrideState.WAITING, "is_live": live,
        "may_manage": has_right(request.user, Right.INSPECT_MANAGE),
    }  # fmt: skip
    return render(request, "inspections/override.html", context, status=status)


@page
@require_POST
def override_deed(request, pk, deed):
    """Approves, refuses or withdraws; a refusal comes back in words."""
    row = get_object_or_404(ThresholdOverride.objects.for_list(), pk=pk)
    words = request.POST.get("comment", "")[:2000]
    try:
        DEEDS[deed](row, request.user, words)
    except guards.Refused as refused:
        return override_page(request, row, refused, 409)
    return redirect("inspections:override", pk)


DEEDS = {
    "approve": lambda row, by, words: approve_override(row, by=by, comment=words),
    "refuse": lambda row, by, words: refuse_override(row, by=by, comment=words),
    "withdraw": lambda row, by, words: withdraw_override(row, by=by, reason=words),
}
