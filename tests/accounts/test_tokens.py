"""API tokens: made once, shown once, expiring, revocable, read-only unless asked otherwise."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from accounts.actions import TooManyTokensError, create_token, revoke_token
from accounts.models import ApiToken, Team, User
from tests.factories import make_token, make_user

pytestmark = pytest.mark.django_db


def new_token(user, scope="read", days=30):
    return create_token(
        user, by=user, name="nightly", scope=scope, expires_at=timezone.now() + timedelta(days=days)
    )


def get(path, secret, method="get", **more):
    return getattr(Client(), method)(path, headers={"authorization": f"Bearer {secret}"}, **more)


def test_token_opens_the_api_for_its_person():
    user = make_user("engineer")
    _token, secret = new_token(user)
    answer = get("/api/me/", secret)
    assert answer.status_code == 200
    assert answer.json() == {
        "username": user.username, "name": user.username, "language": "", "roles": ["engineer"],
        "rights": ["change_assess", "change_implement", "change_oncall", "change_request", "change_test",
                   "change_verify", "cmdb_edit", "inspect", "view"],
        "is_read_only": True,
    }  # fmt: skip


def test_secret_is_not_kept_anywhere():
    token, secret = new_token(make_user("engineer"))
    token.refresh_from_db()
    assert secret.startswith("opl_")
    assert len(secret) == 47
    assert token.prefix == secret[:10]
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values())
    history = token.history.values().first()
    assert "digest" not in history
    assert secret not in str(history)


def test_token_request_needs_no_session_and_few_queries(django_assert_num_queries):
    user = make_user("engineer")
    _token, secret = new_token(user)
    get("/api/me/", secret)  # the first use of the day is noted
    with django_assert_num_queries(3):  # BEGIN's savepoints and the one look-up
        answer = get("/api/me/", secret)
    assert "sessionid" not in answer.cookies


def test_day_of_last_use_is_noted_once():
    token, secret = new_token(make_user("engineer"))
    assert token.last_used_on is None
    get("/api/me/", secret)
    token.refresh_from_db()
    assert token.last_used_on == timezone.localdate()
    assert token.row_version == 1
    assert token.history.count() == 1


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer opl_wrong", "Bearer ghp_x", "Bearer opl_a b", "Basic eDp5"]
)
def test_wrong_header_is_401_with_a_challenge(header):
    answer = Client().get("/api/me/", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="OpsLedger"'
    assert answer.json()["error"]["code"] == "not_authenticated"


def test_expired_token_opens_nothing():
    token, secret = new_token(make_user("engineer"))
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = get("/api/me/", secret)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "This token has expired."


def test_revoked_token_opens_nothing_and_stays_revoked():
    user = make_user("engineer")
    token, secret = new_token(user)
    first = revoke_token(token, by=user).revoked_at
    assert revoke_token(token, by=user).revoked_at == first
    answer = get("/api/me/", secret)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "This token was revoked."


def test_token_of_a_deactivated_person_opens_nothing():
    user = make_user("engineer")
    _token, secret = new_token(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert get("/api/me/", secret).status_code == 401


def test_token_loses_what_its_person_loses():
    user = make_user("security_administrator")
    _token, secret = new_token(user, "write")
    team = {"key": "net", "label": "Network"}
    assert get("/api/teams/", secret, "post", data=team, content_type="application/json").status_code == 201
    user.role_grants.all().delete()
    assert get("/api/teams/", secret).status_code == 403


def test_read_scope_cannot_write():
    user = make_user("security_administrator")
    _token, secret = new_token(user, "read")
    team = {"key": "net", "label": "Network"}
    answer = get("/api/teams/", secret, "post", data=team, content_type="application/json")
    assert answer.status_code == 403
    assert "may only read" in answer.json()["error"]["message"]
    assert not Team.objects.filter(key="net").exists()
    assert get("/api/teams/", secret).status_code == 200


def test_writing_with_a_token_is_recorded_under_its_person():
    user = make_user("security_administrator")
    _token, secret = new_token(user, "write")
    team = {"key": "net", "label": "Network"}
    get("/api/teams/", secret, "post", data=team, content_type="application/json")
    assert Team.objects.get(key="net").history.first().history_user_id == user.pk


def test_token_is_made_for_oneself_for_at_most_a_year():
    user = make_user("engineer")
    later = timezone.now() + timedelta(days=1)
    with pytest.raises(PermissionDenied):
        create_token(user, by=make_user("security_administrator"), name="x", expires_at=later)
    for days in (-1, 400):
        with pytest.raises(ValidationError):
            new_token(user, days=days)


def test_twenty_tokens_an_hour_are_enough():
    user = make_user("engineer")
    for _each in range(20):
        new_token(user)
    with pytest.raises(TooManyTokensError):
        new_token(user)


def test_others_revoke_only_with_the_right_to_manage_people():
    token = make_token()
    with pytest.raises(PermissionDenied):
        revoke_token(token, by=make_user("system_administrator"))
    assert revoke_token(token, by=make_user("security_administrator")).revoked_at


def test_page_shows_the_secret_once_and_revokes(client):
    user = make_user("engineer")
    client.force_login(user, backend="accounts.permissions.RoleBackend")
    day = (timezone.localdate() + timedelta(days=10)).isoformat()
    page = client.post("/accounts/tokens/", {"name": "nightly", "scope": "read", "expires_on": day})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert get("/api/me/", secret).status_code == 200
    again = client.get("/accounts/tokens/")
    assert secret not in again.content.decode()
    client.post(f"/accounts/tokens/{user.api_tokens.get().pk}/revoke/")
    assert get("/api/me/", secret).status_code == 401


def test_page_says_what_is_wrong(client):
    client.force_login(make_user("engineer"), backend="accounts.permissions.RoleBackend")
    page = client.post("/accounts/tokens/", {"name": "", "scope": "all", "expires_on": "1999-01-01"})
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"name", "scope", "expires_on"}
    assert ApiToken.objects.count() == 0


def test_page_revokes_only_ones_own(client):
    token = make_token()
    client.force_login(make_user("engineer"), backend="accounts.permissions.RoleBackend")
    assert client.post(f"/accounts/tokens/{token.pk}/revoke/").status_code == 404


def test_api_lists_and_revokes_ones_own_tokens_but_makes_none():
    user = make_user("engineer")
    make_token()
    token, secret = new_token(user, "write")
    listed = get("/api/tokens/", secret).json()
    assert [each["id"] for each in listed["results"]] == [token.pk]
    assert "digest" not in listed["results"][0]
    assert get("/api/tokens/", secret, "post").status_code == 405
    assert get(f"/api/tokens/{token.pk}/revoke/", secret, "post").status_code == 200
    assert get("/api/tokens/", secret).status_code == 401
