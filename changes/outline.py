"""What a plan says, gathered for reading: differences folded by stage, minutes held against the window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Team
from changes.differences import ON_ITEMS, ON_RELATIONS
from changes.guards.execution import Drift, drift_of
from changes.models import ChangeRequest, PlanDocument, PlannedOperation, PlanStage, PlanTask
from changes.models.plan import OperationKind, TaskPhase, column_label
from changes.workflow import ENDS
from cmdb.attributes import choice_labels
from cmdb.models import CIType, ConfigurationItem, RelationType

ICONS = {
    OperationKind.UPDATE: "edit", OperationKind.CREATE: "add_circle", OperationKind.RETIRE: "archive",
    OperationKind.RELATE: "link", OperationKind.UNRELATE: "link_off",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One field of a difference in words; `now` is what stands there where the live value moved."""

    name: str
    label: str
    before: str | None
    after: str | None
    now: str | None = None
    has_moved: bool = False


@dataclass
class Fold:
    """Operations that make the same difference to their items, told once."""

    kind: str
    kind_label: str
    icon: str
    lines: tuple[Line, ...]
    mark: str
    operations: list[PlannedOperation] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.operations)

    @property
    def ids(self) -> str:
        """The operations' numbers, as a form sends them."""
        return ",".join(str(operation.pk) for operation in self.operations)

    @property
    def has_moved(self) -> bool:
        return any(line.has_moved for line in self.lines)


@dataclass
class StageOutline:
    """One stage with its differences and tasks."""

    stage: PlanStage | None
    folds: list[Fold]
    tasks: list[PlanTask]

    @property
    def operation_count(self) -> int:
        return sum(fold.count for fold in self.folds)

    @property
    def minutes(self) -> int:
        return minutes_of(self.tasks)


def minutes_of(rows: Iterable[Any]) -> int:
    """The planned minutes together; rows without any count nothing."""
    return sum(row.duration_minutes or 0 for row in rows)


class Outline:
    """The plan of one change. Some eight queries for any number of rows."""

    def __init__(self, change: ChangeRequest) -> None:
        self.change = change

    @cached_property
    def operations(self) -> list[PlannedOperation]:
        rows = self.change.operations.select_related("item__type", "stage")
        return list(rows.order_by("stage__position", "id"))

    @cached_property
    def drifts(self) -> dict[tuple[int, str], Drift]:
        """Fields that are not what the plan expects, of what is still to be applied."""
        waiting = [row for row in self.operations if row.applied_at is None and self.change.state not in ENDS]
        return {(drift.operation_id, drift.field): drift for drift in drift_of(waiting, "before")}

    @cached_property
    def words(self) -> Words:
        return Words(self.operations, self.drifts.values())

    @cached_property
    def tasks(self) -> list[PlanTask]:
        rows = self.change.tasks.select_related("stage", "assignee", "done_by", "second_by")
        return list(rows.order_by("position", "id"))

    @cached_property
    def stages(self) -> list[StageOutline]:
        """Every stage in its order; operations and tasks with it."""
        return [
            StageOutline(
                stage,
                self._folds(row for row in self.operations if row.stage_id == stage.pk),
                [task for task in self.tasks if task.stage_id == stage.pk and not is_precheck(task)],
            )
            for stage in self.change.stages.all()
        ]

    @cached_property
    def prechecks(self) -> list[PlanTask]:
        return [task for task in self.tasks if is_precheck(task)]

    @cached_property
    def loose_tasks(self) -> list[PlanTask]:
        """Tasks of the work that belong to no stage."""
        return [task for task in self.tasks if task.stage_id is None and not is_precheck(task)]

    @cached_property
    def rollback_steps(self) -> list[Any]:
        return list(self.change.rollback_steps.select_related("done_by"))

    @cached_property
    def documents(self) -> list[PlanDocument]:
        return list(self.change.documents.select_related("file", "added_by").defer("file__content"))

    def _folds(self, operations: Iterable[PlannedOperation]) -> list[Fold]:
        found: dict[Any, Fold] = {}
        for row in operations:
            lines = self.words.lines(row, self.drifts)
            mark = "reverted" if row.reverted_at else "applied" if row.applied_at else ""
            key = (row.kind, lines, mark) if row.kind in ON_ITEMS else row.pk
            if key not in found:
                kind = OperationKind(row.kind)
                found[key] = Fold(kind.value, str(kind.label), ICONS[kind], lines, mark)
            found[key].operations.append(row)
        return list(found.values())

    # minutes

    @property
    def work_minutes(self) -> int:
        return minutes_of(task for task in self.tasks if not is_precheck(task))

    @property
    def window_minutes(self) -> int | None:
        window = self.change.window
        if not window or window.isempty or not window.lower or not window.upper:
            return None
        return round((window.upper - window.lower).total_seconds() / 60)

    @property
    def rollback_minutes(self) -> int:
        return minutes_of(self.rollback_steps)

    @property
    def warnings(self) -> list[str]:
        """What does not add up: minutes against window and limit, sizes of stages, people."""
        limit, window = self.change.rollback_minutes, self.window_minutes
        found = []
        if window is not None and self.work_minutes > window:
            words = {"work": self.work_minutes, "window": window}
            found.append(_("The tasks take %(work)d minutes, the window has %(window)d.") % words)
        if limit is not None and self.rollback_minutes > limit:
            words = {"steps": self.rollback_minutes, "limit": limit}
            found.append(
                _("The way back takes %(steps)d minutes by its steps, %(limit)d are allowed.") % words
            )
        back = limit if limit is not None else self.rollback_minutes
        if window is not None and back and self.work_minutes <= window < self.work_minutes + back:
            words = {"work": self.work_minutes, "back": back, "window": window}
            found.append(
                _(
                    "Work (%(work)d minutes) and way back (%(back)d) do not both fit into the window "
                    "(%(window)d): decide early."
                )
                % words
            )
        return found + self._warnings_of_rows()

    def _warnings_of_rows(self) -> list[str]:
        found = []
        shares = [each.stage.share_percent for each in self.stages]
        if shares and shares != sorted(shares):
            found.append(_("A later stage has a smaller share than an earlier one."))
        empty = [str(each.stage) for each in self.stages if not each.folds and not each.tasks]
        if empty:
            found.append(_("Nothing is done in: %(stages)s.") % {"stages": ", ".join(empty)})
        without = sum(1 for task in self.tasks if not task.duration_minutes)
        if without and without < len(self.tasks):
            text = ngettext(
                "%(count)d task has no duration: the sum is too small.",
                "%(count)d tasks have no duration: the sum is too small.",
                without,
            )
            found.append(text % {"count": without})
        ended = {str(row.item) for row in self.operations if row.item and self._is_retired_meanwhile(row)}
        if ended:
            found.append(_("Retired meanwhile: %(items)s.") % {"items": ", ".join(sorted(ended)[:5])})
        return found

    def _is_retired_meanwhile(self, row: PlannedOperation) -> bool:
        ended = row.item is not None and row.item.lifecycle_stage in ("retired", "disposed")
        is_ours = row.kind == OperationKind.RETIRE or "lifecycle_stage" in row.after
        return ended and not is_ours and row.applied_at is None and self.change.state not in ENDS


