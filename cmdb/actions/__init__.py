"""Business events of the CMDB."""

from cmdb.actions.definitions import ModelSummary, ensure_starter_model, export_model, load_model
from cmdb.actions.imports import import_items, import_relations

__all__ = [
    "ModelSummary",
    "ensure_starter_model",
    "export_model",
    "import_items",
    "import_relations",
    "load_model",
]
