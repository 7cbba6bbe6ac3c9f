"""The phone page: its shell, its worker and its manifest. Data comes over the API alone."""

import json

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from inspections import shell


@never_cache
def phone(request):
    """The shell: the same for everybody, logged in or not."""
    return HttpResponse(shell.document())


@never_cache
def worker(request):
    """The service worker; at the root, so that its scope may be any path."""
    context = {
        "version": shell.version(),
        "files": json.dumps(shell.urls()),
        "sync": "" if "classic" in request.GET else static("inspections/phone/sync.js"),
    }
    return render(request, "inspections/phone_worker.js", context, content_type="text/javascript")


def manifest(request):
    """What an installed page is called and how it looks."""
    icons = [
        {"src": static(f"inspections/phone/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in (192, 512) for purpose in ("any", "maskable")
    ]  # fmt: skip
    home = reverse("inspections:phone")
    names = {"name": _("OpsLedger inspections"), "short_name": _("Inspections")}
    look = {"display": "standalone", "background_color": "#0f172a", "theme_color": "#2563eb", "icons": icons}
    body = names | {"start_url": home, "scope": home, "id": home} | look
    return JsonResponse(body, content_type="application/manifest+json")
