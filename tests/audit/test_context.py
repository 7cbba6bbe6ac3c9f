"""Who and why reach PostgreSQL once per transaction, and again whenever a roll-back took them away."""

import contextlib

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from audit.context import because, coming_from
from audit.middleware import AuditContextMiddleware
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """The settings sent to PostgreSQL during the test."""
    seen, send = [], connection._send
    monkeypatch.setattr(connection, "_send", lambda setting: (seen.append(setting), send(setting)))
    return seen


def last(team):
    return team.history.first()


@pytest.mark.django_db(transaction=True)
def test_reason_change_and_user_are_noted():
    team, user = make_team(), make_user()
    with because("moved", change_ref=17, user=user):
        Team.objects.filter(pk=team.pk).update(label="B")
    row = last(team)
    assert (row.history_change_reason, row.history_change_ref) == ("moved", 17)
    assert (row.history_user, row.history_username) == (user, user.username)
    assert (row.history_txn.ctx["user"], row.history_txn.ctx["username"]) == (user.pk, user.username)


def test_inner_causes_inherit_and_end():
    team = make_team()
    with because("outer", change_ref=1):
        with because("inner"):
            Team.objects.filter(pk=team.pk).update(label="B")
        Team.objects.filter(pk=team.pk).update(label="C")
    Team.objects.filter(pk=team.pk).update(label="D")
    told = [(row.history_change_reason, row.history_change_ref) for row in team.history.all()[:3]]
    assert told == [(None, None), ("outer", 1), ("inner", 1)]


def test_it_is_sent_once_per_transaction(sent):
    with transaction.atomic(), because("once"):
        make_team(), make_team(), make_team()
    assert len(sent) == 1


def test_reading_sends_nothing(sent):
    with CaptureQueriesContext(connection):
        list(Team.objects.select_for_update().all())
    assert sent == []


def test_it_is_no_query_of_the_callers(django_assert_num_queries):
    with django_assert_num_queries(1), because("quiet"):
        make_team()


def test_it_survives_the_rollback_of_a_savepoint():
    team = make_team()
    with because("kept"):
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Team.objects.filter(pk=team.pk).update(label="lost")
            raise ZeroDivisionError
        Team.objects.filter(pk=team.pk).update(label="B")
    assert (last(team).label, last(team).history_change_reason) == ("B", "kept")


def test_it_does_not_come_back_with_a_savepoint():
    team = make_team()
    sid = None
    with because("first"):
        Team.objects.filter(pk=team.pk).update(label="B")
        sid = transaction.savepoint()
    Team.objects.filter(pk=team.pk).update(label="C")
    transaction.savepoint_rollback(sid)
    Team.objects.filter(pk=team.pk).update(label="D")
    assert (last(team).label, last(team).history_change_reason) == ("D", None)


def test_it_survives_a_rollback_written_by_hand():
    team = make_team()
    with because("kept"), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT mine")
        Team.objects.filter(pk=team.pk).update(label="lost")
        cursor.execute("ROLLBACK TO SAVEPOINT mine")
        Team.objects.filter(pk=team.pk).update(label="B")
    assert last(team).history_change_reason == "kept"


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_the_statement_gets_one():
    team = make_team()
    with because("alone"):
        Team.objects.filter(pk=team.pk).update(label="B")
    Team.objects.filter(pk=team.pk).update(label="C")
    assert [row.history_change_reason for row in team.history.all()] == [None, "alone", None]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('audit.ctx', true)")
        assert not cursor.fetchone()[0], "the next user of this connection must not inherit it"


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_takes_it_away():
    team = make_team()
    with because("gone"):
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Team.objects.filter(pk=team.pk).update(label="lost")
            raise ZeroDivisionError
        with transaction.atomic():
            Team.objects.filter(pk=team.pk).update(label="B")
    assert [row.history_change_reason for row in team.history.all()] == ["gone", None]


def test_the_instance_may_name_its_author_and_reason():
    team, user = make_team(), make_user()
    team.label, team._change_reason, team._history_user = "B", "renamed", user
    team.save()
    assert (last(team).history_change_reason, last(team).history_user) == ("renamed", user)
    team.delete()
    gone = Team.history.filter(key=team.key).first()
    assert (gone.history_type, gone.history_change_reason, gone.history_user) == ("-", "renamed", user)


@pytest.mark.django_db(transaction=True)
def test_a_request_is_noted_with_its_user_address_and_number():
    user = make_user()

    def view(request):
        request.user = user  # as DRF does: known only after the middleware
        make_team(key="by-request")
        return HttpResponse()

    request = RequestFactory().post(
        "/some/page/?secret=1", REMOTE_ADDR="192.0.2.7", headers={"X-Request-ID": "r-1"}
    )
    response = AuditContextMiddleware(view)(request)
    row = Team.objects.get(key="by-request").history.get()
    assert response["X-Request-ID"] == "r-1"
    assert row.history_user == user
    assert row.history_txn.ctx == {
        "request_id": "r-1", "address": "192.0.2.7", "path": "POST /some/page/",
        "user": user.pk, "username": user.username,
    }  # fmt: skip


def test_a_strange_request_id_is_replaced():
    request = RequestFactory().get("/", headers={"X-Request-ID": "x" * 65})
    assert len(AuditContextMiddleware(lambda request: HttpResponse())(request)["X-Request-ID"]) == 32


@pytest.mark.django_db(transaction=True)
def test_a_path_that_postgresql_could_not_hold_is_cleaned():
    with coming_from("/a\x00b"):
        team = make_team()
    assert last(team).history_txn.ctx["path"] == "/ab"


@pytest.mark.django_db(transaction=True)
def test_commands_are_known_by_name(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/srv/manage.py", "import_items", "secret.csv"])
    row = last(make_team())
    assert (row.history_user_id, row.history_txn.ctx["path"]) == (None, "manage.py import_items")
