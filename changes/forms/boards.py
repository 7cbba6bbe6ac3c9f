"""What is typed about boards: a remark, a delegation, a meeting."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import ROLES, Right
from changes.forms.fields import MomentField
from changes.models import BoardMeeting


class RemarkForm(forms.Form):
    """A question, an answer or a note."""

    text = forms.CharField(label=_("Text"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    is_question = forms.BooleanField(required=False)
    answers = forms.IntegerField(required=False)


def voters() -> Any:
    """Active people whose roles let them vote."""
    rights = {Right.CHANGE_VOTE, Right.CHANGE_ASSESS}
    roles = [key for key, role in ROLES.items() if role.rights & rights]
    return User.objects.filter(is_active=True, role_grants__role__in=roles).distinct().order_by("username")


class DelegationForm(forms.Form):
    """Who votes for me, from when until when, and why."""

    deputy = forms.ModelChoiceField(User.objects.none(), label=_("Deputy"))
    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = voters().exclude(pk=person.pk)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", _("The end comes before the start."))
        elif end and end <= timezone.now():
            self.add_error("ends_at", _("The time is over already."))
        return cleaned


class MeetingForm(forms.ModelForm):
    """When and where a board meets."""

    starts_at = MomentField(label=_("Begins"))

    class Meta:
        model = BoardMeeting
        fields = ["board", "starts_at", "place", "link"]

    def __init__(self, boards: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["board"].queryset = boards
