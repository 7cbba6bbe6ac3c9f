"""Writes that no change had planned: the list, one of them, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Team, User
from accounts.roles import Right, has_right, require_right
from changes.actions import (
    StepRefused,
    accept_write,
    link_write,
    may_accept,
    open_retrospective,
    plan_instead,
)
from changes.forms.control import PlanInsteadForm
from changes.models import ChangeRequest, UnauthorisedWrite
from changes.models.plan import column_label
from changes.workflow import Kind
from cmdb.models import CIType, ConfigurationItem

PAGE_SIZE = 50
ROWS_SHOWN = 200
STATES = ("unexplained", "linked", "accepted", "all")
TONES = {"open": "warn", "linked": "info", "accepted": "done"}
FILTERS = ("type", "team", "person", "since", "until", "kind", "service")


@login_required
def unauthorised(request):
    """Newest first, one line for each transaction and type. Pages by key."""
    require_right(request.user, Right.VIEW)
    state = request.GET.get("state") if request.GET.get("state") in STATES else "unexplained"
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    everything = UnauthorisedWrite.objects.all()
    counts = {"unexplained": everything.unexplained().count()}
    writes = everything.narrowed(wanted)
    if state == "unexplained":
        writes = writes.unexplained()
    elif state != "all":
        writes = writes.filter(state=state)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        writes = writes.filter(pk__lt=int(before[:18]))
    writes = writes.select_related("type", "writer", "change", "decided_by")
    rows = list(writes.annotate(row_count=Count("rows")).order_by("-id")[: PAGE_SIZE + 1])
    following = rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None
    return render(
        request,
        "changes/unauthorised.html",
        {
            "state": state,
            "tabs": [(key, _label(key), counts.get(key)) for key in STATES],
            "rows": [_decorated(write) for write in rows[:PAGE_SIZE]],
            "wanted": wanted,
            "types": CIType.objects.filter(pk__in=everything.order_by().values("type")),
            "teams": Team.objects.all(),
            "kinds": Kind.choices,
            "service": _service(wanted),
            "people": User.objects.filter(pk__in=everything.order_by().values("writer")),
            "next": following and f"?{urlencode({'state': state, **wanted, 'before': following})}",
            "previous": before and f"?{urlencode({'state': state, **wanted})}",
        },
    )


def _service(wanted: dict[str, str]) -> ConfigurationItem | None:
    """The service that the measures lead here with; it is not chosen on this page."""
    key = wanted.get("service", "")
    return ConfigurationItem.objects.filter(pk=int(key[:18])).first() if key.isdecimal() else None


def _label(key: str) -> str:
    return {
        "unexplained": _("To be explained"),
        "linked": _("Linked to a change"),
        "accepted": _("Accepted"),
        "all": _("All"),
    }[key]


def _decorated(write: UnauthorisedWrite) -> UnauthorisedWrite:
    write.tone = TONES[write.state]
    return write


def _found(pk: int) -> UnauthorisedWrite:
    people = ("type", "writer", "change", "named", "decided_by")
    return get_object_or_404(UnauthorisedWrite.objects.select_related(*people), pk=pk)


@login_required
def unauthorised_write(request, pk):
    """One write: every item with its difference, and the three ways to explain it."""
    require_right(request.user, Right.VIEW)
    return _page(request, _found(pk))


def _page(request, write: UnauthorisedWrite, *, refusals=(), typed=None, status=200):
    rows = list(write.rows.select_related("item__type")[: ROWS_SHOWN + 1])
    total = write.rows.count() if len(rows) > ROWS_SHOWN else len(rows)
    is_open = UnauthorisedWrite.objects.unexplained().filter(pk=write.pk).exists()
    context = {
        "write": _decorated(write),
        "rows": rows[:ROWS_SHOWN],
        "more": max(0, total - ROWS_SHOWN),
        "total": total,
        "is_open": is_open,
        "may_link": is_open and has_right(request.user, Right.CHANGE_REQUEST),
        "may_accept": is_open and may_accept(request.user) and write.writer_id != request.user.pk,
        "is_writer": write.writer_id == request.user.pk,
        "candidates": _candidates(write) if is_open else [],
        "refusals": refusals,
        "typed": typed or {},
    }
    return render(request, "changes/unauthorised_write.html", context, status=status)


def _candidates(write: UnauthorisedWrite):
    """The newest changes that list one of its items."""
    items = write.rows.values("item")
    return (
        ChangeRequest.objects.filter(change_items__item__in=items, change_items__impact="manual")
        .distinct()
        .order_by("-id")[:8]
    )


@login_required
@require_POST
def explain(request, pk, way):
    """Linked, accepted, or opened as a change recorded afterwards."""
    require_right(request.user, Right.VIEW)
    write = _found(pk)
    typed = {name: request.POST.get(name, "").strip() for name in ("change", "comment")}
    try:
        if way == "retrospective":
            change = open_retrospective(write, by=request.user)
            messages.success(request, _("The draft says what was written. Complete it, then record it."))
            return redirect("changes:edit", change.number)
        if way == "accept":
            accept_write(write, by=request.user, comment=typed["comment"])
        else:
            change = ChangeRequest.objects.filter(number=typed["change"].upper()).first()
            if change is None:
                words = _("There is no change “%(number)s”.") % {"number": typed["change"]}
                return _page(request, write, refusals=[words], typed=typed, status=400)
            link_write(write, change, by=request.user, comment=typed["comment"])
    except StepRefused as refused:
        said = [f"{refusal.message} {refusal.fix}".strip() for refusal in refused.refusals]
        return _page(request, _found(pk), refusals=said, typed=typed, status=409)
    messages.success(request, _("The write is explained."))
    return redirect("changes:unauthorised")


@require_http_methods(["GET", "POST"])
@login_required
def instead(request):
    """What was refused becomes a change: the item and the difference stand, title and reason are asked."""
    require_right(request.user, Right.CHANGE_REQUEST)
    asked = request.POST if request.method == "POST" else request.GET
    if not asked.get("item"):
        return redirect("changes:new")
    if not asked["item"].isascii() or not asked["item"].isdigit():
        raise BadRequest("item")
    item = get_object_or_404(ConfigurationItem.objects.select_related("type"), pk=int(asked["item"][:18]))
    after = _after(asked.get("after", ""))
    form = PlanInsteadForm(
        request.POST or None, initial={"title": _("Change %(item)s") % {"item": item.name}}
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                change = plan_instead(item, after, by=request.user, **form.cleaned_data)
                return redirect("changes:edit", change.number)
            except ValidationError as fault:
                form.add_error(None, fault.messages)
    lines = [(_field(item, name), _now(item, name), value) for name, value in after.items()]
    context = {"form": form, "item": item, "lines": lines, "after": json.dumps(after, ensure_ascii=False)}
    return render(request, "changes/plan_instead.html", context, status=status)


def _after(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as fault:
        raise BadRequest("after") from fault
    if not isinstance(found, dict):
        raise BadRequest("after")
    return found


def _field(item: ConfigurationItem, name: str) -> str:
    key = name.removeprefix("attributes.")
    spec = item.type.compiled_schema.get(key, {}) if key != name else {}
    return spec.get("label", key) if key != name else column_label(name)


def _now(item: ConfigurationItem, name: str) -> Any:
    key = name.removeprefix("attributes.")
    return item.attributes.get(key) if key != name else getattr(item, name, None)
