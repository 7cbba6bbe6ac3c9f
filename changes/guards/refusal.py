"""What a guard answers: why not, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from accounts.models import User
from changes.models import ChangeRequest

Data = Mapping[str, Any] | None


@dataclass(frozen=True)
class Refusal:
    """One reason why a step cannot be taken: a code for machines, words, what would help, and where."""

    code: str
    message: str
    fix: str = ""
    link: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


# `data` is None while a step is only offered: what its dialog will ask for is not missing yet.
Guard = Callable[[ChangeRequest, User | None, Data], list[Refusal]]


def unless(condition: object, code: str, message: str, fix: str = "", link: str = "") -> list[Refusal]:
    """Nothing when the condition holds, else the one refusal."""
    return [] if condition else [Refusal(code, str(message), str(fix), link)]
