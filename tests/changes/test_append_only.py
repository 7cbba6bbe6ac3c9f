"""What the application role may do with each row of evidence: every table, both deeds, and the reason."""

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import StoredFile
from changes import models as of_changes
from changes.actions import confirm_drift, decide_drift
from tests.changes.journey import draft, to_implementing
from tests.factories import MAKERS, make_drift_decision, make_item, make_user

pytestmark = pytest.mark.django_db

RIGHT, RULE = "42501", "23001"  # the role has not the right; a trigger refuses
#: Inserted and read, and nothing else: the role has neither right, and a trigger stands behind that.
EVIDENCE = [
    "ChangeEvent", "Vote", "VoteConfirmation", "TemplateVote", "TestRun", "CriterionResult",
    "CriterionBreach", "ImpactConfirmation", "GateAnswer", "CollisionAcknowledgement", "FreezeOverride",
    "StepEscalation", "RoundReading", "Remark", "Deviation", "PresenceConfirmation", "UnauthorisedRow",
    "ControlDebt", "CausedIncident",
]  # fmt: skip
#: Rows with one deed left to do: what must not be edited, and what may, with the reason.
GUARDED = {
    "DriftDecision": ("decision = 'force'", "the second person confirms it, once"),
    "UnauthorisedWrite": ("writer_name = 'nobody'", "somebody says what became of it"),
    "StoppedLine": ("reason = 'another'", "a change manager releases it, once"),
    "ApprovalRound": ("result = 'approved'", "the gate closes it"),
    "RoundStep": ("need = 0", "the gate counts"),
    "RoundSeat": ("is_barred = false", "the gate counts"),
    "Consultation": ("team_id = team_id + 1", "the team answers"),
    "ChangeRequest": ("state = 'closed'", "a draft is edited; an event moves it"),
}
MADE = [*(getattr(of_changes, name) for name in EVIDENCE), StoredFile]


def refused(statement, row):
    """The SQLSTATE with which PostgreSQL refuses, or how many rows it changed."""
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(statement, [row.pk])
        except DatabaseError as error:
            return error.__cause__.sqlstate
        return f"{cursor.rowcount} rows"


@pytest.mark.parametrize("model", MADE, ids=lambda model: model.__name__)
@pytest.mark.parametrize(
    "deed", ["UPDATE {} SET {pk} = {pk} WHERE {pk} = %s", "DELETE FROM {} WHERE {pk} = %s"]
)
def test_evidence_is_neither_edited_nor_removed(model, deed):
    with transaction.atomic():  # taken back: some rows can stand only in the middle of a deed
        row, table = MAKERS[model](), model._meta.db_table
        assert refused(deed.format(table, pk=model._meta.pk.column), row) == RIGHT
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger
                WHERE tgrelid = to_regclass(%s) AND tgname LIKE 'aa%%' AND tgenabled = 'A'""",
            [table],
        )
        assert cursor.fetchone()[0] == ["aa_append_only", "aa_no_truncate"]


@pytest.mark.parametrize("name", GUARDED)
def test_what_has_one_deed_left_is_edited_in_nothing_else(name):
    model = getattr(of_changes, name)
    row, table = MAKERS[model](), model._meta.db_table
    assert refused(f"UPDATE {table} SET {GUARDED[name][0]} WHERE id = %s", row) == RULE
    assert refused(f"DELETE FROM {table} WHERE id = %s", row) == RULE


def test_a_decision_on_a_drift_is_two_peoples_of_the_work_and_stays(cast):
    with pytest.raises(DatabaseError, match="begins unconfirmed"), transaction.atomic():
        make_drift_decision(confirmed_by=make_user("engineer"))
    item = make_item(serial="OLD")
    change = draft(cast, item=item)
    to_implementing(cast, change)
    row = decide_drift(
        change.operations.get(), "serial", decision="keep", seen="SOMEBODY", by=cast.implementer
    )
    confirm = "UPDATE changes_driftdecision SET confirmed_by_id = {} WHERE id = %s"
    assert refused(confirm.format(cast.verifier.pk), row) == RULE
    assert refused(confirm.format("decided_by_id"), row) == "23514"
    confirm_drift(row, by=cast.second)
    assert refused(confirm.format(cast.manager.pk), row) == RULE
    assert refused("UPDATE changes_driftdecision SET confirmed_by_id = NULL WHERE id = %s", row) == RULE
