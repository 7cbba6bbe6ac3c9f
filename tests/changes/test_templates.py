"""A template is approved by members of its board who did not write it; changes keep to what was approved."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import RoleGrant
from changes.actions import (
    StepRefused,
    add_task,
    could_be_standard,
    edit_template,
    new_version,
    propose_template,
    raise_from_template,
    suspend_template,
    take_step,
    template_from,
    vote_on_template,
)
from changes.models import ChangeEvent, StandardTemplate
from tests.changes.journey import draft, to_verifying, verify
from tests.factories import make_change, make_item, make_seat, make_standard_template, make_task, make_user


def client_of(role):
    client = APIClient()
    client.user = make_user(role)
    client.force_authenticate(client.user)
    return client


def hint_of(statement, params):
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
    return error.value.__cause__.diag.message_hint


def member_of(row):
    client = client_of("board_member")
    make_seat(row.board.key if row.board else "cab", user=client.user)
    return client


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
def test_two_members_of_the_board_approve_and_nobody_who_wrote_it():
    author = client_of("change_manager")
    body = {"key": "restart", "label": "Restart", "label_zh": "重启", "scope_types": ["host"]}
    made = author.post("/api/standard-templates/", body, format="json").data
    url = f"/api/standard-templates/{made['id']}/"
    row = StandardTemplate.objects.get(pk=made["id"])
    refused = author.post(f"{url}propose/")
    assert refused.data["error"]["refusals"][0]["code"] == "seats_reachable"
    first, second = member_of(row), member_of(row)
    RoleGrant.objects.create(user=author.user, role="board_member")
    author.user.__dict__.pop("role_keys", None)
    make_seat("cab", user=author.user)
    assert author.post(f"{url}propose/").status_code == 200
    yes = {"choice": "approve"}
    assert (
        author.post(f"{url}votes/", yes, format="json").data["error"]["refusals"][0]["code"] == "author_apart"
    )
    assert client_of("engineer").post(f"{url}votes/", yes, format="json").status_code == 409
    stale = first.post(f"{url}votes/", yes | {"content_hash": "f" * 64}, format="json")
    assert stale.data["error"]["refusals"][0]["code"] == "template_edited"
    assert first.post(f"{url}votes/", yes, format="json").status_code == 201
    assert first.post(f"{url}votes/", yes, format="json").status_code == 409, "one vote each"
    row.refresh_from_db()
    assert not row.is_active
    assert second.post(f"{url}votes/", yes, format="json").status_code == 201
    row.refresh_from_db()
    assert (row.is_active, row.approved_by, row.state) == (True, second.user, "active")
    widened = author.patch(url, {"scope_types": ["host", "database"]}, format="json")
    assert widened.status_code == 409
    assert author.patch(url, {"is_active": False}, format="json").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_edit_voids_the_proposal_and_a_rejection_turns_it_down():
    row = make_standard_template(approved_at=None)
    people = [make_seat(row.board.key).user for _seat in range(2)]
    propose_template(row, by=make_user("change_manager"))
    vote_on_template(row, by=people[0], choice="approve")
    edit_template(row, by=make_user("change_manager"), description="More.")
    assert row.state == "draft"
    propose_template(row, by=make_user("change_manager"))
    vote_on_template(row, by=people[1], choice="reject", comment="Too wide.")
    row.refresh_from_db()
    assert (row.state, row.turned_down, row.approved_at) == ("draft", "Too wide.", None)


def test_a_new_version_retires_the_old_one_when_it_is_approved(db):
    old = make_standard_template()
    members = [seat.user for seat in old.board.seats.all()]
    new = new_version(old, by=make_user("change_manager"))
    assert (new.version, new.copied_from, new.scope_types) == (2, old, old.scope_types)
    edit_template(new, by=make_user("change_manager"), scope_types=["host", "database"])
    propose_template(new, by=make_user("change_manager"))
    for person in members:
        vote_on_template(new, by=person, choice="approve")
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == ("retired", "active")


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("scope_types = '[\"rack\"]'", "template_fixed"),
        ('skeleton = \'{"title": "x"}\'', "template_fixed"),
        ("approvals_needed = 9", "template_fixed"),
        ("approved_by_id = NULL", "template_vote"),
        ("approved_at = now()", "template_vote"),
        ("ballot = 7", "template_vote"),
    ],
)
def test_postgresql_keeps_an_approved_template(db, column, code):
    row = make_standard_template()
    update = f"UPDATE changes_standardtemplate SET {column} WHERE id = %s"
    assert hint_of(update, [row.pk]) == code
    assert hint_of("DELETE FROM changes_standardtemplate WHERE id = %s", [row.pk]) == "template_fixed"


def test_raw_sql_neither_approves_nor_votes_for_others(db):
    row = make_standard_template(approved_at=None)
    approve = "UPDATE changes_standardtemplate SET approved_at = now(), is_active = true WHERE id = %s"
    assert hint_of(approve, [row.pk]) == "template_vote"
    for _seat in range(2):
        make_seat(row.board.key)
    proposer = make_user("change_manager")
    propose_template(row, by=proposer)
    vote = (
        "INSERT INTO changes_templatevote (row_version, template_id, ballot, voter_id, choice, comment,"
        " content_hash, cast_at) VALUES (1, %s, 1, %s, 'approve', '', %s, now())"
    )
    assert hint_of(vote, [row.pk, make_user("board_member").pk, row.content_hash]) == "author_apart"
    make_seat(row.board.key, user=proposer)
    assert hint_of(vote, [row.pk, proposer.pk, row.content_hash]) == "author_apart"
    member = row.board.seats.first().user
    assert hint_of(vote, [row.pk, member.pk, "f" * 64]) == "template_edited"


def test_nobody_notes_that_the_votes_of_another_are_theirs(db):
    manager, member = client_of("change_manager"), make_user("board_member")
    body = {"person": member.pk, "deputy": manager.user.pk, "starts_at": "2030-01-01T00:00Z"}
    body |= {"ends_at": "2030-02-01T00:00Z"}
    answer = manager.post("/api/vote-delegations/", body, format="json")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["deputy"])
    stand_in = body | {"deputy": make_user("board_member").pk}
    made = manager.post("/api/vote-delegations/", stand_in, format="json")
    assert made.status_code == 201
    url = f"/api/vote-delegations/{made.data['id']}/"
    assert manager.patch(url, {"deputy": manager.user.pk}, format="json").status_code == 405, (
        "a delegation is ended and made anew"
    )


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


@pytest.mark.django_db(transaction=True)
def test_a_suspended_template_takes_new_votes():
    row = make_standard_template()
    suspend_template(row, by=make_user("change_manager"), reason="It failed.")
    for assignment in ("is_active = true", "suspended_reason = ''"):
        update = f"UPDATE changes_standardtemplate SET {assignment} WHERE id = %s"
        assert hint_of(update, [row.pk]) == "template_suspended"
    row.refresh_from_db()
    row.is_active = True
    with pytest.raises(ValidationError):
        row.full_clean()
    row.refresh_from_db()
    propose_template(row, by=make_user("change_manager"))
    for seat in row.board.seats.all():
        vote_on_template(row, by=seat.user, choice="approve")
    row.refresh_from_db()
    assert (row.state, row.suspended_reason) == ("active", "")


SKELETON = {
    "title": "Number of {items}",
    "reason": "The label says {number}, the record does not.",
    "rollback_minutes": 5,
    "rollback_trigger": "It is wrong.",
    "rollback_steps": ["Put the old number back"],
    "operations": [{"on": "items", "after": {"serial": "{number}"}}],
    "tasks": [{"label": "Read the label, wait {wait} s"}],
    "criteria": [{"metric": "Alarms", "threshold": 0}],
}
PARAMETERS = {
    "number": {"label": "Number", "required": True, "max_length": 12},
    "wait": {"kind": "number", "min": 1, "max": 60, "required": True},
    "rack": {"kind": "choice", "choices": ["A", "B"]},
}


@pytest.fixture
def serials(db):
    return make_standard_template(
        skeleton=SKELETON, parameters=PARAMETERS, scope_types=["host"], scope_filter={"criticality_max": 2}
    )


def raised(cast, template, **parameters):
    now = timezone.now()
    return raise_from_template(
        template, by=cast.requester, items=[make_item(serial="OLD")],
        parameters={"number": "SN-1", "wait": 5} | parameters,
        window=(now - timedelta(minutes=5), now + timedelta(hours=1)),
        people={"implementer": [cast.implementer], "verifier": [cast.verifier]},
    )  # fmt: skip


def test_a_standard_change_carries_the_plan_and_goes_without_a_vote(cast, serials):
    change = raised(cast, serials)
    assert change.reason == "The label says SN-1, the record does not."
    assert change.operations.get().after == {"serial": "SN-1"}
    assert change.tasks.get().label == "Read the label, wait 5 s"
    take_step(change, "submit", by=cast.requester)
    assert change.state == "scheduled"
    take_step(change, "start", by=cast.implementer)
    assert change.state == "implementing"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"number": ""}, "params_missing"),
        ({"wait": 61}, "params_invalid"),
        ({"wait": "5"}, "params_invalid"),
        ({"rack": "C"}, "params_invalid"),
        ({"number": "x" * 13}, "params_invalid"),
        ({"other": 1}, "params_unknown"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(cast, serials, parameters, code):
    with pytest.raises(StepRefused) as refused:
        raised(cast, serials, **parameters)
    assert {each.code for each in refused.value.refusals} == {code}


def test_a_plan_that_left_the_template_is_not_scheduled(cast, serials):
    change = raised(cast, serials)
    add_task(change, "And something else", by=cast.requester)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "submit", by=cast.requester)
    assert {each.code for each in refused.value.refusals} == {"plan_from_template"}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(change=change, event="submit", actor=cast.requester)
    assert error.value.__cause__.diag.message_hint == "plan_from_template"


def test_items_out_of_scope_are_refused(cast, serials):
    for item in (make_item("database"), make_item(criticality=4)):
        with pytest.raises(StepRefused) as refused:
            raise_from_template(
                serials, by=cast.requester, items=[item], parameters={"number": "1", "wait": 2}, window=None
            )
        assert {each.code for each in refused.value.refusals} == {"cis_in_template_scope"}


def test_clean_changes_of_one_shape_could_be_standard(cast):
    for number in range(3):
        change = draft(cast, item=make_item(serial=f"O{number}"), after={"serial": f"N{number}"})
        to_verifying(cast, change)
        verify(cast, change)
        take_step(change, "verified", by=cast.verifier)
    (found,) = could_be_standard()
    assert (found["count"], found["shape"], found["change"]) == (3, ["host update serial"], change)
    made = template_from(change, by=cast.manager)
    assert made.state == "draft"
    assert made.skeleton["operations"] == [
        {"kind": "update", "stage": 1, "on": "items", "after": {"serial": "{serial}"}}
    ]
    assert could_be_standard() == []
