"""What happens to people's tokens and roles, and what they are told."""

from accounts.actions.mail import (
    MailDelayedError,
    defer_digests,
    defer_forgotten_mail,
    send_digest,
    send_mail,
)
from accounts.actions.notices import (
    choose_mail,
    mark_all_read,
    mark_read,
    notify,
    send_test_mail,
    settle,
)
from accounts.actions.roles import grant_role, note_role, revoke_role
from accounts.actions.tokens import (
    TOKEN_MARK,
    TooManyTokensError,
    create_token,
    digest_of,
    revoke_token,
)

__all__ = [
    "TOKEN_MARK",
    "MailDelayedError",
    "TooManyTokensError",
    "choose_mail",
    "create_token",
    "defer_digests",
    "defer_forgotten_mail",
    "digest_of",
    "grant_role",
    "mark_all_read",
    "mark_read",
    "note_role",
    "notify",
    "revoke_role",
    "revoke_token",
    "send_digest",
    "send_mail",
    "send_test_mail",
    "settle",
]
