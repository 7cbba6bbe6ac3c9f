"""Performance data of Nagios plugins, as texts: `label=value[UOM];warn;crit;min;max` (Monitoring Plugins
Development Guidelines, "Performance data"), and the difference between their thresholds and ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

# 'a label'=12.5%;80;90;0;100 — a quote inside a quoted label is doubled; a label without quotes has no space.
ONE = re.compile(
    r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^\s'=]+))="
    r"(?P<value>U|[-+]?[0-9.,]++(?:[eE][-+]?[0-9]+)?)(?P<unit>[^\s;0-9]*)"
    r"(?:;(?P<warn>[^\s;]*))?(?:;(?P<crit>[^\s;]*))?(?:;(?P<min>[^\s;]*))?(?:;(?P<max>[^\s;]*))?;?(?=\s|$)"
)
BLANK = re.compile(r"\s*")
RANGE = re.compile(r"(?P<inside>@?)(?:(?P<start>~|[-+]?[0-9.]+)?:)?(?P<end>[-+]?[0-9.]+)?")
UNITS = {"c": "", "C": "℃", "°C": "℃"}  # c is a counter, not a unit


@dataclass(frozen=True)
class Performance:
    """One value: `value` is None where the plugin said U (it does not know)."""

    label: str
    value: str | None
    unit: str
    note: str = ""


def parse_perfdata(text: str) -> tuple[list[Performance], str]:
    """The values of a plugin's output (or of the part behind its `|`), and in words what cannot be read."""
    rest = text.split("|", 1)[1] if "|" in text else text
    rest = rest.replace("|", " ").strip()
    found, position = [], 0
    while match := ONE.match(rest, position):  # from where the last one ended, never searched for further on
        found.append(_performance(match))
        position = BLANK.match(rest, match.end()).end()
    if left := rest[position:].strip():
        message = _("Cannot read “%(text)s”: write label=value[unit];warn;crit;min;max.")
        return found, message % {"text": left[:60]}
    return found, "" if found else _("There is no performance data in it.")


def _performance(match: re.Match[str]) -> Performance:
    label = (match["quoted"] or match["plain"]).replace("''", "'").strip()
    value = None if match["value"] == "U" else match["value"].replace(",", ".")
    unit = UNITS.get(match["unit"], match["unit"])
    notes = [_at_the_edge(value, match[level], level) for level in ("warn", "crit")]
    return Performance(label, value, unit, " ".join(note for note in notes if note))


def _at_the_edge(value: str | None, threshold: str | None, level: str) -> str:
    """What differs when the value is exactly an end of the plugin's range; empty elsewhere."""
    parsed = RANGE.fullmatch(threshold or "")
    if value is None or not threshold or parsed is None or parsed["inside"]:
        return ""
    start = parsed["start"] if ":" in threshold else "0"
    try:
        ends = [Decimal(end) for end in (start, parsed["end"]) if end and end != "~"]
        is_edge = Decimal(value) in ends
    except InvalidOperation:
        return ""
    if not is_edge:
        return ""
    words = {"warn": _("warning"), "crit": _("critical")}
    message = _(
        "Exactly at the plugin's %(level)s threshold: fine for Nagios, %(level)s here with this bound."
    )
    return message % {"level": words[level]}


def boundary() -> str:
    """How thresholds of plugins and of check lists differ, in one sentence."""
    return _(
        "Nagios plugins alert strictly outside their range (-w 80 alerts above 80, not at 80); check lists "
        "alert at the bound itself (>= high, <= low). The plugin's own thresholds are not taken over: the "
        "bounds of the check list count."
    )
