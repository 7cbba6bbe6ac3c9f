"""Tells the record which request a write belongs to."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from http import HTTPStatus

from axes.helpers import get_client_ip_address
from django.http import HttpRequest, HttpResponse

from audit.actions import record_refusal
from audit.context import coming_from, current_user

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class AuditContextMiddleware:
    """Rows written in a request carry its user, id, address and path; X-Request-ID returns the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        address = get_client_ip_address(request) or ""
        with coming_from(
            f"{request.method} {request.path}", request_id=request_id, address=address, request=request
        ):
            response = self.get_response(request)
            if response.status_code == HTTPStatus.FORBIDDEN and not hasattr(request, "refusal_is_recorded"):
                record_refusal("request", by=current_user(), target=f"{request.method} {request.path}")
        response["X-Request-ID"] = request_id
        return response
