"""Tokens are made and revoked by who they act for."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, User
from accounts.roles import Right, has_right, require_right
from audit.actions import record_event
from audit.models import SecurityEvent

TOKEN_MARK = "opl_"  # noqa: S105 the mark by which scanners find a leaked one
LONGEST_LIFE = timedelta(days=366)
TOKENS_AN_HOUR = 20


class TooManyTokensError(ValidationError):
    """Somebody makes tokens faster than a person would."""


def digest_of(secret: str) -> str:
    """The SHA-256 under which a token's secret is looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(
    user: User, *, by: User, name: str, scope: str = ApiToken.Scope.READ, expires_at: datetime
) -> tuple[ApiToken, str]:
    """A new token of one's own and its secret, which is not kept.

    Raises PermissionDenied for another person's account, ValidationError for a life in the past or over a
    year, TooManyTokensError beyond 20 an hour.
    """
    if by.pk != user.pk:
        raise PermissionDenied(_("A token is created by the person it acts for."))
    now = timezone.now()
    if not now < expires_at <= now + LONGEST_LIFE:
        raise ValidationError({"expires_at": _("Between now and one year from now.")})
    User.objects.select_for_update().get(pk=user.pk)
    if user.api_tokens.filter(created_at__gt=now - timedelta(hours=1)).count() >= TOKENS_AN_HOUR:
        raise TooManyTokensError(_("Twenty tokens in one hour are enough: try again later."))
    secret = TOKEN_MARK + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user, name=name, scope=scope, expires_at=expires_at, prefix=secret[:10], digest=digest_of(secret)
    )
    token.full_clean()
    token.save()
    _note_token("created", token, by)
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """The token no longer opens anything; revoking twice keeps the first time.

    Raises PermissionDenied unless it is one's own or one manages people. Locks the token.
    """
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.user_id != by.pk and not has_right(by, Right.USER_MANAGE):
        require_right(by, Right.USER_MANAGE)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        _note_token("revoked", token, by)
    return token


def _note_token(deed: str, token: ApiToken, by: User) -> None:
    detail = {"deed": deed, "name": token.name, "prefix": token.prefix, "scope": token.scope}
    record_event(SecurityEvent.Kind.TOKEN, by=by, target=token.user.username, detail=detail)
