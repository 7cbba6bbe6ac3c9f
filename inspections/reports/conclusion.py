"""The conclusion (总体结论): how much was normal, pass rate, health score and formula, one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inspections.severity import Severity

TONE = {"ok": "good", "warn": "warn", "crit": "bad", "unknown": "neutral", "na": "neutral", "": "neutral"}


def tally(results: Iterable[str]) -> dict[str, int]:
    """How often each result stands in the rows; "" is a row that nobody answered."""
    found = dict.fromkeys(("ok", "warn", "crit", "unknown", "na", ""), 0)
    for result in results:
        found[result] += 1
    return found


def conclusion(counted: Mapping[str, int], *, open_findings: int) -> dict[str, Any]:
    """The counts with pass rate and score. What was not inspected is not good: it lowers the score."""
    normal, warn, crit = counted["ok"], counted["warn"], counted["crit"]
    unknown = counted["unknown"] + counted[""]
    inspected, in_all = normal + warn + crit, normal + warn + crit + unknown
    score = _part(Decimal(normal) + Decimal(warn) / 2, in_all)
    return {
        "normal": normal,
        "warning": warn,
        "critical": crit,
        "abnormal": warn + crit,
        "unknown": unknown,
        "not_applicable": counted["na"],
        "total": in_all + counted["na"],
        "pass_rate": _part(Decimal(normal), inspected),
        "score": score,
        "formula": _("100 × (normal + ½ × warning) ÷ (normal + warning + critical + unknown)"),
        "pass_formula": _("100 × normal ÷ (normal + warning + critical)"),
        "outcome": _outcome(normal, warn, crit, unknown),
        "text": _text(warn, crit, unknown, in_all, open_findings),
    }


def _part(amount: Decimal, of: int) -> str:
    """In percent with one decimal, as text; empty where there is nothing to be a part of."""
    return f"{(100 * amount / of).quantize(Decimal('0.1'), ROUND_HALF_UP)}" if of else ""


def _outcome(normal: int, warn: int, crit: int, unknown: int) -> dict[str, str]:
    worst = "crit" if crit else "warn" if warn else "unknown" if unknown or not normal else "ok"
    return {"code": worst, "word": str(Severity(worst).label), "tone": TONE[worst]}


def _text(warn: int, crit: int, unknown: int, in_all: int, open_findings: int) -> str:
    if not in_all:
        return _("Nothing was inspected.")
    parts = []
    if crit:
        parts.append(ngettext("%(n)d check is critical.", "%(n)d checks are critical.", crit) % {"n": crit})
    if warn:
        words = ngettext("%(n)d check is at warning level.", "%(n)d checks are at warning level.", warn)
        parts.append(words % {"n": warn})
    if unknown:
        words = ngettext("%(n)d check has no result.", "%(n)d checks have no result.", unknown)
        parts.append(words % {"n": unknown})
    if not parts:
        words = ngettext(
            "The check that was made is normal.", "All %(n)d checks that were made are normal.", in_all
        )
        parts.append(words % {"n": in_all})
    if open_findings:
        words = ngettext(
            "%(n)d finding waits for its fix.", "%(n)d findings wait for their fix.", open_findings
        )
        parts.append(words % {"n": open_findings})
    return " ".join(parts)
