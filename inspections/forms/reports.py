"""What goes out by itself, when, to whom."""

from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.querysets import holders_of, without_programs
from accounts.roles import Right
from cmdb.models import ConfigurationItem
from inspections.models import InspectionPlan, ReportSchedule


class ReportScheduleForm(forms.ModelForm):
    recipients = forms.ModelMultipleChoiceField(
        None, label=_("Recipients"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets a copy of their own, with their name on every page."),
    )  # fmt: skip

    class Meta:
        model = ReportSchedule
        fields = [
            "label",
            "label_zh",
            "every",
            "weekday",
            "monthday",
            "at",
            "time_zone",
            "covers",
            "client",
            "site",
            "plan",
            "has_all_rows",
            "language",
            "format",
            "delivery",
        ]
        widgets = {
            "at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "client": forms.TextInput(attrs={"list": "clients"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["recipients"].queryset = without_programs(holders_of(Right.VIEW))
        places = ConfigurationItem.objects.live().of_type("site", "room")
        self.fields["site"].queryset = places.order_by("name")
        self.fields["plan"].queryset = InspectionPlan.objects.order_by("key")
        for name in ("site", "plan"):
            self.fields[name].empty_label = _("all")
        self.fields["time_zone"].initial = settings.TIME_ZONE
        if self.instance.pk:
            self.fields["recipients"].initial = [each.user_id for each in self.instance.recipients.all()]

    def clean_time_zone(self):
        zone = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("This is no IANA time zone, for example Asia/Shanghai."))
        return zone
