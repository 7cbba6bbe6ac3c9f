"""Handing out calendar addresses, and taking them back."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from changes.models import FeedKey


@transaction.atomic
def renew_feeds(*, by: User) -> FeedKey:
    """The person has valid calendar addresses; earlier ones end. Raises RightMissing. Locks the key."""
    require_right(by, Right.VIEW)
    with because(reason="renew_feeds", user=by):
        key, created = FeedKey.objects.get_or_create(user=by)
        if not created:
            key = FeedKey.objects.select_for_update().get(pk=key.pk)
            key.number, key.is_revoked = key.number + 1, False
            key.save(update_fields=["number", "is_revoked"])
    return key


@transaction.atomic
def revoke_feeds(*, by: User) -> None:
    """None of the person's calendar addresses is valid any more."""
    with because(reason="revoke_feeds", user=by):
        FeedKey.objects.filter(user=by).update(is_revoked=True)
