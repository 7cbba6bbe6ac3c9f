"""Declaring a freeze, after a look at what it covers and whom it hits."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Right, require_right
from changes.actions import declare_freeze
from changes.collisions import changes_hit_by
from changes.collisions.scopes import everything_in
from changes.forms import FreezeForm

SHOWN = 30


@login_required
def new(request):
    """The form; with `preview` the covered items and the changes that are hit; else the freeze stands."""
    require_right(request.user, Right.CHANGE_MANAGE)
    form = FreezeForm(request.POST or None)
    context = {"form": form}
    if request.method == "POST" and form.is_valid():
        freeze = form.instance
        hits = changes_hit_by(freeze)
        if "preview" not in request.POST:
            declare_freeze(freeze, by=request.user)
            told = ngettext(
                "The freeze stands. It hits %(n)d change.",
                "The freeze stands. It hits %(n)d changes.",
                len(hits),
            )
            messages.success(request, told % {"n": len(hits)})
            return redirect("admin:changes_freezewindow_changelist")
        items = everything_in(freeze).select_related("type").order_by("-criticality", "name", "-id")
        context |= {"hits": hits, "items": items[:SHOWN], "count": items.count(), "shown": SHOWN}
    elif request.method == "POST":
        messages.error(request, _("Not previewed: correct what is marked."))
    return render(request, "changes/freeze_new.html", context, status=400 if form.errors else 200)
