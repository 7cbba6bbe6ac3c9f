"""Home, health, language and the pages of errors."""

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.roles import roles_of
from config.home import panels_for


@login_required
def home(request):
    """What waits for this person, by role."""
    return render(
        request, "home/home.html", {"panels": panels_for(request.user), "roles": roles_of(request.user)}
    )


@never_cache
def livez(request):
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


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


def bad_request(request, exception=None):
    return render(request, "400.html", status=400)


def permission_denied(request, exception=None):
    """403 with the reason: the missing right and the roles that hold it."""
    return render(request, "403.html", {"reason": str(exception or "")}, status=403)


def not_found(request, exception=None):
    return render(request, "404.html", status=404)


def server_error(request):
    return render(request, "500.html", status=500)


def csrf_refused(request, reason=""):
    """The form's protection did not match: usually a page left open across a log-out."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
