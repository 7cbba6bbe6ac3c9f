"""What runs on the servers, and the services that the hospital gets from it."""

from __future__ import annotations

from typing import NamedTuple

from config.demo.drawing import Drawing


class App(NamedTuple):
    """One application: on how many virtual machines it runs, and what it needs beside them."""

    key: str
    label: str
    zh: str
    criticality: int
    machines: int
    database: str = ""
    needs: tuple[str, ...] = ()
    level: str = "2"


# Databases on clusters of their own, and on a virtual machine each.
CLUSTERED = {"his": ("Oracle", 4), "emr": ("Oracle", 4), "lis": ("SQL Server", 4), "pacs": ("Oracle", 3)}
SINGLE = {
    "warehouse": "PostgreSQL", "hr": "MySQL", "oa": "MySQL", "pharmacy": "SQL Server", "blood": "MySQL",
    "monitoring": "PostgreSQL", "internet": "MySQL", "quality": "PostgreSQL",
}  # fmt: skip
MIDDLEWARE = {
    "message-queue": ("RabbitMQ", 3, 2, 4), "cache": ("Redis", 3, 2, 3), "integration": ("Integration engine", 2, 1, 4),
    "web-gateway": ("nginx", 2, 1, 4), "identity": ("LDAP", 2, 1, 4), "dns": ("BIND", 2, 1, 4),
    "time": ("chrony", 2, 1, 3), "log-store": ("OpenSearch", 3, 2, 2), "print": ("CUPS", 2, 1, 3),
    "signature": ("CA gateway", 2, 1, 4), "file-share": ("Samba", 1, 1, 2), "job-runner": ("XXL-JOB", 2, 1, 2),
}  # fmt: skip
APPS = (
    App("his", "Hospital information system (HIS)", "医院信息系统", 4, 4, "his", ("message-queue", "cache", "identity"), "3"),
    App("emr", "Electronic medical records (EMR)", "电子病历", 4, 4, "emr", ("integration", "signature", "identity"), "3"),
    App("lis", "Laboratory information (LIS)", "检验信息系统", 4, 2, "lis", ("integration",), "3"),
    App("pacs", "Image archive (PACS)", "影像归档系统", 3, 2, "pacs", ("integration",), "3"),
    App("ris", "Radiology information (RIS)", "放射信息系统", 3, 2, "pacs", ("integration",)),
    App("registration", "Registration and queueing", "挂号与叫号", 4, 2, "his", ("web-gateway", "cache")),
    App("cashier", "Cashier and billing", "收费结算", 4, 2, "his", ("message-queue",), "3"),
    App("insurance", "Medical insurance interface", "医保接口", 4, 2, "his", ("integration",), "3"),
    App("nursing", "Mobile nursing", "移动护理", 3, 2, "emr", ("web-gateway",)),
    App("pharmacy", "Pharmacy and dispensing", "药房管理", 3, 2, "pharmacy", ("message-queue",)),
    App("blood", "Blood bank", "输血管理", 3, 1, "blood"),
    App("surgery", "Operating theatre and anaesthesia", "手麻系统", 3, 2, "emr", ("integration",)),
    App("ultrasound", "Ultrasound and endoscopy", "超声内镜", 2, 1, "pacs"),
    App("pathology", "Pathology", "病理系统", 2, 1, "lis"),
    App("internet-hospital", "Internet hospital", "互联网医院", 3, 2, "internet", ("web-gateway",), "3"),
    App("self-service", "Self-service kiosks", "自助机", 3, 2, "his", ("web-gateway",)),
    App("infection", "Infection control", "院感监测", 2, 1, "quality"),
    App("quality", "Quality and reporting", "质控上报", 2, 1, "quality"),
    App("warehouse", "Data warehouse", "数据仓库", 2, 2, "warehouse"),
    App("hr", "Personnel and payroll", "人事薪酬", 2, 1, "hr"),
    App("oa", "Office and approvals", "办公 OA", 2, 2, "oa", ("identity",)),
    App("monitoring", "Monitoring", "运维监控", 3, 2, "monitoring", ("log-store",)),
    App("backup", "Backup control", "备份管理", 2, 1),
    App("jump", "Jump host", "堡垒机", 3, 2, "", ("identity",), "3"),
)  # fmt: skip
# Service → criticality, level, the applications it consists of, other things it needs.
SERVICES = {
    "Outpatient registration 门诊挂号": (4, "gold", ("registration", "his"), ()),
    "Outpatient consultation 门诊诊疗": (4, "gold", ("his", "emr"), ()),
    "Cashier and settlement 收费结算": (4, "gold", ("cashier", "insurance"), ()),
    "Medical insurance settlement 医保结算": (4, "gold", ("insurance",), ("insurance",)),
    "Emergency department 急诊": (4, "gold", ("his", "emr", "lis"), ()),
    "Inpatient care 住院诊疗": (4, "gold", ("emr", "nursing"), ()),
    "Laboratory 检验": (4, "gold", ("lis",), ()),
    "Medical imaging 医学影像": (3, "gold", ("pacs", "ris", "ultrasound"), ()),
    "Operating theatre 手术": (4, "gold", ("surgery", "blood"), ()),
    "Pharmacy 药房": (3, "silver", ("pharmacy",), ()),
    "Internet hospital 互联网医院": (3, "silver", ("internet-hospital",), ("internet",)),
    "Self-service 自助服务": (3, "silver", ("self-service",), ()),
    "Administration 行政办公": (2, "bronze", ("oa", "hr"), ()),
    "Reporting 统计上报": (2, "bronze", ("warehouse", "quality"), ("internet",)),
}
LINES = {
    "insurance": ("Two lines", "双专线", ("circuit:insurance-1", "circuit:insurance-2")),
    "internet": ("Two lines", "双出口", ("circuit:internet-1", "circuit:internet-2")),
}
ODD_JOBS = ("wiki", "gitlab", "licence", "antivirus", "update", "scanner", "syslog", "training")


