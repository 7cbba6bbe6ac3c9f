"""The base of every recorded model."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.context import because
from audit.recorded.history import AuditedRecords


class RecordedModel(models.Model):
    """A row whose every version PostgreSQL keeps; `row_version` counts them without gaps.

    PostgreSQL alone sets `row_version`: after a save, `refresh_from_db(fields=["row_version"])` reads it.
    """

    row_version = models.PositiveBigIntegerField(_("version"), default=1, editable=False)
    history = AuditedRecords(inherit=True)

    class Meta:
        abstract = True

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        with because(**self._cause()):
            super().save_base(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with because(**self._cause()):
            return super().delete(*args, **kwargs)

    def _cause(self) -> dict[str, Any]:
        # simple-history's way to name the person and the reason on the instance.
        return {
            "reason": getattr(self, "_change_reason", None) or "",
            "user": getattr(self, "_history_user", None),
        }
