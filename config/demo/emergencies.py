"""Emergency changes of the demonstration: voted in minutes, with broken glass, or recorded afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from audit.context import because
from changes.models import PolicyStep
from config.demo.journeys import Journey
from config.demo.people import Cast


def make(cast: Cast) -> None:
    waiting(cast)
    implementing(cast)
    with_broken_glass(cast)
    recorded_afterwards(cast)
    closed(cast)
    not_ratified(cast)


def emergency(cast: Cast, title: str, address: str, after: dict, incident: str, **more) -> Journey:
    fields = {
        "kind": "emergency", "incident_ref": incident, "incident_priority": "p1", "window": None,
        "by": cast.engineer3, "reason": "Patients are waiting 患者等候中",
    } | more  # fmt: skip
    return Journey(cast, title, address, after, **fields)


def waiting(cast: Cast) -> None:
    """The emergency board has its minutes."""
    (emergency(cast, "Kiosks show no slots: restart the cache 自助机无号源：重启缓存", "middleware:cache",
               {"attributes.version": "2024.1.1"}, "INC-2041")
     .plan("Fail over 主备切换", "Restart 重启").submit().vote(1))  # fmt: skip
    emergency(cast, "Certificates expire tonight 证书今晚到期", "middleware:signature", {}, "INC-2044")


def implementing(cast: Cast) -> None:
    (emergency(cast, "Ward switch in a loop: replace it 病区交换机环路：更换", "network_device:sw-ward-3f",
               {"attributes.firmware": "8.20.9"}, "INC-2043", doer=cast.engineer4)
     .plan("Unplug the loop 断开环路", "Swap the switch 更换设备").submit().vote().work(1, apply=False))  # fmt: skip


def with_broken_glass(cast: Cast) -> None:
    """Nobody on the board answered in time; now the board is asked to ratify it."""
    journey = emergency(
        cast, "Blood bank down: move its database 输血系统宕机：迁移数据库", "database:blood-db",
        {"attributes.version": "15.7"}, "INC-2038", doer=cast.engineer4,
    ).plan("Restore to the spare 恢复到备用机", "Point the application to it 切换连接")  # fmt: skip
    with board_without_time(cast):
        journey.submit().step(
            "break_glass", cast.engineer4, "Two units of blood are needed at once 急需用血",
            second_person=cast.engineer.pk,
        )  # fmt: skip
    journey.work().finish().measure().step("verified_emergency", cast.manager)


def recorded_afterwards(cast: Cast) -> None:
    end = timezone.now() - timedelta(hours=5)
    (emergency(cast, "Printer queue flooded: emptied at night 打印队列阻塞：夜间清空", "virtual_machine:print-01",
               {"attributes.disk_gib": 300}, "INC-2036", by=cast.engineer3, doer=cast.engineer4)
     .plan("Empty the queue 清空队列")
     .step("record_retro", cast.engineer4, "Labels could not be printed 标签无法打印",
           actual_start=end - timedelta(minutes=25), actual_end=end))  # fmt: skip


def closed(cast: Cast) -> None:
    """The whole way, ratified."""
    journey = (
        emergency(cast, "Registration hangs: kill blocked sessions 挂号卡死：清理阻塞会话", "database:internet-db",
                  {"attributes.backup_policy": "daily + log"}, "INC-2030")
        .plan("Find the blocker 定位阻塞", "Kill it 终止会话").submit().vote().work().finish().measure()
        .step("verified_emergency", cast.manager).vote()
    )  # fmt: skip
    journey.step("ratify", cast.manager, retro_assessment="Low impact, known cause 影响小，原因明确")
    journey.step(
        "close", cast.manager, outcome="successful",
        pir="A missing index made one query lock the table 缺少索引导致锁表",
    )  # fmt: skip


def not_ratified(cast: Cast) -> None:
    """The board says afterwards that it should have waited; it is being reviewed."""
    (emergency(cast, "Intranet slow: firewall rule removed 内网缓慢：移除防火墙策略", "network_device:fw-east-2",
               {"attributes.firmware": "8.20.2"}, "INC-2033")
     .plan("Remove the rule 移除策略").submit().vote().work().finish().measure()
     .step("verified_emergency", cast.manager)
     .vote(1, "reject", "It was slow, not down: this could wait 并未中断，可以等待"))  # fmt: skip


@contextmanager
def board_without_time(cast: Cast) -> Iterator[None]:
    """The emergency board must answer at once, as in the yearly drill: rounds opened inside are overdue."""
    steps = PolicyStep.objects.filter(policy__kind="emergency", board__key="ecab")
    usual = dict(steps.values_list("pk", "minutes"))
    with because(reason="Drill: no time to answer 演练：不留答复时间", user=cast.manager):
        steps.update(minutes=0)
    yield
    with because(reason="End of the drill 演练结束", user=cast.manager):
        for pk, minutes in usual.items():
            PolicyStep.objects.filter(pk=pk).update(minutes=minutes)
