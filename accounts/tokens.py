"""Who an API request acts for: `Authorization: Bearer opl_…`, one indexed query."""

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts.actions import TOKEN_MARK, digest_of
from accounts.models import ApiToken, User


def _columns(model, alias):
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


# Of every request: spelt out, because the ORM takes longer to write this than PostgreSQL to answer it.
LOOK_UP = (
    "SELECT ARRAY(SELECT role FROM accounts_rolegrant WHERE user_id = person.id),"  # noqa: S608  (our columns)
    f" {_columns(ApiToken, 'token')}, {_columns(User, 'person')}"
    " FROM accounts_apitoken AS token JOIN accounts_user AS person ON person.id = token.user_id"
    " WHERE token.digest = %s"
)
TOKEN_FIELDS, USER_FIELDS = (
    [field.attname for field in model._meta.concrete_fields] for model in (ApiToken, User)
)


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
        self._note_use(token)
        return token.user, token

    def _find(self, secret):
        rows = connection.rows(LOOK_UP, [digest_of(secret)])
        if not rows:
            raise AuthenticationFailed(_("There is no such token."))
        role_keys, *values = rows[0]
        token = ApiToken.from_db("default", TOKEN_FIELDS, values[: len(TOKEN_FIELDS)])
        token.user = User.from_db("default", USER_FIELDS, values[len(TOKEN_FIELDS) :])
        token.user.role_keys = frozenset(role_keys)
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
