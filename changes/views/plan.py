"""Raising a change and editing its plan, row by row."""

from __future__ import annotations

from contextlib import contextmanager

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Team
from accounts.roles import Right, has_right, require_right
from audit.views.files import send_file
from changes.actions import (
    StepRefused,
    copy_change,
    create_change,
    edit_change,
    edit_row,
    move_row,
    reasons_against_editing,
    void_confirmed,
    what_an_edit_voids,
)
from changes.collisions.shown import in_the_way
from changes.forms import ApplicationForm
from changes.models import ChangeRequest
from changes.outline import Outline
from changes.views.plan_sections import BY_KEY, DIFFERENCES, SECTIONS, fields_of
from cmdb.models import ConfigurationItem


@login_required
def new(request):
    """A draft; its rows are added on the next page."""
    require_right(request.user, Right.CHANGE_REQUEST)
    form = ApplicationForm(request.POST or None, initial={"owner": request.user.pk})
    if request.method == "POST" and form.is_valid():
        fields = {**form.plan_fields, "kind": form.cleaned_data["kind"]}
        change = create_change(by=request.user, title=fields.pop("title"), **fields)
        messages.success(
            request, _("%(number)s is a draft now. Add what it changes.") % {"number": change.number}
        )
        return redirect("changes:edit", change.number)
    return render(
        request, "changes/edit.html", {"form": form, "may_edit": True}, status=400 if form.errors else 200
    )


def found(number: str) -> ChangeRequest:
    return get_object_or_404(ChangeRequest.objects.select_related("service__type"), number=number)


@login_required
def edit(request, number):
    """The application and every kind of row of the plan; read-only, with the reasons, for who cannot edit."""
    require_right(request.user, Right.VIEW)
    change = found(number)
    form = ApplicationForm(request.POST or None, instance=change)
    form.fields["kind"].disabled = True
    if request.method == "POST" and form.is_valid():
        if request.POST.get("row_version") != str(change.row_version):
            form.add_error(
                None,
                _("Somebody else saved this change meanwhile. Your text stands here; compare and save."),
            )
            return edit_page(request, change, form=form, status=409)
        try:
            with agreed(request):
                edit_change(found(number), by=request.user, **form.edited_fields)
        except StepRefused as refused:
            return edit_page(request, change, form=form, refused=refused.refusals, status=409)
        messages.success(request, _("Saved."))
        return redirect("changes:edit", number)
    return edit_page(request, change, form=form, status=400 if form.errors else 200)


@contextmanager
def agreed(request):
    """What an edit voids was shown, and the box beside it ticked."""
    with void_confirmed(request.POST.get("confirm_void") == "on"):
        yield


def edit_page(request, change, *, form=None, bound=None, refused=(), status=200, **more):
    """The page; `form` and `bound` are forms that were sent and not taken, `refused` the reasons why."""
    require_right(request.user, Right.VIEW)  # a refused POST shows the page too
    if form is None:
        form = ApplicationForm(instance=change)
        form.fields["kind"].disabled = True
    reasons = reasons_against_editing(change, request.user)
    context = {
        "change": change,
        "form": form,
        "sections": [
            _drawn(section, change, bound) for section in SECTIONS if section.key not in DIFFERENCES
        ],
        "difference_forms": [_drawn(BY_KEY[key], change, bound, with_rows=False) for key in DIFFERENCES],
        "outline": Outline(change),
        "voids": what_an_edit_voids(change) if not reasons else [],
        "may_edit": not reasons,
        "reasons": reasons,
        "refused": refused,
        "losses": [each for each in refused if each.code == "voids_votes"],
        "resend": None if request.FILES else _sent(request),
        "has_lost_file": bool(request.FILES),
        "may_copy": has_right(request.user, Right.CHANGE_REQUEST),
        "values_known": values_known(),
        "in_the_way": in_the_way(change, request.user),
    }
    return render(request, "changes/edit.html", context | more, status=status)


def _sent(request) -> list[tuple[str, str]]:
    """What was sent, to be sent again once its losses are agreed to."""
    own = {"csrfmiddlewaretoken", "confirm_void"}
    return [(name, value) for name, values in request.POST.lists() if name not in own for value in values]


def values_known() -> list[tuple[str, str]]:
    """What may be written into the box for a new value, with the field it is for. One query."""
    labels = [
        (str(label), str(ConfigurationItem._meta.get_field(name).verbose_name))
        for name in ("environment", "lifecycle_stage", "criticality")
        for _value, label in ConfigurationItem._meta.get_field(name).flatchoices
    ]
    owner = str(ConfigurationItem._meta.get_field("owner_team").verbose_name)
    return labels + [(team.key, f"{owner}: {team}") for team in Team.objects.all()]


