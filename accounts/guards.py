"""What must hold of an installation for people to be told anything."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Info, Warning  # noqa: A004  Django's own name


def check_mail(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy`: mail can be sent, and its links lead to where people reach this server."""
    if not settings.MAIL_IS_ON:
        return [
            Info(
                "No mail server is configured: people are told on the pages alone. "
                "OPSLEDGER_SMTP_URL=smtp+tls://user:password@mail.example.org:587 changes that.",
                id="accounts.I001",
            )
        ]
    if urlsplit(settings.BASE_URL).hostname in {"localhost", "127.0.0.1", "::1", None}:
        return [
            Warning(
                f"Links in mails lead to {settings.BASE_URL}, which nobody else reaches: set OPSLEDGER_URL.",
                id="accounts.W001",
            )
        ]
    return []
