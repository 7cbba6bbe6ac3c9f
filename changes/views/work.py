"""The page of the work: for the implementer in the night, on a phone, one thing after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, require_right
from accounts.step_up import confirm_link, keep_half_filled, proof_of
from audit.actions import keep_file
from audit.views.files import send_file
from changes import actions as deeds
from changes.forms import MeasurementForm, StepForm
from changes.models import ChangeRequest, CriterionResult, DriftDecision
from changes.views.pages import found, half_filled
from changes.work import Work
from changes.workflow import State, find_step

# The steps that the page offers, in the order in which they are wanted.
STEPS = (
    "start", "finish", "rollback", "rolled_back", "rollback_failed", "abort", "verified", "verified_review",
    "verified_emergency", "restore_ok", "restore_bad",
)  # fmt: skip
VERIFYING = ("verified", "verified_review", "verified_emergency", "restore_ok", "restore_bad")
TONES = {"primary": "primary", "danger": "danger", "success": "good"}


@login_required
def work(request, number):
    """What is to be done now, and the red button."""
    require_right(request.user, Right.VIEW)
    shown = found(number)
    left = half_filled(request, shown)
    return work_page(request, shown, **{key: value for key, value in left.items() if key == "step_form"})


def work_page(request, shown: ChangeRequest, *, status: int = 200, step_form=None, **more: Any):
    require_right(request.user, Right.VIEW)
    offers = {}
    for step, refusals in deeds.available_steps(shown, by=request.user):
        if step.event in STEPS:
            form = step_form if step_form is not None and step_form.step == step else StepForm(step)
            _fit(form, shown, request.user)
            offers[step.event] = {
                "step": step, "refusals": refusals, "form": form, "dialog": f"step-{step.event}",
                "button_kind": TONES.get(step.tone, ""),
            }  # fmt: skip
    context = {
        "change": shown,
        "work": Work(shown, request.user),
        "offers": offers,
        "dialogs": [offer for offer in offers.values() if not offer["refusals"]],
        "verifying": [offers[event] for event in VERIFYING if event in offers],
        "is_back": shown.state in (State.ROLLING_BACK, State.ROLLED_BACK),
    }
    return render(request, "changes/work.html", context | more, status=status)


def _fit(form: StepForm, shown: ChangeRequest, user) -> None:
    """Who can be the second operator: the other implementers."""
    if "second_operator" in form.fields:
        field = form.fields["second_operator"]
        field.queryset = field.queryset.filter(
            change_assignments__change=shown, change_assignments__role="implementer"
        ).exclude(pk=user.pk).distinct()  # fmt: skip


@login_required
@require_POST
def take(request, number, event):
    """Takes a step from this page; refused, it comes back with the dialog open and every reason."""
    shown = found(number)
    wanted = find_step(event, shown.state, shown.kind)
    form = StepForm(wanted, request.POST) if wanted else None
    if form is not None and not form.is_valid():
        return work_page(request, shown, status=400, step_form=form)
    data = form.data_for_step if form else {}
    comment = form.cleaned_data.get("comment", "") if form else ""
    try:
        deeds.take_step(shown, event, by=request.user, comment=comment, data=data, proof=proof_of(request))
    except deeds.AlreadyDone as before:
        messages.info(request, str(before))
    except deeds.StepRefused as refused:
        told = {"label": wanted.label if wanted else event, "refusals": refused.refusals}
        if any(refusal.code == "step_up" for refusal in refused.refusals):
            back = reverse("changes:work", args=[number]) + f"?resume=step:{event}"
            keep_half_filled(request, back)
            told["confirm_link"] = confirm_link(back)
        return work_page(request, found(number), status=409, step_form=form, refused=told)
    else:
        words = {"step": wanted.label if wanted else event, "state": shown.get_state_display()}
        messages.success(request, _("%(step)s: the change is now “%(state)s”.") % words)
    return redirect("changes:work", number)


def _begin(request, shown, row):
    deeds.start_task(get_object_or_404(shown.tasks, pk=row), by=request.user)


def _tick(request, shown, row):
    task = get_object_or_404(shown.tasks, pk=row)
    deeds.complete_task(task, by=request.user, note=request.POST.get("note", ""))


def _apply(request, shown, row):
    stage = get_object_or_404(shown.stages, pk=row)
    count = deeds.apply_stage(stage, by=request.user)
    messages.success(
        request, _("%(stage)s: %(count)d operations applied.") % {"stage": stage, "count": count}
    )


def _restore(request, shown, row):
    count = deeds.roll_back(shown, by=request.user)
    messages.success(request, _("Restored: %(count)d operations taken back.") % {"count": count})


def _step_back(request, shown, row):
    deeds.complete_rollback_step(get_object_or_404(shown.rollback_steps, pk=row), by=request.user)


def _deviate(request, shown, row):
    task = get_object_or_404(shown.tasks, pk=row) if row else None
    deeds.record_deviation(shown, by=request.user, text=request.POST.get("text", ""), task=task)
    messages.success(request, _("The deviation is recorded."))


def _ask(request, shown, row):
    deeds.ask_for_forward_fix(shown, by=request.user, text=request.POST.get("text", ""))
    messages.success(request, _("The change managers are called."))


def _propose(request, shown, row):
    given = request.POST
    try:
        seen = json.loads(given.get("seen", "null"))
    except ValueError:
        raise ValidationError(_("The value seen cannot be read; open the page again.")) from None
    operation = get_object_or_404(shown.operations, pk=row)
    deeds.decide_drift(
        operation, given.get("field", ""), decision=given.get("decision", ""), seen=seen, by=request.user
    )
    messages.success(request, _("Noted. A second person confirms it from their own log-in."))


def _confirm(request, shown, row):
    decision = get_object_or_404(DriftDecision, pk=row, operation__change=shown)
    deeds.confirm_drift(decision, by=request.user)
    messages.success(request, _("Confirmed by two people."))


def _measure(request, shown, row):
    form = MeasurementForm(request.POST)
    if not form.is_valid():
        raise ValidationError([message for errors in form.errors.values() for message in errors])
    upload = request.FILES.get("file")
    kept = {"file": keep_file(upload), "file_name": upload.name[:200]} if upload else {}
    criterion = get_object_or_404(shown.criteria, pk=row)
    deeds.record_criterion(criterion, by=request.user, **form.cleaned_data, **kept)
    messages.success(request, _("The value is recorded."))


DEEDS: dict[str, tuple[Any, Callable[..., None]]] = {
    "begin": (_("Task"), _begin),
    "tick": (_("Task"), _tick),
    "apply": (_("Apply"), _apply),
    "restore": (_("Restore"), _restore),
    "step-back": (_("Rollback step"), _step_back),
    "deviation": (_("Deviation"), _deviate),
    "forward-fix": (_("Forward fix"), _ask),
    "measure": (_("Measured value"), _measure),
    "propose": (_("Decision on a drift"), _propose),
    "confirm": (_("Confirmation"), _confirm),
}


@login_required
@require_POST
def do(request, number, deed, row=0):
    """One deed of the work; a second press says when it was done, a refusal tells every reason."""
    shown = found(number)
    if deed not in DEEDS:
        raise Http404
    label, run = DEEDS[deed]
    try:
        run(request, shown, row)
    except deeds.AlreadyDone as before:
        messages.info(request, str(before))
    except deeds.StepRefused as refused:
        told = {"label": label, "refusals": refused.refusals}
        return work_page(request, found(number), status=409, refused=told, typed=request.POST.get("text", ""))
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    return redirect("changes:work", number)


@login_required
def evidence(request, number, row):
    """The file behind a measured value."""
    require_right(request.user, Right.VIEW)
    kept = CriterionResult.objects.select_related("file").filter(criterion__change__number=number)
    result = get_object_or_404(kept, pk=row, file__isnull=False)
    return send_file(result.file, result.file_name)
