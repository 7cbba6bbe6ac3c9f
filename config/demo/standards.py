"""Standard changes of the demonstration: by template, without a vote."""

from __future__ import annotations

from changes.models import StandardTemplate
from config.demo.journeys import Journey
from config.demo.people import Cast


def make(cast: Cast) -> None:
    patch = StandardTemplate.objects.get(key="patch-vm", is_active=True)
    disk = StandardTemplate.objects.get(key="replace-disk", is_active=True)

    def patching(name: str, title: str, **more) -> Journey:
        return Journey(
            cast, title, f"virtual_machine:{name}", {"attributes.os_version": "22.03 LTS SP4"}, kind="standard",
            template=patch, parameters={"patch_level": "2030-05"}, by=cast.engineer2, **more,
        )  # fmt: skip

    title = "Monthly patches 月度补丁: "
    patching("update-01", title + "update-01", in_hours=140)  # a draft
    patching("dns-02", title + "dns-02", in_hours=28).plan("Patch 打补丁").submit()
    patching("syslog-01", title + "syslog-01").plan("Patch 打补丁").submit().start()
    done = patching("licence-01", title + "licence-01").plan("Patch 打补丁", "Restart 重启").submit().start()
    done.work().finish().measure().step("verified", cast.manager)
    replaced = Journey(
        cast, "Replace disk 7 of the PACS archive 更换 PACS 存储 7 号盘", "storage:nas-pacs-2",
        {"description": "Disk 7 replaced 已更换 7 号盘"}, kind="standard", template=disk, parameters={"slot": "7"},
        by=cast.engineer2, doer=cast.engineer4,
    )  # fmt: skip
    replaced.plan("Pull and replace 拔插更换", "Watch the rebuild 观察重建").submit().start().work().finish()
    replaced.measure().step("verified", cast.manager)
    Journey(
        cast, "Port for the new nurses' station 新护士站端口", "network_device:sw-ward-4f", kind="standard",
        template=disk, in_hours=130, by=cast.engineer3, doer=cast.engineer4,
    ).plan("Open the port 开通端口").step("to_normal", cast.engineer3, "Its template is suspended 模板已停用")  # fmt: skip
