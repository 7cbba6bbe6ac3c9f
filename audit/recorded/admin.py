"""The base of every admin page over recorded rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from audit.recorded.differences import told_all, with_predecessors


def no_change_links(refs: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Change references without names: `RecordedAdmin.change_links` is set by config."""
    return {}


class ReadOnly:
    """Rows that are written by actions alone: shown, and nothing else."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordedAdmin(SimpleHistoryAdmin, ModelAdmin):
    """Lists of 25 rows without a full count, newest history one click away, nothing deleted."""

    list_per_page = 25
    show_full_result_count = False
    warn_unsaved_form = True
    object_history_list_template = "audit/history_list.html"
    history_list_per_page = 25
    #: Change reference → (number, address), for the history page.
    change_links: Callable[[Iterable[int]], dict[int, tuple[str, str]]] = staticmethod(no_change_links)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_history_queryset(self, request: HttpRequest, *args: Any) -> Any:
        return super().get_history_queryset(request, *args).select_related("history_user", "history_txn")

    def set_history_delta_changes(self, request: HttpRequest, historical_records: Any, **kwargs: Any) -> None:
        rows = list(historical_records)
        links = self.change_links({row.history_change_ref for row in rows if row.history_change_ref})
        for new, words in zip(rows, told_all(with_predecessors(rows)), strict=True):
            words["change_label"], words["change_url"] = links.get(
                new.history_change_ref, (new.history_change_ref and f"#{new.history_change_ref}", "")
            )
            new.told = words
        historical_records.object_list = rows

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "GET":  # simple-history saves an old version for whoever may look
            raise PermissionDenied
        return super().history_form_view(request, *args, **kwargs)
