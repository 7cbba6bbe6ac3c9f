"""One shape for every error of the API."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client
from rest_framework import exceptions

from accounts.errors import flatten, handle
from accounts.models import RoleGrant, Team, TeamMember
from tests.factories import make_grant, make_member, make_team, make_user

pytestmark = pytest.mark.django_db
SHAPE = {"code", "message", "fields", "refusals"}


@pytest.fixture
def admin(client):
    client.force_login(make_user("security_administrator"), backend="accounts.permissions.RoleBackend")
    return client


def error_of(answer, status):
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == SHAPE
    assert body["error"]["message"]
    return body["error"]


def post(client, path, data):
    return client.post(path, data, content_type="application/json")


def test_missing_and_wrong_fields_are_named(admin):
    error = error_of(post(admin, "/api/teams/", {"key": "not a slug!", "email": "x"}), 400)
    assert error["code"] == "invalid"
    assert set(error["fields"]) == {"key", "label", "email"}
    assert error["fields"]["label"] == ["This field is required."]


def test_broken_json_is_400(admin):
    error = error_of(admin.post("/api/teams/", "{", content_type="application/json"), 400)
    assert "JSON" in error["message"]


def test_stranger_is_401_and_missing_right_403_with_its_name(client):
    assert error_of(client.get("/api/teams/"), 401)["code"] == "not_authenticated"
    client.force_login(make_user("engineer"), backend="accounts.permissions.RoleBackend")
    error = error_of(post(client, "/api/teams/", {"key": "x", "label": "x"}), 403)
    assert error["code"] == "forbidden"
    assert error["message"].startswith("You need the right to manage people, teams and roles.")
    assert not Team.objects.exists()


def test_person_without_role_reads_nothing(client):
    client.force_login(make_user(), backend="accounts.permissions.RoleBackend")
    assert "right to see the records" in error_of(client.get("/api/teams/"), 403)["message"]


@pytest.mark.parametrize("path", ["/api/teams/999999/", "/api/nothing/", "/api/teams/1/extra/", "/api/"])
def test_unknown_address_is_404(admin, path):
    if path == "/api/":
        assert admin.get(path).status_code == 200
    else:
        assert error_of(admin.get(path), 404)["code"] == "not_found"


def test_wrong_method_is_405_and_wrong_type_415(admin):
    assert error_of(admin.delete("/api/users/1/"), 405)["code"] == "method_not_allowed"
    answer = admin.post("/api/teams/", "<a/>", content_type="application/xml")
    assert error_of(answer, 415)["code"] == "unsupported_media_type"


def test_session_needs_the_csrf_token():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("security_administrator"), backend="accounts.permissions.RoleBackend")
    error = error_of(post(strict, "/api/teams/", {"key": "x", "label": "x"}), 403)
    assert "CSRF" in error["message"]


def test_errors_speak_the_readers_language(admin):
    answer = admin.post(
        "/api/teams/", {}, content_type="application/json", headers={"accept-language": "zh-CN"}
    )
    assert error_of(answer, 400)["fields"]["label"] == ["该字段是必填项。"]


def answer_to(exc):
    answer = handle(exc, {})
    return answer.status_code, answer.data["error"]


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied("Not you."), 403, "forbidden"),
        (ValidationError({"label": "Wrong."}), 400, "invalid"),
        (ValidationError("Wrong."), 400, "invalid"),
        (exceptions.Throttled(3), 429, "too_many_requests"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
    ],
)
def test_exceptions_become_statuses(exc, status, code):
    found, error = answer_to(exc)
    assert (found, error["code"]) == (status, code)


def test_precondition_failed_is_412():
    class Stale(exceptions.APIException):
        status_code = 412
        default_detail = "Somebody was faster."

    assert answer_to(Stale())[0] == 412
    assert answer_to(Stale())[1]["code"] == "precondition_failed"


def test_refused_step_names_every_rule_and_what_to_do():
    class StepRefusedError(Exception):
        refusals = [{"code": "own", "message": "You raised it.", "fix": "Ask another.", "link": "/changes/"}]

    status, error = answer_to(StepRefusedError())
    assert status == 409
    assert error["code"] == "refused"
    assert error["refusals"] == StepRefusedError.refusals


def database_error(deed):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        deed()
    return answer_to(caught.value)


def test_duplicate_is_409_with_the_field():
    make_team(key="net")
    status, error = database_error(lambda: Team.objects.create(key="net", label="x"))
    assert (status, error["code"]) == (409, "already_exists")
    assert error["fields"] == {"key": ["Another record already has this value."]}


def test_constraint_speaks_with_its_own_words():
    grant = make_grant(role="auditor")
    status, error = database_error(
        lambda: RoleGrant.objects.create(user=grant.user, role="system_administrator")
    )
    assert status == 409
    assert "three different people" in error["message"]


def test_reference_that_does_not_exist_is_409():
    member = make_member()

    def dangling():
        TeamMember.objects.filter(pk=member.pk).update(team_id=999_999)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert database_error(dangling)[0] == 409


def test_check_constraint_is_400():
    user = make_user()
    assert database_error(lambda: RoleGrant.objects.create(user=user, role="emperor"))[0] == 400


def test_what_nobody_foresaw_is_left_to_the_500_page():
    assert handle(RuntimeError("oops"), {}) is None


def test_nested_details_become_paths():
    detail = [{}, {"name": ["Required."], "attributes": {"cpu": ["Not a number."]}}]
    assert flatten(detail) == {"1.name": ["Required."], "1.attributes.cpu": ["Not a number."]}
    assert flatten(["Plain."]) == {"non_field_errors": ["Plain."]}
