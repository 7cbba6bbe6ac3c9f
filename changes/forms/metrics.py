"""Which changes are measured."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from changes.metrics import Choice
from changes.models import ChangeRequest
from changes.workflow import Kind
from cmdb.models import ConfigurationItem


class ChoiceForm(forms.Form):
    """Days, service with what it needs, team, kind; nothing filled in: all changes."""

    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("Up to and with"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    service = forms.ModelChoiceField(
        ConfigurationItem.objects.none(),
        label=_("Service, with what it needs"),
        required=False,
        empty_label=_("any"),
    )
    team = forms.ModelChoiceField(Team.objects.all(), label=_("Team"), required=False, empty_label=_("any"))
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("any")), *Kind.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = ChangeRequest.objects.exclude(service=None).order_by().values("service")
        of_type = ConfigurationItem.objects.of_type("service").values("pk")
        services = ConfigurationItem.objects.filter(pk__in=named) | ConfigurationItem.objects.filter(
            pk__in=of_type
        )
        self.fields["service"].queryset = services.order_by("name")
        self.fields["service"].label_from_instance = lambda item: item.name

    def clean(self) -> dict[str, Any]:
        asked = super().clean()
        for name in ("since", "until"):
            day = asked.get(name)
            if day and not 1900 < day.year < 9000:
                self.add_error(name, _("No calendar shows this year."))
        return asked

    def choice(self) -> Choice:
        """What was chosen; wrong fields are passed over."""
        asked = getattr(self, "cleaned_data", {})
        service, team = asked.get("service"), asked.get("team")
        return Choice(
            since=asked.get("since"),
            until=asked.get("until"),
            service=service and service.pk,
            team=team and team.pk,
            kind=asked.get("kind") or "",
        )
