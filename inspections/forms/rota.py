"""Filling the rota forward."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from inspections.models import Shift


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class FillForm(forms.Form):
    """Which days of which shift, and who takes turns."""

    shift = forms.ModelChoiceField(Shift.objects.all(), label=_("Shift"), to_field_name="key")
    first = day_field(_("From"))
    last = day_field(_("Until"))
    days_each = forms.IntegerField(
        label=_("Days on end"), min_value=1, max_value=31, initial=1, help_text=_("7: everybody a week.")
    )
    people = forms.CharField(
        label=_("People"), widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Log-in names in their order, one a line. The next in line has B duty."),
    )  # fmt: skip

    def clean_people(self) -> list[User]:
        return people_named(self.cleaned_data["people"])


def people_named(text: str) -> list[User]:
    """The people with these log-in names, in this order. Raises ValidationError naming the unknown."""
    names = [name.strip() for name in text.replace(",", "\n").splitlines()]
    names = [name for name in dict.fromkeys(names) if name]
    found = {user.username: user for user in holders_of(Right.INSPECT).filter(username__in=names)}
    unknown = [name for name in names if name not in found]
    if unknown:
        message = _("Nobody who may inspect is called: %(names)s.")
        raise forms.ValidationError(message, params={"names": ", ".join(unknown)})
    return [found[name] for name in names]
