"""The kinds of rows of a plan: how each is listed, added, edited and removed on the editor's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from changes.actions import (
    add_criterion,
    add_document,
    add_item,
    add_rollback_step,
    add_stage,
    add_task,
    add_test_case,
    assign,
    link_changes,
    plan_operations,
    remove_row,
    unassign,
)
from changes.forms import (
    CriterionForm,
    DocumentForm,
    FollowsForm,
    ItemForm,
    NewItemForm,
    OperationForm,
    PersonForm,
    RelationForm,
    RetireForm,
    RollbackStepForm,
    StageForm,
    TaskForm,
    TestCaseForm,
)
from changes.models import ChangeRequest


@dataclass(frozen=True)
class Section:
    """One kind of row of a plan."""

    key: str
    label: str | Promise
    form: type
    rows: Callable[[ChangeRequest], Any]
    add: Callable[..., Any]
    empty: str | Promise = ""
    remove: Callable[..., None] = remove_row
    told: Callable[[Any], tuple[str, str]] = lambda row: (str(row), "")
    is_ordered: bool = False
    is_editable: bool = False
    knows_change: bool = False  # the form offers stages or people of the change

    def form_for(self, change: ChangeRequest, *args: Any, **kwargs: Any) -> Any:
        """The form for one more row, or for the one given as `instance`."""
        if self.knows_change:
            kwargs["change"] = change
        return self.form(*args, prefix=self.key, **kwargs)


def _plan(change, by, form):
    """The form's differences are planned; a fault stands at the form's own field."""
    return plan_operations(change, form.wanted, by=by, stage=form.cleaned_data.get("stage"))


def _minutes(count: int | None) -> str:
    return gettext("%(count)d min") % {"count": count} if count else ""


def _told_task(row):
    parts = [
        row.get_phase_display(),
        str(row.stage or ""),
        _minutes(row.duration_minutes),
        str(row.assignee or ""),
    ]
    return row.label, " · ".join(part for part in parts if part)


def _told_criterion(row):
    grace = (
        gettext("breached after %(count)d min") % {"count": row.grace_minutes} if row.grace_minutes else ""
    )
    parts = [_minutes(row.observation_minutes), grace]
    return str(row), " · ".join(part for part in parts if part)


def _operations(change):
    return change.operations.select_related("item__type", "stage")


def fields_of(form) -> dict[str, Any]:
    """What an action takes from a form of one row."""
    return dict(form.cleaned_data)


SECTIONS = (
    Section(
        "items",
        _("Items that are changed"),
        ItemForm,
        lambda change: change.change_items.filter(impact="manual").select_related("item__type"),
        lambda change, by, form: add_item(change, form.cleaned_data["item"], by=by),
        _("Name the items that the change touches."),
        told=lambda row: (str(row.item), str(row.item.type)),
        knows_change=True,
    ),
    Section(
        "operations", _("Change a field of one item"), OperationForm, _operations, _plan, knows_change=True
    ),
    Section("new-item", _("Create an item"), NewItemForm, _operations, _plan, knows_change=True),
    Section("retire", _("Retire an item"), RetireForm, _operations, _plan, knows_change=True),
    Section(
        "relation",
        _("Relate two items, or end a relation"),
        RelationForm,
        _operations,
        _plan,
        knows_change=True,
    ),
    Section(
        "stages",
        _("Stages"),
        StageForm,
        lambda change: change.stages.all(),
        lambda change, by, form: add_stage(change, by=by, **fields_of(form)),
        _("A pilot first, then wider, then the rest. Without stages everything is done at once."),
        told=lambda row: (row.label, f"{row.share_percent} %"),
        is_ordered=True,
        is_editable=True,
    ),
    Section(
        "tasks",
        _("Tasks"),
        TaskForm,
        lambda change: change.tasks.select_related("stage", "assignee").order_by("-phase", "position", "id"),
        lambda change, by, form: add_task(change, by=by, **fields_of(form)),
        _("What is done by hand, in order; checks before the start too."),
        told=_told_task,
        is_ordered=True,
        is_editable=True,
        knows_change=True,
    ),
    Section(
        "criteria",
        _("Criteria of success"),
        CriterionForm,
        lambda change: change.criteria.all(),
        lambda change, by, form: add_criterion(change, by=by, **fields_of(form)),
        _("What is measured, for how long, and which value is good."),
        told=_told_criterion,
        is_ordered=True,
        is_editable=True,
    ),
    Section(
        "cases",
        _("Test cases"),
        TestCaseForm,
        lambda change: change.test_cases.all(),
        lambda change, by, form: add_test_case(change, by=by, **fields_of(form)),
        _("What is tried before the vote, and what must come of it."),
        told=lambda row: (row.label, row.expected),
        is_ordered=True,
        is_editable=True,
    ),
    Section(
        "rollback",
        _("Way back"),
        RollbackStepForm,
        lambda change: change.rollback_steps.all(),
        lambda change, by, form: add_rollback_step(change, by=by, **fields_of(form)),
        _("The steps of a rollback, in order."),
        told=lambda row: (row.label, _minutes(row.duration_minutes)),
        is_ordered=True,
        is_editable=True,
    ),
    Section(
        "follows",
        _("Must follow"),
        FollowsForm,
        lambda change: change.follows,
        lambda change, by, form: link_changes(change, form.cleaned_data["other"], by=by),
        _("Changes that must be done before this one may start."),
        told=lambda row: (f"{row.other.number} {row.other.title}", row.other.get_state_display()),
        knows_change=True,
    ),
    Section(
        "documents",
        _("Documents"),
        DocumentForm,
        lambda change: change.documents.select_related("file", "added_by"),
        lambda change, by, form: add_document(
            change,
            form.cleaned_data["file"],
            by=by,
            label=form.cleaned_data["label"],
            kind=form.cleaned_data["kind"],
        ),
        _("Design, procedure, test plan: files that are voted on with the rest."),
    ),
    Section(
        "people",
        _("People"),
        PersonForm,
        lambda change: change.assignments.select_related("user"),
        lambda change, by, form: assign(change, form.cleaned_data["user"], form.cleaned_data["role"], by=by),
        _("Name who assesses, tests, implements and verifies."),
        lambda row, by: unassign(row, by=by),
        told=lambda row: (str(row.user), row.get_role_display()),
    ),
)
BY_KEY = {section.key: section for section in SECTIONS}
# Forms that plan differences: drawn together, above one list.
DIFFERENCES = ("operations", "new-item", "retire", "relation")
