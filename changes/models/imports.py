"""Past changes that came from another system, file by file."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.models import StoredFile
from audit.recorded.models import RecordedModel


class ChangeImport(RecordedModel):
    """One file of past changes that was imported. What it recorded stays: an ended change is never removed.

    `counts` is {outcome: number of rows}; `mapping_text` the mapping as it was used.
    """

    class State(models.TextChoices):
        CHECKING = "checking", pgettext_lazy("import", "to be checked")
        QUEUED = "queued", pgettext_lazy("import", "waiting")
        RUNNING = "running", pgettext_lazy("import", "running")
        DONE = "done", pgettext_lazy("import", "done")
        FAILED = "failed", pgettext_lazy("import", "failed")

    name = models.CharField(_("file"), max_length=200)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("kept file")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    source = models.CharField(_("other system"), max_length=80, blank=True)
    mapping = models.CharField(_("mapping"), max_length=120, blank=True)
    mapping_text = models.TextField(_("mapping as it was used"), blank=True)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    skips_errors = models.BooleanField(_("rows with errors left out"), default=False)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.CHECKING, editable=False
    )
    counts = models.JSONField(_("rows"), default=dict, blank=True, editable=False)
    written = models.PositiveIntegerField(_("changes written"), default=0, editable=False)
    message = models.TextField(_("message"), blank=True, editable=False)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("imported by"),
    )
    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("import of past changes")
        verbose_name_plural = _("imports of past changes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """A job has it, or will have it."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)
