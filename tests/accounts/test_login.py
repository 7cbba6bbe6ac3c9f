"""Coming in and going out, in both languages, and being locked out."""

import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LOGIN, LOGOUT = "/accounts/login/", "/accounts/logout/"


def log_in(client, user, password="right-horse", **more):
    return client.post(LOGIN, {"login": user.username, "password": password}, **more)


@pytest.fixture
def person():
    return make_user("requester", username="li.wei", password="right-horse")


def test_login_page_is_shown_in_the_browsers_language(client):
    english = client.get(LOGIN)
    assert english.status_code == 200
    assert '<html lang="en">' in english.content.decode()
    chinese = client.get(LOGIN, headers={"accept-language": "zh-CN"})
    assert '<html lang="zh-hans">' in chinese.content.decode()


def test_login_opens_home_and_logout_closes_it(client, person):
    assert client.get("/").status_code == 302
    response = log_in(client, person)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert client.get(LOGOUT).status_code == 200, "a link alone logs nobody out"
    assert client.get("/").status_code == 200
    response = client.post(LOGOUT)
    assert (response.status_code, response["Location"]) == (302, LOGIN)
    assert client.get("/").status_code == 302


def test_login_with_a_wrong_password_says_so_and_stays_out(client, person):
    response = log_in(client, person, "wrong")
    assert response.status_code == 200
    assert "not correct" in response.content.decode()
    assert client.get("/").status_code == 302


def test_login_of_a_deactivated_person_is_refused(client, person):
    User.objects.filter(pk=person.pk).update(is_active=False)
    log_in(client, person)
    assert client.get("/").status_code == 302


def test_fifth_failure_locks_name_and_address_for_a_while(client, person):
    for _failure in range(4):
        assert log_in(client, person, "wrong").status_code == 200
    locked = log_in(client, person, "wrong")
    assert locked.status_code == 429
    assert "15 minutes" in locked.content.decode()
    assert log_in(client, person).status_code == 429, "the right password does not help now"
    attempt = AccessAttempt.objects.get()
    assert (attempt.username, attempt.failures_since_start >= 5) == ("li.wei", True)


def test_lock_of_one_person_leaves_the_others_alone(client, person):
    other = make_user("engineer", username="wang", password="right-horse")
    for _failure in range(6):
        log_in(client, person, "wrong")
    assert log_in(client, other).status_code == 302


def test_success_forgets_earlier_failures(client, person):
    for _failure in range(4):
        log_in(client, person, "wrong")
    assert log_in(client, person).status_code == 302
    client.post(LOGOUT)
    assert log_in(client, person, "wrong").status_code == 200


def test_sign_up_is_closed(client):
    response = client.post(
        "/accounts/signup/", {"username": "intruder", "password1": "x9!kdkd", "password2": "x9!kdkd"}
    )
    assert not User.objects.filter(username="intruder").exists()
    assert response.status_code in (200, 403, 404)


def test_login_leads_only_to_our_own_addresses(client, person):
    response = log_in(client, person, query_params={"next": "https://evil.example/"})
    assert response["Location"] == "/"


def test_admin_login_is_our_login(client):
    response = client.get("/admin/")
    assert response.status_code == 302
    follow = client.get(response["Location"])
    assert follow["Location"] == f"{LOGIN}?next=%2Fadmin%2F"


def test_language_switch_is_kept_in_cookie_and_account(client, person):
    client.force_login(person, backend="accounts.permissions.RoleBackend")
    response = client.post(reverse("language"), {"language": "zh-hans", "next": "/accounts/tokens/"})
    assert response["Location"] == "/accounts/tokens/"
    assert client.cookies["django_language"].value == "zh-hans"
    person.refresh_from_db()
    assert person.language == "zh-hans"
    assert 'lang="zh-hans"' in client.get("/").content.decode()


def test_language_of_the_account_comes_along_to_another_browser(client, person):
    User.objects.filter(pk=person.pk).update(language="zh-hans")
    log_in(client, person)
    assert client.cookies["django_language"].value == "zh-hans"
    del client.cookies["django_language"]
    assert 'lang="zh-hans"' in client.get("/").content.decode()


def test_language_switch_refuses_unknown_languages_and_foreign_addresses(client):
    response = client.post(reverse("language"), {"language": "xx", "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert "django_language" not in client.cookies
    assert client.get(reverse("language")).status_code == 405


def test_password_change_needs_the_old_one(client, person):
    client.force_login(person, backend="accounts.permissions.RoleBackend")
    page = reverse("account_change_password")
    assert client.get(page).status_code == 200
    wrong = {"oldpassword": "nope", "password1": "Fresh-water-77", "password2": "Fresh-water-77"}
    assert client.post(page, wrong).status_code == 200
    assert client.post(page, wrong | {"oldpassword": "right-horse"}).status_code == 302
    person.refresh_from_db()
    assert person.check_password("Fresh-water-77")
