"""The read-first pages of the CMDB."""

from cmdb.views.impact import item_impact
from cmdb.views.imports import import_page, import_preview
from cmdb.views.item import item_page
from cmdb.views.labels import labels
from cmdb.views.lists import item_export, item_list

__all__ = ["import_page", "import_preview", "item_export", "item_impact", "item_list", "item_page", "labels"]
