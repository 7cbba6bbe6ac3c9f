"""Raising a change and editing its plan, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, require_right
from changes.actions import (
    StepRefused,
    add_criterion,
    add_item,
    add_operation,
    add_rollback_step,
    add_stage,
    add_task,
    add_test_case,
    assign,
    create_change,
    edit_change,
    reasons_against_editing,
    remove_row,
    unassign,
    void_confirmed,
    what_an_edit_voids,
)
from changes.forms import (
    ApplicationForm,
    CriterionForm,
    ItemForm,
    OperationForm,
    PersonForm,
    RollbackStepForm,
    StageForm,
    TaskForm,
    TestCaseForm,
)
from changes.models import ChangeRequest
from changes.models.plan import column_label
from cmdb.attributes import broken_rule, fault_message, from_text
from cmdb.models import CIAttribute


@dataclass(frozen=True)
class Section:
    """One kind of row of a plan: how it is listed, added and removed."""

    key: str
    label: str | Promise
    empty: str | Promise
    form: type
    rows: Callable[[ChangeRequest], Any]
    add: Callable[..., Any]
    remove: Callable[..., None] = remove_row
    told: Callable[[Any], tuple[str, str]] = lambda row: (str(row), "")


def _add_operation(change, by, item, field, after):
    """A value is typed as text; the attribute's kind says what it is, and an empty one takes it away."""
    add_operation(change, item, {field: _typed(item, field, after)}, by=by)


def _typed(item, field, text):
    if text == "":
        return None if field.startswith("attributes.") else ""
    if not field.startswith("attributes."):
        return int(text) if field == "criticality" and text.isdigit() else text
    spec = item.type.compiled_schema.get(field.removeprefix("attributes."), {"kind": "text"})
    value = from_text(spec, text)
    if rule := broken_rule(spec, value):
        raise ValidationError({"after": fault_message(spec, rule)})
    return value


def _told_operation(row):
    parts = [
        f"{row.label_of(name)}: {'—' if before is None else before} → {'—' if after is None else after}"
        for name, before, after in row.differences
    ]
    return f"{row.item or row.after.get('name', '')} · {'; '.join(parts)}", str(row.stage)


SECTIONS = (
    Section(
        "items",
        _("Items that are changed"),
        _("Name the items that the change touches."),
        ItemForm,
        lambda change: change.change_items.filter(impact="manual").select_related("item__type"),
        lambda change, by, item: add_item(change, item, by=by),
        told=lambda row: (str(row.item), str(row.item.type)),
    ),
    Section(
        "operations",
        _("Planned difference"),
        _("Which field becomes what."),
        OperationForm,
        lambda change: change.operations.select_related("item__type", "stage"),
        _add_operation,
        told=_told_operation,
    ),
    Section(
        "people",
        _("People"),
        _("Name who assesses, tests, implements and verifies."),
        PersonForm,
        lambda change: change.assignments.select_related("user"),
        lambda change, by, role, user: assign(change, user, role, by=by),
        lambda row, by: unassign(row, by=by),
        told=lambda row: (str(row.user), row.get_role_display()),
    ),
    Section(
        "stages",
        _("Stages"),
        _("A pilot first, then the rest."),
        StageForm,
        lambda change: change.stages.all(),
        lambda change, by, position, **fields: add_stage(change, by=by, **fields),
        told=lambda row: (f"{row.position}. {row.label}", f"{row.share_percent} %"),
    ),
    Section(
        "tasks",
        _("Tasks"),
        _("What is done by hand, in order."),
        TaskForm,
        lambda change: change.tasks.select_related("stage"),
        lambda change, by, label, **fields: add_task(change, label, by=by, **fields),
        told=lambda row: (f"{row.position}. {row.label}", f"{row.get_phase_display()} {row.stage or ''}"),
    ),
    Section(
        "rollback",
        _("Way back"),
        _("The steps of a rollback, in order."),
        RollbackStepForm,
        lambda change: change.rollback_steps.all(),
        lambda change, by, label, **fields: add_rollback_step(change, label, by=by, **fields),
        told=lambda row: (f"{row.position}. {row.label}", ""),
    ),
    Section(
        "criteria",
        _("Criteria of success"),
        _("What is measured, and which value is good."),
        CriterionForm,
        lambda change: change.criteria.all(),
        lambda change, by, metric, **fields: add_criterion(change, metric, by=by, **fields),
    ),
    Section(
        "cases",
        _("Test cases"),
        _("What is tried before the vote, and what must come of it."),
        TestCaseForm,
        lambda change: change.test_cases.all(),
        lambda change, by, label, **fields: add_test_case(change, label, by=by, **fields),
        told=lambda row: (f"{row.position}. {row.label}", row.expected),
    ),
)


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
    return render(request, "changes/edit.html", {"form": form}, status=400 if form.errors else 200)


