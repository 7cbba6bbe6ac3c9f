"""What stands against a move of an asset, in words."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assets.models import Asset
from assets.workflow import Stage, find_move, moves_from


class MoveRefused(ValidationError):  # noqa: N818 (what happened, in the house's words)
    """A move is refused; `refusals` names every reason with its code."""

    @property
    def refusals(self) -> list[dict[str, str]]:
        return [{"code": each.code or "", "message": each.messages[0]} for each in self.error_list]


def refusals_of_move(asset: Asset, to: str, *, evidence: str = "") -> list[ValidationError]:
    """Every reason why `asset` may not move to `to`; empty when it may."""
    if to not in Stage.values:
        return [ValidationError(_("“%(stage)s” is not a stage.") % {"stage": to}, code="unknown_stage")]
    move = find_move(asset.stage, to)
    if move is None:
        return [ValidationError(_illegal(asset, Stage(to)), code="illegal_move")]
    if move.needs_evidence and not (evidence.strip() or asset.wipe_evidence.strip()):
        return [
            ValidationError(
                _("Disposal needs evidence that the data were wiped: give the number of the certificate."),
                code="evidence_missing",
            )
        ]
    return []


def _illegal(asset: Asset, to: Stage) -> str:
    targets = ", ".join(str(move.target.label) for move in moves_from(asset.stage))
    words = {"tag": asset.tag, "source": Stage(asset.stage).label, "target": to.label, "targets": targets}
    if not targets:
        return _("%(tag)s is %(source)s: that is the end of its life.") % words
    return (
        _("%(tag)s is %(source)s and cannot become %(target)s; from there it can become: %(targets)s.")
        % words
    )
