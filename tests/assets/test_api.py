"""The endpoints of assets."""

import datetime

import pytest
from django.utils import timezone

from assets.models import Asset
from assets.workflow import Stage
from tests.factories import make_asset, make_contract, make_hardware_model, make_item, make_user

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def as_role(client):
    """The test client, logged in with a role."""

    def log_in(role):
        client.force_login(make_user(role=role))
        return client

    return log_in


def test_asset_is_created_and_read(as_role):
    client = as_role("asset_manager")
    ends_on = timezone.localdate() + datetime.timedelta(days=10)
    given = {
        "tag": "IT-9",
        "model": make_hardware_model().pk,
        "ci": make_item(name="db01").pk,
        "warranty_ends_on": ends_on.isoformat(),
    }
    created = client.post("/api/assets/", given, **JSON)
    assert created.status_code == 201, created.json()
    read = client.get(f"/api/assets/{created.json()['id']}/").json()
    assert read["ci_address"].endswith(":db01")
    assert read["stage"] == "stock"
    assert read["warranty"] == {"state": "ending", "ends_on": ends_on.isoformat(), "days_left": 10}


def test_stage_is_not_edited_but_moved(as_role):
    client, asset = as_role("asset_manager"), make_asset()
    refused = client.patch(f"/api/assets/{asset.pk}/", {"stage": "in_use"}, **JSON)
    assert refused.status_code == 400
    assert "move/" in refused.json()["error"]["fields"]["stage"][0]
    moved = client.post(f"/api/assets/{asset.pk}/move/", {"to": "in_use", "comment": "ward"}, **JSON)
    assert (moved.status_code, moved.json()["stage"], moved.json()["row_version"]) == (200, "in_use", 2)
    assert asset.history.latest().history_change_reason == "ward"


def test_illegal_move_is_a_409_with_its_reason(as_role):
    client, asset = as_role("asset_manager"), make_asset(stage=Stage.RETIRED)
    refused = client.post(f"/api/assets/{asset.pk}/move/", {"to": "disposed"}, **JSON)
    assert refused.status_code == 409
    assert [each["code"] for each in refused.json()["error"]["refusals"]] == ["evidence_missing"]
    assert client.post(f"/api/assets/{asset.pk}/move/", {"to": "lost"}, **JSON).status_code == 400


def test_an_asset_does_not_begin_disposed_nor_with_evidence(as_role):
    client = as_role("asset_manager")
    given = {"tag": "IT-9", "model": make_hardware_model().pk, "stage": "disposed", "wipe_evidence": "W"}
    assert client.post("/api/assets/", given, **JSON).status_code == 400
    client.post("/api/assets/", given | {"stage": "stock"}, **JSON)
    assert Asset.objects.get().wipe_evidence == ""


@pytest.mark.parametrize("role", ["requester", "engineer", "auditor"])
def test_others_read_and_do_not_write(as_role, role):
    client, asset = as_role(role), make_asset()
    assert client.get("/api/assets/").status_code == 200
    assert client.patch(f"/api/assets/{asset.pk}/", {"tag": "X"}, **JSON).status_code == 403
    assert client.post(f"/api/assets/{asset.pk}/move/", {"to": "in_use"}, **JSON).status_code == 403
    assert client.delete(f"/api/assets/{asset.pk}/").status_code in (403, 405)


def test_strangers_are_refused(client):
    assert client.get("/api/assets/").status_code in (401, 403)


def test_filters(as_role):
    client = as_role("requester")
    day = timezone.localdate()
    make_asset(tag="A", warranty_ends_on=day - datetime.timedelta(days=1), stage=Stage.IN_USE)
    make_asset(tag="B", warranty_ends_on=day, ci=make_item(name="db01"))
    for query, tags in (
        ("warranty=over", ["A"]),
        ("warranty=ending", ["B"]),
        ("stage=in_use", ["A"]),
        ("q=db0", ["B"]),
        ("ci__isnull=true", ["A"]),
    ):
        found = client.get(f"/api/assets/?{query}").json()
        assert [row["tag"] for row in found["results"]] == tags, query
    assert client.get("/api/assets/?colour=red").status_code == 400
    assert client.get("/api/assets/?warranty=red").status_code == 400


def test_contracts_say_how_they_stand(as_role):
    make_contract(ends_on=timezone.localdate(), renewal_window_days=0)
    rows = as_role("requester").get("/api/contracts/?end=ending").json()["results"]
    assert [row["expiry"]["state"] for row in rows] == ["ending"]
