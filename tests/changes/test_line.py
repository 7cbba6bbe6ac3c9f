"""The line: who stops it, who lets it run again, and what it holds up, in Python and in PostgreSQL."""

import psycopg
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.models import Notice
from accounts.roles import ROLES, Right
from audit.models import SecurityEvent
from changes.actions import StepRefused, release_the_line, stop_the_line, take_step
from changes.models import ChangeEvent, StoppedLine
from tests.changes import journey
from tests.factories import make_item, make_relation, make_standard_template, make_stop, make_user


def codes(refused):
    return [refusal.code for refusal in refused.value.refusals]


def test_a_stopped_line_holds_the_start_up_until_it_is_released(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    stop = stop_the_line(by=cast.oncall, reason="Payments fail")
    with pytest.raises(StepRefused) as refused:
        take_step(change, "start", by=cast.implementer)
    assert codes(refused) == ["line_not_stopped"]
    release_the_line(stop, by=cast.manager, reason="Payments work")
    take_step(change, "start", by=cast.implementer)
    assert change.state == "implementing"


def test_the_gate_of_the_database_holds_it_up_too(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    stop_the_line(by=cast.manager, reason="Payments fail")
    with pytest.raises(IntegrityError, match="the line is stopped"), transaction.atomic():
        ChangeEvent.objects.create(change=change, event="start", actor=cast.implementer)


def test_a_standard_change_is_not_submitted_while_stopped(cast):
    change = journey.draft(cast, kind="standard", template=make_standard_template())
    stop_the_line(by=cast.manager, reason="Payments fail")
    with pytest.raises(StepRefused) as refused:
        take_step(change, "submit", by=cast.requester)
    assert "line_not_stopped" in codes(refused)
    with pytest.raises(IntegrityError, match="the line is stopped"), transaction.atomic():
        ChangeEvent.objects.create(change=change, event="submit", actor=cast.requester)


def test_emergencies_pass(cast):
    stop_the_line(by=cast.manager, reason="Payments fail")
    change = journey.emergency(cast)
    assert change.state == "approving"


def test_a_stop_of_a_service_holds_up_what_the_service_needs_and_nothing_else(cast):
    service, middle, host = make_item("application"), make_item("database"), make_item(serial="OLD")
    make_relation(source=service, target=middle)
    make_relation(source=middle, target=host)
    make_relation(source=host, target=middle)  # a circle does not hang it
    under, beside = journey.draft(cast, item=host), journey.draft(cast, item=make_item(serial="ELSE"))
    for change in (under, beside):
        journey.to_scheduled(cast, change)
    stop_the_line(by=cast.oncall, reason="Payments fail", scope=service)
    take_step(beside, "start", by=cast.implementer)
    with pytest.raises(StepRefused) as refused:
        take_step(under, "start", by=cast.implementer)
    assert codes(refused) == ["line_not_stopped"]


def test_a_change_of_the_service_itself_is_held_up(cast):
    service = make_item("application")
    change = journey.draft(cast, service=service)
    journey.to_scheduled(cast, change)
    stop_the_line(by=cast.oncall, reason="Payments fail", scope=service)
    with pytest.raises(StepRefused):
        take_step(change, "start", by=cast.implementer)


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("engineer", "change_manager")])
def test_others_do_not_stop_it(db, role):
    with pytest.raises(PermissionDenied):
        stop_the_line(by=make_user(role), reason="No")
    assert not StoppedLine.objects.exists()


@pytest.mark.parametrize("role", [role for role in ROLES if role != "change_manager"])
def test_only_a_change_manager_releases_it(db, role):
    stop = make_stop()
    with pytest.raises(PermissionDenied):
        release_the_line(stop, by=make_user(role), reason="Mine")
    stop.refresh_from_db()
    assert stop.released_at is None


def test_postgresql_knows_the_role_that_python_names():
    assert [key for key, role in ROLES.items() if Right.CHANGE_MANAGE in role.rights] == ["change_manager"]


def test_neither_without_a_reason_and_never_twice(cast):
    with pytest.raises(StepRefused) as refused:
        stop_the_line(by=cast.manager, reason="  ")
    assert codes(refused) == ["comment_required"]
    stop = stop_the_line(by=cast.manager, reason="Payments fail")
    with pytest.raises(StepRefused) as refused:
        stop_the_line(by=cast.oncall, reason="Again")
    assert codes(refused) == ["line_stopped"]
    with pytest.raises(StepRefused) as refused:
        release_the_line(stop, by=cast.manager, reason="")
    assert codes(refused) == ["comment_required"]
    release_the_line(stop, by=cast.manager, reason="Over")
    with pytest.raises(StepRefused) as refused:
        release_the_line(stop, by=cast.manager, reason="Over again")
    assert codes(refused) == ["line_released"]
    assert stop.released_at >= stop.stopped_at
    assert SecurityEvent.objects.filter(kind="refusal", detail__deed="release_the_line").exists()


