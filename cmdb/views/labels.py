"""A sheet of QR labels to print, of the items that a filter finds."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.roles import Right, require_right
from cmdb.actions import label_items, may_label
from cmdb.labels import code_of
from cmdb.models import ConfigurationItem
from cmdb.views.lists import FILTERS, filtered, query_string

MOST = 240  # ten pages of 24


@require_http_methods(["GET", "POST"])
@login_required
def labels(request):
    """The labels of the filtered items, by name; POST makes those that are missing. Two statements."""
    require_right(request.user, Right.VIEW)
    wanted = request.GET.get("item", "")
    if wanted.isascii() and wanted.isdigit():
        found = ConfigurationItem.objects.filter(pk=wanted[:18])
    else:
        found = filtered(request.GET).live()
    shown = found.select_related("type", "location", "qr_label").order_by("name", "-id")
    items = list(shown.defer("description", "attributes", "search_text")[: MOST + 1])
    is_cut, items = len(items) > MOST, items[:MOST]
    if request.method == "POST":
        made = label_items(items, by=request.user)
        messages.success(
            request, ngettext("%(n)d label is new.", "%(n)d labels are new.", made) % {"n": made}
        )
        return redirect(f"{reverse('cmdb:labels')}{query_string(request.GET)}")
    labelled = [item for item in items if hasattr(item, "qr_label")]
    for item in labelled:
        item.code = code_of(item.qr_label.address)
    context = {
        "items": labelled,
        "missing": len(items) - len(labelled),
        "is_cut": is_cut,
        "most": MOST,
        "may_label": may_label(request.user),
        "is_filtered": any(request.GET.get(name) for name in (*FILTERS, "item")),
        "list_query": query_string(request.GET),
    }
    return render(request, "cmdb/labels.html", context)
