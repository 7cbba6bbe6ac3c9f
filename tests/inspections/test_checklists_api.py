"""Check lists and overrides over the API: the same rules, the same refusals."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from inspections.actions import draft_version
from inspections.models import ChecklistTemplate, ThresholdOverride
from tests.factories import make_checklist_item, make_plan, make_target, make_user, make_version

pytestmark = pytest.mark.django_db
TEXT = b"key: rack\nlabel: Rack\nitems:\n  - {key: a, label: Dust, kind: number, warn_high: 5}\n"


@pytest.fixture
def chief(client):
    user = make_user("reviewer")
    client.force_login(user)
    return user


def post(client, url, **body):
    return client.post(url, body, content_type="application/json")


def upload(client, content, **more):
    return client.post("/api/check-lists/import/", {"file": SimpleUploadedFile("x.yaml", content)} | more)


def test_a_list_comes_in_is_published_goes_out_and_is_retired(client, chief):
    dry = upload(client, TEXT, dry_run="true")
    assert (dry.status_code, dry.json()["is_new"], dry.json()["version"]) == (200, True, None)
    assert dry.json()["comparison"]["added"] == ["a"]
    assert not ChecklistTemplate.objects.exists()
    version = upload(client, TEXT).json()["version"]
    published = post(client, f"/api/check-list-versions/{version}/publish/", comment="First").json()
    assert (published["state"], len(published["sha256"])) == ("published", 64)
    template = published["template"]
    out = client.get(f"/api/check-lists/{template}/export/")
    assert upload(client, out.content).json()["is_unchanged"]
    book = client.get(f"/api/check-lists/{template}/export/?as=xlsx&version=1")
    assert upload(client, book.content).json()["is_unchanged"]
    assert client.get(f"/api/check-lists/{template}/export/?version=9").status_code == 404
    assert post(client, f"/api/check-list-versions/{version}/publish/").status_code == 409
    retired = post(client, f"/api/check-list-versions/{version}/retire/", reason="Over")
    assert retired.json()["state"] == "retired"


def test_faults_are_listed_and_bad_files_refused(client, chief):
    bad = upload(client, TEXT.replace(b"warn_high: 5", b"warn_high: many"))
    assert bad.status_code == 400
    assert bad.json()["faults"][0]["column"] == "warn_high"
    assert upload(client, b"words").json()["error"]["fields"]["file"]
    assert client.post("/api/check-lists/import/", {}).status_code == 400


def test_versions_are_compared_and_drafts_discarded(client, chief):
    template = make_plan().template
    draft = draft_version(template, by=chief)
    draft.items.update(warn_high=70)
    found = client.get(f"/api/check-lists/{template.pk}/compare/?old=1&new=2").json()
    assert found["changed"][0]["fields"][0]["after"] == "70"
    assert client.get(f"/api/check-lists/{template.pk}/compare/?old=1").status_code == 404
    assert post(client, f"/api/check-list-versions/{draft.pk}/discard/").status_code == 204
    assert template.versions.count() == 1


def test_an_item_that_cannot_be_asked_is_refused_at_its_field(client, chief):
    version = make_version()
    given = {
        "version": version.pk,
        "key": "a",
        "label": "A",
        "kind": "number",
        "warn_high": 9,
        "crit_high": 5,
    }
    refused = post(client, "/api/check-list-items/", **given)
    assert refused.status_code == 400
    assert "crit_high" in refused.json()["error"]["fields"]
    assert post(client, "/api/check-list-items/", **given | {"crit_high": 10}).status_code == 201


def test_an_override_from_request_to_withdrawal(client, chief):
    target = make_target()
    key = target.run.version.items.get().key
    body = {
        "template": target.run.version.template_id,
        "item_key": key,
        "ci": target.ci_id,
        "warn_high": "90",
    }
    body |= {"reason": "Big", "valid_until_on": f"{timezone.localdate()}"}
    client.force_login(make_user("engineer"))
    made = post(client, "/api/threshold-overrides/", **body)
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    again = post(client, "/api/threshold-overrides/", **body)
    assert again.status_code == 400
    url = f"/api/threshold-overrides/{made.json()['id']}/"
    assert post(client, f"{url}approve/").status_code == 409
    client.force_login(chief)
    assert post(client, f"{url}refuse/").status_code == 400
    approved = post(client, f"{url}approve/", comment="fine").json()
    assert (approved["state"], approved["approved_by"]) == ("active", chief.pk)
    assert len(client.get("/api/threshold-overrides/?state=active").json()["results"]) == 1
    assert client.get("/api/threshold-overrides/?state=waiting").json()["results"] == []
    assert post(client, f"{url}withdraw/", reason="Over").json()["state"] == "withdrawn"
    assert client.patch(url, {"warn_high": 1}, content_type="application/json").status_code == 405


@pytest.mark.parametrize("role", ["auditor", "board_member", "engineer"])
def test_others_change_nothing(client, role):
    item = make_checklist_item()
    client.force_login(make_user(role))
    assert upload(client, TEXT).status_code == 403
    for deed in ("publish", "discard", "retire"):
        url = f"/api/check-list-versions/{item.version_id}/{deed}/"
        assert post(client, url, reason="x").status_code == 403
    if role != "engineer":
        body = {"template": item.version.template_id, "item_key": "a", "ci": 1, "reason": "x"}
        assert post(client, "/api/threshold-overrides/", **body).status_code in (400, 403, 409)
    assert not ThresholdOverride.objects.exists()
