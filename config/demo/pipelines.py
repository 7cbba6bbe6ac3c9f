"""Pipelines that asked the gate, and an evening on which the line stood still."""

from __future__ import annotations

from accounts.models import RoleGrant, User
from audit.context import because
from changes.actions import ask_gate, release_the_line, stop_the_line
from changes.guards.gate import Question
from changes.models import ChangeRequest, GateAnswer
from changes.workflow import State
from cmdb.models import ConfigurationItem
from config.demo import people

PROGRAM = "deploy.oa"
PIPELINE = "https://gitlab.example/oa/deploy/-/pipelines/{}"


def are_there() -> bool:
    return GateAnswer.objects.filter(asked_by__email__endswith=people.DOMAIN).exists()


def make() -> None:
    """Allowed, denied for four different reasons, and denied because the line was stopped."""
    cast, robot = people.cast(), program()
    working = ChangeRequest.objects.filter(state=State.IMPLEMENTING, kind="normal").earliest("pk")
    waiting = ChangeRequest.objects.filter(state=State.SCHEDULED, on_hold=False).earliest("pk")
    items = [each.change_items.filter(impact="manual").first().item.address for each in (working, waiting)]
    asked = (
        Question(PIPELINE.format(4711), (items[0],), environment="production"),
        Question(PIPELINE.format(4712), (items[1],)),
        Question(PIPELINE.format(4713), (items[0], items[1]), change=working.number),
        Question(PIPELINE.format(4714), ("virtual_machine:his-aap-01",)),
        Question(PIPELINE.format(4715), (items[0],), artifact_sha256="0" * 64),
    )
    for question in asked:
        ask_gate(question, by=robot, token_name=PROGRAM)
    with because(user=cast.engineer):
        stop = stop_the_line(
            by=cast.engineer, reason="Log-ins fail everywhere, cause unknown 全院登录失败，原因不明"
        )
    ask_gate(Question(PIPELINE.format(4716), (items[0],)), by=robot, token_name=PROGRAM)
    release_the_line(
        stop, by=cast.manager, reason="An expired certificate, replaced 证书过期，已更换，观察一小时正常"
    )
    payments = ConfigurationItem.objects.of_type("service").order_by("name").first()
    again = stop_the_line(by=cast.manager, reason="Audit of the cashier's desks 收费窗口盘点", scope=payments)
    release_the_line(again, by=cast.manager, reason="Finished 盘点完成")


def program() -> User:
    """The account of the pipelines; nobody logs in with it."""
    robot, created = User.objects.get_or_create(
        username="pipeline", defaults={"display_name": "GitLab 流水线", "email": f"pipeline{people.DOMAIN}"}
    )
    if created:
        robot.set_unusable_password()
        robot.save(update_fields=["password"])
        RoleGrant.objects.create(user=robot, role="integration")
    return robot
