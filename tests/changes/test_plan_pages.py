"""The editor of a plan: filter and preview, rows edited and moved, documents, drift, what an edit voids."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem
from tests.changes import journey
from tests.factories import make_item, make_type, make_user


@pytest.fixture
def editor(cast, client):
    client.force_login(cast.requester)
    return client


def url(name, change, *rest):
    return reverse(f"changes:{name}", args=[change.number, *rest])


def asked(**over):
    return {"type": "probe_kind", "field": "environment", "after": "staging", "deed": "preview"} | over


@pytest.fixture
def hosts(db):
    kind = make_type(key="probe_kind")
    return [make_item(type=kind, name=f"probe-{n}", environment="test") for n in range(3)]


def test_a_filter_shows_before_and_after_and_plans_on_the_second_press(cast, editor, hosts):
    change = journey.draft(cast)
    shown = editor.post(url("plan-many", change), asked())
    page = shown.content.decode()
    assert shown.status_code == 200
    assert "3 items match" in page
    assert "Plan 3 operations" in page
    assert page.count('<del class="before">test</del>') == 3
    assert change.operations.count() == 1
    assert editor.post(url("plan-many", change), asked(deed="plan")).status_code == 302
    assert change.operations.count() == 4
    folded = editor.get(url("edit", change)).content.decode()
    assert "<strong>3 items</strong>" in folded
    assert folded.count('<ins class="after">staging</ins>') == 1


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"type": ""}, "Name at least one condition"),
        ({"field": ""}, "Choose the field"),
        ({"field": "search_text"}, "valid choice"),
        ({"field": "owner_team_id", "after": "nobody"}, "There is no team"),
        ({"field": "attributes.memory_gib", "after": "8"}, "has no attribute"),
        ({"after": "nowhere"}, "not a valid choice"),
        ({"name_part": "none such"}, "No item matches"),
    ],
)
def test_what_a_filter_cannot_do_is_said(cast, editor, hosts, over, words):
    change = journey.draft(cast)
    answer = editor.post(
        url("plan-many", change), asked(**over, deed="plan" if over.get("after") else "preview")
    )
    assert words in answer.content.decode()
    assert change.operations.count() == 1


def test_each_way_to_plan_a_difference(cast, editor):
    change, other = journey.draft(cast), make_item()
    item = make_item()
    stage = change.stages.get().pk
    ways = {
        "operations": {"item": other.address, "field": "criticality", "after": "high", "stage": stage},
        "new-item": {"type": other.type_id, "name": "brand-new", "lifecycle_stage": "operational",
                     "attributes": "memory_gib = 8"},
        "retire": {"item": item.address},
    }  # fmt: skip
    for kind, fields in ways.items():
        sent = {f"{kind}-{name}": value for name, value in fields.items()}
        answer = editor.post(url("add", change, kind), sent)
        assert answer.status_code == 302, answer.content.decode()[:3000]
    assert change.operations.get(item=other).after == {"criticality": 3}
    assert change.operations.get(kind="create").after["attributes"] == {"memory_gib": 8}
    assert change.operations.get(kind="retire").item == item


def test_a_row_is_edited_moved_and_protected_against_a_stale_form(cast, editor):
    change = journey.draft(cast)
    first, second = change.tasks.order_by("position")
    form = {"tasks-label": "Read it twice", "tasks-phase": "implementation", "tasks-duration_minutes": 5,
            "tasks-assignee": cast.second.pk, "row_version": first.row_version}  # fmt: skip
    assert editor.get(url("row", change, "tasks", first.pk)).status_code == 200
    assert editor.post(url("row", change, "tasks", first.pk), form).status_code == 302
    late = editor.post(url("row", change, "tasks", first.pk), form | {"tasks-label": "Late"})
    assert late.status_code == 409
    assert "Late" in late.content.decode()
    first.refresh_from_db()
    assert (first.label, first.assignee) == ("Read it twice", cast.second)
    assert editor.post(url("move-row", change, "tasks", second.pk), {"to": "up"}).status_code == 302
    assert change.tasks.order_by("position").first() == second


def test_a_document_is_added_downloaded_and_taken_out(cast, editor):
    change = journey.draft(cast)
    file = SimpleUploadedFile("plan.html", b"<script>", "text/html")
    sent = {"documents-kind": "design", "documents-label": "The plan", "documents-file": file}
    assert editor.post(url("add", change, "documents"), sent).status_code == 302
    row = change.documents.get()
    answer = editor.get(url("document", change, row.pk))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    empty = sent | {"documents-file": SimpleUploadedFile("no.txt", b"")}
    assert "The file is empty" in editor.post(url("add", change, "documents"), empty).content.decode()
    assert "The plan" in editor.get(url("change", change)).content.decode()
    assert editor.post(url("remove", change, "documents", row.pk)).status_code == 302
    assert not change.documents.exists()


def test_a_refused_upload_keeps_the_rest_and_says_that_the_file_is_chosen_again(cast, editor):
    change = journey.draft(cast)
    file = SimpleUploadedFile("no.txt", b"")
    sent = {"documents-kind": "design", "documents-label": "The plan of the night", "documents-file": file}
    answer = editor.post(url("add", change, "documents"), sent)
    assert answer.status_code == 400
    assert 'value="The plan of the night"' in answer.text
    assert '<option value="design" selected' in answer.text
    assert "choose it again" in answer.text
    assert "The file was not kept" not in editor.get(url("edit", change)).text


def test_grace_and_restoring_are_planned_in_the_editor(cast, editor):
    change = journey.draft(cast)
    form = {
        "criteria-metric": "Errors", "criteria-comparison": "le", "criteria-threshold": "1",
        "criteria-observation_minutes": "5", "criteria-grace_minutes": "3", "criteria-has_auto_restore": "on",
    }  # fmt: skip
    refused = editor.post(url("add", change, "criteria"), form)
    assert refused.status_code == 400
    assert "Only what rolls back by itself" in refused.text
    hashed = ChangeRequest.objects.get(pk=change.pk).plan_hash
    editor.post(url("add", change, "criteria"), form | {"criteria-has_auto_rollback": "on"})
    row = change.criteria.get(metric="Errors")
    assert (row.grace_minutes, row.has_auto_rollback, row.has_auto_restore) == (3, True, True)
    assert ChangeRequest.objects.get(pk=change.pk).plan_hash != hashed
    shown = editor.get(url("edit", change)).text
    assert "breached after 3 min" in shown
    assert "restores by itself" in shown
    edited = {
        "row_version": row.row_version,
        "criteria-grace_minutes": "7",
        "criteria-has_auto_rollback": "on",
    }
    assert editor.post(url("row", change, "criteria", row.pk), form | edited).status_code == 302
    row.refresh_from_db()
    assert row.grace_minutes == 7


def test_drift_is_shown_and_taken_over(cast, editor):
    change = journey.draft(cast)
    ConfigurationItem.objects.filter(pk=change.operations.get().item_id).update(serial="MOVED")
    for name in ("edit", "change"):
        assert "there now: MOVED" in editor.get(url(name, change)).content.decode()
    tried = editor.post(url("try-plan", change)).content.decode()
    assert "planned from OLD, there now MOVED" in tried
    assert editor.post(url("take-live", change), {"field": "serial"}).status_code == 302
    assert change.operations.get().before == {"serial": "MOVED"}
    assert "it can be applied" in editor.post(url("try-plan", change)).content.decode()


def test_an_edit_that_voids_is_asked_twice_and_nothing_typed_is_lost(cast, editor):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    sent = {"rollback-label": "One step more"}
    asked_first = editor.post(url("add", change, "rollback"), sent)
    assert asked_first.status_code == 409
    page = asked_first.content.decode()
    assert "Not saved: this edit makes void" in page
    assert 'value="One step more"' in page
    assert "Do it, and let this become void" in page
    assert change.rounds.filter(closed_at=None).exists()
    assert editor.post(url("add", change, "rollback"), sent | {"confirm_void": "on"}).status_code == 302
    assert not change.rounds.filter(closed_at=None).exists()


def test_saving_the_page_as_it_is_edits_nothing(cast, editor):
    change = journey.draft(cast, reason="The number on record\nis wrong since spring.")
    journey.to_approving(cast, change)
    page = editor.get(url("edit", change))
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in sent.items()}
    sent |= {"reason": "The number on record\r\nis wrong since spring.", "row_version": change.row_version}
    for name in ("window_start", "window_end"):
        sent[name] = sent[name].strftime("%Y-%m-%dT%H:%M")
    answer = editor.post(url("edit", change), sent)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert change.rounds.filter(closed_at=None).exists()


@pytest.mark.parametrize("role", ["auditor", "engineer", "board_member"])
def test_others_read_the_plan_and_cannot_write_it(cast, client, role):
    change = journey.draft(cast)
    client.force_login(make_user(role))
    page = client.get(url("edit", change)).content.decode()
    assert "You can read this plan, not edit it." in page
    assert 'name="tasks-label"' not in page
    sent = [
        ("add", ["rollback"], {"rollback-label": "x"}),
        ("take-live", [], {}),
        ("remove-operations", [], {}),
    ]
    for name, rest, data in sent:
        assert client.post(url(name, change, *rest), data).status_code == 409
    assert client.post(url("plan-many", change), asked(deed="plan")).status_code in (200, 400)
    assert change.operations.count() == 1


def test_an_ended_change_is_read_only_and_can_be_copied(cast, editor):
    change = journey.draft(cast)
    journey.take_step(change, "withdraw", by=cast.requester, comment="no")
    page = editor.get(url("edit", change)).content.decode()
    assert "The change has ended" in page
    assert "Copy as new" in page
    made = editor.post(url("copy", change))
    assert made.status_code == 302
    assert change.linked_from.get().nature == "copy_of"