@login_required
def edit(request, number):
    """The application and every kind of row of the plan."""
    require_right(request.user, Right.VIEW)
    change = get_object_or_404(ChangeRequest.objects.select_related("service__type"), number=number)
    form = ApplicationForm(request.POST or None, instance=change)
    form.fields["kind"].disabled = True
    if request.method == "POST" and form.is_valid():
        if request.POST.get("row_version") != str(change.row_version):
            form.add_error(
                None,
                _("Somebody else saved this change meanwhile. Your text stands here; compare and save."),
            )
            return _edit_page(request, change, form=form, status=409)
        try:
            fresh = ChangeRequest.objects.get(pk=change.pk)
            with void_confirmed(_agrees(request)):
                edit_change(fresh, by=request.user, **form.plan_fields)
        except StepRefused as refused:
            return _edit_page(request, change, form=form, refused=refused, status=409)
        messages.success(request, _("Saved."))
        return redirect("changes:edit", number)
    return _edit_page(request, change, form=form, status=400 if form.errors else 200)


COLUMNS = (
    "name", "lifecycle_stage", "environment", "criticality", "owner_team_id", "location_id", "serial",
    "primary_ip", "description",
)  # fmt: skip


def fields_known() -> list[tuple[str, str]]:
    """What may be written into the field box, with its name in words. One query."""
    attributes = {each.key: str(each) for each in CIAttribute.objects.order_by("key", "id")}
    return [(name, column_label(name)) for name in COLUMNS] + [
        (f"attributes.{key}", label) for key, label in attributes.items()
    ]


def _edit_page(request, change, *, form=None, bound=None, refused=None, status=200):
    if form is None:
        form = ApplicationForm(instance=change)
        form.fields["kind"].disabled = True
    sections = []
    for section in SECTIONS:
        rows = [
            {"pk": row.pk, "text": text, "detail": detail}
            for row in section.rows(change)
            for text, detail in [section.told(row)]
        ]
        mine = bound if bound is not None and isinstance(bound, section.form) else _blank(section, change)
        sections.append(
            {"key": section.key, "label": section.label, "empty": section.empty, "rows": rows, "form": mine}
        )
    reasons = refused or _Refused(reasons_against_editing(change, request.user))
    context = {
        "change": change,
        "form": form,
        "sections": sections,
        "voids": what_an_edit_voids(change),
        "fields_known": fields_known(),
    }
    if reasons.refusals:
        context["refused"] = reasons
    return render(request, "changes/edit.html", context, status=status)


@dataclass(frozen=True)
class _Refused:
    refusals: list


def _blank(section, change, data=None):
    form = section.form(data, prefix=section.key)
    for name in ("position",):
        if name in form.fields:
            form.fields[name].initial = section.rows(change).count() + 1
            form.fields[name].required = False
    if "stage" in form.fields:
        form.fields["stage"].queryset = change.stages.all()
    return form


def _agrees(request) -> bool:
    return request.POST.get("confirm_void") == "on"


def _section(key: str) -> Section:
    section = next((each for each in SECTIONS if each.key == key), None)
    if section is None:
        raise Http404
    return section


@login_required
@require_POST
def add(request, number, kind):
    """Adds a row to the plan; refused or not valid, the page comes back with what was typed."""
    change = get_object_or_404(ChangeRequest, number=number)
    section = _section(kind)
    form = _blank(section, change, request.POST)
    refused, status = None, 400
    if form.is_valid():
        try:
            given = {name: value for name, value in form.cleaned_data.items() if value is not None}
            with void_confirmed(_agrees(request)):
                section.add(change, request.user, **given)
            return redirect(f"{request.path.rsplit('/rows/', 1)[0]}/edit/#{kind}")
        except StepRefused as caught:
            refused, status = caught, 409
        except ValidationError as error:
            _show_errors(form, error)
    return _edit_page(request, change, bound=form, refused=refused, status=status)


def _show_errors(form, error: ValidationError) -> None:
    by_field = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
    for name, texts in by_field.items():
        known = name in form.fields
        for text in texts:
            form.add_error(
                name if known else None, text if known or name in (None, "__all__") else f"{name}: {text}"
            )


@login_required
@require_POST
def remove(request, number, kind, pk):
    """Takes a row out of the plan; its history stays."""
    change = get_object_or_404(ChangeRequest, number=number)
    section = _section(kind)
    row = get_object_or_404(section.rows(change), pk=pk)
    try:
        with void_confirmed(_agrees(request)):
            section.remove(row, by=request.user)
    except StepRefused as refused:
        return _edit_page(request, change, refused=refused, status=409)
    return redirect(f"{request.path.rsplit('/rows/', 1)[0]}/edit/#{kind}")
