"""The stages of an asset's life and the moves between them; `sql/stage_moves.sql` holds the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    STOCK = "stock", _("in stock")
    IN_USE = "in_use", _("in use")
    REPAIR = "repair", _("in repair")
    RETIRED = "retired", _("retired")
    DISPOSED = "disposed", _("disposed of")


@dataclass(frozen=True)
class Move:
    """One legal step from a stage to another; `needs_evidence` asks for proof that the media were wiped."""

    source: Stage
    target: Stage
    label: Promise
    needs_evidence: bool = False


MOVES: tuple[Move, ...] = (
    Move(Stage.STOCK, Stage.IN_USE, _("Put into use")),
    Move(Stage.STOCK, Stage.REPAIR, _("Send to repair")),
    Move(Stage.STOCK, Stage.RETIRED, _("Retire")),
    Move(Stage.IN_USE, Stage.STOCK, _("Return to stock")),
    Move(Stage.IN_USE, Stage.REPAIR, _("Send to repair")),
    Move(Stage.IN_USE, Stage.RETIRED, _("Retire")),
    Move(Stage.REPAIR, Stage.STOCK, _("Return to stock")),
    Move(Stage.REPAIR, Stage.IN_USE, _("Put back into use")),
    Move(Stage.REPAIR, Stage.RETIRED, _("Retire")),
    Move(Stage.RETIRED, Stage.STOCK, _("Reinstate to stock")),
    Move(Stage.RETIRED, Stage.DISPOSED, _("Dispose of"), needs_evidence=True),
)


def moves_from(stage: str) -> list[Move]:
    """The legal moves that leave `stage`; none leave disposal."""
    return [move for move in MOVES if move.source == stage]


def find_move(source: str, target: str) -> Move | None:
    """The legal move from `source` to `target`, or None."""
    return next((move for move in moves_from(source) if move.target == target), None)
