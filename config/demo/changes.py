"""Changes of today: one in every state, with everything that a board member should have seen once."""

from __future__ import annotations

from audit.context import because
from changes.actions import StepRefused, apply_stage, cast_vote, decide_drift, overrule_owner, take_step
from changes.guards.votes import open_round
from changes.models import ChangeRequest
from cmdb.actions import update_items
from config.demo import emergencies, people, plans, standards, work
from config.demo.journeys import HIGH, LOW, MEDIUM, Journey
from config.demo.people import Cast
from inspections.actions import link_change
from inspections.models import Finding


def are_there() -> bool:
    ours = ChangeRequest.objects.filter(requester__email__endswith=people.DOMAIN, is_imported=False)
    return ours.exists()


def make() -> None:
    cast = people.cast()
    ended(cast)
    before_approval(cast)
    disputed(cast)
    approving(cast)
    plans.make(cast)
    scheduled(cast)
    under_way(cast)
    rolled_back(cast)
    standards.make(cast)
    emergencies.make(cast)
    work.make(cast)
    refused(cast)


def ended(cast: Cast) -> None:
    """Closed, rejected, withdrawn, cancelled."""
    (Journey(cast, "More memory for the office server OA 服务器扩内存", "virtual_machine:oa-app-01", {"attributes.memory_gib": 64})
     .plan("Shut down and resize 关机并扩容", "Start and check 启动并检查").approve(LOW).start().work().finish()
     .measure().step("verified", cast.manager, "Faster than before 访问明显变快"))  # fmt: skip
    (Journey(cast, "Release 8.3 of the quality reports 质控上报升级 8.3", "application:quality", {"attributes.version": "8.3"},
             doer=cast.engineer, reason="New indicators of the health commission 卫健委新增指标")
     .plan("Install the release 安装新版本", "Send a trial report 试报一次").approve(LOW).start().work().finish()
     .measure().step("verified", cast.manager, outcome="successful_with_issues"))  # fmt: skip
    (Journey(cast, "Move payroll to the cloud 薪酬系统上云", "application:hr", {"description": "Cloud 云上"})
     .plan("Copy the data 复制数据").submit().assess().test()
     .vote(1, "reject", "Personal data stay in the house 个人信息不得出院"))  # fmt: skip
    (Journey(cast, "Another theme for the wiki 知识库换主题", "virtual_machine:wiki-01")
     .step("withdraw", cast.requester, "Nobody asked for it after all 无人需要"))  # fmt: skip
    (Journey(cast, "Retire the training server 停用培训服务器", "virtual_machine:training-01", {"lifecycle_stage": "retired"}, in_hours=30)
     .plan("Archive the data 归档数据").approve(LOW)
     .step("cancel", cast.manager, "Needed for new doctors until autumn 新员工培训仍需使用"))  # fmt: skip


def disputed(cast: Cast) -> None:
    """An objection that was overruled, and a test case that failed and sent its change back."""
    journey = Journey(
        cast, "Wireless: other channels on the wards 病区无线改信道", "network_device:wlc-main-1",
        {"description": "Channels 36 to 64 · 信道 36–64"}, in_hours=97, doer=cast.engineer4,
    ).plan("Change the channels 修改信道", "Walk through the wards 逐病区测试").submit().confirm()  # fmt: skip
    asked = list(journey.change.consultations.filter(answer="asked").select_related("team"))
    for place, row in enumerate(asked):
        if place == 0:
            journey.consult(row.team, "objected", "Rounds are read from tablets that night 当晚查房要用平板")
            row.refresh_from_db()
            overrule_owner(
                row,
                by=cast.engineer3,
                because="Rounds go on paper that night, agreed with the head nurse 当晚改纸质查房，已与护理部商定",
            )
        else:
            journey.consult(row.team)
    take_step(journey.change, "assessed", by=cast.engineer3, data={"risk_answers": MEDIUM})
    failing = Journey(
        cast, "Pathology: store the slides twice 病理切片双份存储", "application:pathology",
        {"description": "Slides in two stores · 切片双份存储"}, in_hours=78,
    ).plan("Connect the second store 接入第二存储", "Copy the slides 复制切片").submit().assess()  # fmt: skip
    failing.try_out(failed=failing.change.test_cases.first().label)
    failing.step(
        "test_failed", cast.engineer2, "Slides did not open from the second store 第二存储的切片打不开"
    )


