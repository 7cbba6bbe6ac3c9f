"""What the dialogs of a finding ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from assets.models import Asset
from changes.models import ChangeRequest
from inspections.models import Finding

NOW = "%Y-%m-%dT%H:%M"


def able_people() -> Any:
    """Who can own a finding: whoever inspects, reviews or implements changes."""
    able = [holders_of(right) for right in (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_IMPLEMENT)]
    return User.objects.filter(pk__in=(able[0] | able[1] | able[2]).values("pk")).order_by(
        "display_name", "username"
    )


class FindingForm(forms.Form):
    """A dialog of one finding: it knows the finding and the reader."""

    def __init__(self, finding: Finding, user: User, *args: Any, **kwargs: Any) -> None:
        self.finding, self.user = finding, user
        super().__init__(*args, auto_id=f"{self.key}-%s", **kwargs)

    key = "plain"


def comment_field(label: Any = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label or _("Comment"),
        required=required,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def photo_field() -> forms.FileField:
    return forms.FileField(
        label=_("Photo"),
        required=False,
        widget=forms.ClearableFileInput(
            attrs={"accept": "image/*,application/pdf", "capture": "environment"}
        ),
    )


class PlainForm(FindingForm):
    """Nothing but a button."""


class CommentForm(FindingForm):
    comment = comment_field(required=False)


class ReasonForm(FindingForm):
    comment = comment_field(_("Why"))


class RemarkForm(FindingForm):
    comment = comment_field()
    file = photo_field()


class FixForm(FindingForm):
    comment = comment_field(_("What was done"))
    file = photo_field()


class TakeForm(FindingForm):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)
    comment = comment_field(required=False)

    def __init__(self, finding: Finding, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, user, *args, **kwargs)
        self.fields["owner"].queryset = able_people()
        self.fields["owner"].initial = finding.owner_id or user.pk


class ReassignForm(TakeForm):
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"))
    comment = comment_field(_("Why somebody else"))

    def __init__(self, finding: Finding, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, user, *args, **kwargs)
        self.fields["owner"].queryset = able_people().exclude(pk=finding.owner_id)
        self.fields["owner"].initial = None


class RiskForm(FindingForm):
    until = forms.DateField(
        label=_("Accepted up to and including"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    comment = comment_field(_("Why the risk can be borne"))

    def __init__(self, finding: Finding, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, user, *args, **kwargs)
        self.fields["until"].initial = timezone.localdate() + timedelta(days=30)


class DeadlineForm(FindingForm):
    due_at = forms.DateTimeField(
        label=_("Fixed by"),
        input_formats=[NOW, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=NOW),
    )
    comment = comment_field(_("Why another deadline"))

    def __init__(self, finding: Finding, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, user, *args, **kwargs)
        self.fields["due_at"].initial = timezone.localtime(finding.due_at)


class DuplicateForm(FindingForm):
    of = forms.CharField(
        label=_("Number of the other finding"), max_length=16,
        widget=forms.TextInput(attrs={"placeholder": "FD-000123"}),
    )  # fmt: skip
    comment = comment_field(_("Why it is the same"))

    def clean_of(self) -> Finding:
        wanted = self.cleaned_data["of"].strip().upper()
        found = Finding.objects.filter(number=wanted).first()
        if found is None:
            raise forms.ValidationError(_("There is no finding %(number)s."), params={"number": wanted})
        return found


class LinkForm(FindingForm):
    change = forms.CharField(
        label=_("Number of the change"), max_length=20,
        widget=forms.TextInput(attrs={"placeholder": "CHG-000123"}),
    )  # fmt: skip

    def clean_change(self) -> ChangeRequest:
        wanted = self.cleaned_data["change"].strip().upper()
        found = ChangeRequest.objects.filter(number=wanted).first()
        if found is None:
            raise forms.ValidationError(_("There is no change %(number)s."), params={"number": wanted})
        return found


class RepairForm(FindingForm):
    asset = forms.ModelChoiceField(Asset.objects.none(), label=_("Asset"))
    comment = comment_field(_("What is broken"), required=False)

    def __init__(self, finding: Finding, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, user, *args, **kwargs)
        assets = Asset.objects.filter(ci=finding.ci_id).select_related("model")
        self.fields["asset"].queryset = assets
        self.fields["asset"].initial = assets.first()
