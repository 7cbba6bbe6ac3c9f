"""The sheet of a run (巡检表): every item of every target with its answer, last value and limits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.labelled import in_active_language
from inspections.bounds import Bounds, bounds_of, own_bounds, used_bounds
from inspections.models import Answer, Evidence, InspectionRun, RunTarget, TemplateItem
from inspections.severity import RANK, Severity

TONE = {"ok": "good", "warn": "warn", "crit": "bad", "unknown": "neutral", "na": "neutral"}
ICON = {"ok": "check_circle", "warn": "warning", "crit": "error", "unknown": "help", "na": "block"}


def as_text(value: Decimal | None) -> str:
    """A number without trailing zeros, as it is shown and typed."""
    return "" if value is None else f"{value.normalize():f}"


def choices_of(item: TemplateItem) -> list[tuple[str, str, str]]:
    """(value, label, severity) of each button of a pass/fail or choice item."""
    if item.kind == item.Kind.PASS_FAIL:
        bad = pgettext("inspection answer", "Abnormal")
        return [
            ("pass", pgettext("inspection answer", "Normal"), Severity.OK.value),
            ("fail", bad, item.fail_severity),
        ]
    return item.options


def words_of(item: TemplateItem) -> dict[str, str]:
    """What each choice is called."""
    return {value: label for value, label, _severity in choices_of(item)}


def shown_value(item: TemplateItem, answer: Answer, words: dict[str, str] | None = None) -> str:
    """The answer in words of the reader's language, with its unit; `words` spares looking them up again."""
    if item.kind == item.Kind.PHOTO and not answer.is_na:
        return _("Photo")
    if answer.value_choice:
        return (words_of(item) if words is None else words).get(answer.value_choice, answer.value_choice)
    if answer.value_number is not None and item.unit:
        return f"{as_text(answer.value_number)} {item.unit}"
    return answer.value_label


def shown_limits(item: TemplateItem, bounds: Bounds | None = None) -> str:
    """The limits in words, for example "warning ≥ 85 %, critical ≥ 95 %"; the item's own without `bounds`."""
    parts = []
    holding = bounds or own_bounds(item)
    for severity in ("warn", "crit"):
        low, high = (getattr(holding, f"{severity}_{side}") for side in ("low", "high"))
        limits = [f"≤ {as_text(low)}"] * (low is not None) + [f"≥ {as_text(high)}"] * (high is not None)
        if limits:
            parts.append(f"{Severity(severity).label} {_(' or ').join(limits)} {item.unit}".rstrip())
    return " · ".join(parts)


def is_negative_possible(item: TemplateItem, *bounds: Bounds | None) -> bool:
    """Whether a minus key is offered: decimal keypads of phones lack one."""
    texts = [text for each in (own_bounds(item), *bounds) if each for text in each.as_json().values()]
    return any(text.startswith("-") for text in texts) or item.unit in ("℃", "°C", "dBm")


@dataclass
class Cell:
    """One item on one target."""

    target: RunTarget
    item: TemplateItem
    answer: Answer | None = None
    previous: Answer | None = None
    former: list[Answer] = field(default_factory=list)
    bounds: Bounds | None = None
    photos: list[Evidence] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.target.pk}-{self.item.pk}"

    @property
    def shown(self) -> str:
        return shown_value(self.item, self.answer) if self.answer else ""

    @property
    def previous_shown(self) -> str:
        return shown_value(self.item, self.previous) if self.previous else ""

    @property
    def former_shown(self) -> list[tuple[str, Answer]]:
        return [(shown_value(self.item, answer), answer) for answer in self.former]

    @property
    def delta(self) -> str:
        """How far the number moved since last time, with its sign; empty without two numbers."""
        numbers = [a.value_number for a in (self.answer, self.previous) if a and a.value_number is not None]
        if len(numbers) < 2 or numbers[0] == numbers[1]:
            return ""
        return f"{'+' if numbers[0] > numbers[1] else '−'}{as_text(abs(numbers[0] - numbers[1]))}"

    @property
    def limits(self) -> str:
        """Those that graded the answer, else those that would grade one today."""
        return shown_limits(self.item, (used_bounds(self.answer) if self.answer else None) or self.bounds)

    @property
    def is_numeric(self) -> bool:
        return self.item.kind in (self.item.Kind.NUMBER, self.item.Kind.MACHINE)

    @property
    def tone(self) -> str:
        return TONE[self.answer.severity] if self.answer else "neutral"

    @property
    def icon(self) -> str:
        return ICON[self.answer.severity] if self.answer else ""


@dataclass
class TargetSheet:
    """One target with its cells in order."""

    target: RunTarget
    cells: list[Cell]

    @property
    def sections(self) -> list[tuple[str, list[Cell]]]:
        """The cells by section, in order of first appearance."""
        grouped: dict[str, list[Cell]] = defaultdict(list)
        for cell in self.cells:
            grouped[in_active_language(cell.item.section, cell.item.section_zh)].append(cell)
        return list(grouped.items())


@dataclass
class Sheet:
    """A whole run."""

    run: InspectionRun
    targets: list[TargetSheet]

    @property
    def total(self) -> int:
        return sum(len(target.cells) for target in self.targets)

    @property
    def bad(self) -> list[Cell]:
        """Cells whose answer is a warning or critical, critical first."""
        cells = [cell for target in self.targets for cell in target.cells if cell.answer]
        bad = [cell for cell in cells if cell.answer and RANK[cell.answer.severity] >= RANK["warn"]]
        return sorted(bad, key=lambda cell: -RANK[cell.answer.severity] if cell.answer else 0)


def sheet_of(run: InspectionRun) -> Sheet:
    """The run's sheet with every former answer and the last values from other runs. Six statements."""
    items = list(run.version.items.all())
    targets = list(run.targets.select_related("ci__type"))
    answers = Answer.objects.filter(target__run=run).select_related(
        "answered_by", "amendment__by", "amendment__decided_by"
    )
    current: dict[tuple[int, int], Answer] = {}
    former: dict[tuple[int, int], list[Answer]] = defaultdict(list)
    for answer in answers.order_by("id"):
        pair = (answer.target_id, answer.item_id)
        if answer.is_current:
            current[pair] = answer
        else:
            former[pair].append(answer)
    earlier = Answer.objects.previous_to(run, [i.key for i in items], [t.ci_id for t in targets])
    bounds = bounds_of(items, [t.ci_id for t in targets], timezone.localdate())
    last = {(answer.ci_id, answer.item_key): answer for answer in earlier.select_related("answered_by")}
    photos: dict[tuple[int, int], list[Evidence]] = defaultdict(list)
    for photo in Evidence.objects.filter(run=run).select_related("taken_by", "withdrawn_by"):
        photos[photo.target_id, photo.item_id].append(photo)
    return Sheet(
        run,
        [
            TargetSheet(
                target,
                [
                    Cell(
                        target, item, current.get((target.pk, item.pk)), last.get((target.ci_id, item.key)),
                        former[target.pk, item.pk], bounds.get((target.ci_id, item.key)),
                        photos[target.pk, item.pk],
                    )
                    for item in items
                    if item.key not in target.skipped_items
                ],
            )
            for target in targets
        ],
    )  # fmt: skip