def is_precheck(task: PlanTask) -> bool:
    return task.phase == TaskPhase.PRECHECK


class Words:
    """Values of operations as people know them: names for numbers, labels for keys. Four queries at most."""

    def __init__(self, operations: list[PlannedOperation], drifts: Iterable[Drift]) -> None:
        sides = [side for row in operations for side in (row.before, row.after)]
        now = [(drift.field, drift.found) for drift in drifts]
        self.teams = _named(Team, self._keys(sides, now, "owner_team_id"))
        ends = self._keys(sides, now, "location_id") | self._keys(sides, now, "source_id")
        self.items = _named(ConfigurationItem, ends | self._keys(sides, now, "target_id"))
        self.ways = _named(RelationType, self._keys(sides, now, "relation_type_id"))
        self.types = _named(CIType, self._keys(sides, now, "type_id"))

    @staticmethod
    def _keys(sides: list[dict[str, Any]], now: list[tuple[str, Any]], name: str) -> set[int]:
        found = {side[name] for side in sides if side.get(name)}
        return found | {value for each, value in now if each == name and value}

    def lines(self, row: PlannedOperation, drifts: dict[tuple[int, str], Drift]) -> tuple[Line, ...]:
        """The operation field by field."""
        if row.kind in ON_RELATIONS:
            return (self._relation(row),)
        if row.kind == OperationKind.CREATE:
            return tuple(self._of_new(row))
        found = []
        for name, before, after in row.differences:
            drift = drifts.get((row.pk, name))
            found.append(
                Line(
                    name,
                    row.label_of(name),
                    self.value(row, name, before),
                    self.value(row, name, after),
                    self.value(row, name, drift.found) if drift else None,
                    drift is not None,
                )
            )
        return tuple(found)

    def _relation(self, row: PlannedOperation) -> Line:
        ends = row.after or row.before
        words = {
            "source": self.items.get(ends["source_id"], f"#{ends['source_id']}"),
            "way": self.ways.get(ends["relation_type_id"], f"#{ends['relation_type_id']}"),
            "target": self.items.get(ends["target_id"], f"#{ends['target_id']}"),
        }
        said = _("%(source)s → %(way)s → %(target)s") % words
        is_new = row.kind == OperationKind.RELATE
        return Line("relation", _("relation"), None if is_new else said, said if is_new else None)

    def _of_new(self, row: PlannedOperation) -> Iterable[Line]:
        for name, value in row.after.items():
            if name == "attributes":
                for key, inside in value.items():
                    yield Line(f"attributes.{key}", key, None, _plain(inside))
            elif name == "type_id":
                yield Line(name, column_label("type"), None, str(self.types.get(value, value)))
            else:
                yield Line(name, column_label(name), None, self.value(row, name, value))

    def value(self, row: PlannedOperation, name: str, value: Any) -> str | None:
        """The value in words; None for what is absent or empty."""
        if value is None or value == "":
            return None
        if name in ("owner_team_id", "location_id"):
            known = self.teams if name == "owner_team_id" else self.items
            return known.get(value, f"#{value}")
        if name.startswith("attributes."):
            spec = row.item.type.compiled_schema.get(name.removeprefix("attributes."), {}) if row.item else {}
            return choice_labels(spec).get(value, _plain(value)) if isinstance(value, str) else _plain(value)
        labels = dict(ConfigurationItem._meta.get_field(name).flatchoices)
        return str(labels.get(value, value))


def _named(model: Any, keys: set[int]) -> dict[int, str]:
    if not keys:
        return {}
    rows = model.objects.filter(pk__in=keys)
    if model is ConfigurationItem:
        rows = rows.only("name")
    return {row.pk: str(row) for row in rows}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
