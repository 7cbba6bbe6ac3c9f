"""What follows a dialog of the administration."""

from django.http import HttpResponse
from django.urls import reverse


def went(name, *args):
    """A dialog's answer: the page is opened anew."""
    return HttpResponse(headers={"HX-Redirect": reverse(f"admin:inspections_{name}", args=args)})
