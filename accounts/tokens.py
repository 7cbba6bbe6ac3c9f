"""Who an API request acts for: `Authorization: Bearer opl_…`, one indexed query."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions import TOKEN_MARK, digest_of
from accounts.models import ApiToken, RoleGrant


class TokenAuthentication(BaseAuthentication):
    """The person of the token, with their roles; the day of last use is kept, not the second."""

    def authenticate(self, request):
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        secret = words[1].decode("latin-1") if len(words) == 2 else ""
        if not secret.startswith(TOKEN_MARK):
            raise AuthenticationFailed(_("The header must read “Authorization: Bearer opl_…”."))
        token = self._find(secret)
        token.user.role_keys = frozenset(token.role_keys)
        self._note_use(token)
        return token.user, token

    def _find(self, secret):
        roles = RoleGrant.objects.filter(user=OuterRef("user")).order_by().values("role")
        token = (
            ApiToken.objects.select_related("user")
            .annotate(role_keys=ArraySubquery(roles))
            .filter(digest=digest_of(secret))
            .first()
        )
        if token is None:
            raise AuthenticationFailed(_("There is no such token."))
        if token.revoked_at is not None:
            raise AuthenticationFailed(_("This token was revoked."))
        if not token.is_live:
            raise AuthenticationFailed(_("This token has expired."))
        if not token.user.is_active:
            raise AuthenticationFailed(_("The person of this token is deactivated."))
        return token

    def _note_use(self, token):
        today = timezone.localdate()
        if token.last_used_on != today:
            ApiToken.objects.filter(~Q(last_used_on=today) | Q(last_used_on=None), pk=token.pk).update(
                last_used_on=today
            )

    def authenticate_header(self, request):
        return 'Bearer realm="OpsLedger"'


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI description names it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "bearerFormat": "opl_…"}
