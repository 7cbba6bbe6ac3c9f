"""A plan as people make it: what, when, who; the rule is chosen, not written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.querysets import holders_of
from accounts.roles import Right
from inspections.forms.conditions import ConditionForm
from inspections.forms.rota import people_named
from inspections.models import ChecklistTemplate, InspectionPlan
from inspections.recurrence import DAY_NAMES, LAST, ORDINALS, Choice, Repeat, choice_of

MONTH_DAYS = [*((n, str(n)) for n in range(1, 32)), (LAST, _("the last day"))]


class PlanEditForm(forms.ModelForm):
    """Every part of a plan but its scope, which has a form of its own on the page."""

    repeat = forms.ChoiceField(label=_("Repeats"), choices=Repeat.choices)
    every = forms.IntegerField(label=_("Every"), min_value=1, max_value=366, initial=1)
    weekdays = forms.MultipleChoiceField(
        label=_("Days of the week"), required=False, choices=list(DAY_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    month_day = forms.TypedChoiceField(
        label=_("Day of the month"), choices=MONTH_DAYS, coerce=int, initial=1,
        help_text=_("A month without that day has no round."),
    )  # fmt: skip
    nth = forms.TypedChoiceField(
        label=_("Which of the month"), choices=list(ORDINALS.items()), coerce=int, initial=1
    )
    hours = forms.CharField(
        label=_("Hours of the day"), required=False, max_length=80,
        help_text=_("For several rounds a day, for example 8, 16; empty: one, at the start."),
    )  # fmt: skip
    people = forms.CharField(
        label=_("People"), required=False, widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Log-in names in their order, one a line."),
    )  # fmt: skip

    class Meta:
        model = InspectionPlan
        fields = [
            "key", "label", "label_zh", "client", "owner", "template", "group_by", "rrule", "time_zone",
            "starts_on", "shift_start", "calendar", "off_day", "shift", "opens_minutes", "due_minutes",
            "expires_minutes", "assign", "must_complete", "assignee", "team", "signoff",
        ]  # fmt: skip
        widgets = {
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "shift_start": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        plan = kwargs.get("instance")
        choice = choice_of(plan.rrule) if plan else Choice(Repeat.DAILY)
        initial: dict[str, Any] = {"repeat": Repeat.RAW} if choice is None else {
            "repeat": choice.repeat, "every": choice.every, "weekdays": list(choice.weekdays),
            "month_day": choice.month_day, "nth": choice.nth, "hours": ", ".join(map(str, choice.hours)),
        }  # fmt: skip
        if plan and plan.pk:
            names = plan.members.values_list("user__username", flat=True)
            initial["people"] = "\n".join(names)
        super().__init__(*args, **{**kwargs, "initial": initial | kwargs.get("initial", {})})
        inspectors = Q(pk__in=holders_of(Right.INSPECT).values("pk"))
        self.fields["assignee"].queryset = User.objects.filter(inspectors).order_by("username")
        managers = Q(pk__in=holders_of(Right.INSPECT_MANAGE).values("pk"))
        self.fields["owner"].queryset = User.objects.filter(managers).order_by("username")
        self.fields["template"].queryset = ChecklistTemplate.objects.order_by("key")
        self.fields["team"].queryset = Team.objects.order_by("key")
        self.fields["rrule"].required = False
        for name in ("every", "month_day", "nth"):
            self.fields[name].required = False

    def clean_hours(self) -> tuple[int, ...]:
        parts = self.cleaned_data["hours"].replace("，", ",").replace("、", ",").split(",")
        hours = [part.strip().removesuffix(":00") for part in parts if part.strip()]
        if not all(hour.isascii() and hour.isdigit() and int(hour) < 24 for hour in hours):
            raise forms.ValidationError(_("Hours are numbers from 0 to 23, for example 8, 16."))
        return tuple(sorted({int(hour) for hour in hours}))

    def clean_people(self) -> list[User]:
        return people_named(self.cleaned_data["people"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        repeat, days = given.get("repeat"), tuple(given.get("weekdays") or ())
        if repeat == Repeat.RAW:
            if not given.get("rrule"):
                self.add_error("rrule", _("Write the rule, or choose how it repeats."))
        elif repeat in (Repeat.WEEKLY, Repeat.NTH) and not days:
            self.add_error("weekdays", _("Choose a day of the week."))
        elif repeat == Repeat.NTH and len(days) > 1:
            self.add_error("weekdays", _("Choose one day of the week."))
        elif repeat:
            choice = Choice(
                repeat, given.get("every") or 1, days if repeat in (Repeat.WEEKLY, Repeat.NTH) else (),
                given.get("month_day") or 1, given.get("nth") or 1, given.get("hours") or (),
            )  # fmt: skip
            given["rrule"] = choice.rule
        return given


class ScopeForm(ConditionForm):
    """The CIs of a plan, in fields of the page of the plan."""

    prefix = "scope"
