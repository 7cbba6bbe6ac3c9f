"""Business events of the CMDB."""

from cmdb.actions.definitions import ModelSummary, ensure_starter_model, export_model, load_model

__all__ = ["ModelSummary", "ensure_starter_model", "export_model", "load_model"]
