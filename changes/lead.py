"""Lead time: how long before its start a change was asked for, and which ones came too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Case, DurationField, ExpressionWrapper, F, Min, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from changes.models import ChangeEvent, ChangeRequest
from changes.workflow import Kind

#: Of normal changes (DESIGN §7): what is asked for later leaves nobody time to look at it.
LEAD_TIME = timedelta(hours=48)
KINDS = (Kind.NORMAL,)


def with_lead_time(changes: models.QuerySet[ChangeRequest]) -> models.QuerySet[Any]:
    """Each change with `asked_at`, `starts_at` and `lead`; NULL where one of them is not known.

    Asked for is: first submitted here, or created in the system it was imported from.
    """
    submitted = (
        ChangeEvent.objects.filter(change=OuterRef("pk"), event="submit")
        .order_by()
        .values("change")
        .annotate(first=Min("happened_at"))
        .values("first")
    )
    asked = Case(When(is_imported=True, then=F("import_created_at")), default=Subquery(submitted))
    starts = Coalesce(F("window__startswith"), Case(When(is_imported=True, then=F("actual_start_at"))))
    found = changes.annotate(asked_at=asked, starts_at=starts)
    lead = ExpressionWrapper(F("starts_at") - F("asked_at"), output_field=DurationField())
    return found.annotate(lead=lead)


def breaches(
    changes: models.QuerySet[ChangeRequest], *, under: timedelta = LEAD_TIME
) -> models.QuerySet[Any]:
    """Normal changes that were asked for less than `under` before their start, the shortest first."""
    return with_lead_time(changes.filter(kind__in=KINDS)).filter(lead__lt=under)


def counted(changes: models.QuerySet[ChangeRequest], *, under: timedelta = LEAD_TIME) -> dict[str, int]:
    """How many normal changes were late, in time, or do not say. One statement."""
    return with_lead_time(changes.filter(kind__in=KINDS)).aggregate(
        late=models.Count("pk", filter=Q(lead__lt=under)),
        in_time=models.Count("pk", filter=Q(lead__gte=under)),
        unknown=models.Count("pk", filter=Q(lead=None)),
    )
