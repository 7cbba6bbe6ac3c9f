"""A whole plan over the API: bulk by filter, rows edited and moved, documents, dry run, copy."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from changes.models import ChangeLink, ChangeRequest
from cmdb.models import ConfigurationItem
from tests.changes.journey import draft, to_verifying, verify
from tests.changes.test_api import Person
from tests.factories import make_item, make_team, make_type, make_user


@pytest.fixture
def requester(cast):
    return Person(cast.requester)


def path(change, rest=""):
    return f"changes/{change.number}/{rest}"


def test_many_items_by_filter_are_shown_and_then_planned(cast, requester):
    change, kind, team = draft(cast), make_type(key="probe_kind"), make_team(key="probe-team")
    hosts = [make_item(type=kind, environment="test", owner_team=team) for _ in range(5)]
    make_item(type=kind, environment="test", lifecycle_stage="retired")
    make_item(type=kind, environment="staging")
    asked = {
        "filter": {"type": "probe_kind", "environment": "test", "owner_team": "probe-team"},
        "after": {"environment": "staging"},
        "dry_run": True,
    }
    shown = requester.post(path(change, "operations/bulk/"), asked, status=200)
    assert (shown["matched"], shown["planned"], shown["faulty"]) == (5, 5, 0)
    assert {row["before"]["environment"] for row in shown["operations"]} == {"test"}
    assert change.operations.count() == 1
    done = requester.post(path(change, "operations/bulk/"), asked | {"dry_run": False})
    assert done["planned"] == 5
    assert set(change.operations.values_list("item", flat=True)) >= {host.pk for host in hosts}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"filter": {}, "after": {"environment": "test"}},
        {"filter": {"search_text": "x"}, "after": {"environment": "test"}},
        {"filter": {"owner_team__password": "x"}, "after": {"environment": "test"}},
        {"filter": {"type": "host"}, "operations": []},
        {"filter": {"type": "host"}, "after": {"search_text": "x"}},
        {"operations": [{"kind": "destroy"}]},
        {"operations": "all"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_by_field(cast, requester, asked):
    change = draft(cast)
    make_item()
    answer = requester.post(path(change, "operations/bulk/"), asked, status=400)
    assert answer["error"]["fields"]
    assert change.operations.count() == 1


def test_a_list_of_operations_names_each_fault_by_its_number(cast, requester):
    change, item = draft(cast), make_item()
    asked = {
        "operations": [
            {"item": item.address, "after": {"environment": "test"}},
            {"item": item.address, "after": {"attributes.memory_gib": "much"}},
            {"kind": "create", "after": {"type_id": item.type_id, "name": ""}},
        ]
    }
    fields = requester.post(path(change, "operations/bulk/"), asked, status=400)["error"]["fields"]
    assert set(fields) == {"1.attributes.memory_gib", "2.name"}


def test_the_dry_run_names_drift_and_live_values_are_taken_over(cast, requester):
    change = draft(cast)
    clean = requester.post(path(change, "operations/dry-run/"), status=200)
    assert clean == {"is_clean": True, "operations": 1, "drifts": [], "refused": []}
    ConfigurationItem.objects.filter(pk=change.change_items.get().item_id).update(serial="MOVED")
    (drift,) = requester.post(path(change, "operations/dry-run/"), status=200)["drifts"]
    assert (drift["before"], drift["now"]) == ("OLD", "MOVED")
    taken = requester.post(
        path(change, "operations/take-live/"), {"operation": drift["operation"]}, status=200
    )
    assert taken == {"taken": 1}
    assert change.operations.get().before == {"serial": "MOVED"}
    assert requester.codes(path(change, "operations/take-live/")) == {"no_drift"}


def test_a_reader_cannot_try_a_plan(cast):
    Person(make_user("auditor")).post(path(draft(cast), "operations/dry-run/"), status=403)


def patch(person, where, data, status=200):
    answer = person.client.patch(f"/api/{where}", data, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_task_is_given_to_an_implementer_edited_and_moved(cast, requester):
    change = draft(cast)
    task = requester.post(
        path(change, "tasks/"), {"label": "Third", "duration_minutes": 20, "assignee": cast.second.pk}
    )
    where = path(change, f"tasks/{task['id']}/")
    edited = patch(requester, where, {"label": "First", "row_version": task["row_version"]})
    assert (edited["label"], edited["duration_minutes"]) == ("First", 20)
    patch(requester, where, {"label": "Late", "row_version": task["row_version"]}, status=409)
    patch(requester, where, {"assignee": cast.verifier.pk}, status=400)
    patch(requester, where, {"duration_minutes": 0}, status=400)
    patch(requester, where, {"done_by": cast.requester.pk})
    requester.post(where + "move/", {"places": -2}, status=200)
    assert change.tasks.order_by("position").first().label == "First"
    assert [t.position for t in change.tasks.order_by("position")] == [1, 2, 3]
    assert change.tasks.get(pk=task["id"]).done_by is None


def test_stages_change_places_and_go_only_when_empty(cast, requester):
    change = draft(cast)
    pilot = requester.post(path(change, "stages/"), {"label": "Pilot", "share_percent": 5})
    requester.post(path(change, f"stages/{pilot['id']}/move/"), {"places": -1}, status=200)
    assert [stage.label for stage in change.stages.all()] == ["Pilot", "All at once"]
    first = change.stages.last()
    answer = requester.client.delete(f"/api/{path(change, f'stages/{first.pk}/')}")
    assert answer.status_code == 409
    assert answer.json()["error"]["refusals"][0]["code"] == "stage_in_use"
    assert requester.client.delete("/api/" + path(change, f"stages/{pilot['id']}/")).status_code == 204


def upload(person, change, content=b"steps", status=201, **over):
    file = SimpleUploadedFile("../做法 v2.html", content, "text/html")
    answer = person.client.post(f"/api/{path(change, 'documents/')}", {"file": file} | over)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_document_is_part_of_the_hash_and_comes_back_as_a_download(cast, requester):
    change = draft(cast)
    planned = change.plan_hash
    row = upload(requester, change, kind="design")
    assert row["sha256"] == hashlib.sha256(b"steps").hexdigest()
    assert (row["name"], row["label"], row["size"]) == ("做法 v2.html", "做法 v2.html", 5)
    change.refresh_from_db()
    assert change.plan_hash != planned
    answer = Person(cast.peer).client.get("/api/" + path(change, f"documents/{row['id']}/content/"))
    assert (answer.content, answer["Content-Type"]) == (b"steps", "application/octet-stream")
    assert upload(requester, change, kind="design", status=400)["error"]["fields"]["file"]
    assert upload(requester, change, b"", status=400)["error"]["fields"]["file"]
    assert requester.client.delete("/api/" + path(change, f"documents/{row['id']}/")).status_code == 204
    change.refresh_from_db()
    assert change.plan_hash == planned
    upload(Person(cast.peer), change, b"other", status=409)


def test_an_ended_change_is_copied_with_its_plan_on_the_items_as_they_are(cast, requester):
    change = draft(cast)
    upload(requester, change)
    kept = make_item(environment="test")
    requester.post(path(change, "operations/"), {"item": kept.address, "after": {"environment": "staging"}})
    to_verifying(cast, change)
    verify(cast, change)
    ConfigurationItem.objects.filter(pk=kept.pk).update(environment="development")
    made = requester.post(path(change, "copy/"))
    copy = ChangeRequest.objects.get(number=made["number"])
    assert copy.links.get().nature == ChangeLink.Nature.COPY_OF
    assert (copy.state, copy.window, copy.requester) == ("draft", None, cast.requester)
    (operation,) = copy.operations.all()
    assert (operation.item, operation.before) == (kept, {"environment": "development"})
    assert len(made["left_out"]) == 1
    assert "already" in made["left_out"][0]
    for rows in ("tasks", "criteria", "rollback_steps", "stages", "documents", "assignments"):
        assert getattr(copy, rows).count() == getattr(change, rows).count(), rows
    assert not copy.tasks.filter(done_at__isnull=False).exists()
    Person(make_user("auditor")).post(path(change, "copy/"), status=403)


def test_an_ended_change_says_why_its_plan_stays(cast, requester):
    change = draft(cast)
    requester.step(change.number, "withdraw", comment="not needed")
    answer = requester.post(path(change, "tasks/"), {"label": "more"}, status=409)["error"]["refusals"][0]
    assert answer["code"] == "plan_locked"
    assert "Copy it" in answer["fix"]
