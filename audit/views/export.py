"""The record as a file: chosen on a page, streamed as it is read, itself an event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from audit import hooks
from audit.actions import record_event, record_lasting_event
from audit.context import Origin, coming_from, origin
from audit.evidence import as_csv, lines
from audit.forms import ExportForm
from audit.models import SecurityEvent
from audit.recorded.history import recorded_models

TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


@require_http_methods(["GET", "POST"])
@login_required
def export(request: HttpRequest) -> HttpResponse:
    """GET: what to take away. POST: the file; memory does not grow with it."""
    hooks.require_exporter(request.user)
    if request.method == "GET":
        start = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return render(request, "audit/export.html", {"form": ExportForm(initial={"since": start})})
    form = ExportForm(request.POST)
    if not form.is_valid():
        return render(request, "audit/export.html", {"form": form}, status=400)
    asked = form.cleaned_data
    chosen = [model for model in recorded_models() if model._meta.label_lower in asked["models"]]
    until = asked["until"] or timezone.now()
    kind, detail = (
        asked["format"],
        {
            "what": "history", "format": asked["format"], "since": asked["since"], "until": until,
            "models": asked["models"] or "all",
        },
    )  # fmt: skip
    name = f"opsledger-history-{timezone.localtime():%Y%m%d-%H%M%S}.{kind}"
    record_event(SecurityEvent.Kind.EXPORT, by=request.user, target=name, detail=detail | {"status": "begun"})
    found = lines(chosen or recorded_models(), asked["since"], until)
    return StreamingHttpResponse(
        _followed(found, kind, name, detail, (request.user, origin())),
        content_type=TYPES[kind],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _followed(
    found: Iterator[str], kind: str, name: str, detail: dict[str, Any], by_whom: tuple[Any, Origin]
) -> Iterator[str]:
    """The file's text; whatever becomes of it, how many rows left us stands in the record."""
    (user, where), began = by_whom, datetime.now(tz=timezone.get_default_timezone())
    count, status = 0, "broken off"

    def counted() -> Iterator[str]:
        nonlocal count
        for line in found:
            count += 1
            yield line

    try:
        if kind == "csv":
            yield from as_csv(counted())
        else:
            yield from (f"{line}\n" for line in counted())
        status = "complete"
    finally:
        seconds = (datetime.now(tz=began.tzinfo) - began).total_seconds()
        with coming_from(where.path, request_id=where.request_id, address=where.address):
            record_lasting_event(
                SecurityEvent.Kind.EXPORT, by=user, target=name,
                detail=detail | {"status": status, "rows": count, "seconds": round(seconds, 1)},
            )  # fmt: skip
