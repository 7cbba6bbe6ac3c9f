"""The pages of assets: what they show, to whom, and the move posted from them."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.workflow import Stage
from tests.factories import make_asset, make_contract, make_cover, make_item, make_promise, make_user

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + datetime.timedelta(days=days)


@pytest.fixture
def as_role(client):
    """The test client, logged in with a role."""

    def log_in(role):
        client.force_login(make_user(role=role))
        return client

    return log_in


def test_list_asks_for_a_log_in_and_a_role(client, as_role):
    assert client.get("/assets/").status_code == 302
    client.force_login(make_user())
    assert client.get("/assets/").status_code == 403


def test_list_shows_badges_and_links(as_role):
    asset = make_asset(ci=make_item(name="db01"), warranty_ends_on=in_days(5), serial="SN-5")
    page = as_role("requester").get("/assets/").content.decode()
    for words in (asset.tag, "SN-5", "db01", "ends in 5 days", "in stock", f"/assets/{asset.pk}/"):
        assert words in page


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        ("q=sn-ap", ["A"]),
        ("q=db01", ["A"]),
        ("stage=repair", ["B"]),
        ("warranty=over", ["B"]),
        ("warranty=unknown", ["C"]),
        ("stage=repair&q=APPLE", []),
        ("stage=nonsense&maker=x&page=-3", ["A", "B", "C"]),
    ],
)
def test_list_filters(as_role, query, tags):
    make_asset(tag="A", serial="SN-APPLE", ci=make_item(name="db01"), warranty_ends_on=in_days(400))
    make_asset(tag="B", stage=Stage.REPAIR, warranty_ends_on=in_days(-1))
    make_asset(tag="C")
    response = as_role("requester").get(f"/assets/?{query}")
    assert [asset.tag for asset in response.context["page"].object_list] == tags


def test_empty_lists_say_what_to_do(as_role):
    client = as_role("asset_manager")
    assert "No assets yet" in client.get("/assets/").content.decode()
    make_asset()
    assert "No asset matches" in client.get("/assets/?q=nothing-like-it").content.decode()


def test_list_costs_the_same_for_one_row_and_for_six(as_role):
    client = as_role("requester")

    def statements():
        with CaptureQueriesContext(connection) as counted:
            client.get("/assets/")
        return len(counted)

    make_asset(ci=make_item())
    first = statements()
    for _ in range(5):
        make_asset(ci=make_item(), custodian=make_user())
    assert statements() <= first


def test_page_shows_cover_contracts_and_life(as_role):
    asset = make_asset(warranty_ends_on=in_days(-3))
    contract = make_contract(number="MA-2026", support_hours="7×24", ends_on=in_days(20))
    make_cover(contract=contract, asset=asset)
    make_promise(contract=contract, response_minutes=15)
    client = as_role("asset_manager")
    client.post(f"/assets/{asset.pk}/move/", {"to": "in_use", "comment": "to ward 3"})
    page = client.get(f"/assets/{asset.pk}/").content.decode()
    for words in ("expired 3 days ago", "MA-2026", "7×24", "15 minutes", "in stock → in use", "to ward 3"):
        assert words in page


def test_move_needs_post_and_the_right(as_role):
    asset = make_asset()
    client = as_role("asset_manager")
    assert client.get(f"/assets/{asset.pk}/move/").status_code == 405
    client = as_role("requester")
    assert client.post(f"/assets/{asset.pk}/move/", {"to": "in_use"}).status_code == 403
    assert 'id="move"' not in client.get(f"/assets/{asset.pk}/").content.decode()
    asset.refresh_from_db()
    assert asset.stage == Stage.STOCK


def test_refused_move_says_why_on_the_page(as_role):
    asset = make_asset(stage=Stage.RETIRED)
    response = as_role("asset_manager").post(f"/assets/{asset.pk}/move/", {"to": "disposed"}, follow=True)
    assert "give the number of the certificate" in response.content.decode()


def test_pages_speak_chinese_without_english_dates(as_role):
    make_asset(warranty_ends_on=datetime.date(2020, 1, 2))
    client = as_role("requester")
    page = client.get("/assets/", headers={"accept-language": "zh-CN"}).content.decode()
    assert '<html lang="zh-hans">' in page
