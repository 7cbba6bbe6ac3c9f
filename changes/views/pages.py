"""The page of one change, its history, and what is done from it by POST."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from audit.recorded.differences import told, with_predecessors
from changes.actions import (
    DriftFound,
    StepRefused,
    apply_stage,
    available_steps,
    cast_vote,
    complete_rollback_step,
    complete_task,
    confirm_drift,
    confirm_vote,
    consult_owner,
    decide_drift,
    reasons_against_editing,
    reasons_against_voting,
    record_criterion,
    record_test_run,
    roll_back,
    take_step,
)
from changes.dossier import Dossier
from changes.forms import MeasurementForm, StepForm, TestRunForm, VoteForm
from changes.models import ChangeRequest, DriftDecision, RoundSeat
from changes.panels import panels_for
from changes.risk import QUESTIONS
from changes.workflow import State, find_step
from cmdb.models import ConfigurationItem

TONES = {"primary": "primary", "danger": "danger", "success": "good"}
VOTE_BUTTONS = (
    ("approve", _("Approve"), "good", "thumb_up"),
    ("reject", _("Reject"), "danger", "thumb_down"),
    ("abstain", _("Abstain"), "", "remove"),
)


def found(number: str) -> ChangeRequest:
    people = ("requester", "owner", "service", "rollback_owner", "template")
    return get_object_or_404(ChangeRequest.objects.select_related(*people), number=number)


@login_required
def change(request, number):
    """Everything a board member, implementer or verifier needs, on one page."""
    require_right(request.user, Right.VIEW)
    return page(request, found(number))


def page(request, shown: ChangeRequest, *, status: int = 200, **more: Any):
    """The page; `step_form`, `vote_form`, `test_form`, `refused`, `drifts` carry what a POST left."""
    require_right(request.user, Right.VIEW)  # a refused POST shows the page too
    dossier = Dossier(shown, request.user)
    mine, others = _offers(shown, request.user, more.pop("step_form", None))
    _mark_seats(dossier, request.user)
    works = "implementer" in _parts(dossier, request.user)
    measures = "verifier" in _parts(dossier, request.user) and shown.state in (
        State.IMPLEMENTING,
        State.VERIFYING,
    )
    tests = "tester" in _parts(dossier, request.user) and shown.state in (State.ASSESSING, State.TESTING)
    context = {
        "change": shown,
        "dossier": dossier,
        "panels": panels_for(shown, request.user),
        "offers": mine,
        "other_offers": others,
        "vote_buttons": VOTE_BUTTONS,
        "vote_refusals": _vote_refusals(dossier, request.user),
        "may_edit": not reasons_against_editing(shown, request.user),
        "may_work": works,
        "may_measure": measures,
        "test_form": TestRunForm() if tests else None,
        "risk_lines": _risk_lines(shown),
        "my_teams": set(request.user.memberships.values_list("team_id", flat=True)),
        "open_decisions": DriftDecision.objects.filter(
            operation__change=shown, confirmed_by=None
        ).select_related("operation__item", "decided_by"),
    } | more
    _label_events(dossier, shown)
    return render(request, "changes/change.html", context, status=status)


def _parts(dossier: Dossier, user) -> set[str]:
    return {part for part, people in dossier.people.items() if user in people}


def _offers(shown, user, bound):
    """Steps this person has a part in, each with its dialog, and the steps of other people."""
    mine, others = [], []
    for step, refusals in available_steps(shown, by=user):
        form = bound if bound and bound.step == step else StepForm(step)
        offer = {
            "step": step,
            "refusals": refusals,
            "form": form,
            "dialog": f"step-{step.event}",
            "button_kind": TONES.get(step.tone, ""),
            "source_label": State(step.source).label,
            "target_label": State(step.target).label,
        }
        is_others = any(refusal.code == "who" for refusal in refusals)
        (others if is_others else mine).append(offer)
    return mine, others


def _mark_seats(dossier, user) -> None:
    for seat in dossier.my_seats:
        seat.vote_cast = getattr(seat, "vote", None)
        own = seat.user_id == user.pk
        seat.why_not = reasons_against_voting(dossier.open_round, user) if own and not seat.vote_cast else []


def _vote_refusals(dossier, user):
    """Why somebody with the right to vote, or the requester, has no vote on an open round."""
    if dossier.open_round is None or dossier.my_seats:
        return []
    if dossier.change.requester_id == user.pk or has_right(user, Right.CHANGE_VOTE):
        return reasons_against_voting(dossier.open_round, user)
    return []


def _risk_lines(shown) -> list[dict[str, Any]]:
    """What the risk was computed from, in words."""
    words = {
        "criticality": _("Highest criticality"),
        "affected": _("Items affected"),
        "downtime_minutes": _("Downtime in minutes"),
        "critical_item": _("Critical item, long outage or no sure way back"),
    }
    answers = {}
    for question in QUESTIONS:
        words[question.key] = question.label
        answers |= {(question.key, key): text for key, text, _level in question.answers}
    levels = dict(ChangeRequest._meta.get_field("risk").choices)
    return [
        {
            "label": words.get(key, key),
            "value": answers.get(
                (key, entry["value"]), _("yes") if entry["value"] is True else entry["value"]
            ),
            "level": levels.get(entry["level"], ""),
        }
        for key, entry in (shown.risk_inputs or {}).get("inputs", {}).items()
    ]


def _label_events(dossier, shown) -> None:
    for event in dossier.events:
        step = find_step(event.event, event.source, event.kind or shown.kind)
        event.step_label = step.label if step else event.event


@login_required
def history(request, number):
    """Every step, every version of the change's own fields, and what it wrote into the configuration."""
    require_right(request.user, Right.VIEW)
    shown = found(number)
    dossier = Dossier(shown, request.user)
    _label_events(dossier, shown)
    own = [_readable(told(new, old)) for new, old in with_predecessors(list(shown.history.all()[:100]))]
    written = ConfigurationItem.history.filter(history_change_ref=shown.pk, history_change_reason__in=WRITERS)
    items = []
    for row in written.order_by("-history_id")[:200]:
        items.append(told(row, row.prev_record) | {"object_label": row.name})
    names = User.objects.in_bulk({row["user_id"] for row in [*own, *items]})
    for row in [*own, *items]:
        row["who"] = names.get(row["user_id"], row["who"])
    return render(
        request,
        "changes/history.html",
        {"change": shown, "dossier": dossier, "own_rows": own, "item_rows": items},
    )


