"""A change with a whole plan: devices by filter in three stages, minutes, people, criteria, documents."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from changes.actions import (
    Wanted,
    add_criterion,
    add_document,
    add_rollback_step,
    add_stage,
    add_task,
    plan_operations,
    void_confirmed,
)
from cmdb.models import ConfigurationItem
from config.demo.journeys import Journey
from config.demo.people import Cast

PROCEDURE = """Firmware of the top-of-rack switches 机柜接入交换机固件升级作业指导书

1. Check that the pair's other switch carries all uplinks 确认同组另一台承载全部上联
2. Copy the image, compare its SHA-256 拷贝镜像并校验 SHA-256
3. Reload; wait for LACP 重启并等待 LACP 恢复
4. Compare the MAC table with the one before 对比 MAC 地址表
"""
STAGES = (
    ("Pilot: one pair 试点：一对", 5, False), ("Widen: one row of racks 扩大：一排机柜", 40, False),
    ("Everything else 全量", 100, True),
)  # fmt: skip


def make(cast: Cast) -> None:
    """A draft whose plan is complete; not submitted, so that no freeze of the day stands against it."""
    found = ConfigurationItem.objects.select_related("type").matching(
        {"type": "network_device", "name__startswith": "tor-"}
    )
    switches = list(found.live().order_by("name"))
    journey = Journey(
        cast, "Top-of-rack switches: firmware 10.4 机柜接入交换机固件 10.4", switches[0].address,
        in_hours=172, lasts=6, by=cast.config, doer=cast.engineer, rollback_minutes=45,
        reason="Advisory of the maker: restart on a malformed LLDP frame 厂商公告：异常 LLDP 报文触发重启",
        freeze_override="The advisory is critical; the settlement does not use these racks 公告等级为严重，结算不经过这些机柜",
        rollback_rehearsal="In the lab on a spare pair, the week before 前一周在实验室备机上演练",
    ).plan(observe=30, auto=True)  # fmt: skip
    change, by = journey.change, cast.config
    with void_confirmed():
        change.tasks.exclude(phase="precheck").delete()
        stages = [
            add_stage(change, by=by, label=label, share_percent=share, is_point_of_no_return=is_final)
            for label, share, is_final in STAGES
        ]
        parts = (switches[:2], switches[2:10], switches[10:])
        for stage, part in zip(stages, parts, strict=True):
            wanted = [Wanted("update", item, {"attributes.firmware": "10.4(3)"}) for item in part]
            plan_operations(change, wanted, by=by, stage=stage)
            for label, minutes in (
                ("Copy the image 拷贝镜像", 15),
                ("Reload the standby first 先重启备机", 25),
            ):
                add_task(change, label, by=by, stage=stage, duration_minutes=minutes, assignee=cast.engineer)
        add_criterion(
            change, "Lost packets on uplinks 上联丢包率", by=by, comparison="le", threshold="0.1", unit="%",
            observation_minutes=30, is_machine=True,
        )  # fmt: skip
        add_rollback_step(change, "Boot the old image 用旧镜像启动", by=by, duration_minutes=20)
        add_rollback_step(change, "Compare the MAC table 对比 MAC 地址表", by=by, duration_minutes=10)
        upload = SimpleUploadedFile("tor-firmware-procedure.txt", PROCEDURE.encode(), "text/plain")
        add_document(change, upload, by=by, label="Procedure 作业指导书")
