"""The pages of inspections."""

from inspections.views.board import board
from inspections.views.figures import figures, figures_export
from inspections.views.findings import finding_list, finding_page
from inspections.views.heat import heat_map
from inspections.views.phone import manifest, phone, worker
from inspections.views.photos import photo
from inspections.views.runs import report, run_page, save_answers

__all__ = [
    "board", "figures", "figures_export", "finding_list", "finding_page", "heat_map", "manifest", "phone",
    "photo", "report", "run_page", "save_answers", "worker",
]  # fmt: skip
