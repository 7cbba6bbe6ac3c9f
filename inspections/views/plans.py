"""Plans: the list, one plan with what it is about to do, making, copying, stopping."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.querysets import holders_of
from accounts.roles import Right, has_right, require_right
from cmdb.models import ConfigurationItem
from inspections.actions import copy_plan, disable_plan, enable_plan, save_plan
from inspections.forms import PlanEditForm, ScopeForm
from inspections.models import InspectionPlan
from inspections.outlook import outlook
from inspections.recurrence import in_words
from inspections.views.access import page
from inspections.views.board import TONE
from inspections.workflow import RunState
from inspections.working_hours import uncovered_years

PAGE = 25
SHOWN_RUNS = 8
SHOWN_CIS = 12
STATES = {
    "on": Q(is_enabled=True), "off": Q(is_enabled=False), "trouble": Q(is_enabled=True) & ~Q(trouble=""),
}  # fmt: skip


@page
def plans(request):
    """Every plan with its rule in words; filters by words, state, way of assigning and team."""
    word, state = request.GET.get("q", "").strip()[:80], request.GET.get("state", "")
    assign = request.GET.get("assign", "")
    rows = InspectionPlan.objects.select_related("template", "assignee", "team", "shift", "calendar")
    if word:
        rows = rows.filter(
            Q(key__icontains=word) | Q(label__icontains=word) | Q(label_zh__icontains=word)
            | Q(client__icontains=word)
        )  # fmt: skip
    if state in STATES:
        rows = rows.filter(STATES[state])
    if assign in InspectionPlan.Assign.values:
        rows = rows.filter(assign=assign)
    shown = Paginator(rows.order_by("-is_enabled", "key"), PAGE).get_page(request.GET.get("page"))
    for plan in shown:
        plan.words = in_words(plan.rrule)
    may_manage = has_right(request.user, Right.INSPECT_MANAGE)
    context = {
        "page": shown, "word": word, "state": state, "assign": assign,
        "ways": InspectionPlan.Assign.choices, "may_manage": may_manage,
        "in_trouble": InspectionPlan.objects.filter(STATES["trouble"]).count(),
        "gaps": uncovered_years(timezone.localdate()) if may_manage else [],
    }  # fmt: skip
    return render(request, "inspections/plans.html", context)


def found_plan(key):
    plans = InspectionPlan.objects.select_related(
        "template", "assignee", "team", "shift", "calendar", "owner", "disabled_by"
    )
    return get_object_or_404(plans, key=key)


@page
def plan(request, key):
    """One plan: what it is about to do, what became of its last rounds, its people and its scope."""
    plan = found_plan(key)
    plan.words = in_words(plan.rrule)
    runs = list(plan.runs.for_board().order_by("-slot_at", "-id")[:SHOWN_RUNS])
    for run in runs:
        run.tone, run.icon = TONE[run.state]
    counts = plan.runs.filter(slot_at__gte=timezone.now() - timedelta(days=30)).aggregate(
        signed=Count("pk", filter=Q(state=RunState.SIGNED)),
        missed=Count("pk", filter=Q(state=RunState.MISSED)),
        late=Count("pk", filter=Q(is_late=True)),
        all=Count("pk"),
    )
    context = {
        "plan": plan, "runs": runs, "counts": counts,
        "members": plan.members.select_related("user"),
        "may_manage": has_right(request.user, Right.INSPECT_MANAGE),
        "inspectors": holders_of(Right.INSPECT).filter(is_superuser=False),
        **scope_of(plan.scope), **ahead_of(plan),
    }  # fmt: skip
    return render(request, "inspections/plan.html", context)


def scope_of(scope):
    """How many CIs the filter finds now, and the first of them; or what is wrong with it."""
    try:
        found = ConfigurationItem.objects.live().matching(scope)
    except (ValidationError, ValueError, TypeError) as error:
        return {"scope_error": " ".join(getattr(error, "messages", [str(error)]))}
    first = list(found.select_related("type").order_by("name", "pk")[: SHOWN_CIS + 1])
    count = len(first) if len(first) <= SHOWN_CIS else found.count()
    return {"cis": first[:SHOWN_CIS], "ci_count": count, "cis_shown": SHOWN_CIS}


def ahead_of(plan, members=None):
    """The next rounds; or what is wrong with the rule."""
    if not plan.is_enabled and plan.pk:
        return {"coming": []}
    try:
        return {"coming": outlook(plan, now=timezone.now(), members=members)}
    except ValidationError as error:
        return {"coming": [], "rule_error": " ".join(error.messages)}


@page
def plan_new(request):
    """A new plan; with ?from= one that begins as another stands."""
    require_right(request.user, Right.INSPECT_MANAGE)
    return edit(request, InspectionPlan(template_id=None))


@page
def plan_edit(request, key):
    """The plan's form; runs that exist keep what they were made with."""
    require_right(request.user, Right.INSPECT_MANAGE)
    return edit(request, found_plan(key))


