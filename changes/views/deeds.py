"""What is done from the page of a change by POST; refused, the page comes back with every reason."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.step_up import confirm_link, keep_half_filled, proof_of
from changes.actions import (
    AlreadyDone,
    DriftFound,
    StepRefused,
    apply_stage,
    cast_vote,
    complete_rollback_step,
    complete_task,
    confirm_drift,
    confirm_vote,
    consult_owner,
    decide_drift,
    record_criterion,
    roll_back,
    take_step,
)
from changes.dossier import Dossier
from changes.forms import MeasurementForm, StepForm, VoteForm
from changes.models import DriftDecision, RoundSeat
from changes.views.pages import found, page
from changes.workflow import find_step


def refused_words(request, shown, label, refused: StepRefused, *, form: str = "") -> dict[str, Any]:
    """What the page says of a refusal; for want of a fresh proof, with the way to it and back."""
    told: dict[str, Any] = {"label": label, "refusals": refused.refusals}
    proof_is_wanted = any(refusal.code == "step_up" for refusal in refused.refusals)
    if proof_is_wanted and form:
        back = reverse("changes:change", args=[shown.number]) + f"?resume={form}"
        keep_half_filled(request, back)
        told["confirm_link"] = confirm_link(back)
    return told


@login_required
@require_POST
def step(request, number, event):
    """Takes a step; refused, the page comes back with the dialog open and every reason."""
    shown = found(number)
    wanted = find_step(event, shown.state, shown.kind)
    if wanted is None:
        try:
            take_step(shown, event, by=request.user)
        except AlreadyDone as before:
            messages.info(request, str(before))
        except StepRefused:
            messages.error(request, _("The change has moved on meanwhile; this step is no longer there."))
        return redirect("changes:change", number)
    form = StepForm(wanted, request.POST)
    if not form.is_valid():
        return page(request, shown, status=400, step_form=form)
    data, comment = form.data_for_step, form.cleaned_data.get("comment", "")
    try:
        take_step(shown, event, by=request.user, comment=comment, data=data, proof=proof_of(request))
    except StepRefused as refused:
        told_why = refused_words(request, shown, wanted.label, refused, form=f"step:{event}")
        return page(request, found(number), status=409, step_form=form, refused=told_why)
    messages.success(
        request,
        _("%(step)s: the change is now “%(state)s”.")
        % {"step": wanted.label, "state": shown.get_state_display()},
    )
    return redirect("changes:change", number)


@login_required
@require_POST
def vote(request, number):
    """Casts a vote for the plan that the page showed."""
    shown = found(number)
    form = VoteForm(request.POST)
    if not form.is_valid():
        return page(request, shown, status=400, vote_form=form)
    seat = RoundSeat.objects.filter(pk=form.cleaned_data["seat"], step__round__change=shown).first()
    if seat is None:
        return redirect("changes:change", number)
    try:
        cast_vote(
            seat.step.round,
            by=request.user,
            choice=form.cleaned_data["choice"],
            comment=form.cleaned_data["comment"],
            on_behalf_of=None if seat.user_id == request.user.pk else seat.user,
            plan_hash=request.POST.get("plan_hash", ""),
            proof=proof_of(request),
        )
    except StepRefused as refused:
        told_why = refused_words(request, shown, _("Vote"), refused, form="vote")
        return page(request, found(number), status=409, vote_form=form, refused=told_why)
    messages.success(request, _("Your vote is recorded."))
    return redirect("changes:change", number)


def deed(label):
    """A POST view that does one deed on a change and shows the page again, with reasons when refused."""

    def wrap(view):
        @login_required
        @require_POST
        def run(request, number, **keys):
            shown = found(number)
            try:
                view(request, shown, **keys)
            except DriftFound as drift:
                return page(
                    request,
                    found(number),
                    status=409,
                    refused={"label": label, "refusals": drift.refusals},
                    drifts=[_as_row(each) for each in drift.drifts],
                )
            except AlreadyDone as before:
                messages.info(request, str(before))
            except StepRefused as refused:
                told_why = {"label": label, "refusals": refused.refusals}
                return page(request, found(number), status=409, refused=told_why)
            except ValidationError as error:
                for message in error.messages:
                    messages.error(request, message)
            return redirect("changes:change", number)

        return run

    return wrap


def _as_row(drift) -> dict[str, Any]:
    return {
        **drift._asdict(),
        "words": drift.words,
        "seen_json": json.dumps(drift.found, cls=DjangoJSONEncoder),
    }


@deed(_("Apply"))
def apply(request, shown, stage):
    count = apply_stage(get_object_or_404(shown.stages, pk=stage), by=request.user)
    messages.success(request, _("Applied: %(count)d operations.") % {"count": count})


@deed(_("Restore"))
def revert(request, shown):
    count = roll_back(shown, by=request.user)
    messages.success(request, _("Restored: %(count)d operations taken back.") % {"count": count})


@deed(_("Task"))
def task(request, shown, task):
    complete_task(get_object_or_404(shown.tasks, pk=task), by=request.user, note=request.POST.get("note", ""))


@deed(_("Rollback step"))
def rollback_step(request, shown, step):
    complete_rollback_step(get_object_or_404(shown.rollback_steps, pk=step), by=request.user)


@deed(_("Measured value"))
def measure(request, shown, criterion):
    form = MeasurementForm(request.POST)
    if not form.is_valid():
        raise ValidationError([message for errors in form.errors.values() for message in errors])
    record_criterion(get_object_or_404(shown.criteria, pk=criterion), by=request.user, **form.cleaned_data)
    messages.success(request, _("The value is recorded."))


@deed(_("Decision on a drift"))
def drift(request, shown, operation):
    given = request.POST
    try:
        seen = json.loads(given.get("seen", "null"))
    except ValueError:
        raise ValidationError(_("The value seen cannot be read; open the page again.")) from None
    decide_drift(
        get_object_or_404(shown.operations, pk=operation),
        given.get("field", ""),
        decision=given.get("decision", ""),
        seen=seen,
        by=request.user,
    )
    messages.success(request, _("Noted. A second person confirms it."))


@deed(_("Confirmation"))
def confirm(request, shown, decision):
    confirm_drift(get_object_or_404(DriftDecision, pk=decision, operation__change=shown), by=request.user)
    messages.success(request, _("Confirmed. Apply or restore again."))


@deed(_("Confirmation of a vote"))
def confirm_verbal(request, shown, vote):
    for round_ in shown.rounds.all():
        if spoken := round_.votes.filter(pk=vote).first():
            confirm_vote(spoken, by=request.user)


@deed(_("Answer of the owners"))
def consult(request, shown, team):
    owners = {each.team_id: each.team for each in Dossier(shown, request.user).consultations}
    if team not in owners:
        raise Http404
    consult_owner(
        shown,
        owners[team],
        by=request.user,
        answer=request.POST.get("answer", ""),
        comment=request.POST.get("comment", ""),
        plan_hash=request.POST.get("plan_hash", ""),
    )