def before_approval(cast: Cast) -> None:
    """Draft, assessing, testing."""
    Journey(cast, "Kiosks for the new east entrance 东门新增自助机", "application:self-service", in_hours=90)
    Journey(
        cast,
        "Bar codes on laboratory labels 检验标签改用二维码",
        "application:lis",
        in_hours=120,
        by=cast.config,
    )
    Journey(cast, "Laboratory database: more memory 检验数据库扩内存", "host:lis-db-01", in_hours=110)
    (Journey(cast, "Longer sessions for mobile nursing 移动护理会话延长", "application:nursing",
             {"description": "Mobile nursing · 移动护理 · session 12 h"}, in_hours=80)
     .plan("Set the time-out 修改超时", "Try it on a ward 病区试用").submit())  # fmt: skip
    (Journey(cast, "Wireless controller: new release 无线控制器升级", "network_device:wlc-main-1",
             {"attributes.firmware": "8.21.0"}, in_hours=100, doer=cast.engineer4)
     .plan("Upgrade the standby 升级备机", "Switch over 主备切换").submit())  # fmt: skip
    (Journey(cast, "Pathology: new viewer 病理阅片软件更新", "application:pathology", {"attributes.version": "9.1"}, in_hours=75)
     .plan("Install the viewer 安装阅片软件").submit().assess(LOW))  # fmt: skip


def approving(cast: Cast) -> None:
    """Votes are awaited: of the technical owners, and of the whole board."""
    (Journey(cast, "Archive volume of the warehouse 数据仓库扩容归档卷", "database:warehouse-db",
             {"attributes.backup_policy": "daily + log"}, in_hours=60)
     .plan("Add the volume 挂载新卷", "Change the policy 调整策略").submit().assess().test())  # fmt: skip
    (Journey(cast, "Laboratory system: release 7.0 检验系统升级 7.0", "application:lis", {"attributes.version": "7.0"},
             in_hours=70, downtime_minutes=45, reason="The old release ends in spring 旧版本春季停止支持")
     .plan("Stop the analysers' interface 停仪器接口", "Install 7.0 安装 7.0!", "Run twenty samples 试跑二十份样本",
           stages=("Pilot: one analyser 试点：一台仪器", "All analysers 全部仪器"))
     .submit().assess(HIGH).test().vote(1))  # fmt: skip
    (Journey(cast, "Insurance interface: new catalogue 医保接口更新目录", "application:insurance",
             {"attributes.version": "6.0"}, in_hours=50, by=cast.engineer4, doer=cast.engineer)
     .plan("Load the catalogue 导入目录", "Settle a test case 试结算").submit().assess(HIGH).test().vote(3))  # fmt: skip


def scheduled(cast: Cast) -> None:
    """Approved, with a window ahead; one on hold, and one that collides with another."""
    (Journey(cast, "File share to the new storage 文件共享迁移至新存储", "virtual_machine:file-share-01",
             {"attributes.disk_gib": 800}, in_hours=26, downtime_minutes=20)
     .plan("Copy 复制数据", "Switch the mount 切换挂载").approve())  # fmt: skip
    (Journey(cast, "Print server: new drivers 打印服务器更新驱动", "middleware:print", {"attributes.version": "2024.2"}, in_hours=50)
     .plan("Install the drivers 安装驱动").approve())  # fmt: skip
    (Journey(cast, "Monitoring of the cold chain 冷链监控接入", "application:monitoring", {"attributes.version": "5.9"}, in_hours=98)
     .plan("Connect the sensors 接入传感器").approve()
     .step("hold", cast.manager, "The sensors have not arrived 传感器未到货"))  # fmt: skip
    # Each alone leaves the laboratory's database running on the other node; together they take it down.
    nodes = [
        (Journey(cast, f"Laboratory database, node {number}: new release 检验数据库节点 {number} 升级", f"host:lis-db-0{number}",
                 {"attributes.os_version": "24.03 LTS"}, in_hours=32 + number, by=by)
         .plan("Move the load away 迁走负载", "Upgrade 升级").submit().assess(LOW).test())
        for number, by in ((1, cast.requester), (2, cast.config))
    ]  # fmt: skip
    for node in nodes:
        node.vote()
    item = "virtual_machine:gitlab-01"
    # Both are voted on when neither is scheduled: the first approval takes the time, the second is refused.
    disk = (Journey(cast, "Repository server: more disk 代码库扩容", item, {"attributes.disk_gib": 500}, in_hours=44)
            .plan("Extend the disk 扩盘").submit().assess(LOW).test())  # fmt: skip
    release = (Journey(cast, "Repository server: new release 代码库升级", item, {"attributes.os_version": "24.03 LTS"},
                       in_hours=45, by=cast.config).plan("Upgrade 升级").submit().assess(LOW).test())  # fmt: skip
    disk.vote()
    release.vote()


