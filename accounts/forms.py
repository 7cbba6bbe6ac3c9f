"""Forms about people: accounts, roles, tokens, notices."""

from datetime import datetime, time, timedelta
from zoneinfo import available_timezones

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseInlineFormSet, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import OFFICES_MESSAGE, ApiToken, User
from accounts.notices import kinds_to_choose
from accounts.roles import OFFICES_APART


class LoginForm(AllauthLoginForm):
    """Name and password, nothing else."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


def time_zone_choices():
    return [
        ("", _("As the system")),
        *((name, name) for name in sorted(available_timezones()) if "/" in name),
    ]


class AccountChangeForm(UserChangeForm):
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zone_choices, required=False, widget=UnfoldAdminSelectWidget
    )

    class Meta(UserChangeForm.Meta):
        model = User
        fields = [
            "username",
            "password",
            "display_name",
            "email",
            "phone",
            "language",
            "time_zone",
            "is_active",
        ]


class AccountCreationForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ["username", "display_name"]


class RoleGrantFormSet(BaseInlineFormSet):
    """The roles of one person: never two of the three offices, never one's own."""

    editor = None

    def clean(self):
        super().clean()
        is_own = self.editor is not None and self.editor.pk == self.instance.pk
        if is_own and not self.editor.is_superuser and self.has_changed():
            raise ValidationError(_("Nobody changes their own roles: ask another security administrator."))
        offices = [
            form.cleaned_data["role"]
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("role") in OFFICES_APART
            and not form.cleaned_data.get("DELETE")
        ]
        if len(offices) > 1:
            raise ValidationError(OFFICES_MESSAGE)


class TokenForm(forms.ModelForm):
    """A new token of one's own; it expires at the end of the given day."""

    expires_on = forms.DateField(
        label=_("Expires on"),
        help_text=_("At the end of this day; at most one year from now."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: timezone.localdate() + timedelta(days=90),
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scope"]

    def clean_expires_on(self):
        day = self.cleaned_data["expires_on"]
        if not timezone.localdate() <= day <= timezone.localdate() + timedelta(days=365):
            raise ValidationError(_("Between today and one year from now."))
        return day

    @property
    def expires_at(self):
        return timezone.make_aware(datetime.combine(self.cleaned_data["expires_on"], time(23, 59, 59)))


class NoticeSettingsForm(forms.Form):
    """How the person wants to be mailed: one row of channels for each kind of notice."""

    language = forms.ChoiceField(
        label=_("Notices are written in"), choices=settings.LANGUAGES, required=False
    )
    digest_hour = forms.TypedChoiceField(
        label=_("The daily mail comes at"),
        coerce=int,
        choices=[(hour, f"{hour:02d}:00") for hour in range(24)],
    )

    def __init__(self, *args, person, **kwargs):
        initial = {"digest_hour": person.digest_hour, "language": person.language or get_language()}
        super().__init__(*args, initial=initial, **kwargs)
        chosen = dict(person.notice_preferences.values_list("kind", "channel"))
        for kind in kinds_to_choose():
            self.fields[kind.key] = forms.ChoiceField(
                label=kind.label,
                choices=[(channel.value, channel.label) for channel in kind.channels],
                widget=forms.RadioSelect,
                initial=kind.channel_for(chosen.get(kind.key)),
            )

    @property
    def groups(self):
        """(label, rows) for each group of kinds; a row is the kind and its bound field."""
        rows = {}
        for kind in kinds_to_choose():
            rows.setdefault(str(kind.group), []).append((kind, self[kind.key]))
        return list(rows.items())

    @property
    def channels(self):
        """What was chosen, by kind."""
        return {kind.key: self.cleaned_data[kind.key] for kind in kinds_to_choose()}
