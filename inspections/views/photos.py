"""Photos of inspections, sent out."""

from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from audit.views.files import send_file
from inspections.models import Evidence
from inspections.views.access import page


@require_GET
@page
def photo(request, op):
    """The photo as a download: an <img> shows it all the same, and nothing else can run it."""
    shown = get_object_or_404(Evidence.objects.select_related("file"), op=op)
    return send_file(shown.file, shown.name)
