"""The review after a change, and everybody's own actions from reviews."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, has_right, require_right
from changes import actions as deeds
from changes.forms.review import IncidentForm, ReviewActionForm, ReviewForm
from changes.guards.review import review_reasons
from changes.models import ReviewAction
from changes.models.review import REVIEW_QUESTIONS
from changes.views.pages import found

PAGE_SIZE = 25


@login_required
def review(request, number):
    """The questions, the incidents and the actions of one change."""
    require_right(request.user, Right.VIEW)
    return _page(request, found(number))


def _page(request, shown, *, status=200, **more):
    forms = {"review": ReviewForm(shown), "action": ReviewActionForm(prefix="action"),
             "incident": IncidentForm(prefix="incident")}  # fmt: skip
    context = {
        "change": shown,
        "forms": forms | more.pop("forms", {}),
        "reasons": review_reasons(shown),
        "incidents": shown.incidents.select_related("recorded_by"),
        "actions": shown.review_actions.select_related("owner", "done_by"),
        "against": {part: deeds.reasons_against_reviewing(shown, request.user, part) for part in SAVED},
        "answers": [(question, shown.review_answers.get(key, "")) for key, question in REVIEW_QUESTIONS],
    }
    return render(request, "changes/review.html", context | more, status=status)


def _answer(request, shown, form):
    deeds.record_review(shown, by=request.user, answers=form.answers, summary=form.cleaned_data["summary"])
    messages.success(request, _("The review is saved."))


def _agree(request, shown, form):
    deeds.add_review_action(shown, by=request.user, **form.cleaned_data)
    messages.success(request, _("The action is agreed."))


def _link(request, shown, form):
    deeds.add_caused_incident(shown, by=request.user, **form.cleaned_data)
    messages.success(request, _("The incident is linked."))


SAVED = {"review": _answer, "action": _agree, "incident": _link}
LABELS = {"review": _("Review"), "action": _("Action agreed"), "incident": _("Incident caused")}


@login_required
@require_POST
def save(request, number, part):
    """One part of the review; refused or not valid, the page comes back with what was typed."""
    shown = found(number)
    form = ReviewForm(shown, request.POST) if part == "review" else (
        ReviewActionForm(request.POST, prefix="action")
        if part == "action"
        else IncidentForm(request.POST, prefix="incident")
    )  # fmt: skip
    if not form.is_valid():
        return _page(request, shown, status=400, forms={part: form})
    try:
        SAVED[part](request, shown, form)
    except deeds.StepRefused as refused:
        told = {"label": LABELS[part], "refusals": refused.refusals}
        return _page(request, found(number), status=409, forms={part: form}, refused=told)
    return redirect("changes:review", number)


@login_required
def my_actions(request):
    """What I agreed to do in reviews; a change manager sees everybody's with ?all=1."""
    require_right(request.user, Right.VIEW)
    everybody = bool(request.GET.get("all")) and has_right(request.user, Right.CHANGE_MANAGE)
    rows = ReviewAction.objects.select_related("change", "owner", "done_by").order_by(
        "done_at", "due_on", "id"
    )
    if not everybody:
        rows = rows.filter(owner=request.user)
    if not request.GET.get("done"):
        rows = rows.filter(done_at=None)
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "everybody": everybody,
        "with_done": bool(request.GET.get("done")),
        "may_manage": has_right(request.user, Right.CHANGE_MANAGE),
    }
    return render(request, "changes/my_actions.html", context)


@login_required
@require_POST
def complete(request, pk):
    """The action is done."""
    action = get_object_or_404(ReviewAction.objects.select_related("change"), pk=pk)
    try:
        deeds.complete_review_action(action, by=request.user, note=request.POST.get("note", ""))
        messages.success(request, _("Done."))
    except deeds.AlreadyDone as before:
        messages.info(request, str(before))
    except deeds.StepRefused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}")
    return redirect("changes:my-actions")
