"""What happened, as two lists: the history of all records, and security events."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit import hooks
from audit.forms import EventFilter, HistoryFilter
from audit.happened import PAGE_ROWS, Page, Question, SearchTooWideError, happened
from audit.models import SecurityEvent
from audit.recorded.admin import RecordedAdmin
from audit.recorded.differences import deed_in_words
from audit.recorded.history import recorded_models

TONES = {"+": "good", "~": "info", "-": "bad"}
EVENT_TONES = {
    "login_failed": "warn", "lockout": "bad", "refusal": "serious", "export": "info",
    "permission_change": "warn", "token": "warn",
}  # fmt: skip
PEOPLE = 500


@require_GET
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """One page of what happened to all records, newest first."""
    hooks.require_reader(request.user)
    form, page, is_too_wide = HistoryFilter(request.GET), Page(), False
    if form.is_valid():
        try:
            page = happened(_question(form.cleaned_data), **_position(request))
        except SearchTooWideError:
            is_too_wide = True
    _link(page.rows, request.user)
    return render(
        request,
        "audit/history.html",
        {
            "form": form, "rows": page.rows, "is_too_wide": is_too_wide,
            "previous": _address(request, after=page.newer), "next": _address(request, before=page.older),
            "is_filtered": any(form.data.get(name) for name in form.fields),
        },
    )  # fmt: skip


@require_GET
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """One page of security events, newest first."""
    hooks.require_reader(request.user)
    form, rows, newer, older = EventFilter(request.GET), [], None, None
    if form.is_valid():
        rows, newer, older = _events_page(_matching(form.cleaned_data), **_position(request))
    for event in rows:
        event.tone = EVENT_TONES.get(event.kind, "neutral")
        event.told = _told(event.detail)
    return render(
        request,
        "audit/events.html",
        {
            "form": form, "rows": rows,
            "previous": _address(request, after=newer), "next": _address(request, before=older),
            "is_filtered": any(form.data.get(name) for name in form.fields),
            "may_see_admin": request.user.has_perm("audit.view_securityevent"),
        },
    )  # fmt: skip


def _question(asked: dict[str, Any]) -> Question:
    users = get_user_model()._base_manager.none()
    if asked["person"]:
        named = Q(username__icontains=asked["person"]) | Q(display_name__icontains=asked["person"])
        users = get_user_model()._base_manager.filter(named)
    return Question(
        chosen=[model for model in recorded_models() if model._meta.label_lower == asked["model"]],
        since=asked["since"],
        until=asked["until"],
        person=asked["person"],
        user_ids=list(users.values_list("pk", flat=True)[:PEOPLE]),
        object_id=asked["object"],
        change_ref=asked["change"],
        deed=asked["deed"],
        reason=asked["reason"],
    )


def _position(request: HttpRequest) -> dict[str, int]:
    for name in ("before", "after"):
        text = request.GET.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < len("9223372036854775807"):
            return {name: int(text)}
    return {}


def _address(request: HttpRequest, **position: int | None) -> str:
    ((name, number),) = position.items()
    if number is None:
        return ""
    query = request.GET.copy()
    for other in ("before", "after"):
        query.pop(other, None)
    query[name] = str(number)
    return f"?{query.urlencode()}"


def _link(rows: list[dict[str, Any]], user: Any) -> None:
    refs = {row["change_ref"] for row in rows if row["change_ref"]}
    changes = RecordedAdmin.change_links(refs)
    for row in rows:
        row["tone"] = TONES[row["type"]]
        row["change_label"], row["change_url"] = changes.get(
            row["change_ref"], (row["change_ref"] and f"#{row['change_ref']}", "")
        )
        meta = row["model"]._meta
        row["label"] = meta.label_lower
        row["url"] = ""
        if row["type"] != "-" and row["model"] in site._registry and user.has_perm(_view_perm(meta)):
            row["url"] = _admin_address(meta, row["object_id"])


def _view_perm(meta: Any) -> str:
    return f"{meta.app_label}.view_{meta.model_name}"


def _admin_address(meta: Any, pk: int) -> str:
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return ""


def _matching(asked: dict[str, Any]) -> QuerySet[SecurityEvent]:
    found = SecurityEvent.objects.all()
    wanted = {
        "at__gte": asked["since"],
        "at__lt": asked["until"],
        "kind": asked["kind"],
        "actor__icontains": asked["person"],
        "target__icontains": asked["target"],
        "address__startswith": asked["address"],
    }
    return found.filter(**{name: value for name, value in wanted.items() if value})


def _events_page(
    events: QuerySet[SecurityEvent], *, before: int | None = None, after: int | None = None
) -> tuple[list[Any], int | None, int | None]:
    if after is not None:
        found = list(events.filter(pk__gt=after).order_by("pk")[: PAGE_ROWS + 1])
    else:
        found = list((events.filter(pk__lt=before) if before else events).order_by("-pk")[: PAGE_ROWS + 1])
    is_full = len(found) > PAGE_ROWS
    rows = sorted(found[:PAGE_ROWS], key=lambda event: -event.pk)
    if not rows:
        return [], None, None
    has_newer, has_older = (is_full, True) if after is not None else (before is not None, is_full)
    return rows, rows[0].pk if has_newer else None, rows[-1].pk if has_older else None


def _told(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """The detail of an event, line by line: its name, its words."""
    lines = [(_("deed"), deed_in_words(detail["deed"]))] if detail.get("deed") else []
    for reason in detail.get("reasons") or []:
        words = reason.get("message") or reason.get("code") if isinstance(reason, dict) else reason
        lines.append((_("because"), str(words)))
    lines += [
        (name, str(value)) for name, value in detail.items()
        if name not in ("deed", "reasons") and value not in (None, "", [], {})
    ]  # fmt: skip
    return lines
