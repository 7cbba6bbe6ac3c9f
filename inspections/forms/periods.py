"""Which days, and whose inspections, a page is asked for."""

from datetime import date, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Team, User
from accounts.querysets import without_programs
from inspections.models import InspectionPlan


def day_field(label):
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class PeriodForm(forms.Form):
    """Days, at most `MOST` of them; nothing filled in: the last `DAYS`. Wrong fields are passed over."""

    DAYS, MOST = 30, 366

    since = day_field(_("From"))
    until = day_field(_("Up to and with"))

    def clean(self):
        asked = super().clean()
        for name in ("since", "until"):
            if (day := asked.get(name)) and not 1990 < day.year < 2200:
                self.add_error(name, _("No calendar shows this year."))
        since, until = asked.get("since"), asked.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day lies before the first."))
        elif since and until and (until - since).days >= self.MOST:
            self.add_error("until", _("At most %(days)d days are shown at once.") % {"days": self.MOST})
        return asked

    def chosen(self, name):
        return getattr(self, "cleaned_data", {}).get(name)

    def span(self) -> tuple[date, date]:
        """The first and the last day."""
        since, until = self.chosen("since"), self.chosen("until")
        last = until or (min(since + timedelta(days=self.DAYS - 1), timezone.localdate()) if since else None)
        last = last or timezone.localdate()
        first = since or last - timedelta(days=self.DAYS - 1)
        return max(min(first, last), last - timedelta(days=self.MOST - 1)), last


class FiguresForm(PeriodForm):
    """Whose punctuality is counted."""

    plan = forms.ModelChoiceField(
        InspectionPlan.objects.all(), label=_("Plan"), required=False, empty_label=_("any")
    )
    team = forms.ModelChoiceField(Team.objects.all(), label=_("Team"), required=False, empty_label=_("any"))
    assignee = forms.ModelChoiceField(
        User.objects.none(), label=pgettext_lazy("who did it", "Person"), required=False, empty_label=_("any")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = without_programs(User.objects.filter(is_active=True))


class HeatForm(PeriodForm):
    """Which items and days the heat map shows: three weeks by default, seven at most."""

    DAYS, MOST = 21, 49

    q = forms.CharField(label=_("Name contains"), required=False, max_length=80)
    plan = forms.ModelChoiceField(
        InspectionPlan.objects.all(), label=_("Plan"), required=False, empty_label=_("any")
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Owner team"), required=False, empty_label=_("any")
    )
    only_bad = forms.BooleanField(label=_("Only with bad answers"), required=False)
