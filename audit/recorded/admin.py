"""The base of every admin page over recorded rows."""

from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin


class RecordedAdmin(SimpleHistoryAdmin, ModelAdmin):
    """Lists of 25 rows without a full count, newest history one click away, nothing deleted."""

    list_per_page = 25
    show_full_result_count = False
    warn_unsaved_form = True

    def has_delete_permission(self, request, obj=None):
        return False
