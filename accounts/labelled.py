"""Rows that an administrator names in both languages."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def in_active_language(english: str, chinese: str) -> str:
    """The Chinese text for a Chinese reader where there is one, otherwise the English text."""
    return chinese if chinese and (get_language() or "").startswith("zh") else english


class Labelled(models.Model):
    """A row that shows `label`, or `label_zh` to a Chinese reader."""

    label = models.CharField(_("label"), max_length=120)
    label_zh = models.CharField(_("label in Chinese"), max_length=120, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return in_active_language(self.label, self.label_zh)
