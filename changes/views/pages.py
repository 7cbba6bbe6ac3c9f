"""The page of one change, and its history."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _

from accounts.labelled import in_active_language
from accounts.models import User
from accounts.roles import Right, has_right, require_right
from accounts.step_up import confirm_link, proof_of, take_half_filled
from audit.recorded.differences import told_all, with_own_predecessors, with_predecessors
from changes.actions import (
    available_steps,
    may_remark,
    reasons_against_editing,
    reasons_against_template_of,
    reasons_against_testing,
    reasons_against_voting,
)
from changes.assessed import ImpactPart, asked_owners, risk_lines, runs_in_words
from changes.dossier import KIND_ICONS, Dossier
from changes.dossier import TONES as TONES_OF_STATES
from changes.forms import RemarkForm, StepForm, VoteForm
from changes.imports.report import Warned
from changes.models import ChangeRequest, DriftDecision
from changes.panels import panels_for
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
    shown = found(number)
    if shown.is_imported and shown.is_ended:
        return recorded(request, shown)
    return page(request, shown, **half_filled(request, shown))


def recorded(request, shown: ChangeRequest):
    """A change of another system: what is known of it, without the cards of a plan that it never had."""
    event = shown.events.select_related("actor").filter(event="record_import").first()
    record = event.data.get("record", {}) if event else {}
    known = [about for about in (event.data.get("warnings", {}) if event else {}) if about in set(Warned)]
    context = {
        "change": shown,
        "tone": TONES_OF_STATES[shown.state],
        "kind_icon": KIND_ICONS[shown.kind],
        "event": event,
        "record": record,
        "facts": [(in_active_language(*words), value) for *words, value in record.get("facts", [])],
        "warnings": [Warned(about).label for about in known],
        "items": shown.change_items.filter(impact="manual")
        .select_related("item__type")
        .order_by("item__name"),
        "names": _unlinked(shown, record),
        "panels": panels_for(shown, request.user),
    }
    return render(request, "changes/recorded.html", context)


def _unlinked(shown: ChangeRequest, record: dict[str, Any]) -> list[str]:
    linked = set(shown.change_items.values_list("item__name", flat=True))
    return [name for name in record.get("items", []) if name.partition(":")[2] not in linked]


def half_filled(request, shown: ChangeRequest) -> dict[str, Any]:
    """The form that waited while the person confirmed who they are, open again as it was left."""
    typed = take_half_filled(request, request.get_full_path()) if "resume" in request.GET else {}
    if not typed:
        return {}
    values = QueryDict(mutable=True)
    for name, each in typed.items():
        values.setlist(name, each)
    name, _colon, event = request.GET["resume"].partition(":")
    if name == "vote":
        return {"vote_form": VoteForm(values)}
    step = find_step(event, shown.state, shown.kind)
    return {"step_form": StepForm(step, values)} if step else {}


def page(request, shown: ChangeRequest, *, status: int = 200, **more: Any):
    """The page; `step_form`, `vote_form`, `refused`, `drifts` carry what a POST left."""
    require_right(request.user, Right.VIEW)  # a refused POST shows the page too
    dossier = Dossier(shown, request.user)
    mine, others = _offers(shown, request.user, more.pop("step_form", None))
    _mark_seats(dossier, request.user)
    works = "implementer" in _parts(dossier, request.user)
    measures = "verifier" in _parts(dossier, request.user) and shown.state in (
        State.IMPLEMENTING,
        State.VERIFYING,
    )
    send_back = next((offer for offer in mine if offer["step"].event == "rework"), None)
    context = {
        "change": shown,
        "dossier": dossier,
        "dialogs": [offer for offer in mine if not offer["refusals"]],
        "send_back": send_back and send_back | {"short": _("Send back")},
        "panels": panels_for(shown, request.user),
        "offers": [offer for offer in mine if offer is not send_back or not dossier.my_seats],
        "other_offers": others,
        "vote_buttons": VOTE_BUTTONS,
        "vote_refusals": _vote_refusals(dossier, request.user),
        "confirm_link": "" if proof_of(request).is_fresh else confirm_link(request.path),
        "may_edit": not reasons_against_editing(shown, request.user),
        "may_work": works,
        "may_measure": measures,
        "remark_form": RemarkForm(),
        "may_remark": may_remark(request.user),
        "may_make_template": not reasons_against_template_of(shown, request.user),
        "test_runs": runs_in_words(shown),
        "why_no_test": reasons_against_testing(shown, request.user),
        "impact": ImpactPart(shown, request.user),
        "asked": asked_owners(shown, request.user),
        "risk_lines": risk_lines(shown.risk_inputs or {}),
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
            "asks_proof": step.event == "break_glass" or (step.event == "start" and shown.is_high_risk),
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
    own = [_readable(row) for row in told_all(with_predecessors(list(shown.history.all()[:100])))]
    written = ConfigurationItem.history.filter(history_change_ref=shown.pk, history_change_reason__in=WRITERS)
    pairs = with_own_predecessors(written.order_by("-history_id")[:200])
    labels = [{"object_label": row.name} for row, _before in pairs]
    items = [words | label for words, label in zip(told_all(pairs), labels, strict=True)]
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
