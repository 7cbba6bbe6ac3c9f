"""Which people by what they may do, and which of their notices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.auth import get_user_model
from django.db import models

from accounts.roles import ROLES, Right

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

    from accounts.models import User

# A message in the air this long has lost the worker that sent it.
LOST_AFTER = timedelta(minutes=15)
COUNT_LIMIT = 100


def holders_of(right: Right) -> models.QuerySet[User]:
    """Active people who hold the right, each once, in the order of their accounts."""
    roles = [key for key, role in ROLES.items() if right in role.rights]
    granted = models.Q(is_superuser=True) | models.Q(role_grants__role__in=roles)
    return get_user_model().objects.filter(granted, is_active=True).order_by("pk").distinct()


def without_programs(accounts: models.QuerySet[User]) -> models.QuerySet[User]:
    """The people among these accounts: whoever is only an integration is a program, and reads no report."""
    integrations = get_user_model().objects.filter(role_grants__role="integration", is_superuser=False)
    people = get_user_model().objects.filter(
        role_grants__role__in=[key for key in ROLES if key != "integration"]
    )
    return accounts.exclude(pk__in=integrations.exclude(pk__in=people.values("pk")).values("pk"))


class NoticeQuerySet(models.QuerySet):
    """Notices, filtered in words."""

    def of(self, person: AbstractUser) -> Self:
        """What this person was told."""
        return self.filter(person_id=person.pk)

    def unread(self) -> Self:
        """What was not read yet and still matters."""
        return self.filter(read_at__isnull=True, settled_at__isnull=True)

    def capped_count(self) -> int:
        """How many, counted no further than 100. One query."""
        return self.order_by().values("pk")[:COUNT_LIMIT].count()

    def to_mail(self, mail: str) -> Self:
        """What is still to be mailed this way, at once or with the daily mail."""
        return self.filter(mail=mail, mailed_at__isnull=True, mail_trouble="")

    def unclaimed(self) -> Self:
        """What no message carries yet, and still matters."""
        return self.unread().filter(mail_batch="")

    def in_doubt(self, *, now: datetime) -> Self:
        """What a message carries of which nobody knows whether it arrived."""
        lost = models.Q(mail_tried_at__isnull=True) | models.Q(mail_tried_at__lt=now - LOST_AFTER)
        return self.filter(lost).exclude(mail_batch="")
