"""Programs' requests go straight to their endpoint."""

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response

from config.views import is_api


class TokenRequestMiddleware:
    """A request with a token meets nothing that is for people: session, CSRF, messages, headers of pages.

    It stands behind what every answer needs: security headers, the record, the language.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        handler = BaseHandler()
        handler._view_middleware = handler._template_response_middleware = handler._exception_middleware = []
        self.answer = convert_exception_to_response(handler._get_response)

    def __call__(self, request):
        has_token = request.headers.get("Authorization", "").lower().startswith("bearer ")
        return self.answer(request) if has_token and is_api(request) else self.get_response(request)
