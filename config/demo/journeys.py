"""How a change of the demonstration goes along: each step by somebody who may take it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Team, User
from accounts.step_up import Proof
from changes.actions import (
    add_criterion,
    add_operation,
    add_rollback_step,
    add_stage,
    add_task,
    add_test_case,
    apply_stage,
    assign,
    cast_vote,
    complete_rollback_step,
    complete_task,
    confirm_impact,
    consult_owner,
    create_change,
    record_criterion,
    record_test_run,
    roll_back,
    take_step,
)
from changes.guards.execution import needs_backup
from changes.guards.votes import open_round
from changes.models import ChangeRequest, RoundSeat
from cmdb.models import ConfigurationItem
from config.demo.people import Cast

LOW = {"novelty": "often", "rollback": "rehearsed", "reach": "nobody"}
MEDIUM = {"novelty": "before", "rollback": "planned", "reach": "department"}
USUAL = {
    "description": "What the tasks say, nothing else 按任务清单执行，不涉及其他",
    "test_plan": "Install in staging, log in, search, print 在测试环境安装并验证登录、查询、打印",
    "rollback_trigger": "Two alarms, or ten minutes without log-in 出现两条告警，或十分钟无法登录",
    "rollback_minutes": 20,
}  # fmt: skip
HIGH = {"novelty": "first_time", "rollback": "planned", "reach": "everybody"}


CASES = (
    ("Log in and search 登录与查询", "The patient of the test is found 能查到测试患者"),
    ("Print 打印", "The page leaves the printer whole 打印完整无误"),
)


class Journey:
    """One change and the people who take it along; every method is one or a few steps."""

    def __init__(
        self, cast: Cast, title: str, address: str, after: dict[str, Any] | None = None, **fields: Any
    ) -> None:
        self.cast = cast
        self.item = ConfigurationItem.objects.by_address(address)
        self.requester: User = fields.pop("by", cast.requester)
        self.doer: User = fields.pop("doer", cast.engineer)
        hours = fields.pop("in_hours", -0.2)
        start = timezone.now() + timedelta(hours=hours)
        fields.setdefault("window", (start, start + timedelta(hours=fields.pop("lasts", 3))))
        for name, value in USUAL.items():
            fields.setdefault(name, value)
        fields.setdefault("rollback_owner", cast.manager)
        fields.setdefault("reason", "Asked for by the department concerned 业务科室提出")
        fields.setdefault("service", service_of(self.item))
        self.change: ChangeRequest = create_change(
            by=self.requester, title=title, items=[self.item], **fields
        )
        self.after = after

    def plan(
        self, *tasks: str, observe: int = 0, auto: bool = False, stages: tuple[str, ...] = ()
    ) -> Journey:
        """People, operation, tasks in order (`!` at the end: takes two people), criterion, way back."""
        cast, change, by = self.cast, self.change, self.requester
        for user, role in (
            (cast.engineer3, "assessor"),
            (cast.engineer2, "tester"),
            (self.doer, "implementer"),
        ):
            if user != by:
                assign(change, user, role, by=by)
        if any(task.endswith("!") for task in tasks):
            assign(change, cast.engineer4, "implementer", by=by)
        assign(change, cast.manager, "verifier", by=by)
        for number, label in enumerate(stages):
            add_stage(change, by=by, label=label, share_percent=5 if number == 0 else 100)
        if self.after:
            add_operation(change, self.item, self.after, by=by)
        add_task(change, "Check the backup of last night 检查昨夜备份", by=by, phase="precheck")
        for task in tasks:
            add_task(change, task.rstrip("!"), by=by, is_dual=task.endswith("!"))
        add_criterion(
            change, "Alarms of the item in monitoring 监控告警数", by=by, comparison="le", threshold=0,
            observation_minutes=observe, has_auto_rollback=auto,
        )  # fmt: skip
        add_rollback_step(change, "Restore the configuration from the backup 从备份恢复配置", by=by)
        for label, expected in CASES:
            add_test_case(change, label, by=by, expected=expected)
        return self

    def submit(self) -> Journey:
        take_step(self.change, "submit", by=self.requester)
        return self

    def assess(self, answers: dict[str, str] = MEDIUM) -> Journey:
        """The assessor has confirmed the impact, the owning teams have agreed, the questions are answered."""
        self.confirm()
        for asked in self.change.consultations.filter(answer="asked").select_related("team"):
            self.consult(asked.team)
        take_step(self.change, "assessed", by=self.cast.engineer3, data={"risk_answers": answers})
        return self

    def confirm(self) -> Journey:
        confirm_impact(self.change, by=self.cast.engineer3, comment="As the relations say 与关系图一致")
        return self

    def consult(self, team: Team, answer: str = "agreed", comment: str = "") -> Journey:
        """A member who has no other part in the change answers for the team, or any member."""
        members = team.members.select_related("user").exclude(user=self.requester)
        member = members.exclude(user=self.doer).order_by("pk").first() or members.order_by("pk").first()
        words = comment or "Fine outside clinic hours 门诊结束后可以"
        consult_owner(self.change, team, by=member.user, answer=answer, comment=words)
        return self

    def test(self) -> Journey:
        """Tested in staging, with the rollback rehearsed where the risk asks for it; the round is open."""
        self.try_out()
        if self.change.is_high_risk:
            self.try_out(purpose="rehearsal", measured_minutes=(self.change.rollback_minutes or 20) - 6)
        take_step(self.change, "tested", by=self.cast.engineer2)
        return self

    def try_out(self, failed: str = "", **fields: Any) -> Journey:
        """One run of every planned case; the case called `failed` does not pass."""
        cases = [
            {"case": case.pk, "result": "failed" if case.label == failed else "passed"}
            for case in self.change.test_cases.all()
        ]
        record_test_run(
            self.change, by=self.cast.engineer2, environment="staging 测试环境", cases=cases,
            note="As planned 按计划执行", has_passed=not failed, **fields,
        )  # fmt: skip
        return self

    def vote(self, votes: int | None = None, choice: str = "approve", comment: str = "") -> Journey:
        """So many of the votes still needed are cast, or all of them; the last one decides."""
        current = open_round(self.change)
        seats = RoundSeat.objects.filter(step__round=current, is_barred=False).select_related("step", "user")
        given: dict[int, int] = {}
        voted: set[int] = set()
        for seat in seats.order_by("step__position", "pk"):
            enough = given.get(seat.step_id, 0) >= seat.step.need
            if enough or seat.user_id in voted or (votes is not None and len(voted) >= votes):
                continue
            cast_vote(current, by=seat.user, choice=choice, comment=comment, proof=Proof.now())
            voted.add(seat.user_id)
            given[seat.step_id] = given.get(seat.step_id, 0) + 1
        self.change.refresh_from_db()
        return self

    def approve(self, answers: dict[str, str] = MEDIUM) -> Journey:
        """From submission to scheduled."""
        return self.submit().assess(answers).test().vote()

    def start(self) -> Journey:
        for task in self.change.tasks.filter(phase="precheck"):
            complete_task(task, by=self.doer, note="ok")
        data = {"backup_ref": "NBU-77120"} if needs_backup(self.change) else {}
        take_step(self.change, "start", by=self.doer, data=data, proof=Proof.now())
        return self

    def work(self, tasks: int | None = None, *, apply: bool = True) -> Journey:
        """So many tasks are done, or all; then the stages are applied."""
        for task in list(self.change.tasks.filter(phase="implementation"))[:tasks]:
            complete_task(task, by=self.doer)
            if task.is_dual:
                complete_task(task, by=self.cast.engineer4)
        for stage in self.change.stages.all() if apply else ():
            apply_stage(stage, by=self.doer)
        return self

    def finish(self) -> Journey:
        take_step(self.change, "finish", by=self.doer)
        return self

    def measure(self, value: int = 0, evidence: str = "") -> Journey:
        for criterion in self.change.criteria.all():
            record_criterion(
                criterion, value=value, by=self.cast.manager, evidence=evidence or "monitoring 18:00"
            )
        self.change.refresh_from_db()
        return self

    def undo(self) -> Journey:
        """Rolling back, until the items are as before."""
        roll_back(self.change, by=self.doer)
        for step in self.change.rollback_steps.all():
            complete_rollback_step(step, by=self.doer)
        take_step(self.change, "rolled_back", by=self.doer)
        return self

    def step(self, event: str, by: User, comment: str = "", **data: Any) -> Journey:
        take_step(self.change, event, by=by, comment=comment, data=data, proof=Proof.now())
        return self


def service_of(item: ConfigurationItem) -> ConfigurationItem | None:
    """The first service that depends on the item directly, if any."""
    services = ConfigurationItem.objects.of_type("service").filter(outgoing__target=item)
    return services.order_by("pk").first()
