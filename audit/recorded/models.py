"""The base of every recorded model."""
from django.db import models
from simple_history.models import HistoricalRecords


class RecordedModel(models.Model):
    """A row whose every version PostgreSQL keeps; `row_version` counts them without gaps."""

    row_version = models.PositiveBigIntegerField(default=1, editable=False)
    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True
