"""Labels read on the round, which verify the record or differ from it; thresholds of single machines."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from cmdb.models import ConfigurationItem
from config.demo.people import Cast
from inspections.actions import AnswerInput, approve_override, request_override
from inspections.models import ChecklistTemplate, InspectionRun, ThresholdOverride

# Days ago on which the inspectors read the labels of the first servers: one agrees, one differs.
READ = (2,)
# Item of the check list, warning, critical, days left, why; the first one waits for a decision.
OVERRIDES = (
    (
        "disk-data-percent",
        "92",
        "97",
        60,
        "A volume of 100 TB: 8 TB are left at 92 % 百 TB 卷，92% 时仍余 8 TB",
    ),
    ("cpu-percent", "90", "98", 6, "Computes reports all day 全天计算报表"),
)


def labels(run: InspectionRun, began: datetime, ago: int) -> list[AnswerInput]:
    """The serial numbers on the labels of two servers, as somebody typed them."""
    item = run.version.items.filter(key="serial-label").first()
    if item is None or ago not in READ:
        return []
    targets = [target for target in run.targets.select_related("ci") if target.ci.serial][:2]
    typed = [target.ci.serial if not n else f"{target.ci.serial[:-2]}X7" for n, target in enumerate(targets)]
    at = began + timedelta(minutes=20)
    return [
        AnswerInput(target.pk, item.pk, text, comment="Read from the label 按铭牌录入", observed_at=at)
        for target, text in zip(targets, typed, strict=True)
    ]


def overrides(cast: Cast, today: date) -> None:
    """One request that waits, and one override that is about to run out."""
    template = ChecklistTemplate.objects.get(key="server")
    cis = list(ConfigurationItem.objects.live().of_type("host").order_by("name")[: len(OVERRIDES)])
    for n, (ci, (key, warn, crit, days, reason)) in enumerate(zip(cis, OVERRIDES, strict=False)):
        wanted = ThresholdOverride(
            template=template, item_key=key, ci=ci, warn_high=Decimal(warn), crit_high=Decimal(crit),
            reason=reason, valid_until_on=today + timedelta(days=days),
        )  # fmt: skip
        asked = request_override(wanted, by=cast.engineer)
        if n:
            approve_override(asked, by=cast.reviewer, comment="As measured last month 与上月实测一致")
