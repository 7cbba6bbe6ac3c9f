"""The forms of a change: the application, the dialogs of its steps and the rows of its plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldBooleanWidget

from accounts.models import User
from changes.actions import reasons_against_approving
from changes.models import (
    Assignment,
    ChangeRequest,
    Criterion,
    CriterionResult,
    PlanStage,
    PlanTask,
    RollbackStep,
    StandardTemplate,
    TestRun,
    Vote,
)
from changes.risk import QUESTIONS
from changes.workflow import Step
from cmdb.models import ConfigurationItem


class MomentField(forms.DateTimeField):
    """A date and time as phones and browsers offer it, in the reader's zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class AddressField(forms.CharField):
    """A configuration item written as type:name."""

    widget = forms.TextInput(attrs={"list": "items-found", "data-item-search": "", "autocomplete": "off"})

    def to_python(self, value: Any) -> ConfigurationItem | None:
        address = super().to_python(value).strip().replace("\x00", "�")
        if not address:
            return None
        try:
            return ConfigurationItem.objects.by_address(address)
        except (ConfigurationItem.DoesNotExist, ValueError):
            raise forms.ValidationError(
                _('There is no item "%(address)s". Write it as type:name, for example host:db01.'),
                params={"address": address},
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return value.address if isinstance(value, ConfigurationItem) else value


class ApplicationForm(forms.ModelForm):
    """What a requester fills in; the plan's rows are added afterwards, one by one."""

    service = AddressField(
        label=_("Service"), required=False, help_text=_("As type:name, for example service:his.")
    )
    window_start = MomentField(label=_("Wanted from"), required=False)
    window_end = MomentField(label=_("Wanted until"), required=False)

    class Meta:
        model = ChangeRequest
        fields = [
            "kind", "title", "reason", "description", "service", "owner", "downtime_minutes", "test_plan",
            "rollback_trigger", "rollback_minutes", "rollback_owner", "template", "incident_ref",
            "incident_priority", "freeze_override",
        ]  # fmt: skip
        widgets = {
            name: forms.Textarea(attrs={"rows": 3})
            for name in ("reason", "description", "test_plan", "rollback_trigger", "freeze_override")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["service"] = self.instance.service
            if window := self.instance.window:
                self.initial |= {"window_start": window.lower, "window_end": window.upper}
        people = User.objects.filter(is_active=True)
        self.fields["owner"].queryset = self.fields["rollback_owner"].queryset = people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if bool(start) != bool(end):
            self.add_error(
                "window_end" if start else "window_start", _("A window needs both its start and its end.")
            )
        elif start and end <= start:
            self.add_error("window_end", _("The window must end after it starts."))
        return cleaned

    def _post_clean(self) -> None:
        """The instance is written by an action; only its own field rules are asked here."""

    @property
    def plan_fields(self) -> dict[str, Any]:
        """What `create_change` and `edit_change` take."""
        fields = {name: self.cleaned_data[name] for name in self.Meta.fields if name != "kind"}
        start, end = self.cleaned_data.get("window_start"), self.cleaned_data.get("window_end")
        fields["window"] = DateTimeTZRange(start, end, "[)") if start else None
        return fields


class StepForm(forms.Form):
    """The dialog of one step: its inputs as the table names them, and a comment."""

    def __init__(self, step: Step, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", step.event)
        super().__init__(*args, **kwargs)
        self.step = step
        for asked in step.inputs:
            if asked.kind == "risk":
                for question in QUESTIONS:
                    self.fields[f"risk.{question.key}"] = forms.ChoiceField(
                        label=question.label,
                        choices=[("", "—"), *((key, words) for key, words, _level in question.answers)],
                        required=asked.is_required,
                    )
            elif asked.kind == "actions":
                self._ask_for_action()
            else:
                self.fields[asked.name] = _field_for(asked)
        self.fields["comment"] = forms.CharField(
            label=_("Comment"), required=step.needs_comment, widget=forms.Textarea(attrs={"rows": 3})
        )

    def _ask_for_action(self) -> None:
        self.fields["action_text"] = forms.CharField(label=_("Action agreed"), required=False)
        self.fields["action_owner"] = forms.CharField(label=_("Who does it"), required=False)
        self.fields["action_due_on"] = forms.DateField(
            label=_("Done by"), required=False, widget=forms.DateInput(attrs={"type": "date"})
        )

    @property
    def data_for_step(self) -> dict[str, Any]:
        """What `take_step` wants as `data`."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        data = {asked.name: given[asked.name] for asked in self.step.inputs if asked.name in given}
        if any(asked.kind == "risk" for asked in self.step.inputs):
            data["risk_answers"] = {
                name.removeprefix("risk."): value for name, value in given.items() if name.startswith("risk.")
            }
        if any(asked.kind == "actions" for asked in self.step.inputs) and given.get("action_text"):
            due_on = given.get("action_due_on")
            data["pir_actions"] = [
                {
                    "text": given["action_text"],
                    "owner": given.get("action_owner", ""),
                    "due_on": due_on.isoformat() if due_on else "",
                }
            ]
        return {
            name: value.pk
            if isinstance(value, User)
            else value.isoformat()
            if hasattr(value, "isoformat")
            else value
            for name, value in data.items()
        }


def _field_for(asked: Any) -> forms.Field:
    common = {"label": asked.label, "required": asked.is_required}
    if asked.kind == "longtext":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    if asked.kind == "bool":
        return forms.BooleanField(**common)
    if asked.kind == "datetime":
        return MomentField(**common)
    if asked.kind == "user":
        return forms.ModelChoiceField(User.objects.filter(is_active=True), **common)
    if asked.kind == "choice":
        labels = dict(ChangeRequest._meta.get_field("outcome").choices)
        return forms.ChoiceField(
            choices=[(value, labels.get(value, value)) for value in asked.choices], **common
        )
    return forms.CharField(**common)


class VoteForm(forms.Form):
    """One vote; turning a change down needs a reason."""

    seat = forms.IntegerField(widget=forms.HiddenInput)
    choice = forms.ChoiceField(label=_("Vote"), choices=Vote.Choice.choices)
    comment = forms.CharField(label=_("Comment"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("choice") == Vote.Choice.REJECT and not cleaned.get("comment", "").strip():
            self.add_error("comment", _("Say why you reject the change, so that it can be mended."))
        return cleaned


class ItemForm(forms.Form):
    item = AddressField(label=_("Configuration item"), help_text=_("As type:name, for example host:db01."))


class OperationForm(forms.Form):
    """One field of one item, from what stands there now to what shall stand there."""

    item = AddressField(label=_("Configuration item"), help_text=_("As type:name, for example host:db01."))
    field = forms.CharField(
        label=_("Field"), max_length=120, help_text=_("A column such as serial, or attributes.os.")
    )
    field.widget.attrs |= {"list": "fields-known", "autocomplete": "off"}
    after = forms.CharField(label=_("New value"), required=False)


class PersonForm(forms.ModelForm):
    class Meta:
        model = Assignment
        fields = ["role", "user"]


class StageForm(forms.ModelForm):
    class Meta:
        model = PlanStage
        fields = ["position", "label", "share_percent", "is_point_of_no_return"]


class TaskForm(forms.ModelForm):
    class Meta:
        model = PlanTask
        fields = ["phase", "stage", "position", "label", "is_dual"]


class RollbackStepForm(forms.ModelForm):
    class Meta:
        model = RollbackStep
        fields = ["position", "label"]


class CriterionForm(forms.ModelForm):
    class Meta:
        model = Criterion
        fields = ["position", "metric", "comparison", "threshold", "unit", "observation_minutes"]


class TestRunForm(forms.ModelForm):
    """A run of the test plan; one line a case, a line that starts with "-" failed."""

    case_lines = forms.CharField(
        label=_("Cases"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_('One case a line. Begin the line of a failed case with "-".'),
    )

    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestRun
        fields = ["purpose", "environment", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}

    @property
    def cases(self) -> list[dict[str, Any]]:
        lines = [line.strip() for line in self.cleaned_data["case_lines"].splitlines() if line.strip()]
        return [
            {"name": line.removeprefix("-").strip(), "passed": not line.startswith("-"), "note": ""}
            for line in lines
        ]


class MeasurementForm(forms.ModelForm):
    class Meta:
        model = CriterionResult
        fields = ["value", "source", "evidence"]
        widgets = {"evidence": forms.Textarea(attrs={"rows": 2})}


class ApproveTemplateForm(BaseDialogForm):
    """The dialog of an approval. Its box carries the reasons against it: Unfold draws no other errors."""

    is_read = forms.BooleanField(
        label=_("I have read this version."), widget=UnfoldBooleanWidget, required=True
    )

    def clean_is_read(self) -> bool:
        template = StandardTemplate.objects.get(pk=self.object_id)
        refusals = reasons_against_approving(template, self.request.user)
        if refusals:
            raise forms.ValidationError([f"{refusal.message} {refusal.fix}" for refusal in refusals])
        return True
