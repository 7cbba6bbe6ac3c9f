"""What tells a reviewer whether somebody looked, or filled in a form (填空游戏): signs, never a verdict.

Practitioners warn that check lists turn into a fill-in game (reference/inspections.md §2.1): so the time on
the cards, what was answered together, values that did not move and overridden readings are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspections.models import Evidence, InspectionRun, SyncOp
from inspections.sheet import Cell, Sheet

#: An answer given faster than this was hardly looked at.
FEWEST_SECONDS = 3
#: Fewer equal values than this say nothing.
FEWEST_EQUAL = 3


@dataclass(frozen=True)
class Signs:
    """The signs of one run; each is a number of answers, except `all_normal`: how many sections at once."""

    answered: int
    timed: int
    seconds: int
    hasty: int
    numbers: int
    equal: int
    all_normal: int
    photos: int
    overridden: int
    thresholds: int

    @property
    def seconds_each(self) -> int | None:
        """Seconds on a card, on average; None where no card was timed."""
        return round(self.seconds / self.timed) if self.timed else None

    @property
    def is_all_equal(self) -> bool:
        """Whether every number is the one of last time, where there are enough of them."""
        return self.numbers >= FEWEST_EQUAL and self.equal == self.numbers

    @property
    def is_hasty(self) -> bool:
        """Whether half of the timed cards were answered at a glance."""
        return self.timed > 0 and 2 * self.hasty >= self.timed

    @property
    def are_remarkable(self) -> bool:
        """Whether a reviewer should look twice."""
        return self.is_hasty or self.is_all_equal or self.all_normal > 0 or self.overridden > 0


def signs_of(run: InspectionRun, sheet: Sheet) -> Signs:
    """The signs of a run whose sheet is there already. Two statements."""
    cells = [cell for target in sheet.targets for cell in target.cells if cell.answer]
    timed = [
        cell.answer.dwell_seconds for cell in cells if cell.answer and cell.answer.dwell_seconds is not None
    ]
    numbers = [cell for cell in cells if _has_two_numbers(cell)]
    return Signs(
        answered=len(cells),
        timed=len(timed),
        seconds=sum(timed),
        hasty=sum(1 for seconds in timed if seconds < FEWEST_SECONDS),
        numbers=len(numbers),
        equal=sum(1 for cell in numbers if not cell.delta),
        all_normal=SyncOp.objects.filter(
            run=run, kind=SyncOp.Kind.ALL_GOOD, status=SyncOp.Status.DONE
        ).count(),
        photos=Evidence.objects.kept().filter(run=run).count(),
        overridden=sum(1 for cell in cells if _overrides_reading(cell)),
        thresholds=sum(1 for cell in cells if cell.answer and "override" in cell.answer.bounds_used),
    )


def _has_two_numbers(cell: Cell) -> bool:
    both = (cell.answer, cell.previous)
    return all(answer is not None and answer.value_number is not None for answer in both)


def _overrides_reading(cell: Cell) -> bool:
    """A person said otherwise than the machine."""
    answer = cell.answer
    return answer is not None and answer.reading_id is not None and answer.source == answer.Source.HUMAN
