"""Remarks on a change, and the note that a voter has opened it; POST alone."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, require_right
from changes.actions import StepRefused, add_remark, note_reading
from changes.forms import RemarkForm
from changes.guards.votes import open_round
from changes.views.pages import found, page


@login_required
@require_POST
def remark(request, number):
    """Writes a question, an answer or a note under the change."""
    require_right(request.user, Right.VIEW)
    shown = found(number)
    form = RemarkForm(request.POST)
    if not form.is_valid():
        return page(request, shown, status=400, remark_form=form)
    asked = form.cleaned_data
    answers = asked["answers"] and get_object_or_404(shown.remarks, pk=asked["answers"])
    try:
        written = add_remark(
            shown, asked["text"], by=request.user, is_question=asked["is_question"], answers=answers or None
        )
    except StepRefused as refused:
        told = {"label": _("Remark"), "refusals": refused.refusals}
        return page(request, shown, status=409, remark_form=form, refused=told)
    messages.success(request, _("It stands under the change now."))
    return redirect(f"/changes/{number}/#remark-{written.answers_id or written.pk}")


@login_required
@require_POST
def reading(request, number):
    """Notes when this voter first opened the change of the open round; asked for by the page's script."""
    require_right(request.user, Right.VIEW)
    current = open_round(found(number))
    if current is not None:
        note_reading(current, by=request.user)
    return HttpResponse(status=204)
