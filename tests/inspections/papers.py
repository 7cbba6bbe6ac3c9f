"""Inspections to report on: with everything that a report can tell."""

import datetime
from decimal import Decimal

from django.utils import timezone

from cmdb.models import ConfigurationItem
from inspections.actions import (
    AnswerInput,
    decide_amendment,
    propose_amendment,
    record_answers,
    sign_run,
    submit_run,
)
from tests.factories import make_asset, make_item, make_run, make_team, make_user

HOSTILE = "=cmd|'/C calc'!A0"
HARDWARE = {"section": "Hardware", "section_zh": "硬件"}
SYSTEM = {"section": "System", "section_zh": "系统"}
ITEMS = [
    HARDWARE | {"key": "lamp", "label": "Indicator lamps", "label_zh": "指示灯"}
    | {"help_text": "All green", "help_text_zh": "应全部为绿色"},
    SYSTEM | {"key": "disk", "label": "Disk usage", "label_zh": "磁盘使用率", "kind": "number"}
    | {"unit": "%", "warn_high": 85, "crit_high": 95},
    SYSTEM | {"key": "temp", "label": "Intake temperature", "label_zh": "进风温度", "kind": "number"}
    | {"unit": "℃", "decimals": 1, "warn_low": 18, "warn_high": 27, "crit_high": 32},
    SYSTEM | {"key": "log", "label": "Log", "label_zh": "日志", "kind": "text", "is_required": False},
]  # fmt: skip


def devices(count=2):
    """Devices with all that a head block shows, in a rack of a room."""
    room = make_item("room", name=f"机房 A-{make_user().pk}")
    rack = make_item("rack", name=f"R-{room.pk}", location=room)
    made = []
    for number in range(count):
        attributes = {"os": "openEuler", "os_version": "22.03 LTS"}
        item = make_item(
            "host", name=f"数据库服务器-{room.pk}-{number}", location=rack, serial=f"SN-{room.pk}-{number}",
            primary_ip=f"10.1.{number // 200}.{number % 200 + 1}",
            attributes=attributes,
            owner_team=make_team(label="运维一组"),
        )  # fmt: skip
        ends_on = timezone.localdate() + datetime.timedelta(days=400 if number % 2 == 0 else -5)
        make_asset(ci=item, warranty_ends_on=ends_on)
        made.append(ConfigurationItem.objects.get(pk=item.pk))
    return made


def answered_run(*, count=2, engineer=None, disk="96", comment="盘满了 <b>扩容中</b>", items=None):
    """A run over devices, answered and not yet handed in; the disk of the first is critical."""
    engineer = engineer or make_user("engineer", display_name="张三")
    run = make_run(
        cis=devices(count),
        items=[dict(each) for each in items or ITEMS],
        label="Server, daily",
        label_zh="服务器日检",
    )
    targets, checks = list(run.targets.all()), {item.key: item for item in run.version.items.all()}
    entries = []
    for number, target in enumerate(targets):
        values = {"lamp": "pass", "disk": disk if number == 0 else "41", "temp": "23.5"}
        for key, value in values.items():
            said = comment if (key, number) == ("disk", 0) else ""
            entries.append(AnswerInput(target.pk, checks[key].pk, value, comment=said, dwell_seconds=5))
    record_answers(run, entries, by=engineer)
    run.refresh_from_db()
    return run, engineer


def signed_run(**over):
    run, engineer = answered_run(**over)
    submit_run(run, by=engineer)
    return sign_run(run, by=make_user("reviewer", display_name="李四"), comment="同意")


def amended(run):
    """The run after somebody corrected a value."""
    answer = run.targets.first().answers.get(item_key="temp", is_current=True)
    proposed = propose_amendment(answer, by=make_user("reviewer"), value="24.0", reason="misread")
    decide_amendment(proposed, by=make_user("reviewer"), approve=True, comment="seen")
    assert answer.value_number == Decimal("23.5")
    return run
