"""Business events of the CMDB."""

from cmdb.actions.batches import LARGEST_BATCH, BatchRefused, BatchTooLarge
from cmdb.actions.definitions import ModelSummary, ensure_starter_model, export_model, load_model
from cmdb.actions.imports import import_items, import_relations
from cmdb.actions.items import create_items, items_by_reference, update_items
from cmdb.actions.labels import label_items, may_label
from cmdb.actions.relations import create_relations, update_relations

__all__ = [
    "LARGEST_BATCH",
    "BatchRefused",
    "BatchTooLarge",
    "ModelSummary",
    "create_items",
    "create_relations",
    "ensure_starter_model",
    "export_model",
    "import_items",
    "import_relations",
    "items_by_reference",
    "label_items",
    "load_model",
    "may_label",
    "update_items",
    "update_relations",
]