def _drawn(section, change, bound, *, with_rows=True):
    mine = bound if bound is not None and bound.prefix == section.key else section.form_for(change)
    rows = section.rows(change) if with_rows else ()
    told = [{"pk": row.pk, "row": row, "text": text, "detail": detail}
            for row in rows for text, detail in [section.told(row)]]  # fmt: skip
    return {"section": section, "key": section.key, "label": section.label, "empty": section.empty,
            "rows": told, "form": mine, "is_open": mine is bound}  # fmt: skip


def _section(key: str):
    section = BY_KEY.get(key)
    if section is None:
        raise Http404
    return section


def back_to(number: str, place: str = ""):
    return redirect(f"{reverse('changes:edit', args=[number])}{place and '#'}{place}")


@login_required
@require_POST
def add(request, number, kind):
    """Adds a row to the plan; refused or not valid, the page comes back with what was typed."""
    require_right(request.user, Right.VIEW)
    change, section = found(number), _section(kind)
    form = section.form_for(change, request.POST, request.FILES)
    refused, status = (), 400
    if form.is_valid():
        try:
            with agreed(request):
                section.add(change, request.user, form)
            return back_to(number, "operations" if kind in DIFFERENCES else kind)
        except StepRefused as caught:
            refused, status = caught.refusals, 409
        except ValidationError as error:
            show_errors(form, error)
    return edit_page(request, change, bound=form, refused=refused, status=status)


def show_errors(form, error: ValidationError) -> None:
    """The faults stand at the form's fields, or above it."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
    for name, texts in by_field.items():
        known = name in form.fields
        for text in texts:
            plain = known or name in (None, "__all__") or "after" in form.fields
            form.add_error(name if known else None, text if plain else f"{name}: {text}")


@login_required
@require_POST
def remove(request, number, kind, pk):
    """Takes a row out of the plan; its history stays."""
    change, section = found(number), _section(kind)
    row = get_object_or_404(section.rows(change), pk=pk)
    try:
        with agreed(request):
            section.remove(row, by=request.user)
    except StepRefused as refused:
        return edit_page(request, change, refused=refused.refusals, status=409)
    return back_to(number, kind)


@login_required
@require_POST
def move(request, number, kind, pk):
    """A row goes one place up or down."""
    change, section = found(number), _section(kind)
    row = get_object_or_404(section.rows(change), pk=pk)
    if not section.is_ordered:
        raise Http404
    try:
        with agreed(request):
            move_row(row, -1 if request.POST.get("to") == "up" else 1, by=request.user)
    except StepRefused as refused:
        return edit_page(request, change, refused=refused.refusals, status=409)
    return back_to(number, kind)


@login_required
def row(request, number, kind, pk):
    """One row of the plan in its form; a row that somebody else edited meanwhile is not overwritten."""
    require_right(request.user, Right.VIEW)
    change, section = found(number), _section(kind)
    shown = get_object_or_404(section.rows(change), pk=pk)
    if not section.is_editable:
        raise Http404
    known = shown.row_version
    form = section.form_for(change, request.POST or None, instance=shown)
    refused, status = reasons_against_editing(change, request.user), 200
    if request.method == "POST" and form.is_valid():
        known = request.POST.get("row_version", "")
        try:
            with agreed(request):
                edit_row(
                    section.rows(change).get(pk=pk),
                    by=request.user,
                    row_version=int(known) if known.isdigit() else 0,
                    **fields_of(form),
                )
            return back_to(number, kind)
        except StepRefused as caught:
            refused, status = caught.refusals, 409
        except ValidationError as error:
            show_errors(form, error)
    context = {
        "change": change, "section": section, "row": shown, "form": form, "refused": refused, "known": known,
        "voids": what_an_edit_voids(change),
    }  # fmt: skip
    return render(request, "changes/plan_row.html", context, status=400 if form.errors else status)


@login_required
def document(request, number, pk):
    """A document of the plan, as a download."""
    require_right(request.user, Right.VIEW)
    shown = get_object_or_404(found(number).documents.select_related("file"), pk=pk)
    return send_file(shown.file, shown.name)


@login_required
@require_POST
def copy(request, number):
    """A new draft with the same plan; what did not fit is said on its page."""
    made = copy_change(found(number), by=request.user)
    words = {"number": made.change.number, "old": number}
    messages.success(request, _("%(number)s is a copy of %(old)s. Give it a window.") % words)
    for line in made.left_out[:20]:
        messages.warning(request, _("Not copied: %(what)s") % {"what": line})
    if len(made.left_out) > 20:
        messages.warning(request, _("… and %(count)d more.") % {"count": len(made.left_out) - 20})
    return back_to(made.change.number)