def under_way(cast: Cast) -> None:
    """Implementing, verifying, reviewing; one meets a field that somebody else has changed."""
    finding = Finding.objects.unclosed().filter(item_key="disk-data-percent").first()
    fix = Journey(
        cast, "Clear the full log volume of the log store 清理日志库磁盘", "virtual_machine:log-store-01",
        {"attributes.disk_gib": 600}, reason="Found by the daily inspection 日常巡检发现",
    ).plan("Extend the volume 扩容", "Delete logs over 90 days 清理 90 天前日志!", "Check the alarms 核对告警")  # fmt: skip
    if finding:
        link_change(finding, fix.change, by=cast.engineer2)
    fix.approve(LOW).start().work(1, apply=False)
    drifting = (
        Journey(cast, "More memory for the scanner 漏扫服务器扩内存", "virtual_machine:scanner-01", {"attributes.memory_gib": 96})
        .plan("Resize 扩容").approve(LOW)
    )  # fmt: skip
    with because(reason="Corrected while taking stock 盘点更正", user=cast.config):
        update_items([{"id": drifting.item.pk, "attributes": {"memory_gib": 40}}], by=cast.config)
    drifting.start().work(apply=False)
    meet_drift(drifting)
    (Journey(cast, "Antivirus server: new engine 防病毒引擎更新", "virtual_machine:antivirus-01",
             {"attributes.os_version": "24.03 LTS"})
     .plan("Install the engine 安装引擎", observe=240).approve(LOW).start().work().finish().measure())  # fmt: skip
    (Journey(cast, "Second time source 增加第二时钟源", "middleware:time", {"attributes.version": "2024.3"})
     .plan("Configure 配置", "Compare 比对").approve().start().work()
     .step("finish", cast.engineer, deviations="One server had to be restarted 一台服务器需重启").measure()
     .step("verified_review", cast.manager, issues="Two minutes of wrong time 时间偏差两分钟"))  # fmt: skip


def meet_drift(journey: Journey) -> None:
    """Applying is refused, field by field; the first of two people has decided to force the planned value."""
    operation = journey.change.operations.get()
    try:
        apply_stage(journey.change.stages.get(), by=journey.doer)
    except StepRefused as refused:
        field = "attributes.memory_gib"
        seen = next(drift.found for drift in refused.drifts if drift.field == field)
        decide_drift(operation, field, decision="force", seen=seen, by=journey.doer)


def rolled_back(cast: Cast) -> None:
    """The way back: on it, at its end, and reviewed."""
    why = "Doctors cannot sign 医生无法签名"
    (Journey(cast, "Ultrasound: new report form 超声报告单改版", "application:ultrasound", {"attributes.version": "7.7"})
     .plan("Install the form 安装模板").approve(LOW).start().work().step("rollback", cast.engineer, why))  # fmt: skip
    (Journey(cast, "Job runner: new release 任务调度升级", "middleware:job-runner", {"attributes.version": "2024.9"})
     .plan("Upgrade 升级").approve(LOW).start().work().step("rollback", cast.engineer, "Jobs ran twice 任务重复执行").undo())  # fmt: skip
    (Journey(cast, "Personnel: new payslip 工资单改版", "application:hr", {"attributes.version": "6.8"})
     .plan("Install 安装").approve(LOW).start().work().finish()
     .step("rollback", cast.manager, "Wrong sums 金额有误").undo()
     .step("restore_ok", cast.manager, restore_check="Payslips of last month are right 上月工资单正确")
     .step("close", cast.manager, pir="The test data had no part-time staff 测试数据缺少兼职人员", outcome="rolled_back",
           no_incident=True))  # fmt: skip


def refused(cast: Cast) -> None:
    """What was tried and is not allowed stands in the audit record."""
    waiting = ChangeRequest.objects.filter(state="approving", kind="normal", requester=cast.requester).first()
    draft = ChangeRequest.objects.filter(state="draft", requester=cast.requester).first()
    attempts = (
        lambda: cast_vote(open_round(waiting), by=cast.requester, choice="approve"),
        lambda: cast_vote(open_round(waiting), by=cast.engineer, choice="approve"),
        lambda: take_step(waiting, "approve", by=cast.manager),
        lambda: take_step(draft, "submit", by=cast.assets),
    )
    for attempt in attempts:
        try:
            attempt()
        except StepRefused:
            continue  # that is what is shown
