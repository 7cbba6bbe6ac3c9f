"""Changes at work in the demonstration: one with values coming in, one that rolled back by itself, and the rota."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import RoleGrant, User
from changes.actions import (
    Observation,
    add_caused_incident,
    add_operation,
    add_review_action,
    apply_stage,
    complete_task,
    record_deviation,
    record_observations,
)
from changes.models import Board, ChangeRequest, DutySpell
from cmdb.models import ConfigurationItem
from config.demo.journeys import LOW, Journey
from config.demo.people import DOMAIN, Cast

PILOT = ("Pilot: one of two nodes 试点：一个节点", "Both nodes 全部节点")
GOOD = ("0.02", "0.01", "0.03", "0.02", "0.04", "0.02", "0.05", "0.03")


def make(cast: Cast) -> None:
    rota(cast)
    program = monitoring()
    in_stages(cast, program)
    by_itself(cast, program)
    agreed(cast)


def monitoring() -> User:
    """The program that posts values; it has a token of its own in real life, and nobody logs in as it."""
    user, created = User.objects.get_or_create(
        username="monitoring", defaults={"email": f"monitoring{DOMAIN}", "first_name": "Monitoring 监控"}
    )
    if created:
        user.set_unusable_password()
        user.save()
        RoleGrant.objects.create(user=user, role="integration")
    return user


def rota(cast: Cast) -> None:
    """Two of the emergency board are on duty this week, the others next week."""
    board, now = Board.objects.get(key="ecab"), timezone.now()
    week = timedelta(days=7)
    for person, start in (
        (cast.board1, now - week / 2),
        (cast.board2, now - week / 2),
        (cast.board3, now + week / 2),
    ):
        DutySpell.objects.create(
            board=board, person=person, starts_at=start, ends_at=start + week, note="8-6120"
        )


def in_stages(cast: Cast, program: User) -> None:
    """The pilot is applied, values arrive, and the second stage waits for them to hold."""
    journey = Journey(
        cast, "Proxy of the patient portal: new TLS settings 患者门户代理更新 TLS 设置", "middleware:web-gateway",
        {"description": "TLS 1.3 · 集成平台代理"}, lasts=4,
    ).plan("Drain the node 摘除节点", "Compare the answers with a colleague 双人核对返回结果!",
           observe=30, auto=True, stages=PILOT)  # fmt: skip
    change, by = journey.change, journey.requester
    change.criteria.update(metric="error_rate", unit="%", comparison="le", threshold=Decimal("0.1"),
                           grace_minutes=5, has_auto_restore=True, is_machine=True)  # fmt: skip
    other = ConfigurationItem.objects.by_address("middleware:cache")
    add_operation(
        change, other, {"description": "TLS 1.3 · 缓存"}, by=by, stage=change.stages.get(position=2)
    )
    journey.approve(LOW).start()
    first, second = change.tasks.filter(phase="implementation").order_by("position")
    complete_task(first, by=journey.doer, note="22:04 ok")
    complete_task(second, by=journey.doer)
    apply_stage(change.stages.get(position=1), by=journey.doer)
    record_deviation(change, by=journey.doer, text="The node needed a second restart 节点多重启了一次")
    post(change, program, *GOOD)


def by_itself(cast: Cast, program: User) -> None:
    """The error rate rose after the switch: OpsLedger rolled back and restored the configuration."""
    journey = Journey(
        cast, "Queue of the message platform: larger batches 消息平台加大批量", "middleware:job-runner",
        {"description": "batch 500 · 批量 500"}, lasts=2,
    ).plan("Switch the setting 切换参数", auto=True)  # fmt: skip
    change = journey.change
    change.criteria.update(metric="error_rate", unit="%", comparison="le", threshold=Decimal("0.1"),
                           has_auto_restore=True, is_machine=True)  # fmt: skip
    journey.approve(LOW).start().work()
    post(change, program, "0.02", "0.04", "0.9")


def post(change: ChangeRequest, program: User, *values: str) -> None:
    rows = [Observation(Decimal(value), metric="error_rate", source="prometheus") for value in values]
    record_observations(change, rows, by=program)


def agreed(cast: Cast) -> None:
    """A change in its review has an incident and actions; one of them is overdue tomorrow."""
    change = ChangeRequest.objects.filter(state="reviewing").order_by("-pk").first()
    if change is None:
        return
    add_caused_incident(change, by=cast.manager, reference="INC-2051", severity="p3",
                        note="Two wards saw old results for four minutes 两个病区四分钟内看到旧结果")  # fmt: skip
    for person, text, days in (
        (cast.engineer2, "Alert on clock drift 增加时钟漂移告警", 1),
        (cast.engineer, "Write the restart into the runbook 将重启步骤写入操作手册", 30),
    ):
        add_review_action(
            change,
            by=cast.manager,
            text=text,
            owner=person,
            due_on=timezone.localdate() + timedelta(days=days),
        )
