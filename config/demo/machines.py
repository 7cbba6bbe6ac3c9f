"""What the monitoring of the hospital says: a month of readings, fresh and stale, and alerts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from django.utils import timezone

from accounts.actions import grant_role
from accounts.models import User
from cmdb.models import ConfigurationItem
from config.demo import people
from config.demo.logins import DOMAIN
from inspections.actions import Told, match_alert, record_alerts, record_readings
from inspections.messages import Message
from inspections.models import Alert, ReadingSource

METRIC, EVERY = "node_load15_per_core", timedelta(hours=3)
# Server: usual load of a core, and how old its newest reading is. One is too busy, one no longer says anything.
LOADS = {
    "his-db-01": (0.52, timedelta(minutes=4)),
    "his-db-02": (0.31, timedelta(minutes=4)),
    "emr-db-01": (0.44, timedelta(hours=5)),
    "log-store-01": (1.22, timedelta(minutes=4)),
}


class Row(NamedTuple):
    """An alert: on what, since and until how many hours ago, in words."""

    name: str
    on: str
    severity: str
    since: int
    until: int | None
    words: str


ALERTS = (
    Row(
        "DiskWillFillIn24h",
        "log-store-01",
        "warn",
        30,
        None,
        "/data fills up within a day 数据分区一天内写满",
    ),
    Row("ReplicationBroken", "emr-db-01", "crit", 2, None, "The standby does not follow 备库未同步"),
    Row("HighTemperature", "virt-03", "warn", 50, 46, "CPU above 85 ℃ CPU 温度超过 85 ℃"),
    Row("HostDown", "10.20.99.17:9100", "crit", 1, None, "No answer for five minutes 五分钟无响应"),
    Row("CertificateEndsSoon", "portal-old.linghu", "warn", 70, None, "Ends in 14 days 证书 14 天后到期"),
)


def are_there() -> bool:
    return ReadingSource.objects.filter(key="node-exporter").exists()


def make() -> None:
    cast, now = people.cast(), timezone.now()
    account = User.objects.create(
        username="exporter", email="exporter" + DOMAIN, display_name="Monitoring 监控平台"
    )
    account.set_unusable_password()
    account.save()
    grant_role(account, "integration", by=cast.security)
    push = source("node-exporter", "Exporter of the servers", "服务器采集器", "push", account)
    record_readings(push, list(loads(now)), by=account)
    manager = source("alertmanager", "Alertmanager", "告警中心", "alertmanager", account)
    record_alerts(manager, [told(row, now, is_firing=True) for row in ALERTS], by=account)
    over = [told(row, now, is_firing=False) for row in ALERTS if row.until is not None]
    record_alerts(manager, over, by=account)
    old = Alert.objects.get(
        name="CertificateEndsSoon"
    )  # one is matched by hand, the other unknown host waits
    match_alert(old, ConfigurationItem.objects.by_address("application:oa"), by=cast.engineer3)


def source(key: str, label: str, zh: str, kind: str, account: User) -> ReadingSource:
    made = ReadingSource(key=key, label=label, label_zh=zh, kind=kind, account=account)
    made.full_clean()
    made.save()
    return made


def loads(now: datetime) -> list[Message]:
    """Every three hours for a month, oldest first, for each server."""
    chance = Random(9)  # noqa: S311 (the same month every time)
    told = []
    for name, (usual, age) in LOADS.items():
        for n in range(30 * 8, -1, -1):
            at = now - age - n * EVERY
            swing = 0.12 * chance.uniform(-1, 1) - (0.7 if usual > 1 and n > 1 else 0)
            value = Decimal(f"{max(usual + swing, 0.02):.2f}")
            told.append(
                Message(len(told), name, METRIC, value, observed_at=at, external_id=f"{name}:{at:%Y%m%d%H%M}")
            )
    return told


def told(row: Row, now: datetime, *, is_firing: bool) -> Told:
    """An alert as Alertmanager sends it."""
    return Told(
        fingerprint=f"{hash_of(row.name + row.on):016x}",
        name=row.name,
        severity=row.severity,
        status="firing" if is_firing else "resolved",
        starts_at=now - timedelta(hours=row.since),
        ends_at=None if is_firing else now - timedelta(hours=row.until or 0),
        labels={"alertname": row.name, "instance": row.on, "severity": row.severity},
        annotations={"summary": row.words},
    )


def hash_of(text: str) -> int:
    """The same number in every process, unlike hash()."""
    return int.from_bytes(text.encode()[-8:], "big")
