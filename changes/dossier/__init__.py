"""What the page of one change shows."""

from changes.dossier.bar import KIND_ICONS, RISK_TONES, TONES, state_bar
from changes.dossier.page import CHOICE_TONES, Difference, Dossier

__all__ = ["CHOICE_TONES", "KIND_ICONS", "RISK_TONES", "TONES", "Difference", "Dossier", "state_bar"]
