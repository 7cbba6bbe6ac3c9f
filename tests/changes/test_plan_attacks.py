"""What raw SQL as the application role cannot do to the newer parts of a plan."""

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from changes.actions import add_document, add_task, unassign
from changes.actions.refusals import StepRefused
from changes.models import ChangeRequest
from tests.changes.journey import Cast, draft, to_scheduled
from tests.factories import make_document, make_file


@pytest.fixture
def written(transactional_db):
    cast = Cast()
    change = draft(cast)
    add_task(change, "Given", by=cast.requester, assignee=cast.second, duration_minutes=5)
    add_document(change, SimpleUploadedFile("a.txt", b"steps"), by=cast.requester)
    return cast, change


def hint(refused):
    return refused.value.diag.message_hint


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE changes_plantask SET assignee_id = %(stranger)s WHERE change_id = %(change)s",
        "DELETE FROM changes_assignment WHERE change_id = %(change)s AND user_id = %(second)s",
        "UPDATE changes_assignment SET role = 'owner' WHERE change_id = %(change)s AND user_id = %(second)s",
        "UPDATE changes_assignment SET user_id = %(stranger)s WHERE user_id = %(second)s",
    ],
)
def test_a_task_is_for_an_implementer_of_its_change(written, app_sql, attack):
    cast, change = written
    with pytest.raises(psycopg.errors.RestrictViolation) as refused:
        app_sql.execute(attack, {"stranger": cast.verifier.pk, "change": change.pk, "second": cast.second.pk})
    assert hint(refused) == "assignee"


def test_an_implementer_with_tasks_is_not_taken_off(written):
    cast, change = written
    with pytest.raises(StepRefused) as refused:
        unassign(change.assignments.get(user=cast.second), by=cast.requester)
    assert {refusal.code for refusal in refused.value.refusals} == {"assignee"}


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE changes_plantask SET duration_minutes = 6 WHERE change_id = %s",
        "UPDATE changes_plantask SET assignee_id = NULL WHERE change_id = %s",
        "UPDATE changes_rollbackstep SET duration_minutes = 6 WHERE change_id = %s",
        "UPDATE changes_plandocument SET kind = 'other' WHERE change_id = %s",
        "UPDATE changes_plandocument SET name = 'b.txt' WHERE change_id = %s",
        "DELETE FROM changes_plandocument WHERE change_id = %s",
        "UPDATE changes_changerequest SET rollback_rehearsal = 'in the lab' WHERE id = %s",
    ],
)
def test_every_part_is_in_the_hash_and_locked_with_the_plan(written, app_sql, edit):
    cast, change = written
    with app_sql.transaction(force_rollback=True):
        app_sql.execute(edit, [change.pk])
        (now,) = app_sql.execute(
            "SELECT plan_hash FROM changes_changerequest WHERE id = %s", [change.pk]
        ).fetchone()
        assert now != ChangeRequest.objects.get(pk=change.pk).plan_hash
    to_scheduled(cast, change)
    with pytest.raises(psycopg.errors.RestrictViolation) as refused:
        app_sql.execute(edit, [change.pk])
    assert hint(refused) == "plan_locked"


def test_a_document_points_at_other_bytes_only_with_another_hash(written, app_sql):
    _cast, change = written
    planned = ChangeRequest.objects.get(pk=change.pk).plan_hash
    app_sql.execute(
        "UPDATE changes_plandocument SET file_id = %s WHERE change_id = %s",
        [make_file(b"other steps").pk, change.pk],
    )
    assert ChangeRequest.objects.get(pk=change.pk).plan_hash != planned


def test_a_document_stays_with_its_change(transactional_db, app_sql):
    row, other = make_document(), draft(Cast())
    with pytest.raises(psycopg.errors.RestrictViolation) as refused:
        app_sql.execute("UPDATE changes_plandocument SET change_id = %s WHERE id = %s", [other.pk, row.pk])
    assert hint(refused) == "fixed"
