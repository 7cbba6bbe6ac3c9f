"""What the inspectors read: good values as a rule, and the few that were not."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from inspections.actions import AnswerInput
from inspections.models import InspectionRun, TemplateItem

# Usual value and how far it strays.
USUAL = {
    "temperature": (23.0, 1.6), "humidity": (48.0, 6.0), "ups-load-percent": (46, 6), "ups-battery-percent": (98, 2),
    "cpu-percent": (38.0, 14.0), "memory-percent": (63.0, 9.0), "failed-logins": (3, 3), "time-offset": (0.01, 0.02),
    "disk-system-percent": (47.0, 2.0), "disk-data-percent": (68.0, 4.0), "connections-percent": (41.0, 12.0),
    "replication-lag": (1.5, 1.4), "slow-queries": (14, 9), "tablespace-percent": (71.0, 4.0),
    "archive-percent": (44.0, 9.0), "storage-percent": (31, 4),
}  # fmt: skip
HOT = 18.0  # what a switch's chassis is above the room
# Item of the CMDB, item of the check list, from and until so many days ago, value, comment.
BAD = (
    (
        "Machine room A2 二号机房",
        "temperature",
        26,
        25,
        "29.4",
        "One air conditioner stands still 一台空调停机",
    ),
    ("his-db-02", "power-supplies", 20, 19, "single", "Supply B has no light 电源 B 指示灯灭"),
    ("emr-db", "tablespace-percent", 13, 9, "91.2", "Growing by 1 % a day 每日增长约 1%"),
    ("his-db-01", "log-errors", 11, 11, "4", "Fibre port flapping 光口抖动"),
    ("his-db-01", "log-errors", 3, 2, "6", "The port flaps again 光口再次抖动"),
    ("log-store-01", "disk-data-percent", 6, 0, "96.3", "Old logs are not deleted 旧日志未清理"),
    ("Machine room E1 东院机房", "air-conditioning", 5, 1, "reduced", "Fan of unit 2 is loud 2 号机风扇异响"),
    ("Machine room A1 一号机房", "ups-battery-percent", 4, 0, "86", "Does not charge fully 无法充满"),
    ("core-e2", "fans", 8, 1, "fail", "Fan 3 is slow 3 号风扇转速低"),
    ("Machine room E1 东院机房", "visitor-log", 2, 1, "fail", "Two visitors without a name 两人未登记姓名"),
    ("lis-db", "backup", 4, 1, "failed", "Tape library offline 磁带库离线"),
)
# Item of the CMDB, item of the check list, how many days ago, deed, comment.
FIXES = (
    ("Machine room A2 二号机房", "temperature", 25, "fixed", "Compressor replaced 更换压缩机"),
    ("his-db-02", "power-supplies", 19, "fixed", "Supply replaced from stock 更换备件电源"),
    ("emr-db", "tablespace-percent", 9, "fixed", "Data file added 增加数据文件"),
    ("his-db-01", "log-errors", 11, "fixed", "Optic replaced 更换光模块"),
    ("core-e2", "fans", 6, "accepted", "Spare part arrives next month 备件下月到货"),
    ("log-store-01", "disk-data-percent", 5, "taken", "Will ask for a change 将提交变更"),
    ("Machine room A1 一号机房", "ups-battery-percent", 3, "fixing", "Batteries ordered 电池已下单"),
    ("Machine room E1 东院机房", "air-conditioning", 1, "fixed", "Fan replaced 更换风扇"),
)


def of(run: InspectionRun, began: datetime, chance: Random, ago: int) -> list[AnswerInput]:
    """An answer to every required item on every target, as seen `ago` days ago."""
    bad = {(ci, item): (value, said) for ci, item, first, last, value, said in BAD if last <= ago <= first}
    items = list(run.version.items.filter(is_required=True))
    answers = []
    moment = began
    for target in run.targets.all():
        for item in items:
            moment += timedelta(seconds=chance.randrange(3, 9))
            value, comment = bad.get((str(target), item.key), (good(item, chance), ""))
            answers.append(
                AnswerInput(
                    target.pk,
                    item.pk,
                    value,
                    comment=comment,
                    observed_at=moment,
                    dwell_seconds=chance.randrange(3, 40),
                )
            )
    return answers


def good(item: TemplateItem, chance: Random) -> str:
    """A value that nobody would look at twice."""
    if item.kind == item.Kind.PASS_FAIL:
        return "pass"
    if item.kind == item.Kind.CHOICE:
        return next(value for value, _label, severity in item.options if severity == "ok")
    if item.key not in USUAL:
        return "0"
    usual, stray = USUAL[item.key]
    if item.key == "temperature" and item.warn_low is None:
        usual += HOT
    value = usual + chance.uniform(-stray, stray)
    return f"{min(value, 100.0):.{item.decimals}f}"
