"""Probes from outside: markup in names, foreign hosts, read-only tokens, sessions that others chose."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.actions import create_token
from config.api import router
from inspections.actions import submit_run
from inspections.models import Finding
from tests.factories import (
    make_answer,
    make_change,
    make_item,
    make_standard_template,
    make_team,
    make_template,
    make_user,
)

pytestmark = pytest.mark.django_db

BAD = "<script>alert(1)</script>\"'>"
TAG = "<script>alert(1)"


def test_markup_in_names_is_shown_as_text(client):
    client.force_login(make_user(is_superuser=True, display_name=BAD))
    item = make_item(name=BAD, owner_team=make_team(label=BAD, label_zh=BAD), description=BAD)
    change = make_change(title=BAD, reason=BAD)
    answer = make_answer("96", comment=BAD)
    submit_run(answer.target.run, by=answer.answered_by)
    finding = Finding.objects.get()
    make_standard_template(label=BAD, description=BAD)
    make_template(label=BAD)
    pages = [
        "/", "/cmdb/", f"/cmdb/{item.pk}/", f"/cmdb/{item.pk}/impact/", "/changes/",
        f"/changes/{change.number}/", f"/changes/{change.number}/history/", "/inspections/",
        "/inspections/findings/", f"/inspections/findings/{finding.number}/", "/assets/", "/audit/",
        "/admin/cmdb/configurationitem/", "/admin/changes/changerequest/", "/admin/accounts/team/",
        "/admin/changes/standardtemplate/", "/admin/inspections/finding/",
        "/admin/inspections/checklisttemplate/", f"/admin/cmdb/configurationitem/{item.pk}/change/",
    ]  # fmt: skip
    shown = 0
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert TAG not in text, page
        shown += "&lt;script&gt;alert(1)" in text
    assert shown > 10


def test_a_host_that_is_not_ours_is_refused(client):
    assert client.get("/livez", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400


def test_a_read_only_token_writes_nowhere():
    user = make_user(is_superuser=True)
    expires = timezone.now() + timedelta(days=1)
    _token, secret = create_token(user, by=user, name="nightly", scope="read", expires_at=expires)
    client = Client(headers={"authorization": f"Bearer {secret}"})
    for prefix, view, _basename in router.registry:
        deeds = [f"{action.url_path}/" for action in view.get_extra_actions() if action.detail]
        for path in (f"/api/{prefix}/", *(f"/api/{prefix}/1/{deed}" for deed in ["", *deeds])):
            for method in ("post", "put", "patch", "delete"):
                answer = getattr(client, method)(path, data="{}", content_type="application/json")
                assert answer.status_code in (403, 404, 405), (method, path, answer.status_code)


def test_the_session_is_a_new_one_after_log_in(client):
    user = make_user("engineer", password="right-horse")
    client.cookies[settings.SESSION_COOKIE_NAME] = "chosenbysomebodyelse000000000000"
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": user.username, "password": "right-horse"})
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert key not in ("", "chosenbysomebodyelse000000000000")
    assert client.get("/").status_code == 200
