"""The switch that stops the line, and what the gate told pipelines."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.roles import Right, has_right, require_right
from changes.actions import StepRefused, may_stop, release_the_line, stop_the_line
from changes.forms import ReleaseForm, StopForm
from changes.models import GateAnswer, GateDecision, StoppedLine

PAGE_SIZE = 50
GATE_FILTERS = ("decision", "q", "item", "change")


@require_http_methods(["GET", "POST"])
@login_required
def line(request):
    """What is stopped now and was before; POST stops it."""
    require_right(request.user, Right.VIEW)
    form = StopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            stop_the_line(
                by=request.user, reason=form.cleaned_data["reason"], scope=form.cleaned_data["service"]
            )
        except StepRefused as refused:
            for refusal in refused.refusals:
                form.add_error(None, f"{refusal.message} {refusal.fix}")
        else:
            messages.success(request, _("The line is stopped."))
            return redirect("changes:line")
    return _page(request, form, status=400 if form.errors else 200)


@require_POST
@login_required
def release(request, pk):
    """What was stopped runs again."""
    require_right(request.user, Right.VIEW)
    form = ReleaseForm(request.POST)
    stop = get_object_or_404(StoppedLine, pk=pk)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        release_the_line(stop, by=request.user, reason=reason)
    except StepRefused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}")
    else:
        messages.success(request, _("The line runs again."))
    return redirect("changes:line")


def _page(request, form, *, status):
    stops = StoppedLine.objects.select_related("service", "stopped_by", "released_by")
    return render(
        request,
        "changes/line.html",
        {
            "form": form if may_stop(request.user) else None,
            "live": list(stops.live()),
            "past": list(stops.exclude(released_at=None)[:PAGE_SIZE]),
            "release_form": ReleaseForm(),
            "may_release": has_right(request.user, Right.CHANGE_MANAGE),
        },
        status=status,
    )


@require_GET
@login_required
def gate_answers(request):
    """Every question of a pipeline with its answer, newest first."""
    require_right(request.user, Right.VIEW)
    wanted = {name: request.GET[name] for name in GATE_FILTERS if request.GET.get(name)}
    answers = _narrowed(GateAnswer.objects.select_related("change", "asked_by"), wanted)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        answers = answers.filter(pk__lt=int(before[:18]))
    rows = list(answers.order_by("-id")[: PAGE_SIZE + 1])
    following = rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else ""
    return render(
        request,
        "changes/gate_answers.html",
        {
            "rows": rows[:PAGE_SIZE],
            "wanted": wanted,
            "decisions": GateDecision.choices,
            "next": following and f"?{urlencode({**wanted, 'before': following})}",
            "previous": before and f"?{urlencode(wanted)}",
        },
    )


def _narrowed(answers, wanted):
    if wanted.get("decision") in GateDecision.values:
        answers = answers.filter(decision=wanted["decision"])
    if item := wanted.get("item", "").strip():
        answers = answers.filter(Q(items__contains=[item]) | Q(service=item))
    if number := wanted.get("change", "").strip():
        answers = answers.filter(Q(change__number=number) | Q(change_number=number))
    if term := wanted.get("q", "").strip():
        answers = answers.filter(Q(pipeline__icontains=term) | Q(asked_by__username__icontains=term))
    return answers
