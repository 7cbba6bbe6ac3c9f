"""The cards on the page of a configuration item: cmdb offers the place, this list names who fills it."""

from assets.panels import cover_panel
from cmdb import panels
from inspections.panels import item_panel

CARDS = [
    cover_panel,
    item_panel,
]


def wire() -> None:
    """The page shows these cards, in this order."""
    panels.PANELS[:] = CARDS
