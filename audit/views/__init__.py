"""The auditor's pages: what happened, security events, and the export."""

from audit.views.export import export
from audit.views.pages import events, history

__all__ = ["events", "export", "history"]
