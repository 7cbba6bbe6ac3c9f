"""Home for every role, health, errors, the content policy, the documentation of the API."""

import re

import pytest
from django.test import Client, override_settings

from accounts.roles import ROLES
from cmdb.panels import Line, Panel
from config import home
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def as_role(client, role="", **over):
    client.force_login(make_user(role, **over), backend="accounts.permissions.RoleBackend")
    return client


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_home_opens_for_every_role(client, role, language):
    page = as_role(client, role, language=language, display_name="王建国").get("/")
    assert page.status_code == 200
    text = page.content.decode()
    assert f'<html lang="{language}">' in text
    assert "王建国" in text


def test_home_of_a_person_without_role_says_whom_to_ask(client):
    text = as_role(client).get("/").content.decode()
    assert "security administrator" in text
    assert 'href="/admin/"' not in text


def test_home_shows_the_panels_that_apps_register(client, monkeypatch):
    def mine(user):
        line = Line("Double the memory", url="/changes/CHG-000001/", badge="High", tone="bad")
        return Panel("My changes", "list", [line], url="/changes/", more=3)

    monkeypatch.setattr(home, "PANELS", [mine, lambda user: None])
    text = as_role(client, "requester").get("/").content.decode()
    assert "Double the memory" in text
    assert "3 more" in text
    assert text.count('class="card"') == 1


def test_navigation_shows_only_what_the_person_may_open(client):
    plain = as_role(client, "requester").get("/").content.decode()
    assert 'href="/admin/"' in plain
    assert 'href="/audit/' not in plain


def test_pages_run_no_inline_script_and_no_eval(client):
    page = as_role(client, "engineer").get("/accounts/tokens/")
    policy = page["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe" not in policy
    text = page.content.decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", text) == []
    assert re.findall(r"\sstyle=|\son[a-z]+=|<style", text) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []


@pytest.mark.parametrize("path", ["/accounts/login/", "/no/such/page/"])
def test_pages_for_strangers_are_strict_too(client, path):
    assert "unsafe" not in client.get(path)["Content-Security-Policy"]


def test_admin_alone_may_evaluate(client):
    policy = as_role(client, "security_administrator").get("/admin/accounts/user/")["Content-Security-Policy"]
    assert "'unsafe-eval'" in policy
    assert "script-src 'self' 'unsafe-eval'" in policy


def test_admin_is_open_by_role_not_by_staff_flag(client):
    assert as_role(client, "board_member").get("/admin/").status_code == 200
    stranger = as_role(Client(), is_staff=True).get("/admin/")
    assert stranger.status_code == 302


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("security_administrator", "/admin/accounts/user/", 200),
        ("security_administrator", "/admin/accounts/user/add/", 200),
        ("security_administrator", "/admin/accounts/apitoken/", 200),
        ("security_administrator", "/admin/axes/accessattempt/", 200),
        ("auditor", "/admin/accounts/user/", 200),
        ("auditor", "/admin/accounts/user/add/", 403),
        ("requester", "/admin/accounts/apitoken/", 403),
        ("requester", "/admin/accounts/team/add/", 403),
        ("system_administrator", "/admin/procrastinate/procrastinatejob/", 200),
    ],
)
def test_admin_lists_ask_for_their_own_rights(client, role, path, status):
    assert as_role(client, role).get(path).status_code == status


def test_403_names_the_missing_right(client):
    page = as_role(client).get("/api/docs/")
    assert page.status_code == 403
    assert "right to see the records" in page.content.decode()


def test_404_is_friendly_in_both_languages(client):
    for language in ("en", "zh-hans"):
        page = client.get("/no/such/page/", headers={"accept-language": language})
        assert page.status_code == 404
        assert f'<html lang="{language}">' in page.content.decode()


def test_500_is_friendly_and_says_nothing_of_the_inside(client, monkeypatch):
    monkeypatch.setattr(home, "PANELS", [lambda user: 1 / 0])
    client = as_role(Client(raise_request_exception=False), "engineer")
    page = client.get("/")
    assert page.status_code == 500
    text = page.content.decode()
    assert "Something went wrong" in text
    assert "ZeroDivision" not in text


def test_form_left_open_is_told_to_be_sent_again():
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x", "password": "y"})
    assert page.status_code == 403
    assert "send the form again" in page.content.decode()


def test_health(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/livez").content == b"ok\n"
    ready = client.get("/readyz")
    assert ready.json() == {"database": "primary"}


@override_settings(ALLOWED_HOSTS=["ops.example"])
def test_foreign_host_is_refused(client):
    assert client.get("/livez", headers={"host": "evil.example"}).status_code == 400


def test_api_description_and_its_page_are_served_offline(client):
    client = as_role(client, "engineer")
    schema = client.get("/api/schema/?format=json")
    assert schema.status_code == 200
    assert "/api/teams/" in schema.json()["paths"]
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle" in page.content.decode()
    assert "unsafe" not in page["Content-Security-Policy"]


def test_api_description_is_not_for_strangers(client):
    assert client.get("/api/schema/").status_code == 401
    assert client.get("/api/docs/").status_code == 302
