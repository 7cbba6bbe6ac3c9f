"""Home, health, language and the pages of errors."""

from django.contrib.auth.decorators import login_required
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.errors import json_error
from accounts.roles import Right, require_right, roles_of
from config.home import panels_for


@login_required
def home(request):
    """What waits for this person, by role."""
    return render(
        request, "home/home.html", {"panels": panels_for(request.user), "roles": roles_of(request.user)}
    )


@transaction.non_atomic_requests  # no transaction, so that a dead database is reported, not raised
@never_cache
def livez(request):
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@transaction.non_atomic_requests  # no transaction, so that a dead database is reported, not raised
@never_cache
def readyz(request):
    """The process answers and the database is there to be written to; 503 with the reason otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            (is_replica,) = cursor.fetchone()
    except Exception as trouble:  # any failure means "send no traffic here"
        return JsonResponse({"database": type(trouble).__name__}, status=503)
    return JsonResponse({"database": "replica" if is_replica else "primary"})


@login_required
def api_docs(request):
    """The API's description to read and try, from files of our own."""
    require_right(request.user, Right.VIEW)
    return render(request, "api/docs.html")


def no_endpoint(request):
    """An address under /api/ that nothing answers, in the API's shape."""
    return json_error(404, _("There is no endpoint at this address."))


def is_api(request):
    return request.path.startswith("/api/") and request.path != "/api/docs/"


def bad_request(request, exception=None):
    if is_api(request):
        return json_error(400, _("The server could not read this request."))
    return render(request, "400.html", status=400)


def permission_denied(request, exception=None):
    """403 with the reason: the missing right and the roles that hold it."""
    if is_api(request):
        return json_error(403, str(exception or ""))
    return render(request, "403.html", {"reason": str(exception or "")}, status=403)


def not_found(request, exception=None):
    if is_api(request):
        return json_error(404, _("There is no such record."))
    return render(request, "404.html", status=404)


def server_error(request):
    """500; drawn without the database, which may be what failed."""
    if is_api(request):
        return json_error(500, _("The fault is on our side and has been logged."))
    return HttpResponseServerError(render_to_string("500.html", {"request": request}))


def csrf_refused(request, reason=""):
    """The form's protection did not match: usually a page left open across a log-out."""
    if is_api(request):
        return json_error(403, reason)
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
