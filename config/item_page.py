"""The cards on the pages of an item and of a change: the apps offer the place, config names who fills it."""

from assets.panels import cover_panel
from changes import panels as change_panels
from cmdb import panels
from inspections.panels import after_panel, change_panel, correction_panel, item_panel

CARDS = [
    change_panels.unauthorised_panel,
    change_panels.item_panel,
    cover_panel,
    item_panel,
    correction_panel,
]


def wire() -> None:
    """The pages show these cards, in this order."""
    panels.PANELS[:] = CARDS
    change_panels.PANELS[:] = [change_panel, after_panel]
