"""Assessing: the impact item by item, the owners' answers, the questionnaire."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import Team
from accounts.roles import Right, require_right
from changes.actions import (
    StepRefused,
    acknowledge_impact,
    add_affected,
    assess,
    confirm_impact,
    consult_owner,
    judge_not_affected,
    overrule_owner,
    withdraw_judgement,
)
from changes.assessed import ImpactPart, asked_owners, risk_lines, try_answers
from changes.forms import AffectedForm, AnswerForm, QuestionnaireForm, VetoForm
from changes.models import ChangeRequest, Consultation, RiskThreshold
from changes.models.request import ItemImpact
from changes.views.pages import found
from changes.workflow import Kind

PAGE = 25


@login_required
def assess_change(request, number):
    """The list of affected items to judge and confirm, the owners' answers, the risk as it stands."""
    require_right(request.user, Right.VIEW)
    return assess_page(request, found(number))


def assess_page(request, shown: ChangeRequest, *, status: int = 200, **more: Any):
    """The page; `refused`, `veto_form`, `affected_form`, `typed` carry what a POST left."""
    require_right(request.user, Right.VIEW)
    context = {
        "change": shown,
        "impact": ImpactPart(shown, request.user),
        "asked": asked_owners(shown, request.user),
        "risk_lines": risk_lines(shown.risk_inputs or assess(shown, {})),
        "is_forecast": not shown.risk,
        "affected_form": AffectedForm(prefix="added"),
        "veto_form": VetoForm(prefix="veto"),
    } | more
    return render(request, "changes/assess.html", context, status=status)


def judging(label):
    """A POST view of one deed on the assessment; refused, the page comes back with what was typed."""

    def wrap(view):
        @login_required
        @require_POST
        def run(request, number, **keys):
            shown = found(number)
            try:
                left = view(request, shown, **keys)
            except StepRefused as refused:
                told_why = {"label": label, "refusals": refused.refusals}
                return assess_page(request, found(number), status=409, refused=told_why, typed=request.POST)
            if left:
                return assess_page(request, shown, status=400, **left)
            return redirect("changes:assess", number)

        return run

    return wrap


@judging(_("Not affected"))
def veto(request, shown):
    form = VetoForm(request.POST, prefix="veto")
    if not form.is_valid():
        return {"veto_form": form}
    judge_not_affected(shown, form.cleaned_data["item"], by=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, _("Left out of the impact. Confirm the list when you are done."))
    return None


@judging(_("Affected"))
def add(request, shown):
    form = AffectedForm(request.POST, prefix="added")
    if not form.is_valid():
        return {"affected_form": form}
    given = form.cleaned_data
    add_affected(shown, given["item"], by=request.user, effect=given["effect"], reason=given["reason"])
    messages.success(request, _("Added to the impact. Confirm the list when you are done."))
    return None


@judging(_("Take the judgement back"))
def unjudge(request, shown, row):
    by_hand = shown.change_items.exclude(impact=ItemImpact.COMPUTED)
    withdraw_judgement(get_object_or_404(by_hand, pk=row), by=request.user)


@judging(_("Confirm the impact"))
def confirm(request, shown):
    given = request.POST
    confirm_impact(shown, by=request.user, seen=given.get("mark", ""), comment=given.get("comment", ""))
    messages.success(request, _("The impact is confirmed; the owners have been asked."))


@judging(_("Acknowledge what is new"))
def acknowledge(request, shown):
    given = request.POST
    acknowledge_impact(shown, by=request.user, items=given.getlist("item"), comment=given.get("comment", ""))
    messages.success(request, _("The new items are acknowledged."))


@judging(_("Overrule"))
def overrule(request, shown, row):
    asked = get_object_or_404(shown.consultations, pk=row)
    overrule_owner(asked, by=request.user, because=request.POST.get("because", ""))
    messages.success(request, _("Overruled; your reason stands on the change."))


@login_required
def asked(request):
    """What the teams of the reader are asked: open questions first, by the time they are due."""
    require_right(request.user, Right.VIEW)
    return asked_page(request)


def asked_page(request, *, status: int = 200, **more: Any):
    teams = list(Team.objects.filter(members__user=request.user))
    rows = Consultation.objects.filter(team__in=teams).select_related(
        "change__requester", "change__service", "team", "answered_by", "overruled_by"
    )
    is_open = request.GET.get("show", "open") != "answered"
    rows = rows.waiting() if is_open else rows.answered()
    wanted = request.GET.get("team", "")
    if wanted:
        rows = rows.filter(team__key=wanted)
    context = {
        "teams": teams,
        "team": wanted,
        "is_open": is_open,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "form": AnswerForm(),
    } | more
    return render(request, "changes/asked.html", context, status=status)


@login_required
@require_POST
def answer(request, row):
    """A member answers for the team; refused, the list comes back with every reason and the text typed."""
    asked_row = get_object_or_404(Consultation.objects.select_related("change", "team"), pk=row)
    require_right(request.user, Right.VIEW)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return asked_page(request, status=400, form=form, answered=asked_row.pk)
    try:
        consult_owner(asked_row.change, asked_row.team, by=request.user, **form.cleaned_data)
    except StepRefused as refused:
        return asked_page(request, status=409, form=form, answered=asked_row.pk, refused=refused)
    messages.success(request, _("Your team's answer is recorded."))
    return redirect("changes:asked")


@login_required
def questionnaire(request):
    """The questionnaire as assessors see it, to be tried: the level that the chosen answers mean."""
    require_right(request.user, Right.VIEW)
    kind = request.GET.get("kind", Kind.NORMAL)
    kind = kind if kind in Kind.values else Kind.NORMAL
    form = QuestionnaireForm(kind, request.GET if "try" in request.GET else None)
    answers = {}
    if form.is_bound and form.is_valid():
        answers = {name.removeprefix("risk."): value for name, value in form.cleaned_data.items()}
    context = {
        "form": form,
        "kind": kind,
        "kinds": Kind.choices,
        "tried": try_answers(kind, answers) if answers else None,
        "thresholds": RiskThreshold.objects.all(),
    }
    return render(request, "changes/questionnaire.html", context)
