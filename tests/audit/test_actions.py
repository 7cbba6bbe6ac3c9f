"""Security events: what an auditor asks about and no row shows."""

import contextlib

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, transaction
from django.http import HttpResponse, HttpResponseForbidden
from django.test import RequestFactory

from audit.actions import record_event, record_refusal
from audit.context import because, coming_from
from audit.middleware import AuditContextMiddleware
from audit.models import SecurityEvent
from tests.factories import make_user, number

pytestmark = pytest.mark.django_db


@pytest.fixture
def target():
    """A name of this test's own: lasting events outlive their test."""
    return f"target-{number()}-{id(object())}"


def test_an_event_knows_who_and_where():
    user = make_user()
    with because(user=user), coming_from("GET /audit/", address="192.0.2.7", request_id="r-1"):
        event = record_event("export", target="all", detail={"rows": 3})
    event.refresh_from_db()
    assert (event.actor_id, event.actor, event.kind) == (user.pk, user.username, "export")
    assert (event.address, event.path, event.request_id) == ("192.0.2.7", "GET /audit/", "r-1")
    assert (event.target, event.detail) == ("all", {"rows": 3})


def test_a_refusal_survives_the_rollback(target):
    user = make_user()
    with contextlib.suppress(PermissionDenied), transaction.atomic():
        record_refusal("vote", by=user, target=target, reasons=[{"code": "own", "text": "自己的"}])
        raise PermissionDenied
    event = SecurityEvent.objects.get(target=target)
    assert (event.kind, event.actor) == ("refusal", user.username)
    assert event.detail == {"deed": "vote", "reasons": [{"code": "own", "text": "自己的"}]}


def test_a_refusal_can_be_noted_from_a_broken_transaction(target):
    with contextlib.suppress(ProgrammingError), transaction.atomic():
        try:
            SecurityEvent.objects.raw("nonsense")[0]
        finally:
            record_refusal("import", by=None, target=target, reasons=[])
    assert SecurityEvent.objects.filter(target=target, actor_id=None).exists()


def test_nul_in_what_a_stranger_sent_is_dropped(target):
    record_refusal("login", by=None, target=f"{target}\x00", reasons=[{"text": "a\x00b"}])
    assert SecurityEvent.objects.get(target=target).detail["reasons"] == [{"text": "ab"}]


@pytest.mark.parametrize("deed", ["update", "delete"])
def test_events_stay(deed):
    event = record_event("export")
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        SecurityEvent.objects.filter(pk=event.pk)._raw_delete("default") if deed == "delete" else (
            SecurityEvent.objects.filter(pk=event.pk).update(actor="nobody")
        )


def test_logging_in_out_and_failing_is_noted(client, target):
    user = make_user(username=target)
    client.force_login(user)
    client.logout()
    authenticate(RequestFactory().post("/"), username=target, password="wrong")
    assert list(SecurityEvent.objects.filter(actor=target).values_list("kind", flat=True)) == [
        "logout",
        "login",
    ]
    assert SecurityEvent.objects.filter(target=target, kind="login_failed").exists()


def test_a_forbidden_request_is_noted_once(target):
    def forbids(request):
        return HttpResponseForbidden()

    def refuses(request):
        record_refusal("step", by=None, target=f"{target}-b", reasons=[])
        return HttpResponseForbidden()

    AuditContextMiddleware(forbids)(RequestFactory().post(f"/{target}-a"))
    AuditContextMiddleware(refuses)(RequestFactory().post(f"/{target}-b"))
    AuditContextMiddleware(lambda request: HttpResponse())(RequestFactory().post(f"/{target}-c"))
    found = SecurityEvent.objects.filter(target__contains=target).order_by("id")
    assert [(event.target, event.detail["deed"]) for event in found] == [
        (f"POST /{target}-a", "request"), (f"{target}-b", "step"),
    ]  # fmt: skip
