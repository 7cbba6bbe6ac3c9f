"""What the apps above the CMDB say on the page of a configuration item."""

from cmdb.panels import PANELS
from inspections.panels import item_panel as inspections

PANELS += [inspections]
