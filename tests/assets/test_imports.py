"""Catalogues and ledgers: what each row becomes, and that a second import changes nothing."""

import datetime
import io
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.actions import load_plan
from assets.imports.cells import CellRefused, boolean, currency, day, number
from assets.imports.ledger import plan_assets, write_assets
from assets.models import Asset, HardwareModel, Manufacturer, Vendor
from cmdb.imports.reading import rows_of
from tests.factories import (
    make_asset,
    make_hardware_model,
    make_item,
    make_manufacturer,
    make_team,
    make_user,
)

DATA = Path(os.environ.get("OPSLEDGER_DATA", "../shared/data"))


@pytest.fixture
def load(tmp_path):
    """Runs an import command over the text of a file and returns what it prints."""

    def run(command, text, **options):
        path = tmp_path / "ledger.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = io.StringIO()
        call_command(command, str(path), stdout=out, **options)
        return out.getvalue()

    return run


@pytest.mark.parametrize(
    "cell",
    [
        "2022-03-18",
        "2022/3/18",
        "2022.03.18",
        "2022年3月18日",
        "20220318",
        "3/18/22",
        "18/3/2022",
        "44638",
        "2022-03-18 00:00:00",
    ],
)
def test_a_day_is_read_in_every_dress(cell):
    assert day()(cell) == datetime.date(2022, 3, 18)


@pytest.mark.parametrize("cell", ["3/4/2022", "2022-02-30", "soon", "12345", "2022-13-01", "1/2", "99999"])
def test_a_day_that_cannot_be_told_is_refused(cell):
    with pytest.raises(CellRefused):
        day()(cell)


def test_the_order_settles_an_ambiguous_day():
    assert day("dmy")("3/4/2022") == datetime.date(2022, 4, 3)
    assert day("mdy")("3/4/2022") == datetime.date(2022, 3, 4)
    assert day()("4/4/2022") == datetime.date(2022, 4, 4)


def test_numbers_shed_their_signs_and_keep_their_decimals():
    price = number(14, 2)
    assert price("¥1,234.50") == price("$1234.5") == Decimal("1234.50")
    for cell in ("-1", "1.234", "NaN", "Infinity", "1e20", "ten", ""):
        with pytest.raises(CellRefused):
            price(cell)


def test_words_for_yes_and_currencies():
    assert boolean("是") is boolean("Y") is True
    assert boolean("False") is False
    assert currency("cny") == "CNY"
    with pytest.raises(CellRefused):
        currency("RMB ¥")


LEDGER = """资产编号,序列号,厂商,型号,状态,配置项,保管人,部门,购置日期,原值,币种,保修到期,供应商,订单号
IT-1,SN1,Acme,Box 9,in_use,{ci},keeper,{team},2022年3月18日,"¥12,000.00",cny,2027/3/18,Best Supplies,PO-7
IT-2,,Acme,BX-9,in stock,,,,44638,,,,best supplies,
"""


@pytest.fixture
def world(db):
    make_hardware_model(manufacturer=make_manufacturer(name="Acme"), name="Box 9", part_number="BX-9")
    make_user(username="keeper")
    return LEDGER.format(ci=make_item(name="db01").address, team=make_team(key="dba").key)


def test_a_chinese_ledger_becomes_assets(world, load):
    assert "2 created, 0 updated, 0 unchanged, 0 passed over, 0 errors" in load("import_assets", world)
    asset = Asset.objects.get(tag="IT-1")
    assert (asset.serial, asset.stage, asset.ci.name, asset.custodian.username, asset.owner_team.key) == (
        "SN1",
        "in_use",
        "db01",
        "keeper",
        "dba",
    )
    assert (asset.purchase_price, asset.currency) == (Decimal("12000.00"), "CNY")
    assert asset.warranty_ends_on == datetime.date(2027, 3, 18)
    assert Vendor.objects.get().name == "Best Supplies"
    assert Asset.objects.get(tag="IT-2").model.name == "Box 9"
    assert asset.history.get().history_change_reason == "import of ledger.csv"


def test_a_second_import_changes_nothing(world, load):
    load("import_assets", world)
    before = Asset.history.count()
    assert "0 created, 0 updated, 2 unchanged" in load("import_assets", world)
    assert Asset.history.count() == before


def test_a_gbk_ledger_is_read_when_it_is_named(world, load):
    text = world.replace("Best Supplies", "华东供应商").encode("gb18030")
    assert "2 created" in load("import_assets", text, encoding="gbk")
    assert Vendor.objects.filter(name="华东供应商").exists()


def test_a_dry_run_shows_the_differences_and_writes_nothing(world, load):
    load("import_assets", world)
    said = load("import_assets", world.replace("IT-1,SN1", "it-1,SN9").replace("PO-7", ""), dry_run=True)
    assert "line 2, it-1: updated: serial SN1 → SN9\n" in said
    assert "0 created, 1 updated, 1 unchanged, 0 passed over, 0 errors (dry run, nothing was written)" in said
    assert Asset.objects.get(tag="IT-1").serial == "SN1"


