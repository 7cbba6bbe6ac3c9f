"""How people come in: no sign-up, and the page answers in the language of the account."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


def name_tried(request, credentials):
    """The user name of an attempt, for axes: given by allauth on failure, in the form before it."""
    return (credentials or {}).get("username") or request.POST.get("login")


class LoginAdapter(DefaultAccountAdapter):
    """allauth with sign-up closed: accounts are made by the security administrator."""

    def is_open_for_signup(self, request):
        return False

    def post_login(self, request, user, **kwargs):
        response = super().post_login(request, user, **kwargs)
        if user.language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 86400, samesite="Lax"
            )
        return response