def draw(drawing: Drawing) -> None:
    databases(drawing)
    middleware(drawing)
    for app in APPS:
        application(drawing, app)
    services(drawing)
    for job in ODD_JOBS:
        machine(drawing, f"{job}-01", "systems", 1)
    for app in ("his", "emr", "lis", "pacs"):
        machine(drawing, f"test-{app}-01", "applications", 1, environment="test")
    machine(drawing, "old-his-web-01", "applications", 1, lifecycle_stage="retired")
    machine(drawing, "his-web-new-01", "applications", 1, lifecycle_stage="planned")


def machine(drawing: Drawing, name: str, team: str, criticality: int = 2, **more: str) -> str:
    number = len(drawing.items)
    cluster = "cluster:virt-east" if number % 7 == 0 else "cluster:virt-main"
    about = {
        "os": "openEuler", "os_version": "22.03 LTS", "cpu_cores": 8, "memory_gib": 16 + 16 * (number % 3),
        "disk_gib": 200, "instance_uuid": f"{drawing.chance.getrandbits(128):032x}",
    }  # fmt: skip
    made = drawing.item(
        "virtual_machine", name, team, criticality, attributes=about,
        primary_ip=f"10.20.{20 + number // 200}.{number % 200 + 20}", **more,
    )  # fmt: skip
    drawing.need(made, "runs_on", [cluster])
    return made


def pool(drawing: Drawing, source: str, name: str, team: str, count: int, min_up: int) -> None:
    """The software runs on so many machines, of which `min_up` are enough."""
    made = [machine(drawing, f"{name}-{n:02}", team) for n in range(1, count + 1)]
    if count > 1:
        drawing.need(source, "runs_on", made, "Pool", "资源池", min_up)
    else:
        drawing.need(source, "runs_on", made)


def databases(drawing: Drawing) -> None:
    for key, (engine, criticality) in CLUSTERED.items():
        about = {
            "engine": engine,
            "version": "19c" if engine == "Oracle" else "2019",
            "backup_policy": "daily",
        }
        made = drawing.item("database", f"{key}-db", "database", criticality, attributes=about)
        drawing.need(made, "runs_on", [f"cluster:{key}-db"])
    for key, engine in SINGLE.items():
        about = {"engine": engine, "version": "15", "backup_policy": "daily"}
        made = drawing.item("database", f"{key}-db", "database", 2, attributes=about)
        drawing.need(made, "runs_on", [machine(drawing, f"{key}-db-01", "database")])


def middleware(drawing: Drawing) -> None:
    for key, (product, count, min_up, criticality) in MIDDLEWARE.items():
        about = {"product": product, "version": "2024.1"}
        made = drawing.item("middleware", key, "applications", criticality, attributes=about)
        pool(drawing, made, key, "applications", count, min_up)
    boxes = [f"network_device:lb-main-{n}" for n in (1, 2)]
    drawing.need("middleware:web-gateway", "depends_on", boxes, "Two load balancers", "双负载均衡")


def application(drawing: Drawing, app: App) -> None:
    about = {"version": f"{5 + len(app.key) % 4}.{len(app.zh)}", "protection_level": app.level}
    made = drawing.item(
        "application",
        app.key,
        "applications",
        app.criticality,
        description=f"{app.label} · {app.zh}",
        attributes=about,
    )
    pool(drawing, made, f"{app.key}-app", "applications", app.machines, max(1, app.machines - 1))
    if app.database:
        drawing.need(made, "depends_on", [f"database:{app.database}-db"])
    drawing.need(made, "depends_on", [f"middleware:{key}" for key in app.needs])


def services(drawing: Drawing) -> None:
    for name, (criticality, level, apps, lines) in SERVICES.items():
        about = {"service_level": level, "availability_target": 99.9 if level == "gold" else 99.5}
        made = drawing.item("service", name, "applications", criticality, attributes=about)
        drawing.need(made, "depends_on", [f"application:{key}" for key in apps])
        for key in lines:
            label, zh, circuits = LINES[key]
            drawing.need(made, "depends_on", circuits, label, zh)