def test_who_must_know_is_told(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    stop = stop_the_line(by=cast.oncall, reason="Payments fail")
    told = set(Notice.objects.filter(kind="changes.line").values_list("person", flat=True))
    assert {cast.manager.pk, cast.implementer.pk, cast.requester.pk} <= told
    assert cast.oncall.pk not in told  # who stopped it knows
    release_the_line(stop, by=cast.manager, reason="Over")
    assert Notice.objects.filter(kind="changes.line", person=cast.oncall).count() == 1


def test_every_page_says_so(cast, client):
    client.force_login(cast.requester)
    assert "The line is stopped" not in client.get("/").content.decode()
    stop = stop_the_line(by=cast.oncall, reason="Payments fail")
    for url in ("/", "/changes/", "/cmdb/", "/inspections/"):
        body = client.get(url).content.decode()
        assert "The line is stopped." in body, url
        assert "Payments fail" in body, url
    release_the_line(stop, by=cast.manager, reason="Over")
    assert "The line is stopped." not in client.get("/").content.decode()


def test_the_page_stops_and_releases_and_keeps_what_was_written(cast, client):
    url = "/changes/line/"
    client.force_login(cast.requester)
    assert client.post(url, {"reason": "x"}).status_code == 403
    client.force_login(cast.oncall)
    assert client.post(url, {"reason": ""}).status_code == 400
    client.post(url, {"reason": "Payments fail"})
    stop = StoppedLine.objects.get()
    response = client.post(url, {"reason": "Again, and longer"})
    assert response.status_code == 400
    assert "Again, and longer" in response.content.decode()
    assert client.post(f"{url}{stop.pk}/release/", {"reason": "x"}).status_code == 403
    client.force_login(cast.manager)
    client.post(f"{url}{stop.pk}/release/", {"reason": ""})
    stop.refresh_from_db()
    assert stop.released_at is None
    client.post(f"{url}{stop.pk}/release/", {"reason": "Over"})
    stop.refresh_from_db()
    assert (stop.released_by, stop.release_reason) == (cast.manager, "Over")


def test_the_api_stops_and_releases(cast, client):
    client.force_login(cast.oncall)
    made = client.post("/api/stopped-lines/", {"reason": "Payments fail"}, "application/json")
    assert made.status_code == 201
    url = f"/api/stopped-lines/{made.json()['id']}/release/"
    assert client.post(url, {"reason": "x"}, "application/json").status_code == 403
    client.force_login(cast.manager)
    assert client.post(url, {"reason": "Over"}, "application/json").json()["released_by"] == cast.manager.pk
    assert client.post(url, {"reason": "Over"}, "application/json").status_code == 409


def test_both_are_in_the_history_with_who_and_why(cast):
    stop = stop_the_line(by=cast.oncall, reason="Payments fail")
    release_the_line(stop, by=cast.manager, reason="Over")
    told = [(row.history_change_reason, row.history_user_id) for row in stop.history.order_by("history_id")]
    assert told == [("stop_the_line", cast.oncall.pk), ("release_the_line", cast.manager.pk)]


ATTACKS = {
    "release without a name": "UPDATE changes_stoppedline SET released_at = now(), release_reason = 'x'",
    "release by the engineer": "UPDATE changes_stoppedline SET released_at = now(), release_reason = 'x',"
    " released_by_id = stopped_by_id",
    "another reason": "UPDATE changes_stoppedline SET reason = 'nothing'",
    "backdated": "UPDATE changes_stoppedline SET stopped_at = now() - interval '1 day'",
    "deleted": "DELETE FROM changes_stoppedline",
    "emptied": "TRUNCATE changes_stoppedline",
    "trigger off": "ALTER TABLE changes_stoppedline DISABLE TRIGGER line",
    "born released": "INSERT INTO changes_stoppedline (reason, stopped_by_id, released_by_id, released_at,"
    " release_reason, row_version) SELECT 'x', stopped_by_id, stopped_by_id, now(), 'y', 1"
    " FROM changes_stoppedline",
    "without a reason": "INSERT INTO changes_stoppedline (reason, stopped_by_id, release_reason, row_version)"
    " SELECT ' ', stopped_by_id, '', 1 FROM changes_stoppedline",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_raw_sql_does_not_bend_it(app_sql, attack):
    stop = make_stop()
    with pytest.raises(psycopg.Error) as refused:
        app_sql.execute(attack)
    assert refused.value.sqlstate in ("23001", "42501", "55000"), refused.value
    stop.refresh_from_db()
    assert (stop.released_at, stop.reason) == (None, "Switch down")
