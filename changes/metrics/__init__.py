"""How well changes go: measures with their definitions, computed in one statement over the live record."""

from changes.metrics.definitions import METRICS, Metric, metric_named
from changes.metrics.figures import Choice, Figure, Report, changes_behind, report_on

__all__ = ["METRICS", "Choice", "Figure", "Metric", "Report", "changes_behind", "metric_named", "report_on"]
