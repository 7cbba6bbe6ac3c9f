"""My delegations: who votes for me, and for whom I may vote."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, require_right
from changes.actions import StepRefused, delegate_votes, end_delegation
from changes.forms import DelegationForm
from changes.models import VoteDelegation

SHOWN = 50


@login_required
def delegations(request):
    """Both sides, those that count now first; POST lends my vote."""
    require_right(request.user, Right.VIEW)
    form = DelegationForm(request.user, request.POST or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            delegate_votes(request.user, asked.pop("deputy"), by=request.user, **asked)
        except StepRefused as caught:
            refused = caught
        else:
            messages.success(request, _("Your deputy is told, and may vote for you in this time."))
            return redirect("changes:delegations")
    now = timezone.now()
    mine = Q(person=request.user) | Q(deputy=request.user)
    rows = list(
        VoteDelegation.objects.filter(mine)
        .select_related("person", "deputy")
        .order_by("-ends_at", "-pk")[:SHOWN]
    )
    for row in rows:
        row.phase = "over" if row.ends_at <= now else "now" if row.starts_at <= now else "later"
    context = {
        "form": form,
        "refused": refused,
        "lent": [row for row in rows if row.person_id == request.user.pk],
        "borrowed": [row for row in rows if row.deputy_id == request.user.pk],
    }
    return render(
        request, "changes/delegations.html", context, status=409 if refused else 400 if form.errors else 200
    )


@login_required
@require_POST
def end(request, pk):
    """The delegation counts no more from now on."""
    require_right(request.user, Right.VIEW)
    try:
        end_delegation(get_object_or_404(VoteDelegation, pk=pk), by=request.user)
    except StepRefused as refused:
        for each in refused.refusals:
            messages.error(request, f"{each.message} {each.fix}")
    else:
        messages.success(request, _("The delegation has ended."))
    return redirect("changes:delegations")
