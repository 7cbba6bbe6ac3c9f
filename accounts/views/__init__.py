"""Pages a person has for themselves: language, API tokens, notices."""

from accounts.views.language import choose_language, remember_language
from accounts.views.notices import notice_list, notice_settings, open_notice, read_notices, test_mail
from accounts.views.tokens import revoke, tokens

__all__ = [
    "choose_language",
    "notice_list",
    "notice_settings",
    "open_notice",
    "read_notices",
    "remember_language",
    "revoke",
    "test_mail",
    "tokens",
]
