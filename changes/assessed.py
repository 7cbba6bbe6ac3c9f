"""What was assessed, in words: each input of the risk with its reason, the impact, the owners, the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.labelled import in_active_language
from accounts.models import Team, User
from changes.actions import list_mark, reasons_against_answering, reasons_against_overruling
from changes.guards.impact import Affected, LiveImpact, last_confirmation
from changes.guards.refusal import Refusal
from changes.guards.testing import result_of_case
from changes.models import (
    ChangeRequest,
    Consultation,
    ImpactConfirmation,
    Risk,
    RiskQuestion,
    StandardTemplate,
    TestRun,
)
from changes.models.request import AssignmentRole, ItemImpact
from changes.risk import highest
from changes.workflow import State
from cmdb.models import Criticality

RISK_TONES = {"low": "good", "medium": "warn", "high": "serious", "very_high": "bad"}
TEMPLATE_TONES = {
    "draft": "neutral", "proposed": "warn", "active": "good", "idle": "neutral", "suspended": "bad",
    "retired": "done",
}  # fmt: skip
CONTENT = (
    "label", "label_zh", "description", "scope_types", "scope_environments", "scope_filter",
    "parameters", "skeleton", "board", "approvals_needed", "suspend_after_failures",
    "suspend_within_days", "has_auto_verify",
)  # fmt: skip
RESULT_TONES = {"passed": "good", "failed": "bad", "blocked": "warn"}
SHOWN = 30
LABELS: dict[str, str | Promise] = {
    "criticality": gettext_lazy("Criticality"),
    "affected": gettext_lazy("Size of the impact"),
    "downtime_minutes": gettext_lazy("Downtime"),
    "working_hours": gettext_lazy("Time of day"),
    "precedents": gettext_lazy("Done before"),
    "failures": gettext_lazy("Failures lately"),
    "rehearsal": gettext_lazy("Rehearsal of the rollback"),
    "no_return": gettext_lazy("Point of no return"),
    "critical_item": gettext_lazy("Critical item"),
    "outside_maintenance": gettext_lazy("Maintenance windows"),
}


@dataclass(frozen=True)
class RiskLine:
    """One input: what was asked or computed, what was found, and the risk it means."""

    key: str
    label: str | Promise
    why: str
    level: str
    is_highest: bool = False

    @property
    def level_label(self) -> str | Promise:
        return Risk(self.level).label if self.level in Risk.values else self.level

    @property
    def tone(self) -> str:
        return RISK_TONES.get(self.level, "neutral")


def risk_lines(inputs: dict[str, Any]) -> list[RiskLine]:
    """Every input of a stored assessment, the riskiest first; words of questions as they were then."""
    asked = {question["key"]: question for question in inputs.get("questions", [])}
    if not asked and inputs.get("answers"):  # assessed before questions were kept: the words of today
        found = RiskQuestion.objects.filter(key__in=inputs["answers"]).prefetch_related("answers")
        asked = {question.key: question.as_json() for question in found}
    order = {level: rank for rank, level in enumerate(reversed(Risk.values))}
    lines = [
        _line(key, entry, asked, inputs.get("level", "")) for key, entry in inputs.get("inputs", {}).items()
    ]
    return sorted(lines, key=lambda line: order.get(line.level, len(order)))


def _line(key: str, entry: dict[str, Any], asked: dict[str, Any], level: str) -> RiskLine:
    is_highest = entry["level"] == level != "low"
    if key in asked:
        words = {
            each["key"]: in_active_language(each["label"], each["label_zh"]) for each in asked[key]["answers"]
        }
        label = in_active_language(asked[key]["label"], asked[key]["label_zh"])
        why = words.get(entry["value"]) or _("not answered: unknown is not low")
        return RiskLine(key, label, why, entry["level"], is_highest)
    tell = WORDS.get(key)
    why = tell(entry["value"], entry.get("about") or {}) if tell else str(entry["value"])
    return RiskLine(key, LABELS.get(key, key), why, entry["level"], is_highest)


def _criticality(value: int, about: dict[str, Any]) -> str:
    if not about.get("item"):
        return str(value)
    words = {"item": about["item"].partition(":")[2] or about["item"], "value": Criticality(value).label}
    return _("%(item)s has criticality %(value)s") % words


def _affected(value: int, about: dict[str, Any]) -> str:
    if not value:
        return _("nothing else depends on these items")
    if not about:
        return str(value)
    words = _("%(down)s go down, %(degraded)s lose redundancy, %(informed)s should know")
    return words % {name: about.get(name, 0) for name in ("down", "degraded", "informed")}


def _downtime(value: int, about: dict[str, Any]) -> str:
    return (
        ngettext("%(n)d minute planned", "%(n)d minutes planned", value) % {"n": value}
        if value
        else _("none planned")
    )


def _hours(value: int, about: dict[str, Any]) -> str:
    overlap = about.get("overlap", 0)
    if not overlap:
        return _("outside working hours")
    words = {"n": overlap, "down": value}
    return _("the window meets %(n)d minutes of working hours, with %(down)d minutes of downtime") % words


def _precedents(value: int, about: dict[str, Any]) -> str:
    if not value:
        return _("no similar change has succeeded within a year")
    words = {"n": value, "own": about.get("same_items", 0)}
    return _("similar changes that succeeded within a year: %(n)d, on the same items: %(own)d") % words


def _failures(value: int, about: dict[str, Any]) -> str:
    if not value:
        return _("no change on these items failed in %(days)d days") % {"days": about.get("days", 90)}
    return _("%(failed)d of the last %(of)d changes on %(item)s failed") % {
        "failed": about.get("failed", value), "of": about.get("of", value), "item": about.get("item", "")
    }  # fmt: skip


def _rehearsal(value: bool, about: dict[str, Any]) -> str:
    return _("rehearsed with this plan") if value else _("not rehearsed with this plan")


def _no_return(value: bool, about: dict[str, Any]) -> str:
    if not value:
        return _("every stage can be undone")
    return _("no way back after “%(stage)s”") % {"stage": _(about.get("stage", ""))}


def _critical_item(value: bool, about: dict[str, Any]) -> str:
    return _("a critical item is down for long, or has no sure way back")


def _outside_maintenance(value: int, about: dict[str, Any]) -> str:
    if not value:
        return (
            _("no item has a maintenance window that the change leaves")
            if about.get("has_window", True)
            else _("no window is set yet")
        )
    opens = parse_datetime(about.get("opens", ""))
    words = {
        "item": about.get("item", ""),
        "more": about.get("more", 0),
        "opens": date_format(localtime(opens), "Y-m-d H:i") if opens else "—",
    }
    if words["more"]:
        return (
            _("outside the maintenance windows of %(item)s and %(more)d more; next opening %(opens)s") % words
        )
    return _("outside the maintenance windows of %(item)s; next opening %(opens)s") % words


WORDS: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    "criticality": _criticality, "affected": _affected, "downtime_minutes": _downtime,
    "working_hours": _hours,
    "precedents": _precedents, "failures": _failures, "rehearsal": _rehearsal, "no_return": _no_return,
    "critical_item": _critical_item, "outside_maintenance": _outside_maintenance,
}  # fmt: skip


def try_answers(kind: str, answers: dict[str, str]) -> dict[str, Any]:
    """What the answers of the questionnaire alone would mean: their lines and the highest level."""
    questions = list(RiskQuestion.objects.asked_of(kind))
    inputs = {
        question.key: {
            "value": answers.get(question.key, ""),
            "level": question.level(answers.get(question.key, "")) or "medium",
        }
        for question in questions
    }
    level = highest(each["level"] for each in inputs.values())
    kept = {"questions": [question.as_json() for question in questions], "inputs": inputs, "level": level}
    return {"lines": risk_lines(kept), "level": Risk(level).label, "tone": RISK_TONES[level]}


class ImpactPart:
    """The impact of one change as `user` sees it: the list, what was judged by hand, and who confirmed it."""

    def __init__(self, change: ChangeRequest, user: User) -> None:
        self.change = change
        self.user = user

    @cached_property
    def live(self) -> LiveImpact:
        return LiveImpact(self.change)

    @cached_property
    def confirmation(self) -> ImpactConfirmation | None:
        return last_confirmation(self.change)

    @property
    def is_open(self) -> bool:
        """The list still moves with the graph; afterwards the confirmed one is shown."""
        return self.change.state in (
            State.DRAFT, State.ASSESSING, State.TESTING, State.APPROVING, State.SCHEDULED,
        )  # fmt: skip

    @cached_property
    def rows(self) -> list[Affected]:
        if self.is_open:
            return self.live.rows
        kept = self.confirmation.rows if self.confirmation else []
        named = {team.label: str(team) for team in Team.objects.all()} if kept else {}
        return [
            Affected(row["item"], row["address"], row["effect"], row["depth"], row["criticality"],
                     named.get(row["team"], row["team"]), tuple(row["path"]))
            for row in kept
        ]  # fmt: skip

    @property
    def by_effect(self) -> list[tuple[str, str, str, list[Affected], int]]:
        """(key, words, tone, first rows, how many more) of each effect that occurs."""
        words = {
            "down": (_("go down"), "bad"),
            "degraded": (_("lose redundancy"), "warn"),
            "informed": (_("should know"), "info"),
        }
        found = []
        for effect, (label, tone) in words.items():
            rows = [row for row in self.rows if row.effect == effect]
            if rows:
                found.append((effect, label, tone, rows[:SHOWN], max(len(rows) - SHOWN, 0)))
        return found

    @cached_property
    def vetoed(self) -> list[Any]:
        rows = self.change.change_items.filter(impact=ItemImpact.NOT_IMPACTED)
        return list(rows.select_related("item__type", "judged_by"))

    @cached_property
    def added(self) -> dict[int, Any]:
        rows = self.change.change_items.filter(impact=ItemImpact.ADDED).select_related("judged_by")
        return {row.item_id: row for row in rows}

    @cached_property
    def grown(self) -> list[Affected]:
        """New critical items since the confirmation, while the change waits for its start."""
        if self.confirmation is None or not self.is_open:
            return []
        return self.live.grown_since(self.confirmation)

    @property
    def mark(self) -> str:
        return list_mark(self.live)

    @cached_property
    def may_judge(self) -> bool:
        named = self.change.assignments.filter(user=self.user, role=AssignmentRole.ASSESSOR).exists()
        return named and self.change.state == State.ASSESSING and self.user.pk != self.change.requester_id

    @cached_property
    def may_acknowledge(self) -> bool:
        owner = (self.change.owner_id or self.change.requester_id) == self.user.pk
        named = self.change.assignments.filter(user=self.user, role=AssignmentRole.ASSESSOR).exists()
        return bool(self.grown) and (owner or named)


@dataclass
class Asked:
    """One team that was asked, and what this person may do about it."""

    row: Consultation
    is_late: bool
    why_not_answer: list[Refusal]
    may_overrule: bool

    @property
    def may_answer(self) -> bool:
        return not self.why_not_answer


def asked_owners(change: ChangeRequest, user: User) -> list[Asked]:
    """Every team that was asked, those that stand in the way first."""
    rows = change.consultations.select_related("team", "answered_by", "overruled_by")
    assesses = change.assignments.filter(user=user, role=AssignmentRole.ASSESSOR).exists()
    mine = set(user.memberships.values_list("team_id", flat=True))
    found = [
        Asked(
            row,
            row.is_late,
            reasons_against_answering(change, row.team, user)
            if row.team_id in mine
            else [Refusal("team", "")],
            assesses and not row.is_settled and not reasons_against_overruling(change, row, user),
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: each.row.is_settled)


def runs_in_words(change: ChangeRequest) -> list[TestRun]:
    """Test runs, newest first; each with `.is_bound`, `.lines` of its cases and `.missing` planned ones."""
    planned = {case.pk: case for case in change.test_cases.all()}
    runs = list(change.test_runs.select_related("tester"))
    for run in runs:
        run.is_bound = run.plan_hash == change.plan_hash
        run.lines = []
        for case in run.cases:
            result = result_of_case(case)
            run.lines.append(
                {
                    **case,
                    "result": result,
                    "tone": RESULT_TONES[result],
                    "label": TestRun.Result(result).label,
                }
            )
        ran = {case.get("case") for case in run.cases}
        is_test = run.purpose == TestRun.Purpose.TEST and run.is_bound
        run.missing = [case for pk, case in planned.items() if pk not in ran] if is_test else []
        limit = change.rollback_minutes
        run.is_slow = bool(run.measured_minutes and limit and run.measured_minutes > limit)
    return runs


def compared(old: StandardTemplate, new: StandardTemplate) -> list[tuple[str, str, str]]:
    """(field, before, after) of all content in which two versions of a template differ."""
    found = []
    for name in CONTENT:
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        label = str(StandardTemplate._meta.get_field(name).verbose_name)
        if isinstance(before, dict) and isinstance(after, dict):
            found += [
                (f"{label}: {key}", _as_text(before.get(key)), _as_text(after.get(key)))
                for key in sorted({*before, *after})
                if before.get(key) != after.get(key)
            ]
        else:
            found.append((label, _as_text(before), _as_text(after)))
    return found


def _as_text(value: Any) -> str:
    if value is None or value == "":
        return "—"
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict | list) else str(value)
