"""The admin of assets: lists, filters, and the move as a posted dialog."""

import pytest

from assets.models import Asset
from assets.workflow import Stage
from tests.factories import (
    make_asset,
    make_contract,
    make_cover,
    make_hardware_model,
    make_promise,
    make_user,
    make_vendor,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client):
    client.force_login(make_user(role="asset_manager", is_staff=True))
    return client


def move_url(asset):
    return f"/admin/assets/asset/{asset.pk}/move/"


@pytest.mark.parametrize(
    "name",
    ["asset", "contract", "vendor", "manufacturer", "hardwaremodel", "contractcover", "responsepromise"],
)
def test_lists_and_forms_open(keeper, name):
    cover = make_cover()
    make_promise(contract=cover.contract)
    assert keeper.get(f"/admin/assets/{name}/").status_code == 200
    assert keeper.get(f"/admin/assets/{name}/add/").status_code == 200


@pytest.mark.parametrize(
    "query", ["stage=in_use", "warranty=over", "warranty=ending", "warranty=bogus", "q=IT"]
)
def test_asset_list_filters(keeper, query):
    make_asset()
    assert keeper.get(f"/admin/assets/asset/?{query}").status_code == 200


def test_contract_list_filters_by_renewal(keeper):
    make_contract(number="OPEN-ENDED")
    assert "OPEN-ENDED" not in keeper.get("/admin/assets/contract/?end=renew").content.decode()


def test_move_dialog_moves_by_post_only(keeper):
    asset = make_asset()
    dialog = keeper.get(move_url(asset)).content.decode()
    assert "Put into use" in dialog
    assert "Dispose of" not in dialog
    asset.refresh_from_db()
    assert asset.stage == Stage.STOCK
    answer = keeper.post(move_url(asset), {"_form_submitted": "on", "to": "in_use", "comment": "ward 3"})
    assert answer.headers["HX-Redirect"] == f"/admin/assets/asset/{asset.pk}/change/"
    asset.refresh_from_db()
    assert asset.stage == Stage.IN_USE


def test_move_dialog_asks_for_evidence(keeper):
    asset = make_asset(stage=Stage.RETIRED)
    answer = keeper.post(move_url(asset), {"_form_submitted": "on", "to": "disposed"})
    assert "give the number of the certificate" in answer.content.decode()
    answer = keeper.post(move_url(asset), {"_form_submitted": "on", "to": "disposed", "evidence": "W-9"})
    assert "HX-Redirect" in answer.headers


def test_move_is_closed_to_who_may_only_look(client):
    client.force_login(make_user(role="requester", is_staff=True))
    asset = make_asset()
    assert client.post(move_url(asset), {"_form_submitted": "on", "to": "in_use"}).status_code == 403
    asset.refresh_from_db()
    assert asset.stage == Stage.STOCK


def test_form_does_not_change_the_stage(keeper):
    asset = make_asset()
    form = {
        "tag": "NEW-TAG",
        "model": asset.model_id,
        "stage": "disposed",
        "wipe_evidence": "forged",
        "currency": "CNY",
    }
    keeper.post(f"/admin/assets/asset/{asset.pk}/change/", form)
    asset.refresh_from_db()
    assert (asset.tag, asset.stage, asset.wipe_evidence) == ("NEW-TAG", Stage.STOCK, "")


def test_form_refuses_a_second_tag_in_words(keeper):
    asset = make_asset()
    form = {"tag": asset.tag.lower(), "model": make_hardware_model().pk, "stage": "stock", "currency": "CNY"}
    page = keeper.post("/admin/assets/asset/add/", form).content.decode()
    assert "An asset with this tag exists already." in page
    assert Asset.objects.count() == 1


def test_contract_is_entered_with_its_promises_and_cover(keeper):
    asset, vendor = make_asset(), make_vendor()
    form = {
        "vendor": vendor.pk, "number": "MA-1", "kind": "support", "starts_on": "2026-01-01",
        "renewal_window_days": 90,
        "promises-TOTAL_FORMS": 1, "promises-INITIAL_FORMS": 0, "promises-0-priority": 1,
        "promises-0-response_minutes": 30,
        "covers-TOTAL_FORMS": 1, "covers-INITIAL_FORMS": 0, "covers-0-asset": asset.pk,
    }  # fmt: skip
    keeper.post("/admin/assets/contract/add/", form)
    contract = vendor.contracts.get()
    assert [promise.response_minutes for promise in contract.promises.all()] == [30]
    assert list(contract.assets.all()) == [asset]
