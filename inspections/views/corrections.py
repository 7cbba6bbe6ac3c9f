"""Corrections that inspections propose: the work list, and one with what was seen beside what is recorded."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cmdb.attributes import attribute_label
from inspections import guards
from inspections.actions import accept_correction, refuse_correction
from inspections.actions.corrections import recorded_value
from inspections.models import CorrectionProposal, Evidence
from inspections.sheet import shown_value
from inspections.views.access import page
from inspections.workflow import CorrectionState

PAGE = 25
TONE = {
    CorrectionState.PROPOSED: ("warn", "edit_note"), CorrectionState.ACCEPTED: ("good", "check_circle"),
    CorrectionState.REFUSED: ("bad", "block"), CorrectionState.SUPERSEDED: ("neutral", "history"),
}  # fmt: skip


@page
def corrections(request):
    """Proposed corrections, by state and by words; what nobody has decided unless another state is chosen."""
    state, word = request.GET.get("state", CorrectionState.PROPOSED), request.GET.get("q", "").strip()[:80]
    rows = CorrectionProposal.objects.for_list()
    if state in CorrectionState.values:
        rows = rows.filter(state=state)
    if word:
        rows = rows.filter(Q(ci__name__icontains=word) | Q(field__icontains=word))
    shown = Paginator(rows.order_by("-id"), PAGE).get_page(request.GET.get("page"))
    for row in shown:
        decorate(row)
    context = {"page": shown, "state": state, "states": CorrectionState.choices, "word": word}
    return render(request, "inspections/corrections.html", context)


def decorate(row):
    """The proposal with its look and the field's name."""
    row.tone, row.icon = TONE[row.state]
    spec = row.ci.type.compiled_schema.get(row.key)
    row.field_label = (
        _("Serial number") if row.field == "serial" else attribute_label(spec) if spec else row.key
    )
    row.shown_was, row.shown_seen = as_words(row.was), as_words(row.seen)
    return row


def as_words(value):
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


@page
def correction(request, pk):
    """One proposal: recorded, seen, by whom and on which round, with the photos of that CI."""
    return correction_page(request, get_object_or_404(CorrectionProposal.objects.for_list(), pk=pk))


def correction_page(request, row, refused=None, status=200):
    decorate(row)
    recorded = recorded_value(row.ci, row.field)
    context = {
        "row": row, "refused": refused, "typed": request.POST,
        "recorded": as_words(recorded), "has_moved_on": recorded != row.was,
        "answer": row.answer, "shown_answer": shown_value(row.answer.item, row.answer),
        "photos": Evidence.objects.filter(target=row.answer.target_id, withdrawn_at=None).order_by("id")[:6],
        "is_open": row.state == CorrectionState.PROPOSED,
        "why_not_accepted": guards.against_accepting_correction(row, request.user, recorded),
        "why_not_decided": guards.against_deciding_correction(row, request.user),
    }  # fmt: skip
    return render(request, "inspections/correction.html", context, status=status)


@page
@require_POST
def correction_deed(request, pk, deed):
    """Accepts or refuses; a refusal comes back in words."""
    row = get_object_or_404(CorrectionProposal.objects.for_list(), pk=pk)
    words = request.POST.get("comment", "")[:2000]
    act = accept_correction if deed == "accept" else refuse_correction
    try:
        done = act(row, by=request.user, comment=words)
    except guards.Refused as refused:
        return correction_page(request, row, refused, 409)
    if done.change:
        said = _("%(number)s is drafted: items of this type are changed by changes only.")
        messages.success(request, said % {"number": done.change.number})
    return redirect("inspections:correction", pk)