def test_every_wrong_row_is_named_and_nothing_is_written(world, load):
    make_asset(tag="OLD", stage="disposed", wipe_evidence="W-1")
    text = (
        "tag,serial,model,stage,ci,custodian,team,purchased_on,warranty_ends_on\n"
        "A,,Nothing 1,,,,,,\n"
        "B,,Box 9,lost,,,,,\n"
        "C,,Box 9,,host:none,nobody,noteam,,\n"
        "D,,Box 9,,,,,3/4/2022,2022-02-30\n"
        "E,S,Box 9,,,,,,\n"
        "F,s,Box 9,,,,,,\n"
        "G,,Box 9,disposed,,,,,\n"
        "OLD,,,stock,,,,,\n"
        ",,Box 9,,,,,,\n"
        "H,,,,,,,,\n"
        "I,,Box 9\n"
    )
    with pytest.raises(
        CommandError, match=r"^1 created, 0 updated, 0 unchanged, 0 passed over, 10 errors; no"
    ):
        load("import_assets", text)
    assert Asset.objects.count() == 1


def test_the_good_rows_are_written_when_asked(world, load):
    said = load("import_assets", "tag,model\nA,Box 9\nB,Nothing\n", skip_errors=True)
    assert "line 3, B: error: no hardware model “Nothing”; import the models first" in said
    assert list(Asset.objects.values_list("tag", flat=True)) == ["A"]


def test_a_tag_twice_counts_once(world, load):
    said = load("import_assets", "tag,model\nA,Box 9\na,BX-9\n")
    assert "line 3, a: the same as line 2, which counts; they differ in: tag" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"serial,model\nX,Y\n", "lacks the column tag"),
        (b"tag,model\n", "no rows"),
        ("tag,model\n甲,乙\n".encode("gb18030"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_in_words(db, load, text, words):
    with pytest.raises(CommandError, match=words):
        load("import_assets", text)


def test_a_missing_file_and_an_unknown_user_are_said(db, load, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_assets", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="no user “ghost”"):
        load("import_assets", "tag\nA\n", by="ghost")


def test_an_import_asks_the_right_of_whom_it_names(world, load):
    with pytest.raises(PermissionDenied):
        load("import_assets", world, by=make_user(role="engineer").username)
    load("import_assets", world, by=make_user(role="asset_manager", username="am").username)
    assert Asset.history.first().history_username == "am"


def test_the_number_of_statements_does_not_grow_with_the_rows(world):
    def statements(rows):
        lines = "tag,model,vendor\n" + "".join(f"S{rows}-{n},Box 9,V{rows}-{n % 3}\n" for n in range(rows))
        with CaptureQueriesContext(connection) as counted:
            plan = plan_assets(rows_of(io.BytesIO(lines.encode())))
            load_plan(plan, write_assets, by=None)
        return len(counted)

    assert statements(5) == statements(300)


def test_models_keep_what_the_file_does_not_say(db, load):
    load("import_models", "manufacturer,model,weight_kg,u_height\nAcme,Box,2.5,1\n")
    said = load("import_models", "manufacturer,model,weight_kg,u_height\nACME,box,,2.0\n", verbosity=2)
    assert "line 2, ACME box: updated: u_height 1.0 → 2.0" in said
    model = HardwareModel.objects.get()
    assert (model.name, model.weight_kg, model.u_height) == ("Box", Decimal("2.500"), Decimal("2.0"))
    assert Manufacturer.objects.get().name == "Acme"


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "devicetypes").exists(), reason="OPSLEDGER_DATA: no devicetypes/ there")
def test_the_device_type_library_is_imported_whole_and_once(db):
    path = str(DATA / "devicetypes" / "models.csv")
    said = [io.StringIO() for _ in range(3)]
    call_command("import_models", path, stdout=said[0], dry_run=True)
    assert HardwareModel.objects.count() == 0
    call_command("import_models", path, stdout=said[1])
    call_command("import_models", path, stdout=said[2])
    assert "2374 created, 0 updated, 0 unchanged, 3 passed over, 0 errors (dry run" in said[0].getvalue()
    assert "2374 created, 0 updated, 0 unchanged, 3 passed over, 0 errors" in said[1].getvalue()
    assert "0 created, 0 updated, 2374 unchanged, 3 passed over, 0 errors" in said[2].getvalue()
    assert Manufacturer.objects.count() == 55
    devices = HardwareModel.objects.filter(kind="device")
    assert devices.count() == 1812
    assert sum(height for height in devices.values_list("u_height", flat=True) if height) == Decimal("2516.5")
    assert HardwareModel.objects.get(name="IES3110-8TF-R").u_height % 1 != 0
