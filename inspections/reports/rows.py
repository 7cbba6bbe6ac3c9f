"""One row of a report (明细): what was checked, what is normal, what was seen, what was done about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.labelled import in_active_language
from inspections.bounds import used_bounds
from inspections.models import Answer, TemplateItem
from inspections.reports.conclusion import TONE
from inspections.reports.shape import Record, moment
from inspections.severity import Severity
from inspections.sheet import Cell, as_text, choices_of, shown_limits, shown_value

#: Both times are printed where a device and the server differ by more than this (invariant 8).
TIMES_DIFFER = timedelta(minutes=5)


def row_of(cell: Cell, findings: Mapping[int, Record], zone: ZoneInfo) -> Record:
    """One item on one device. An item that nobody answered is a row too."""
    answer, item = cell.answer, cell.item
    return base_row(item, answer, findings, zone) | {
        "key": cell.name,
        "device": str(cell.target),
        "section": in_active_language(item.section, item.section_zh),
        "what": in_active_language(item.help_text, item.help_text_zh),
        "last": cell.previous_shown,
        "last_at": moment(cell.previous.observed_at, zone) if cell.previous else None,
        "delta": cell.delta,
        "former": [
            {"value": shown, "by": str(each.answered_by), "at": moment(each.received_at, zone)}
            for shown, each in cell.former_shown
        ],
        "amended": _amended(cell, zone),
        "photos": [],
        "is_missing": answer is None and item.is_required,
    }


def base_row(
    item: TemplateItem, answer: Answer | None, findings: Mapping[int, Record], zone: ZoneInfo
) -> Record:
    """What a row says of its own, without its neighbours in time."""
    result = answer.severity if answer else ""
    is_bad = result in ("warn", "crit")
    comment = answer.comment if answer else ""
    finding = findings.get(answer.pk) if answer else None
    return {
        "item": str(item),
        "item_key": item.key,
        "normal": normal_of(item, answer),
        "value": _value(item, answer),
        "number": as_text(answer.value_number) if answer else "",
        "unit": item.unit,
        "shown": shown_value(item, answer) if answer else "",
        "result": result,
        "word": str(Severity(result).label) if result else _("Not answered"),
        "tone": TONE[result],
        "abnormality": comment if is_bad else "",
        "action": action_of(finding) if finding else "",
        "finding": finding["number"] if finding else "",
        "remark": "" if is_bad else comment,
        **_times(answer, zone),
        "by": str(answer.answered_by) if answer else "",
        "source": answer.source if answer else "",
        "source_word": str(answer.get_source_display()) if answer and answer.source != "human" else "",
        "dwell_seconds": answer.dwell_seconds if answer else None,
    }


def _value(item: TemplateItem, answer: Answer | None) -> str:
    """The value without its unit: the unit has a column of its own."""
    if answer is None:
        return ""
    return as_text(answer.value_number) if answer.value_number is not None else shown_value(item, answer)


def _times(answer: Answer | None, zone: ZoneInfo) -> Record:
    if answer is None:
        return {"observed": None, "received": None, "times_differ": False, "device_time": None}
    apart = [answer.observed_at] + ([answer.device_at] if answer.device_at else [])
    return {
        "observed": moment(answer.observed_at, zone),
        "received": moment(answer.received_at, zone),
        "device_time": moment(answer.device_at, zone),
        "times_differ": any(abs(answer.received_at - at) > TIMES_DIFFER for at in apart),
    }


def _amended(cell: Cell, zone: ZoneInfo) -> Record | None:
    amendment = cell.answer.amendment if cell.answer else None
    if amendment is None:
        return None
    before = cell.former_shown[-1][0] if cell.former else ""
    return {
        "before": before,
        "reason": amendment.reason,
        "by": str(amendment.by),
        "approved_by": str(amendment.decided_by) if amendment.decided_by else "",
        "at": moment(amendment.decided_at or amendment.at, zone),
    }


def normal_of(item: TemplateItem, answer: Answer | None = None) -> str:
    """The normal range (正常值/阈值范围) in words, by the bounds that were used, or the item's own."""
    if item.kind in (item.Kind.PASS_FAIL, item.Kind.CHOICE):
        separator = pgettext("between choices", ", ")
        return separator.join(label for _v, label, severity in choices_of(item) if severity == Severity.OK)
    holding = used_bounds(answer) if answer else None
    words = shown_limits(item, holding)
    if holding and holding.override:
        words += f" ({_('approved for this CI')})"
    return words


def action_of(finding: Record) -> str:
    """What was done about it (处理措施): the finding, how far it is, and the change that fixes it."""
    parts = [finding["number"], finding["state"]["word"]]
    if finding["change"]:
        parts.append(finding["change"])
    if finding["measure"]:
        parts.append(finding["measure"])
    return " · ".join(parts)
