"""Standard changes: the catalogue to raise from, and the templates that managers write and boards decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, has_right, require_right
from changes.actions import (
    StepRefused,
    could_be_standard,
    edit_template,
    new_version,
    propose_template,
    raise_from_template,
    reasons_against_proposing,
    reasons_against_template_of,
    reasons_against_voting_on,
    retire_template,
    skeleton_of,
    suspend_template,
    template_from,
    values_in,
    vote_on_template,
)
from changes.assessed import TEMPLATE_TONES, compared
from changes.forms import GapFormSet, ParameterForm, ParameterFormSet, RaiseForm, TemplateForm
from changes.guards.template import template_active
from changes.models import ChangeRequest, StandardTemplate
from changes.views.pages import found

PAGE = 25
GOOD = Q(changes__outcome__in=["successful", "successful_with_issues"])


@login_required
def catalogue(request):
    """Active templates, to raise a change from, and suspended ones with the reason; how each went."""
    require_right(request.user, Right.VIEW)
    shown = Q(is_active=True) | ~Q(suspended_reason="") & Q(retired_at=None)
    rows = StandardTemplate.objects.filter(shown).annotate(
        used=Count("changes", distinct=True), good=Count("changes", filter=GOOD, distinct=True)
    )
    wanted = request.GET.get("q", "").strip()
    if wanted:
        rows = rows.filter(
            Q(label__icontains=wanted) | Q(label_zh__icontains=wanted) | Q(description__icontains=wanted)
        )
    page = Paginator(rows.order_by("-is_active", "label", "id"), PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.tone = TEMPLATE_TONES[row.state]
    context = {
        "page": page,
        "q": wanted,
        "may_raise": has_right(request.user, Right.CHANGE_REQUEST),
        "may_manage": has_right(request.user, Right.CHANGE_MANAGE),
    }
    return render(request, "changes/catalogue.html", context)


@login_required
def raise_change(request, pk):
    """A form with a field for each parameter; a draft with the plan of the template comes of it."""
    require_right(request.user, Right.CHANGE_REQUEST)
    template = _found(pk)
    if not template.is_active:
        refused = StepRefused(template_active(ChangeRequest(template=template), request.user, {}))
        return template_page(request, template, status=409, refused=refused)
    form = RaiseForm(template, request.POST or None)
    refused, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                change = raise_from_template(template, by=request.user, **form.raise_fields)
            except StepRefused as caught:
                refused, status = caught, 409
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                words = {"number": change.number}
                messages.success(request, _("%(number)s is a draft; read it and submit it.") % words)
                return redirect("changes:change", change.number)
    context = {"template": template, "form": form, "refused": refused}
    return render(request, "changes/raise.html", context, status=status)


@login_required
def templates(request):
    """Every version of every template, for who manages and who decides."""
    require_right(request.user, Right.VIEW)
    rows = StandardTemplate.objects.select_related("approved_by", "board")
    shows = {
        "proposed": Q(proposed_at__isnull=False),
        "active": Q(is_active=True),
        "draft": Q(approved_at=None, proposed_at=None, retired_at=None),
        "suspended": ~Q(suspended_reason=""),
        "retired": Q(retired_at__isnull=False),
    }
    show = request.GET.get("show", "")
    rows = rows.filter(shows[show]) if show in shows else rows
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.tone = TEMPLATE_TONES[row.state]
    context = {"page": page, "show": show, "may_manage": has_right(request.user, Right.CHANGE_MANAGE)}
    return render(request, "changes/templates.html", context)


@login_required
def template(request, pk):
    """One version: its content, its votes, and what can be done with it."""
    require_right(request.user, Right.VIEW)
    return template_page(request, _found(pk))


def template_page(request, row: StandardTemplate, *, status: int = 200, **more: Any):
    row.tone = TEMPLATE_TONES[row.state]
    others = list(StandardTemplate.objects.filter(key=row.key).exclude(pk=row.pk))
    wanted = request.GET.get("with", "")
    other = next((each for each in others if str(each.version) == wanted), None)
    if other is None and row.copied_from_id:
        other = next((each for each in others if each.pk == row.copied_from_id), None)
    context = {
        "template": row,
        "others": others,
        "other": other,
        "differences": compared(other, row) if other else [],
        "votes": row.votes.select_related("voter").order_by("-id"),
        "why_no_vote": reasons_against_voting_on(row, request.user),
        "why_not_proposed": reasons_against_proposing(row, request.user),
        "may_manage": has_right(request.user, Right.CHANGE_MANAGE),
        "may_raise": row.is_active and has_right(request.user, Right.CHANGE_REQUEST),
        "used": row.changes.order_by("-id")[:10],
    } | more
    return render(request, "changes/template.html", context, status=status)


def _found(pk) -> StandardTemplate:
    people = ("approved_by", "proposed_by", "board")
    return get_object_or_404(StandardTemplate.objects.select_related(*people), pk=pk)


@login_required
@require_POST
def template_deed(request, pk, deed):
    """One deed on a template; refused, its page comes back with every reason."""
    require_right(request.user, Right.VIEW)
    row, given, by = _found(pk), request.POST, request.user
    try:
        if deed == "vote":
            vote_on_template(
                row, by=by, choice=given.get("choice", ""), comment=given.get("comment", ""),
                content_hash=given.get("content_hash", ""),
            )  # fmt: skip
        elif deed == "propose":
            propose_template(row, by=by)
        elif deed == "suspend":
            suspend_template(row, by=by, reason=given.get("reason", ""))
        elif deed == "retire":
            retire_template(row, by=by)
        else:
            row = new_version(row, by=by)
    except StepRefused as refused:
        return template_page(request, _found(pk), status=409, refused=refused, typed=given)
    return redirect("changes:template-edit" if deed == "version" else "changes:template", row.pk)


@login_required
def template_edit(request, pk=None):
    """Writes a draft; what could not be used is said at its field."""
    require_right(request.user, Right.CHANGE_MANAGE)
    row = _found(pk)
    form = TemplateForm(request.POST or None, instance=row)
    known = [ParameterForm.initial_of(name, about) for name, about in row.parameters.items()]
    rows = ParameterFormSet(request.POST or None, initial=known, prefix="parameters")
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid() & rows.is_valid():
            content = form.content | {"parameters": rows.parameters}
            try:
                edit_template(StandardTemplate.objects.get(pk=pk), by=request.user, **content)
            except StepRefused as refused:
                return template_page(request, _found(pk), status=409, refused=refused)
            except ValidationError as error:
                for name, words in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, words)
            else:
                messages.success(request, _("Saved."))
                return redirect("changes:template-edit" if "more" in request.POST else "changes:template", pk)
    context = {"template": row, "form": form, "rows": rows}
    return render(request, "changes/template_edit.html", context, status=status)


@login_required
def template_of_change(request, number):
    """Which values of a change that ended well become parameters; POST makes a draft template of it."""
    require_right(request.user, Right.CHANGE_MANAGE)
    shown = found(number)
    values = values_in(skeleton_of(shown))
    known = [{"is_parameter": True, "name": gap.name, "kind": gap.kind, "label": gap.label} for gap in values]
    rows = GapFormSet(request.POST or None, initial=known, prefix="gaps")
    refused, status, faults = None, 200, []
    if request.method == "POST":
        status = 400
        if rows.is_valid() and len(rows.forms) == len(values):
            gaps = [form.gap(each.value) for form, each in zip(rows.forms, values, strict=True)]
            try:
                label = request.POST.get("label", "").strip()
                made = template_from(
                    shown, by=request.user, label=label, gaps=[gap for gap in gaps if gap is not None]
                )
            except StepRefused as caught:
                refused, status = caught, 409
            except ValidationError as error:
                faults = error.messages
            else:
                messages.success(request, _("A draft, made from %(number)s.") % {"number": shown.number})
                return redirect("changes:template-edit", made.pk)
    context = {
        "change": shown,
        "rows": rows,
        "values": list(zip(rows.forms, values, strict=False)),
        "faults": faults,
        "refused": refused,
        "why_not": reasons_against_template_of(shown, request.user),
        "label": request.POST.get("label", shown.title),
    }
    return render(request, "changes/template_from.html", context, status=status)


@login_required
def suggestions(request):
    """Clean normal changes of one shape that could be a standard change."""
    require_right(request.user, Right.CHANGE_MANAGE)
    return render(request, "changes/suggestions.html", {"rows": could_be_standard()})
