"""Sending a kept file out: always as a download, never shown by the browser."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from audit.models import StoredFile

UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]+")


def send_file(stored: StoredFile, name: str) -> HttpResponse:
    """The bytes as a download called `name`; whoever calls this has checked the rights.

    Neither the declared type nor the bytes are believed: nothing in it can run as a page of ours.
    """
    safe_name = UNSAFE.sub("_", name).strip(" .")[:200] or stored.sha256[:12]
    return HttpResponse(
        bytes(stored.content),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, safe_name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
