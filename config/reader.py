"""Each page in the reader's language and time zone."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import BadRequest
from django.utils import timezone, translation


class ReaderMiddleware:
    """After log-in: the account's language where no cookie chose one, and the account's time zone.

    A request without a session costs nothing here.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL")  # PostgreSQL stores no such text, so nothing is found by it
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._read_as(request, request.user)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def _read_as(self, request, user):
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        if user.time_zone:
            try:
                timezone.activate(ZoneInfo(user.time_zone))
            except (ZoneInfoNotFoundError, ValueError):
                timezone.deactivate()  # a zone the system no longer knows: the site's own
