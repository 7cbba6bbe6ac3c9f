"""Who and what there is before the first inspection: people, items in rooms, a check list, a plan."""

from __future__ import annotations

from datetime import date, time

from accounts.models import RoleGrant, Team, User
from cmdb.actions import create_items
from inspections.actions import publish_version
from inspections.models import ChecklistTemplate, InspectionPlan, ReadingSource, TemplateItem, TemplateVersion

ITEMS, IN_SCOPE, ROOMS = 5_000, 499, 50
PEOPLE = (("config", "configuration_manager"), ("reviewer", "reviewer"), ("monitor", "integration"))
INSPECTORS = 5
NUMBERS = (("temperature", "℃", 27, 32), ("humidity", "%", 70, 80), ("load", "%", 80, 95),
           ("disk", "%", 85, 95), ("memory", "%", 85, 95), ("errors", "", 10, 50))  # fmt: skip
LAMPS = ("power", "fans", "raid", "cabling")


def people() -> dict[str, User]:
    """Everybody by name; the inspectors are one team."""
    team = Team.objects.create(key="duty", label="On duty")
    named = [*PEOPLE, *((f"inspector{n}", "engineer") for n in range(INSPECTORS))]
    found = {}
    for name, role in named:
        found[name] = User.objects.create_user(name, password=None)
        RoleGrant.objects.create(user=found[name], role=role)
        if role == "engineer":
            team.members.create(user=found[name])
    return found


def items(by: User) -> None:
    """Ten hosts in each of fifty rooms are inspected; the others stand anywhere."""
    rooms = [{"type": "room", "name": f"room {n:02}"} for n in range(ROOMS)]
    create_items(rooms, by=by)
    rows = [
        {
            "type": "host",
            "name": f"inspected-{n:04}" if n < IN_SCOPE else f"other-{n:04}",
            "location": f"room:room {n % ROOMS:02}",
            "environment": "production",
            "criticality": n % 4 + 1,
            "serial": f"SN{n:08}",
            "attributes": {"os": "Debian", "os_version": "12", "cpu_cores": 16, "memory_gib": 64},
        }
        for n in range(ITEMS)
    ]
    for start in range(0, ITEMS, 1000):
        create_items(rows[start : start + 1000], by=by)


def check_list(by: User) -> TemplateVersion:
    """Six numbers with bounds and four pass/fail items, published."""
    template = ChecklistTemplate.objects.create(key="year", label="Daily round")
    version = TemplateVersion.objects.create(template=template)
    for position, (key, unit, warn, crit) in enumerate(NUMBERS):
        TemplateItem.objects.create(
            version=version, key=key, label=key.title(), kind="number", unit=unit, position=position,
            warn_high=warn, crit_high=crit, comment_at="crit", finding="finding",
        )  # fmt: skip
    for position, key in enumerate(LAMPS, len(NUMBERS)):
        TemplateItem.objects.create(
            version=version,
            key=key,
            label=key.title(),
            kind="pass_fail",
            position=position,
            finding="finding",
        )
    return publish_version(version, by=by)


def plan(version: TemplateVersion, key: str, group_by: str, starts_on: date) -> InspectionPlan:
    made = InspectionPlan(
        key=key, label=f"Daily round by {group_by}", template=version.template, group_by=group_by,
        scope={"type": "host", "name__startswith": "inspected-"}, rrule="FREQ=DAILY", starts_on=starts_on,
        shift_start=time(0, 30), opens_minutes=0, due_minutes=600, expires_minutes=1409,
        team=Team.objects.get(key="duty"),
    )  # fmt: skip
    made.full_clean()
    made.save()
    return made


def source(account: User) -> ReadingSource:
    made = ReadingSource(key="year", label="Monitoring", kind="push", account=account)
    made.full_clean()
    made.save()
    return made
