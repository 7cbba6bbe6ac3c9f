"""Adjectives for assets, contracts and models."""

from __future__ import annotations

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from assets.expiry import SOON_DAYS, ExpiryState
from assets.workflow import Stage


class Expiring(models.QuerySet):
    """Rows with an expiry date in the column `expires_in`; a row without a date never expires."""

    expires_in = "ends_on"

    def standing(self, state: str, on: datetime.date | None = None, soon_days: int = SOON_DAYS) -> Self:
        """Rows whose expiry stands at `state` on the day `on`: the same arithmetic as `expiry.expiry`."""
        day = on or timezone.localdate()
        last_soon = day + datetime.timedelta(days=soon_days)
        column = self.expires_in
        conditions = {
            ExpiryState.UNKNOWN: Q(**{f"{column}__isnull": True}),
            ExpiryState.OVER: Q(**{f"{column}__lt": day}),
            ExpiryState.ENDING: Q(**{f"{column}__gte": day, f"{column}__lte": last_soon}),
            ExpiryState.CURRENT: Q(**{f"{column}__gt": last_soon}),
        }
        return self.filter(conditions[ExpiryState(state)])

    def ending_within(self, days: int, on: datetime.date | None = None) -> Self:
        """Rows that end between `on` and `days` days later, both days included."""
        return self.standing(ExpiryState.ENDING, on=on, soon_days=days)

    def expired(self, on: datetime.date | None = None) -> Self:
        """Rows whose last day is before `on`."""
        return self.standing(ExpiryState.OVER, on=on)


class AssetQuerySet(Expiring):
    """Adjectives for assets; expiry means the warranty."""

    expires_in = "warranty_ends_on"

    def held(self) -> Self:
        """Assets we still have: everything not disposed of."""
        return self.exclude(stage=Stage.DISPOSED)

    def matching(self, text: str) -> Self:
        """Assets with `text` in tag, serial, order number, model, part number, maker or CI name."""
        columns = (
            "tag",
            "serial",
            "order_number",
            "model__name",
            "model__part_number",
            "model__manufacturer__name",
            "ci__name",
        )
        condition = Q()
        for column in columns:
            condition |= Q(**{f"{column}__icontains": text})
        return self.filter(condition)

    def for_display(self) -> Self:
        """Assets with everything a list row shows, in one statement."""
        return self.select_related("model__manufacturer", "ci__type", "custodian", "owner_team", "vendor")


class ContractQuerySet(Expiring):
    """Adjectives for contracts."""

    def running(self, on: datetime.date | None = None) -> Self:
        """Contracts in force on the day `on`; one without an end runs until it is ended."""
        day = on or timezone.localdate()
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)

    def to_renew(self, on: datetime.date | None = None) -> Self:
        """Running contracts inside their own renewal window on the day `on`."""
        day = on or timezone.localdate()
        return self.running(on=day).filter(ends_on__lte=models.Value(day) + models.F("renewal_window_days"))
