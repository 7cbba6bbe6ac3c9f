"""The dialogs of check lists and plans in the administration."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from inspections.guards import against_publishing
from inspections.models import InspectionPlan, TemplateVersion


class PublishForm(BaseDialogForm):
    """What changed, for those who read the version later."""

    changelog = forms.CharField(
        label=_("What changed"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def clean_changelog(self):
        # At a field, because Unfold's dialog draws no errors of the whole form.
        refusals = against_publishing(TemplateVersion.objects.get(pk=self.object_id))
        if refusals:
            raise forms.ValidationError([refusal.message for refusal in refusals])
        return self.cleaned_data["changelog"]


class ReasonForm(BaseDialogForm):
    """Why a plan is stopped."""

    reason = forms.CharField(label=_("Reason"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class PlanForm(forms.ModelForm):
    """A plan; its scope must be a filter that the CMDB knows."""

    class Meta:
        model = InspectionPlan
        fields = [
            "key", "label", "label_zh", "client", "owner", "template", "scope", "group_by", "rrule",
            "time_zone", "starts_on", "shift_start", "calendar", "off_day", "shift", "opens_minutes",
            "due_minutes", "expires_minutes", "assign", "must_complete", "assignee", "team", "signoff",
        ]  # fmt: skip
