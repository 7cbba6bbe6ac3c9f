"""The rows of a plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from changes.actions import Wanted
from changes.forms.fields import AddressField
from changes.forms.values import INSIDE, attribute_value, attributes_from, column_value, fields_known
from changes.models import (
    Assignment,
    ChangeRequest,
    Criterion,
    PlanDocument,
    PlanStage,
    PlanTask,
    RollbackStep,
    TestCase,
)
from changes.models.plan import OperationKind
from changes.models.request import AssignmentRole
from cmdb.models import CIAttribute, CIType, ConfigurationItem, Environment, LifecycleStage, RelationType

ITEM_HELP = _("As type:name, for example host:db01.")


class PlanForm(forms.Form):
    """A form that knows the change whose plan it adds to."""

    def __init__(self, *args: Any, change: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.change = change
        if "stage" in self.fields:
            self.fields["stage"].queryset = change.stages.all()

    @property
    def wanted(self) -> list[Wanted]:
        """The differences that the form asks for."""
        raise NotImplementedError


def _stage_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        PlanStage.objects.none(), label=_("Stage"), required=False, empty_label=_("the first one")
    )


class ItemForm(PlanForm):
    item = AddressField(label=_("Configuration item"), help_text=ITEM_HELP)


class FollowsForm(PlanForm):
    other = forms.ModelChoiceField(
        ChangeRequest.objects.all(),
        to_field_name="number",
        label=_("Change"),
        help_text=_("Its number, for example CHG-000123."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid_choice": _("There is no change with this number.")},
    )


class FieldForm(PlanForm):
    """One field and its new value, as text."""

    field = forms.ChoiceField(label=_("Field"))
    after = forms.CharField(
        label=_("New value"),
        required=False,
        max_length=2000,
        help_text=_("Empty takes the value away."),
        widget=forms.TextInput(attrs={"list": "values-known", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = fields_known()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name, text = cleaned.get("field"), cleaned.get("after", "").replace("\x00", "")
        if name and not name.startswith(INSIDE):
            try:
                cleaned["value"] = column_value(name, text)
            except forms.ValidationError as error:
                self.add_error("after", error)
        return cleaned

    def change_of(self, item: ConfigurationItem) -> Wanted:
        """The difference for this item; an attribute is read by the item's own type."""
        name = self.cleaned_data["field"]
        if name.startswith(INSIDE):
            value = attribute_value(item.type.compiled_schema, name, self.cleaned_data["after"])
        else:
            value = self.cleaned_data["value"]
        return Wanted(OperationKind.UPDATE, item, {name: value})


class OperationForm(FieldForm):
    """One field of one item, from what stands there now to what shall stand there."""

    item = AddressField(label=_("Configuration item"), help_text=ITEM_HELP)
    stage = _stage_field()
    field_order = ["item", "field", "after", "stage"]

    @property
    def wanted(self) -> list[Wanted]:
        return [self.change_of(self.cleaned_data["item"])]


class RetireForm(PlanForm):
    item = AddressField(label=_("Configuration item"), help_text=ITEM_HELP)
    stage = _stage_field()

    @property
    def wanted(self) -> list[Wanted]:
        return [Wanted(OperationKind.RETIRE, self.cleaned_data["item"])]


class NewItemForm(PlanForm):
    """A configuration item that the change creates."""

    type = forms.ModelChoiceField(CIType.objects.none(), label=_("Type"))
    name = forms.CharField(label=_("Name"), max_length=200)
    environment = forms.ChoiceField(
        label=_("Environment"), required=False, choices=[("", "—"), *Environment.choices]
    )
    lifecycle_stage = forms.ChoiceField(
        label=_("Life-cycle stage"), choices=LifecycleStage.choices, initial=LifecycleStage.OPERATIONAL
    )
    owner_team = forms.ModelChoiceField(Team.objects.none(), label=_("Owner team"), required=False)
    serial = forms.CharField(label=_("Serial number"), required=False, max_length=120)
    primary_ip = forms.GenericIPAddressField(label=_("Primary IP address"), required=False)
    attributes = forms.CharField(
        label=_("Attributes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, as key = value."),
    )
    stage = _stage_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = CIType.objects.filter(is_abstract=False)
        self.fields["owner_team"].queryset = Team.objects.all()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("type"):
            try:
                cleaned["held"] = attributes_from(
                    cleaned.get("attributes", ""), cleaned["type"].compiled_schema
                )
            except forms.ValidationError as error:
                self.add_error("attributes", error)
        return cleaned

    @property
    def wanted(self) -> list[Wanted]:
        given = self.cleaned_data
        after: dict[str, Any] = {"type_id": given["type"].pk, "name": given["name"]}
        for name in ("environment", "lifecycle_stage", "serial", "primary_ip"):
            if given[name]:
                after[name] = given[name]
        if given["owner_team"]:
            after["owner_team_id"] = given["owner_team"].pk
        if given["held"]:
            after["attributes"] = given["held"]
        return [Wanted(OperationKind.CREATE, None, after)]


