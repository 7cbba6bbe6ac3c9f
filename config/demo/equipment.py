"""What was bought: models, vendors, contracts, and an asset for every device."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from django.utils import timezone

from assets.actions import move_asset
from assets.models import (
    Asset,
    Contract,
    ContractCover,
    HardwareModel,
    Manufacturer,
    ResponsePromise,
    Vendor,
)
from assets.workflow import Stage
from audit.context import because
from cmdb.models import ConfigurationItem
from config.demo import people

# Kind of device → maker, model, height, watts, price; all invented.
MODELS = {
    "host": (
        ("Qinghe 清河", "R760 server", 2, 1100, 68000),
        ("Qinghe 清河", "R940 database server", 4, 2400, 186000),
    ),
    "network_device": (
        ("Beiling 北岭", "S6800 switch", 1, 350, 24000),
        ("Beiling 北岭", "USG 6700 firewall", 2, 500, 145000),
    ),
    "storage": (
        ("Yunhai 云海", "F5300 all-flash array", 4, 1800, 690000),
        ("Yunhai 云海", "N2200 archive", 4, 1500, 320000),
    ),
    "power": (
        ("Hengdian 恒电", "UPS 120 kVA", 0, 0, 158000),
        ("Hengdian 恒电", "Rack strip 32 A", 0, 0, 1800),
    ),
}
SECOND_MODEL = ("-db-", "fw-", "nas-", "backup-", "pdu-")
VENDORS = (
    "Linghu Digital 灵湖数码",
    "Jiangnan Systems 江南系统集成",
    "Hengdian Service 恒电维保",
    "Ruikang Medical IT 瑞康医信",
)
# Number, title, kind, vendor, kind of device covered, days until its end, support hours, minutes by priority.
CONTRACTS = (
    ("HT-2101", "Server support 服务器维保", "support", 0, "host", 25, "7×24", {1: 30, 2: 120, 3: 480}),
    ("HT-2102", "Network support 网络设备维保", "support", 1, "network_device", 74, "7×24", {1: 30, 2: 240}),
    ("HT-2103", "Storage support 存储维保", "support", 1, "storage", 210, "7×24", {1: 15, 2: 60}),
    ("HT-2104", "UPS maintenance UPS 维护", "maintenance", 2, "power", -12, "5×8", {1: 240}),
    ("HT-2105", "HIS and EMR maintenance HIS/电子病历维护", "maintenance", 3, "", 400, "7×24", {1: 15, 2: 60, 3: 480}),
    ("HT-2106", "Database licences 数据库许可", "licence", 3, "", 61, "", {}),
)  # fmt: skip


def is_there() -> bool:
    return Contract.objects.filter(number=CONTRACTS[0][0], vendor__name=VENDORS[0]).exists()


def make() -> None:
    """The asset manager registers everything, and moves some of it along its life."""
    cast = people.cast()
    with because(reason="First registration 首次登记", user=cast.assets):
        models = catalogue()
        vendors = Vendor.objects.bulk_create(Vendor(name=name) for name in VENDORS)
        registered = ledger(models, vendors, cast)
        contracts(vendors, registered)
    move_asset(registered["gpu-02"], Stage.REPAIR, by=cast.assets)
    spare = registered["spare-01"]
    for stage, evidence in ((Stage.RETIRED, ""), (Stage.DISPOSED, "Wipe certificate 擦除证书 2031-044")):
        spare = move_asset(spare, stage, by=cast.assets, evidence=evidence)


def catalogue() -> dict[str, list[HardwareModel]]:
    names = {row[0] for rows in MODELS.values() for row in rows}
    makers = {name: Manufacturer.objects.create(name=name) for name in sorted(names)}
    return {
        kind: [
            HardwareModel.objects.create(
                manufacturer=makers[maker], name=name, part_number=f"LQ-{kind[:2].upper()}{n}", u_height=height,
                power_draw_watts=watts or None,
            )
            for n, (maker, name, height, watts, _price) in enumerate(rows)
        ]
        for kind, rows in MODELS.items()
    }  # fmt: skip


def ledger(
    models: dict[str, list[HardwareModel]], vendors: list[Vendor], cast: people.Cast
) -> dict[str, Asset]:
    """An asset by the name of its item, and two spares in stock."""
    chance, today = Random(21), timezone.localdate()  # noqa: S311 (the same ledger every time)
    devices = ConfigurationItem.objects.filter(type__key__in=MODELS).exclude(name__startswith="utility")
    rows = []
    for number, item in enumerate(devices.select_related("type").order_by("pk"), start=1):
        second = any(mark in item.name for mark in SECOND_MODEL)
        bought = today - timedelta(days=chance.randrange(200, 1500))
        rows.append(
            Asset(
                tag=f"LH-{number:05}", serial=item.serial, model=models[item.type.key][second], ci=item,
                stage=Stage.IN_USE, location_id=item.location_id, owner_team_id=item.owner_team_id,
                vendor=vendors[number % 2], purchased_on=bought, order_number=f"PO-{bought:%Y%m}",
                purchase_price=MODELS[item.type.key][second][4], warranty_ends_on=warranty(bought, number, today),
                custodian=cast.engineer4 if item.type.key == "power" else cast.engineer,
            )
        )  # fmt: skip
    for number in (1, 2, 3):
        rows.append(
            Asset(tag=f"LH-S{number:04}", serial=f"LHSPARE{number}", model=models["host"][0], stage=Stage.STOCK,
                  location_note="Store room 2, shelf B4 二号库房 B4", vendor=vendors[0], note="Spare 备件")
        )  # fmt: skip
    kept = Asset.objects.bulk_create(rows)
    spares = {f"spare-{number:02}": asset for number, asset in enumerate(kept[-3:], start=1)}
    return {asset.ci.name: asset for asset in kept if asset.ci} | spares


def warranty(bought: date, number: int, today: date) -> date:
    """Three years as a rule; some end within thirty days, some within ninety."""
    soon = {0: 12, 1: 27, 2: 55, 3: 83}.get(number % 24)
    return today + timedelta(days=soon) if soon else bought + timedelta(days=1095)


def contracts(vendors: list[Vendor], registered: dict[str, Asset]) -> None:
    today = timezone.localdate()
    for number, title, kind, vendor, covered, days, hours, minutes in CONTRACTS:
        contract = Contract.objects.create(
            number=number, title=title, kind=kind, vendor=vendors[vendor], support_hours=hours,
            starts_on=today + timedelta(days=days - 730), ends_on=today + timedelta(days=days),
        )  # fmt: skip
        ResponsePromise.objects.bulk_create(
            ResponsePromise(contract=contract, priority=priority, response_minutes=answer)
            for priority, answer in minutes.items()
        )
        ContractCover.objects.bulk_create(
            ContractCover(contract=contract, asset=asset)
            for asset in registered.values()
            if covered and asset.ci and asset.ci.type.key == covered
        )
