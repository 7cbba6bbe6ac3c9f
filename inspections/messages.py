"""What programs send as readings, made into values: nothing that is no finite number is ever good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from inspections.models import MachineReading
from inspections.perfdata import parse_perfdata

LARGEST = Decimal(10) ** 18
PLACES = Decimal("0.000001")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
UNITS = {"°C": "℃", "degC": "℃", "celsius": "℃", "Celsius": "℃", "percent": "%"}
FIELDS = {"ci", "metric", "value", "unit", "observed_at", "external_id", "perfdata"}
Problem = MachineReading.Problem
NO_NUMBERS = {
    "": Problem.EMPTY, "null": Problem.EMPTY, "none": Problem.EMPTY, "u": Problem.EMPTY,
    "nan": Problem.NOT_A_NUMBER, "inf": Problem.INFINITE, "infinity": Problem.INFINITE,
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One reading as it was sent, in row `row` of a batch; `error` and `code` say why it cannot be stored."""

    row: int
    ci: int | str = ""
    metric: str = ""
    value: Decimal | None = None
    problem: str = ""
    unit: str = ""
    observed_at: datetime | None = None
    external_id: str = ""
    note: str = ""
    code: str = ""
    error: str = ""


class UnfitError(ValueError):
    """A row cannot be read: `code`, and what to do in words."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def messages_in(row: int, given: object) -> Iterator[Message]:
    """The readings of one row: one, or one per label of a plugin's output."""
    try:
        yield from _messages(row, given)
    except UnfitError as error:
        yield Message(row, code=error.code, error=str(error))


def _messages(row: int, given: object) -> Iterator[Message]:
    if not isinstance(given, Mapping):
        raise UnfitError("row", _("A row is an object with ci, metric and value, or with ci and perfdata."))
    if unknown := sorted(set(given) - FIELDS):
        known = ", ".join(sorted(FIELDS))
        raise UnfitError(
            "field",
            _("Unknown field %(name)s. Known: %(known)s.") % {"name": unknown[0][:40], "known": known},
        )
    ci = given.get("ci")
    if isinstance(ci, bool) or not isinstance(ci, int | str) or ci in ("", 0) or not _is_id(ci):
        raise UnfitError("ci", _("Say which CI: its id, name, type:name or serial."))
    at, external_id = _instant(given.get("observed_at")), _text(given, "external_id", 200)
    if at is None and not external_id:
        raise UnfitError(
            "observed_at", _("Give observed_at or external_id, so that a repeat is known as one.")
        )
    metric = _text(given, "metric", 80)
    if "perfdata" in given:
        yield from _performances(Message(row, ci, metric, observed_at=at, external_id=external_id), given)
        return
    if not metric:
        raise UnfitError("metric", _("Name the metric."))
    if "value" not in given:
        raise UnfitError("value", _("Send the value; null where it is unknown."))
    value, problem = parsed(given["value"])
    unit = _text(given, "unit", 16)
    yield Message(row, ci, metric, value, problem, UNITS.get(unit, unit), at, external_id)


def _is_id(ci: int | str) -> bool:
    return isinstance(ci, str) or 0 < ci < 2**63


def _performances(base: Message, given: Mapping[str, object]) -> Iterator[Message]:
    text = given["perfdata"]
    if not isinstance(text, str) or "value" in given or "unit" in given:
        raise UnfitError("perfdata", _("perfdata is a text and takes the place of value and unit."))
    found, error = parse_perfdata(text)
    for each in found:
        metric = f"{base.metric}.{each.label}" if base.metric else each.label
        external_id = f"{base.external_id}#{each.label}" if base.external_id else ""
        if len(metric) > 80 or len(external_id) > 200 or len(each.unit) > 16:
            error = error or _("“%(label)s” is too long: a metric has at most 80 characters.") % {
                "label": each.label[:40]
            }
            continue
        value, problem = parsed(each.value)
        unit = UNITS.get(each.unit, each.unit)
        yield Message(
            base.row, base.ci, metric, value, problem, unit, base.observed_at, external_id, each.note
        )
    if error:
        raise UnfitError("perfdata", error)


def parsed(value: object) -> tuple[Decimal | None, str]:
    """The number with six decimals, or None and why. Raises UnfitError for what is no value at all."""
    if value is None or (isinstance(value, str) and value.strip().lower().lstrip("+-") in NO_NUMBERS):
        return None, NO_NUMBERS["" if value is None else str(value).strip().lower().lstrip("+-")].value
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnfitError("value", _("The value is a number, or null where it is unknown."))
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise UnfitError("value", _("“%(value)s” is not a number.") % {"value": str(value)[:40]}) from None
    if number.is_nan() or number.is_infinite():
        return None, (Problem.NOT_A_NUMBER if number.is_nan() else Problem.INFINITE).value
    if abs(number) >= LARGEST or abs(rounded := number.quantize(PLACES)) >= LARGEST:
        raise UnfitError("value", _("The number is too large: send it in a larger unit."))
    return rounded, ""


def _instant(given: object) -> datetime | None:
    """The instant, or None. Raises UnfitError for one without zone, in the future, or before 2000."""
    if given in (None, ""):
        return None
    try:
        if isinstance(given, int | float) and not isinstance(given, bool):
            at = datetime.fromtimestamp(given, UTC)
        else:
            at = parse_datetime(str(given).strip())
    except (ValueError, OverflowError, OSError):
        at = None
    if at is None:
        raise UnfitError("observed_at", _("observed_at reads like 2026-11-22T08:00:00+08:00."))
    if timezone.is_naive(at):
        raise UnfitError(
            "observed_at", _("observed_at needs its time zone: 2026-11-22T08:00:00+08:00, or Z.")
        )
    if at > timezone.now() + AHEAD:
        raise UnfitError("future", _("observed_at lies in the future: set the clock of the sender."))
    if at < EARLIEST:
        raise UnfitError("too_old", _("observed_at lies before 2000: set the clock of the sender."))
    return at


def _text(given: Mapping[str, object], name: str, longest: int) -> str:
    value = given.get(name, "")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnfitError(name, _("%(name)s is a text.") % {"name": name})
    text = str(value).strip()
    if len(text) > longest:
        raise UnfitError(
            name, _("%(name)s has at most %(longest)s characters.") % {"name": name, "longest": longest}
        )
    return text
