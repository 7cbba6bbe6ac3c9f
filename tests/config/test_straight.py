"""Programs' requests meet no session, and are answered, refused and recorded like all others."""

import pytest
from django.test import Client

from accounts.actions import digest_of
from audit.models import SecurityEvent
from tests.factories import make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    make_token(user=make_user("auditor"), digest=digest_of("opl_program"), scope="write")
    return Client(headers={"authorization": "Bearer opl_program"}, enforce_csrf_checks=True)


def test_a_token_meets_no_session_but_the_headers_of_every_answer(program):
    answer = program.get("/api/me/", headers={"accept-language": "zh-hans"})
    assert answer.status_code == 200
    assert not hasattr(answer.wsgi_request, "session")
    assert answer["Content-Language"] == "zh-hans"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Request-ID"]


def test_its_refusal_is_recorded_with_the_person(program):
    assert program.post("/api/items/", {}, content_type="application/json").status_code == 403
    assert SecurityEvent.objects.latest("pk").actor.startswith("user-")


def test_an_unknown_address_and_the_pages_for_people_answer_as_ever(program):
    assert program.get("/api/nothing/").status_code == 404
    assert program.get("/api/docs/").status_code == 302
    assert program.get("/cmdb/").status_code == 302
    assert Client(headers={"authorization": "Bearer opl_wrong"}).get("/api/me/").status_code == 401
