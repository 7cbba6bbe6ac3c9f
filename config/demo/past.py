"""Changes of the months before, taken over from the old ledger: ended, flagged as imported."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from changes.actions import create_change, take_step
from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem
from config.demo import people

SOURCE = "OA ledger 旧 OA 台账"
# Title, item, kind, outcome, how many days ago.
PAST = (
    ("Upgrade HIS to release 5.2 HIS 升级至 5.2", "application:his", "normal", "successful", 88),
    ("Replace batteries of UPS A 更换 A 路 UPS 电池", "power:ups-a-a", "normal", "successful", 81),
    ("Quarterly patches of the mail gateway 网关季度补丁", "virtual_machine:oa-app-01", "standard", "successful", 75),
    ("New firewall rules for the insurance line 医保专线策略", "network_device:fw-main-1", "normal", "rolled_back", 70),
    ("Database is full: add a data file 表空间告急扩容", "database:emr-db", "emergency", "successful", 66),
    ("Move PACS to the new archive PACS 迁移至新归档", "application:pacs", "normal", "successful_with_issues", 59),
    ("Firmware of the core switches 核心交换机固件", "network_device:core-a1", "normal", "successful", 52),
    ("Second insurance line 开通第二条医保专线", "circuit:insurance-2", "normal", "successful", 45),
    ("Switch port for the kiosks 自助机端口", "network_device:sw-outpatient-1f", "standard", "failed", 41),
    ("Extend the laboratory database LIS 数据库扩容", "database:lis-db", "normal", "cancelled", 38),
    ("Restart of the integration engine 集成平台重启", "middleware:integration", "emergency", "successful", 35),
    ("Replace disk in SAN A1 更换 SAN A1 硬盘", "storage:san-a1", "standard", "successful", 33),
)  # fmt: skip


def is_there() -> bool:
    return ChangeRequest.objects.filter(import_source=SOURCE).exists()


def make() -> None:
    """The change manager takes the old ledger over."""
    cast, now = people.cast(), timezone.now()
    items = ConfigurationItem.objects.by_addresses([row[1] for row in PAST])
    for number, (title, address, kind, outcome, days) in enumerate(PAST, start=1):
        start = (now - timedelta(days=days)).replace(hour=14, minute=0, second=0, microsecond=0)
        change = create_change(
            by=cast.manager, title=title, kind=kind, items=[items[address]],
            reason="As it stands in the old ledger 见旧台账", window=(start, start + timedelta(hours=2)),
            import_source=SOURCE, import_key=f"BG{start:%Y%m%d}{number:02}",
        )  # fmt: skip
        take_step(change, "record_import", by=cast.manager, data={"outcome": outcome})
