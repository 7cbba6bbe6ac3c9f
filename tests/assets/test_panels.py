"""The warranty on the page of a configuration item."""

import datetime

import pytest
from django.utils import timezone

from tests.factories import make_asset, make_contract, make_cover, make_item, make_user

pytestmark = pytest.mark.django_db


def test_item_page_shows_warranty_and_contracts(client):
    item = make_item()
    asset = make_asset(
        tag="IT-77", ci=item, warranty_ends_on=timezone.localdate() + datetime.timedelta(days=3)
    )
    make_cover(asset=asset, contract=make_contract(number="MA-77", support_hours="7×24"))
    make_asset(tag="IT-78", ci=item, stage="disposed", wipe_evidence="W-1")
    client.force_login(make_user(role="requester"))
    page = client.get(f"/cmdb/{item.pk}/").content.decode()
    for words in ("IT-77", "ends in 3 days", "MA-77", "7×24", f"/assets/{asset.pk}/"):
        assert words in page
    assert "IT-78" not in page


def test_item_without_an_asset_says_so(client):
    client.force_login(make_user(role="requester"))
    page = client.get(f"/cmdb/{make_item().pk}/").content.decode()
    assert "No asset is registered for this item." in page
