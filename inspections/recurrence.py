"""Recurrence rules as people choose and read them: every day, on Mondays, on the last day of the month."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY_NAMES = dict(
    zip(
        DAYS,
        (gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
         gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday")),
        strict=True,
    )
)  # fmt: skip
LAST = -1
ORDINALS = {
    1: gettext_lazy("first"), 2: pgettext_lazy("ordinal", "second"), 3: gettext_lazy("third"),
    4: gettext_lazy("fourth"),
    LAST: gettext_lazy("last"),
}  # fmt: skip


class Repeat(TextChoices):
    """What a plan repeats by."""

    HOURLY = "hourly", gettext_lazy("every so many hours")
    DAILY = "daily", gettext_lazy("every day, or every so many days")
    WEEKLY = "weekly", gettext_lazy("on days of the week")
    MONTHLY = "monthly", gettext_lazy("on a day of the month")
    NTH = "nth", gettext_lazy("on a weekday of the month, such as the first Monday")
    RAW = "raw", gettext_lazy("by a rule of its own (RFC 5545)")


@dataclass(frozen=True)
class Choice:
    """One recurrence as chosen in a form; `hours` are the rounds of a day, empty for one."""

    repeat: str
    every: int = 1
    weekdays: tuple[str, ...] = ()
    month_day: int = 1
    nth: int = 1
    hours: tuple[int, ...] = field(default=())

    @property
    def rule(self) -> str:
        """The RRULE."""
        parts = {"FREQ": "MONTHLY" if self.repeat == Repeat.NTH else self.repeat.upper()}
        if self.every != 1:
            parts["INTERVAL"] = str(self.every)
        if self.repeat == Repeat.WEEKLY and self.weekdays:
            parts["BYDAY"] = ",".join(day for day in DAYS if day in self.weekdays)
        if self.repeat == Repeat.NTH:
            parts["BYDAY"] = f"{self.nth}{self.weekdays[0]}"
        if self.repeat == Repeat.MONTHLY:
            parts["BYMONTHDAY"] = str(self.month_day)
        if self.hours and self.repeat != Repeat.HOURLY:
            parts["BYHOUR"] = ",".join(map(str, sorted(self.hours)))
        return ";".join(f"{name}={value}" for name, value in parts.items())


def choice_of(rule: str) -> Choice | None:
    """The rule as a choice of the form, or None where only the rule itself says it."""
    parts = dict(part.partition("=")[::2] for part in rule.upper().removeprefix("RRULE:").split(";") if part)
    try:
        found = _choice(parts)
    except (KeyError, ValueError, IndexError):
        return None
    same = found is not None and dict(p.partition("=")[::2] for p in found.rule.split(";")) == parts
    return found if same else None


def _choice(parts: dict[str, str]) -> Choice | None:
    every = int(parts.get("INTERVAL", "1"))
    hours = tuple(int(hour) for hour in parts["BYHOUR"].split(",")) if "BYHOUR" in parts else ()
    days = tuple(parts["BYDAY"].split(",")) if "BYDAY" in parts else ()
    match parts["FREQ"]:
        case "HOURLY":
            return Choice(Repeat.HOURLY, every)
        case "DAILY":
            return Choice(Repeat.DAILY, every, hours=hours)
        case "WEEKLY":
            return Choice(Repeat.WEEKLY, every, days, hours=hours)
        case "MONTHLY" if "BYMONTHDAY" in parts:
            return Choice(Repeat.MONTHLY, every, month_day=int(parts["BYMONTHDAY"]), hours=hours)
        case "MONTHLY" if len(days) == 1:
            return Choice(Repeat.NTH, every, (days[0][-2:],), nth=int(days[0][:-2]), hours=hours)
    return None


def in_words(rule: str) -> str:
    """The rule for people: “on Monday, Thursday”; a rule that no choice says stays as it is."""
    if rule.upper().endswith(";COUNT=1"):
        return _("once")
    choice = choice_of(rule)
    if choice is None:
        return _("every month") if rule.upper() == "FREQ=MONTHLY" else rule
    words = _words(choice)
    if choice.hours:
        at = ", ".join(f"{hour:02d}" for hour in choice.hours)
        words = _("%(when)s, in the hours %(hours)s") % {"when": words, "hours": at}
    return words


def _words(choice: Choice) -> str:
    n = choice.every
    names = ("、" if (get_language() or "").startswith("zh") else ", ").join(
        str(DAY_NAMES[day]) for day in choice.weekdays if day in DAY_NAMES
    )
    if choice.repeat == Repeat.HOURLY:
        return (_("every hour") if n == 1 else _("every %(n)d hours")) % {"n": n}
    if choice.repeat == Repeat.DAILY:
        return (_("every day") if n == 1 else _("every %(n)d days")) % {"n": n}
    if choice.repeat == Repeat.WEEKLY:
        if not names:
            return (_("every week") if n == 1 else _("every %(n)d weeks")) % {"n": n}
        return (_("every week on %(days)s") if n == 1 else _("every %(n)d weeks on %(days)s")) % {
            "n": n,
            "days": names,
        }
    if choice.repeat == Repeat.MONTHLY:
        day = _("the last day") if choice.month_day == LAST else _("day %(n)d") % {"n": choice.month_day}
    else:
        which = ORDINALS.get(choice.nth, choice.nth)
        day = _("%(day)s, the %(which)s of the month") % {"day": names, "which": which}
    words = _("every month on %(day)s") if n == 1 else _("every %(n)d months on %(day)s")
    return words % {"n": n, "day": day}