def edit(request, plan):
    is_new = plan.pk is None
    form = PlanEditForm(request.POST or None, instance=plan)
    scope = ScopeForm(request.POST or None, conditions=plan.scope)
    if request.method == "POST" and all([form.is_valid(), scope.is_valid()]):
        try:
            wanted = form.save(commit=False)
            wanted.scope = scope.conditions
            reason = request.POST.get("reason", "")[:500]
            save_plan(wanted, by=request.user, members=form.cleaned_data["people"], reason=reason)
        except ValidationError as error:
            told(form, error)
        else:
            messages.success(request, _("The plan is saved; its next rounds are shown below."))
            return redirect("inspections:plan", wanted.key)
    context = {
        "form": form, "scope": scope, "plan": plan, "is_new": is_new,
        "inspectors": holders_of(Right.INSPECT).filter(is_superuser=False),
    }  # fmt: skip
    return render(request, "inspections/plan_form.html", context, status=400 if form.errors else 200)


def told(form, error):
    """An action's refusals at the fields of the form."""
    for name, texts in getattr(error, "message_dict", {"__all__": error.messages}).items():
        name = {"members": "people"}.get(name, name)
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


@page
@require_POST
def plan_preview(request):
    """What the form as it stands would do: the next rounds and the CIs, as a part of the page."""
    require_right(request.user, Right.INSPECT_MANAGE)
    known = InspectionPlan.objects.filter(pk=request.POST.get("plan", "0")[:18] or 0).first()
    form = PlanEditForm(request.POST, instance=known or InspectionPlan())
    scope = ScopeForm(request.POST, conditions=known.scope if known else {})
    form.is_valid()
    plan = form.instance
    plan.rrule = form.cleaned_data.get("rrule") or plan.rrule
    found = scope_of(scope.conditions) if scope.is_valid() else {"scope_error": _("Correct the filter.")}
    names = ("starts_on", "shift_start", "time_zone", "calendar", "rrule", "shift", "weekdays")
    if any(name in form.errors for name in names):
        ahead = {"coming": [], "rule_error": _("Correct what is marked to see the next rounds.")}
    else:
        plan.is_enabled = True
        ahead = ahead_of(plan, members=form.cleaned_data.get("people", []))
    context = {"plan": plan, "words": in_words(plan.rrule), **found, **ahead}
    return render(request, "inspections/_plan_preview.html", context)


@page
@require_POST
def plan_deed(request, key, deed):
    """Stops the plan for a reason, starts it again, or copies it."""
    plan = found_plan(key)
    deeds = {"disable": take_disable, "enable": take_enable, "copy": take_copy}
    if deed not in deeds:
        raise Http404
    try:
        plan = deeds[deed](request, plan)
    except ValidationError as error:
        for text in error.messages:
            messages.error(request, text)
    return redirect("inspections:plan", plan.key)


def take_disable(request, plan):
    plan = disable_plan(plan, by=request.user, reason=request.POST.get("reason", "")[:2000])
    messages.success(request, _("The plan makes no more runs; those that exist stay."))
    return plan


def take_enable(request, plan):
    plan = enable_plan(plan, by=request.user)
    messages.success(request, _("The plan makes runs from now on."))
    return plan


def take_copy(request, plan):
    given = {name: request.POST.get(name, "").strip()[:120] for name in ("key", "label", "label_zh")}
    copy = copy_plan(plan, by=request.user, **given)
    messages.success(request, _("The copy is disabled: look it through, then enable it."))
    return copy