# Fields that only repeat others, in the form of programs: the evidence has them, a reader does not want them.
REPEATED = ("state_since_at", "risk_inputs")


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    row["changes"] = [each for each in row["changes"] if each["field"].split(".")[0] not in REPEATED]
    for each in row["changes"]:
        if each["field"].endswith("_hash"):
            each["before"], each["after"] = (
                mark and f"{mark[:12]}…" for mark in (each["before"], each["after"])
            )
    return row


WRITERS = ("apply_stage", "roll_back", "record_retro")


@login_required
@require_POST
def step(request, number, event):
    """Takes a step; refused, the page comes back with the dialog open and every reason."""
    shown = found(number)
    wanted = find_step(event, shown.state, shown.kind)
    if wanted is None:
        messages.error(request, _("The change has moved on meanwhile; this step is no longer there."))
        return redirect("changes:change", number)
    form = StepForm(wanted, request.POST)
    if not form.is_valid():
        return page(request, shown, status=400, step_form=form)
    data, comment = form.data_for_step, form.cleaned_data.get("comment", "")
    try:
        take_step(shown, event, by=request.user, comment=comment, data=data)
    except StepRefused as refused:
        told_why = {"label": wanted.label, "refusals": refused.refusals}
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
        )
    except StepRefused as refused:
        told_why = {"label": _("Vote"), "refusals": refused.refusals}
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
    )


@login_required
@require_POST
def test(request, number):
    """Records a run of the test plan, bound to the plan as it is now."""
    shown = found(number)
    form = TestRunForm(request.POST)
    if not form.is_valid():
        return page(request, shown, status=400, test_form=form)
    cases = form.cases
    try:
        record_test_run(
            shown,
            by=request.user,
            environment=form.cleaned_data["environment"],
            has_passed=all(case["passed"] for case in cases),
            purpose=form.cleaned_data["purpose"],
            cases=cases,
            note=form.cleaned_data["note"],
        )
    except StepRefused as refused:
        told_why = {"label": _("Test run"), "refusals": refused.refusals}
        return page(request, found(number), status=409, test_form=form, refused=told_why)
    messages.success(request, _("The test run is recorded."))
    return redirect("changes:change", number)
