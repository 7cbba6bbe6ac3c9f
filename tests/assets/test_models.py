"""What the tables refuse, whoever writes."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.factories import (
    make_asset,
    make_contract,
    make_cover,
    make_hardware_model,
    make_manufacturer,
    make_promise,
)

pytestmark = pytest.mark.django_db


def refused(make, **over):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make(**over)
    return error.value.__cause__.diag.constraint_name


def test_names_differing_only_in_case_are_the_same():
    make_manufacturer(name="Cisco")
    assert refused(make_manufacturer, name="CISCO") == "assets_manufacturer_name_once"
    make_asset(tag="IT-0001")
    assert refused(make_asset, tag="it-0001") == "assets_asset_tag_once"


def test_serial_number_is_once_per_model_and_empty_ones_are_free():
    asset = make_asset(serial="SN1")
    assert refused(make_asset, model=asset.model, serial="sn1") == "assets_asset_serial_once_per_model"
    make_asset(serial="SN1", model=make_hardware_model())
    make_asset(model=asset.model, serial="")
    make_asset(model=asset.model, serial="")


def test_model_names_are_once_per_maker_and_kind():
    model = make_hardware_model(kind="device")
    make_hardware_model(manufacturer=model.manufacturer, name=model.name, kind="module")
    name = refused(make_hardware_model, manufacturer=model.manufacturer, name=model.name.upper())
    assert name == "assets_hardwaremodel_name_once"


def test_contract_cannot_end_before_it_starts():
    day = datetime.date(2026, 1, 1)
    make_contract(starts_on=day, ends_on=day)
    before = day - datetime.timedelta(days=1)
    assert refused(make_contract, starts_on=day, ends_on=before) == "assets_contract_ends_after_start"


def test_cover_and_promise_are_once():
    cover = make_cover()
    assert refused(make_cover, contract=cover.contract, asset=cover.asset) == "assets_contractcover_once"
    promise = make_promise(priority=1)
    again = refused(make_promise, contract=promise.contract, priority=1)
    assert again == "assets_responsepromise_once"


def test_negative_figures_are_refused():
    assert refused(make_asset, purchase_price=-1) == "assets_asset_price_not_negative"
    assert refused(make_hardware_model, weight_kg=-1) == "assets_hardwaremodel_weight_not_negative"


def test_currency_is_three_capital_letters():
    asset = make_asset()
    asset.currency = "rmb"
    with pytest.raises(ValidationError, match="ISO 4217"):
        asset.full_clean()


def test_every_version_of_a_model_is_kept():
    model = make_hardware_model(name="before")
    type(model).objects.filter(pk=model.pk).update(name="after")
    assert [row.name for row in model.history.order_by("history_id")] == ["before", "after"]
