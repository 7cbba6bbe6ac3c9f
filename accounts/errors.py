"""Every error of the API in one shape: {"error": {code, message, fields, refusals}}."""

from __future__ import annotations

import logging

from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError
from django.db import Error as DatabaseError
from django.db.models import ProtectedError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger("opsledger.api")

CODE_BY_STATUS = {
    400: "invalid", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 409: "conflict", 412: "precondition_failed", 413: "too_large",
    415: "unsupported_media_type", 428: "precondition_required", 429: "too_many_requests",
    500: "server_error",
}  # fmt: skip

# SQLSTATE → (status, code); P0001 is our own triggers' RAISE EXCEPTION.
BY_SQLSTATE = {
    "23505": (409, "already_exists"), "23P01": (409, "conflict"), "23503": (409, "in_use"),
    "23001": (409, "refused"),
    "23514": (400, "invalid"), "23502": (400, "invalid"), "22001": (400, "invalid"),
    "22003": (400, "invalid"), "55P03": (409, "conflict"),
    "42501": (403, "forbidden"), "P0001": (409, "refused"), "40001": (409, "conflict"),
    "40P01": (409, "conflict"),
}  # fmt: skip


def error_body(code: str, message: str, *, fields=None, refusals=()) -> dict:
    """The one shape; `fields` maps a field (or a path, "3.name") to its messages, `refusals` names rules."""
    return {
        "error": {
            "code": code,
            "message": str(message),
            "fields": fields or {},
            "refusals": [_refusal(each) for each in refusals],
        }
    }


def _refusal(each) -> dict:
    get = each.get if isinstance(each, dict) else lambda name, default="": getattr(each, name, default)
    return {name: str(get(name, "") or "") for name in ("code", "message", "fix", "link")}


def flatten(detail, path="") -> dict[str, list[str]]:
    """DRF's nested detail as one level: {"attributes.cpu_count": ["…"], "3.name": ["…"]}."""
    if isinstance(detail, dict):
        parts = ((str(key), value) for key, value in detail.items())
    elif isinstance(detail, list) and any(isinstance(each, (dict, list)) for each in detail):
        parts = ((str(index), value) for index, value in enumerate(detail))
    else:
        each = detail if isinstance(detail, list) else [detail]
        return {path or "non_field_errors": [str(line) for line in each]}
    flat: dict[str, list[str]] = {}
    for key, value in parts:
        if value in ({}, []):
            continue
        key = "non_field_errors" if key == NON_FIELD_ERRORS else key
        flat |= flatten(value, f"{path}.{key}" if path else key)
    return flat


def handle(exc: Exception, context: dict) -> Response | None:
    """DRF's EXCEPTION_HANDLER; None (and so a 500 page) only for what nobody foresaw."""
    answer = _answer(exc)
    if answer is None:
        return None
    number, body, headers = answer
    if not getattr(context.get("view"), "is_atomic_by_deed", False):
        set_rollback()
    return Response(body, status=number, headers=headers)


def _answer(exc: Exception) -> tuple[int, dict, dict] | None:
    if (refusals := getattr(exc, "refusals", None)) is not None:
        return 409, error_body("refused", _("This step is refused."), refusals=refusals), {}
    if isinstance(exc, exceptions.ValidationError):
        return 400, _invalid(flatten(exc.detail)), {}
    if isinstance(exc, exceptions.APIException):
        return _from_api_exception(exc)
    if isinstance(exc, ModelValidationError):
        fields = exc.message_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.messages}
        return 400, _invalid(flatten(fields)), {}
    return _from_django(exc)


def _from_django(exc: Exception) -> tuple[int, dict, dict] | None:
    if isinstance(exc, Http404):
        return 404, error_body("not_found", _("There is no such record.")), {}
    if isinstance(exc, PermissionDenied):
        return 403, error_body("forbidden", str(exc) or _("Your roles do not allow this.")), {}
    if isinstance(exc, ProtectedError):
        return 409, error_body("in_use", _("Other records refer to this one.")), {}
    if isinstance(exc, OverflowError):
        return 400, error_body("invalid", _("A number or a date is too large.")), {}
    return _from_database(exc) if isinstance(exc, DatabaseError) else None


def _invalid(fields: dict[str, list[str]]) -> dict:
    first = next(iter(fields.values()), [""])[0]
    single = len(fields) == 1 and "non_field_errors" in fields
    return error_body("invalid", first if single else _("The data is not valid."), fields=fields)


def _from_api_exception(exc: exceptions.APIException) -> tuple[int, dict, dict]:
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait) + 1)
    code = getattr(exc.detail, "code", None) or CODE_BY_STATUS.get(exc.status_code, "error")
    if code in ("permission_denied", "authentication_failed", "throttled", "error", "parse_error"):
        code = CODE_BY_STATUS.get(exc.status_code, code)
    fields = flatten(exc.detail) if isinstance(exc.detail, dict) else None
    message = exc.detail if isinstance(exc.detail, str) else _("The request was refused.")
    return exc.status_code, error_body(code, message, fields=fields), headers


def _from_database(exc: DatabaseError) -> tuple[int, dict, dict] | None:
    diag = getattr(exc.__cause__, "diag", None)
    found = BY_SQLSTATE.get(getattr(exc.__cause__, "sqlstate", None) or "")
    if found is None and isinstance(exc, DataError):  # a value that its column, or its page, cannot hold
        found = (400, "invalid")
    if found is None:
        return None
    number, code = found
    logger.info("database refused: %s", diag.message_primary if diag else exc)
    words, fields = constraint_words(diag.constraint_name if diag else None)
    if not words and diag and diag.column_name:
        fields = {diag.column_name: [_("This value is not allowed.")]}
    plain = diag.message_primary if diag and code == "refused" else _("The database refused this data.")
    return number, error_body(code, words or plain, fields=fields), {}


def constraint_words(name: str | None) -> tuple[str, dict[str, list[str]]]:
    """The message of a model's constraint by its name, and the fields it speaks of."""
    if not name:
        return "", {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                message = str(constraint.get_violation_error_message())
                return message, {field: [message] for field in getattr(constraint, "fields", ())}
        for field in model._meta.local_concrete_fields:
            if field.unique and name.startswith(f"{model._meta.db_table}_{field.column}_"):
                message = _("Another record already has this value.")
                return message, {field.name: [message]}
    return "", {}


def json_error(number: int, message: str) -> JsonResponse:
    """The same shape for addresses under /api/ that no endpoint answers."""
    return JsonResponse(error_body(CODE_BY_STATUS.get(number, "error"), message), status=number)
