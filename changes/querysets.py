"""Which changes: by state, by window, by what a person has to do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone

from changes.workflow import ENDS, UNDER_WAY, State

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser


class ChangeQuerySet(models.QuerySet):
    """Changes, filtered in words."""

    def live(self) -> Self:
        """Changes that have not ended."""
        return self.exclude(state__in=ENDS)

    def under_way(self) -> Self:
        """Changes that hold their window: scheduled up to rolling back."""
        return self.filter(state__in=UNDER_WAY)

    def overlapping(self, window: object) -> Self:
        """Changes whose half-open window shares an instant with `window`; an empty one shares none."""
        return self.filter(window__overlap=window)

    def waiting_for_vote_of(self, user: AbstractUser) -> Self:
        """Changes with an open round in which `user` has a seat that may still vote."""
        seats = models.Q(
            rounds__closed_at__isnull=True,
            rounds__steps__seats__user=user,
            rounds__steps__seats__is_barred=False,
            rounds__steps__seats__vote__isnull=True,
        )
        return self.filter(seats, on_hold=False).distinct()

    def involving(self, user: AbstractUser) -> Self:
        """Changes that `user` requested, owns or is assigned to."""
        mine = models.Q(requester=user) | models.Q(owner=user) | models.Q(assignments__user=user)
        return self.filter(mine).distinct()

    def to_expire(self, *, now: object = None) -> Self:
        """Scheduled changes whose window has passed."""
        return self.filter(state=State.SCHEDULED, window__endswith__lt=now or timezone.now())


class CoversChange(models.Func):
    """True where the stop covers the change: its service, or an item under the stop's service."""

    function = "changes_stop_covers_v1"
    output_field = models.BooleanField()
    conditional = True


class StopQuerySet(models.QuerySet):
    """Stops of the line, filtered in words."""

    def live(self) -> Self:
        """Stops that nobody has released yet."""
        return self.filter(released_at=None)

    def covering(self, change: object) -> Self:
        """Stops that hold this change up; `change` is its id."""
        return self.filter(CoversChange("service_id", models.Value(change)))
