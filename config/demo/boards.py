"""Who votes, who stands in for whom, when nothing is changed, and what needs no vote."""

from __future__ import annotations

from datetime import time, timedelta

from django.utils import timezone

from audit.context import because
from changes.actions import (
    edit_template,
    new_version,
    propose_template,
    suspend_template,
    vote_on_template,
)
from changes.models import Board, BoardSeat, FreezeWindow, MaintenanceWindow, StandardTemplate, VoteDelegation
from cmdb.models import CIType, ConfigurationItem
from config.demo import people

SEATS = {
    "cab": ("board1", "board2", "board3"),
    "ecab": ("board1", "board2", "board3"),
    "tech_owner": ("board4",),
    "peer": ("engineer", "engineer2", "engineer3", "engineer4"),
    "executive": ("board1",),
}
VETO = "board3"  # information security may stop anything
TEMPLATES = (
    ("patch-vm", "Monthly patches of a virtual machine", "虚拟机月度补丁", ["virtual_machine"],
     {"patch_level": {"label": "Patch level", "required": True}}, True),
    ("replace-disk", "Replace a failed disk of an array", "更换阵列故障硬盘", ["storage", "host"],
     {"slot": {"label": "Slot", "required": True}}, True),
    ("open-port", "Open a port on an access switch", "开通接入交换机端口", ["network_device"],
     {"port": {"label": "Port", "required": True},
      "vlan": {"kind": "number", "label": "VLAN", "required": True, "min": 2, "max": 4094}}, False),
    ("restart-service", "Restart a middleware service", "重启中间件服务", ["middleware"],
     {"ticket": {"label": "Ticket", "label_zh": "工单号", "required": True, "max_length": 30},
      "wait": {"kind": "number", "label": "Seconds between stop and start", "label_zh": "停启间隔（秒）", "required": True,
               "min": 5, "max": 300}}, True),
)  # fmt: skip


SKELETONS = {
    "restart-service": {
        "title": "Restart 重启 {items}",
        "reason": "Ticket 工单 {ticket}: the service hangs and is restarted 服务无响应，需要重启",
        "rollback_trigger": "It does not answer after five minutes 五分钟后仍无响应",
        "rollback_minutes": 10,
        "operations": [
            {"kind": "update", "on": "items", "after": {"description": "Restarted for 重启 {ticket}"}}
        ],
        "tasks": [
            {"phase": "precheck", "label": "Nobody is at work on it 确认无人操作"},
            {"label": "Stop and start, wait {wait} s 停止并启动，等待 {wait} 秒"},
        ],
        "criteria": [{"metric": "Alarms of the item 监控告警数", "comparison": "le", "threshold": 0}],
        "rollback_steps": ["Start the standby instance 启动备用实例"],
    },
}


def are_there() -> bool:
    return StandardTemplate.objects.filter(key=TEMPLATES[0][0]).exists()


def make() -> None:
    """The change manager sets up boards, a deputy, freezes and the standard changes."""
    cast = people.cast()
    now = timezone.now()
    with because(reason="Set up change control 建立变更管理", user=cast.manager):
        boards = Board.objects.in_bulk(field_name="key")
        BoardSeat.objects.bulk_create(
            BoardSeat(board=boards[key], user=cast[name], has_veto=name == VETO)
            for key, names in SEATS.items()
            for name in names
        )
        VoteDelegation.objects.create(
            person=cast.board2, deputy=cast.board4, starts_at=now - timedelta(days=2),
            ends_at=now + timedelta(days=12), reason="Congress abroad 外出参会",
        )  # fmt: skip
        his = ConfigurationItem.objects.by_address("application:his")
        FreezeWindow.objects.create(
            label="Flu season: hospital information system", label_zh="流感高峰期：医院信息系统封网",
            window=(now + timedelta(days=9), now + timedelta(days=40)), item=his, is_hard=True,
            reason="Three times the usual number of patients 门诊量为平日三倍",
        )  # fmt: skip
        FreezeWindow.objects.create(
            label="Month-end settlement with the insurance", label_zh="月末医保对账",
            window=(now + timedelta(days=5), now + timedelta(days=7)), is_hard=False, environment="production",
            reason="Settlement runs all night 对账整夜运行",
        )  # fmt: skip
        FreezeWindow.objects.create(
            label="Accreditation of the laboratory", label_zh="检验科认可评审",
            window=(now + timedelta(hours=104), now + timedelta(hours=140)), is_hard=True,
            service=ConfigurationItem.objects.by_address("application:lis"),
            reason="Assessors are in the house 评审组在院",
        )  # fmt: skip
        MaintenanceWindow.objects.create(
            label="Night of the virtualisation", label_zh="虚拟化平台维护窗口", rule="FREQ=WEEKLY;BYDAY=TU,TH",
            time_zone="Asia/Shanghai", starts_on=now.date() - timedelta(days=90), starts_at=time(22),
            duration_minutes=360, type=CIType.objects.get(key="cluster"),
        )  # fmt: skip
    make_templates(cast)


def make_templates(cast: people.Cast) -> None:
    """The change manager writes and proposes them; two members of the board approve."""
    for key, label, zh, types, parameters, is_active in TEMPLATES:
        with because(reason="Write a standard change 编写标准变更", user=cast.manager):
            template = StandardTemplate.objects.create(
                key=key, label=label, label_zh=zh, scope_types=types, parameters=parameters,
                skeleton=SKELETONS.get(key, {}),
            )  # fmt: skip
        propose_template(template, by=cast.manager)
        for member in (cast.board1, cast.board2):
            vote_on_template(template, by=member, choice="approve", comment="Done often 常规操作")
        if not is_active:
            suspend_template(template, by=cast.manager, reason="The last one cut off a ward 上一次误断病区")
    grown = new_version(StandardTemplate.objects.get(key="patch-vm"), by=cast.manager)
    edit_template(
        grown, by=cast.manager, description="Reboot only where the kernel changed 仅在内核更新时重启",
        suspend_after_failures=2,
    )  # fmt: skip
    propose_template(grown, by=cast.manager)
    vote_on_template(grown, by=cast.board1, choice="approve")
