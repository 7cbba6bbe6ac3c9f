"""Files of days and duties: looked at first, then loaded, exactly as they were shown."""

import base64

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from inspections.actions.loading import LARGEST

TONE = {"create": "good", "update": "info", "unchanged": "neutral", "error": "bad"}
SHOWN = 400


def posted_file(request):
    """The bytes that were uploaded, or those that the page showed and sends back to be loaded.

    Raises ValidationError where there are none, or too many.
    """
    upload = request.FILES.get("file")
    if upload is not None:
        if upload.size > LARGEST:
            raise ValidationError(_("The file is larger than 500 kB: this is no list of days."))
        return upload.read()
    try:
        kept = base64.b64decode(request.POST.get("kept", ""), validate=True)
    except ValueError:  # no base64, or no ASCII at all
        kept = b""
    if not kept:
        raise ValidationError(_("Choose a file."))
    return kept


def shown(loaded, data):
    """What a page shows of a dry run, and the bytes that it sends back."""
    words = {
        "create": _("new"),
        "update": pgettext("imported row", "changed"),
        "unchanged": _("as before"),
        "error": _("wrong"),
    }
    for line in loaded.lines:
        line.tone, line.word = TONE[line.outcome], words[line.outcome]
    writes = loaded.counts["create"] + loaded.counts["update"]
    return {
        "loaded": loaded, "lines": (loaded.errors or loaded.lines)[:SHOWN], "writes": writes,
        "is_cut": len(loaded.errors or loaded.lines) > SHOWN, "limit": SHOWN,
        "kept": base64.b64encode(data).decode(),
    }  # fmt: skip
