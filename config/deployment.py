"""What must hold of an installation for phones to work where there is no signal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning  # noqa: A004  Django's own name

RECIPE = "docs/how-to/serve-over-https.md has a recipe for a network of one's own."


def check_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy`: browsers keep pages for offline use only of sites that are served over https."""
    if not settings.HTTPS:
        return [
            Warning(
                "The site is served over plain http: phones cannot open the inspection page without a "
                "connection, because browsers keep pages only of sites with https.",
                hint=f"End TLS in a proxy, then set OPSLEDGER_HTTPS=1 and OPSLEDGER_PROXIES=1. {RECIPE}",
                id="config.W001",
            )
        ]
    if urlsplit(settings.BASE_URL).scheme != "https":
        return [
            Warning(
                f"OPSLEDGER_URL is {settings.BASE_URL}: QR labels and mails lead there, past https.",
                hint="Set OPSLEDGER_URL to the https address that people use.",
                id="config.W002",
            )
        ]
    return []
