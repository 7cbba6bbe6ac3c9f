"""How risky a change is: questions with their answers, computed inputs, and the highest of them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LEVELS = ("low", "medium", "high", "very_high")


@dataclass(frozen=True)
class Question:
    """One question of the assessor's form; `answers` are (key, words, the risk it means)."""

    key: str
    label: str | Promise
    answers: tuple[tuple[str, str | Promise, str], ...]

    def level(self, answer: str) -> str | None:
        return next((level for key, _words, level in self.answers if key == answer), None)


QUESTIONS = (
    Question(
        "novelty",
        _("How often have we done this?"),
        (
            ("often", _("often"), "low"),
            ("before", _("before, not often"), "medium"),
            ("first_time", _("this is the first time"), "high"),
        ),
    ),
    Question(
        "rollback",
        _("How sure is the way back?"),
        (
            ("rehearsed", _("rehearsed"), "low"),
            ("planned", _("planned, not rehearsed"), "medium"),
            ("hard", _("hard or partly impossible"), "high"),
        ),
    ),
    Question(
        "reach",
        _("Who would notice a failure?"),
        (
            ("nobody", _("nobody outside operations"), "low"),
            ("department", _("one department"), "medium"),
            ("everybody", _("the whole organisation, or customers"), "high"),
        ),
    ),
)


def unanswered(answers: Mapping[str, str]) -> list[Question]:
    """The questions that have no valid answer yet."""
    return [question for question in QUESTIONS if question.level(answers.get(question.key, "")) is None]


def level_of(answers: Mapping[str, str], *, criticality: int, affected: int, downtime_minutes: int) -> dict:
    """The inputs with the level each of them means, and the highest as "level".

    `criticality` is the highest among changed and affected items (1 to 4), `affected` how many are affected.
    """
    inputs: dict[str, tuple[object, str]] = {
        "criticality": (criticality, ("low", "low", "low", "medium", "high")[criticality]),
        "affected": (affected, "high" if affected > 100 else "medium" if affected > 10 else "low"),
        "downtime_minutes": (
            downtime_minutes,
            "high" if downtime_minutes > 240 else "medium" if downtime_minutes > 30 else "low",
        ),
    }
    for question in QUESTIONS:
        answer = answers.get(question.key, "")
        inputs[question.key] = (answer, question.level(answer) or "medium")  # unknown is not low
    # A critical item that goes down for long, or has no sure way back, is more than the sum of its parts.
    if criticality == 4 and (downtime_minutes > 60 or answers.get("rollback") == "hard"):
        inputs["critical_item"] = (True, "very_high")
    return {
        "answers": dict(answers),
        "inputs": {key: {"value": value, "level": level} for key, (value, level) in inputs.items()},
        "level": max((level for _value, level in inputs.values()), key=LEVELS.index),
    }