class RelationForm(PlanForm):
    """A relation that the change makes, or ends."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=[(kind.value, kind.label) for kind in (OperationKind.RELATE, OperationKind.UNRELATE)],
    )
    source = AddressField(label=_("From"), help_text=ITEM_HELP)
    relation_type = forms.ModelChoiceField(RelationType.objects.none(), label=_("Relation"))
    target = AddressField(label=_("To"), help_text=ITEM_HELP)
    stage = _stage_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["relation_type"].queryset = RelationType.objects.all()

    @property
    def wanted(self) -> list[Wanted]:
        given = self.cleaned_data
        ends = {
            "relation_type_id": given["relation_type"].pk,
            "source_id": given["source"].pk,
            "target_id": given["target"].pk,
        }
        return [Wanted(given["kind"], None, ends)]


class ManyForm(FieldForm):
    """The same change to every item that a filter finds."""

    type = forms.ModelChoiceField(
        CIType.objects.none(), label=_("Type"), required=False, empty_label=_("any"), to_field_name="key"
    )
    environment = forms.ChoiceField(
        label=_("Environment"), required=False, choices=[("", _("any")), *Environment.choices]
    )
    owner_team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Owner team"), required=False, empty_label=_("any"), to_field_name="key"
    )
    name_part = forms.CharField(label=_("Name contains"), required=False, max_length=100)
    lifecycle_stage = forms.ChoiceField(
        label=_("Life-cycle stage"),
        required=False,
        choices=[("", _("any but ended")), *LifecycleStage.choices],
    )
    attribute = forms.ChoiceField(label=_("Attribute"), required=False)
    attribute_is = forms.CharField(label=_("… is"), required=False, max_length=200)
    is_retirement = forms.BooleanField(label=_("Retire them instead"), required=False)
    stage = _stage_field()
    field_order = [
        "type", "environment", "owner_team", "lifecycle_stage", "name_part", "attribute", "attribute_is",
        "field", "after", "is_retirement", "stage",
    ]  # fmt: skip
    FILTER = field_order[:7]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = CIType.objects.all()
        self.fields["owner_team"].queryset = Team.objects.all()
        self.fields["field"].required = False
        keys = CIAttribute.objects.order_by("key").values_list("key", flat=True).distinct()
        self.fields["attribute"].choices = [("", "—"), *((key, key) for key in keys)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not any(cleaned.get(name) for name in self.FILTER):
            self.add_error(None, _("Name at least one condition: all items at once is no plan."))
        if not cleaned.get("field") and not cleaned.get("is_retirement"):
            self.add_error("field", _("Choose the field that changes."))
        if bool(cleaned.get("attribute")) != bool(cleaned.get("attribute_is")):
            self.add_error("attribute_is", _("An attribute needs the value it is compared with."))
        return cleaned

    @property
    def found(self) -> Any:
        """The items that the filter finds; ended ones only when they are asked for."""
        given = self.cleaned_data
        conditions: dict[str, Any] = {}
        if given["type"]:
            conditions["type"] = given["type"].key
        if given["owner_team"]:
            conditions["owner_team"] = given["owner_team"].key
        for name, key in (
            ("environment", "environment"),
            ("lifecycle_stage", "lifecycle_stage"),
            ("name_part", "name__icontains"),
        ):
            if given[name]:
                conditions[key] = given[name]
        if given["attribute"]:
            schema = given["type"].compiled_schema if given["type"] else {}
            typed = attribute_value(schema, given["attribute"], given["attribute_is"])
            conditions[f"attributes.{given['attribute']}__in"] = _readings(typed)
        items = ConfigurationItem.objects.select_related("type").matching(conditions)
        return items if given["lifecycle_stage"] else items.live()

    def wanted_of(self, items: Any) -> list[Wanted]:
        if self.cleaned_data["is_retirement"]:
            return [Wanted(OperationKind.RETIRE, item) for item in items]
        return [self.change_of(item) for item in items]


def _readings(value: Any) -> list[Any]:
    """A text may stand for itself, a number or a truth value: without a type, nobody can say which."""
    readings = [value]
    if isinstance(value, str):
        if value.lower() in ("true", "false"):
            readings.append(value.lower() == "true")
        elif value.lstrip("-").isdigit():
            readings.append(int(value))
    return readings


class PersonForm(forms.ModelForm):
    class Meta:
        model = Assignment
        fields = ["role", "user"]


class StageForm(forms.ModelForm):
    class Meta:
        model = PlanStage
        fields = ["label", "share_percent", "is_point_of_no_return"]


class TaskForm(forms.ModelForm):
    class Meta:
        model = PlanTask
        fields = ["label", "phase", "stage", "duration_minutes", "assignee", "is_dual"]

    def __init__(self, *args: Any, change: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].queryset = change.stages.all()
        self.fields["stage"].empty_label = _("none")
        self.fields["assignee"].queryset = User.objects.filter(
            change_assignments__change=change, change_assignments__role=AssignmentRole.IMPLEMENTER
        ).distinct()
        self.fields["assignee"].empty_label = _("any implementer")


class RollbackStepForm(forms.ModelForm):
    class Meta:
        model = RollbackStep
        fields = ["label", "duration_minutes"]


class CriterionForm(forms.ModelForm):
    class Meta:
        model = Criterion
        fields = [
            "metric", "comparison", "threshold", "unit", "observation_minutes", "is_machine",
            "grace_minutes", "has_auto_rollback", "has_auto_restore",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grace_minutes"].required = False

    def clean_grace_minutes(self) -> int:
        return self.cleaned_data["grace_minutes"] or 0


class TestCaseForm(forms.ModelForm):
    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestCase
        fields = ["label", "steps", "expected"]
        widgets = {"steps": forms.Textarea(attrs={"rows": 2}), "expected": forms.Textarea(attrs={"rows": 2})}


class DocumentForm(forms.ModelForm):
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("At most 20 MB. Choose it again when the page comes back: browsers forget files."),
    )

    class Meta:
        model = PlanDocument
        fields = ["kind", "label"]
        labels = {"label": _("Label")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"].required = False
        self.fields["label"].help_text = _("Empty: the file's name.")
