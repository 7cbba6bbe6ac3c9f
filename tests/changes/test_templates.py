"""A template is approved by somebody who did not write it, and stays what was approved."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from audit.context import because
from changes.models import StandardTemplate
from tests.factories import make_change, make_item, make_standard_template, make_task, make_user


def client_of(role):
    client = APIClient()
    client.user = make_user(role)
    client.force_authenticate(client.user)
    return client


def hint_of(statement, params):
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
    return error.value.__cause__.diag.message_hint


def test_approval_is_no_field_that_one_may_send(db):
    manager = client_of("change_manager")
    answer = manager.post(
        "/api/standard-templates/",
        {"key": "restart", "label": "Restart", "label_zh": "重启", "approved_by": make_user().pk,
         "approved_at": timezone.now().isoformat()},
        format="json",
    )  # fmt: skip
    assert answer.status_code == 201, answer.data
    row = StandardTemplate.objects.get(key="restart")
    assert (row.approved_by, row.approved_at) == (None, None)
    url = f"/api/standard-templates/{row.pk}/"
    assert manager.patch(url, {"is_active": True}, format="json").status_code in (400, 409)


@pytest.mark.django_db(transaction=True)
def test_the_author_does_not_approve_and_another_does():
    author, other = client_of("change_manager"), client_of("change_manager")
    body = {"key": "restart", "label": "Restart", "label_zh": "重启", "scope_types": ["host"]}
    url = (
        f"/api/standard-templates/{author.post('/api/standard-templates/', body, format='json').data['id']}/"
    )
    refused = author.post(f"{url}approve/")
    assert (refused.status_code, refused.data["error"]["refusals"][0]["code"]) == (409, "author_apart")
    assert client_of("engineer").post(f"{url}approve/").status_code == 403
    done = other.post(f"{url}approve/")
    assert (done.status_code, done.data["approved_by"], done.data["is_active"]) == (200, other.user.pk, True)
    widened = author.patch(url, {"scope_types": ["host", "database"]}, format="json")
    assert widened.status_code == 409
    assert author.patch(url, {"is_active": False}, format="json").status_code == 200


@pytest.mark.parametrize(
    "column", ["scope_types = '[\"rack\"]'", "approved_by_id = NULL", "approved_at = now()"]
)
def test_postgresql_keeps_an_approved_template(db, column):
    row = make_standard_template(approved_at=timezone.now(), approved_by=make_user(), is_active=True)
    update = f"UPDATE changes_standardtemplate SET {column} WHERE id = %s"
    assert hint_of(update, [row.pk]) == "template_fixed"
    assert hint_of("DELETE FROM changes_standardtemplate WHERE id = %s", [row.pk]) == "template_fixed"


def test_nobody_notes_that_the_votes_of_another_are_theirs(db):
    manager, member = client_of("change_manager"), make_user("board_member")
    body = {"person": member.pk, "deputy": manager.user.pk, "starts_at": "2026-01-01T00:00Z"}
    body |= {"ends_at": "2026-02-01T00:00Z"}
    answer = manager.post("/api/vote-delegations/", body, format="json")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["deputy"])
    stand_in = body | {"deputy": make_user("board_member").pk}
    made = manager.post("/api/vote-delegations/", stand_in, format="json")
    assert made.status_code == 201
    url = f"/api/vote-delegations/{made.data['id']}/"
    assert manager.patch(url, {"deputy": manager.user.pk}, format="json").status_code == 400


@pytest.mark.parametrize(
    "window",
    [
        "[2026-01-01,)",
        "(,2026-01-01]",
        "(,)",
        "[2026-01-01,infinity)",
        "[-infinity,2026-01-01)",
        "[2026-01-01,9999-12-31)",
        "[0001-01-01,2026-01-01)",
    ],
)
def test_a_window_has_two_ends(db, window):
    change = make_change()
    update = 'UPDATE changes_changerequest SET "window" = %s WHERE id = %s'
    assert hint_of(update, [window, change.pk]) == "window"
    with connection.cursor() as cursor:
        cursor.execute(update, ["empty", change.pk])


@pytest.mark.parametrize("body", ["[]", "null", "1", '"x"'])
def test_a_body_that_is_no_object_is_no_fault(db, body):
    client = client_of("engineer")
    task = make_task()
    url = f"/api/changes/{task.change.number}/tasks/{task.pk}/complete/"
    assert client.generic("POST", url, body, content_type="application/json").status_code == 409


@pytest.mark.parametrize("after", [-1, "serial", [None], True])
def test_a_difference_is_an_object(db, after):
    client = client_of("engineer")
    change = make_change(requester=client.user)
    body = {"kind": "update", "item": make_item().pk, "after": after}
    answer = client.post(f"/api/changes/{change.number}/operations/", body, format="json")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["after"])


def test_a_refused_post_shows_nothing_to_who_may_not_see(client, db):
    client.force_login(make_user())
    change = make_change(title="Secret move of the vault")
    answer = client.post(f"/changes/{change.number}/steps/withdraw/", {"comment": "x"})
    assert answer.status_code == 403
    assert b"Secret move" not in answer.content


@pytest.mark.parametrize("kind", ["relate", "unrelate", "create"])
@pytest.mark.parametrize(
    "after",
    [
        {},
        {"source__owner_team__members__user__password__startswith": "p"},
        {"relation_type_id": 1, "source_id": 10**30, "target_id": "x"},
        {"name": "x", "owner_team": "x"},
        {"name": "x", "criticality": "x", "type_id": 1},
    ],
)
def test_a_plan_looks_up_nothing_but_its_own_fields(db, kind, after):
    client = client_of("engineer")
    change = make_change(requester=client.user)
    url = f"/api/changes/{change.number}/operations/"
    assert client.post(url, {"kind": kind, "after": after}, format="json").status_code == 400


def test_a_template_is_approved_in_the_administration_by_another_than_its_author(client, transactional_db):
    author, other = make_user("change_manager"), make_user("change_manager")
    with because("written", user=author):
        row = make_standard_template(is_active=False, approved_at=None)
    page = f"/admin/changes/standardtemplate/{row.pk}/"
    agreed = {"_form_submitted": "1", "is_read": "on"}
    client.force_login(author)
    assert f"{page}approve/" in client.get(f"{page}change/").content.decode()
    assert "You wrote this template." in client.post(f"{page}approve/", agreed).content.decode()
    client.force_login(make_user("engineer"))
    assert client.post(f"{page}approve/", agreed).status_code == 403
    client.force_login(other)
    client.get(f"{page}approve/")
    row.refresh_from_db()
    assert row.approved_at is None
    answer = client.post(f"{page}approve/", agreed)
    assert answer.headers["HX-Redirect"] == f"{page}change/"
    row.refresh_from_db()
    assert (row.approved_by, row.is_active) == (other, True)
    assert client.post(f"{page}approve/", agreed).status_code == 403


def test_a_suspended_template_takes_a_new_approval(transactional_db):
    author, other = client_of("change_manager"), client_of("change_manager")
    with because("written", user=author.user):
        row = make_standard_template(approved_by=other.user, is_active=False)
    StandardTemplate.objects.filter(pk=row.pk).update(suspended_reason="CHG-000001: failed")
    url = f"/api/standard-templates/{row.pk}/"
    assert author.patch(url, {"is_active": True}, format="json").status_code in (400, 409)
    for assignment in (
        "is_active = true",
        "suspended_reason = ''",
        "is_active = true, suspended_reason = ''",
    ):
        update = f"UPDATE changes_standardtemplate SET {assignment} WHERE id = %s"
        assert hint_of(update, [row.pk]) == "template_suspended"
    row.refresh_from_db()
    row.is_active = True
    with pytest.raises(ValidationError):
        row.full_clean()
    done = other.post(f"{url}approve/")
    assert (done.status_code, done.data["is_active"], done.data["suspended_reason"]) == (200, True, "")
