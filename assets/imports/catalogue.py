"""Import of a catalogue of hardware models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assets.imports.cells import boolean, choice, number, text, whole
from assets.imports.cells import day as day_in
from assets.imports.plan import Column, Plan, mark_duplicates, read_lines, settle
from assets.models import HardwareModel, Manufacturer
from cmdb.imports.reading import Row

COLUMNS = (
    Column("manufacturer", ("厂商", "品牌", "vendor"), text(120), required=True),
    Column("name", ("model", "型号"), text(160), required=True),
    Column("kind", ("类别",), choice(HardwareModel.Kind)),
    Column("part_number", ("部件号", "料号"), text(80)),
    Column("u_height", ("高度", "U数"), number(4, 1)),
    Column("is_full_depth", ("全深",), boolean),
    Column("airflow", ("风道",), choice(HardwareModel.Airflow)),
    Column("weight_kg", ("重量",), number(8, 3)),
    Column("power_draw_watts", ("max_draw_w", "功耗"), whole),
    Column("end_of_sale_on", ("停售日期",), day_in()),
    Column("end_of_support_on", ("停止支持日期",), day_in()),
    Column("description", ("comments", "说明"), text(2000)),
)
FIELDS = [column.name for column in COLUMNS if column.name not in {"manufacturer", "name", "kind"}]


def key(values: dict[str, Any]) -> tuple[str, str, str]:
    return values["manufacturer"].lower(), values["kind"], values["name"].lower()


def plan_models(rows: Iterable[Row]) -> Plan:
    """What importing these rows would do; nothing is written. Two statements whatever the number of rows."""
    lines, unused = read_lines(rows, COLUMNS)
    for line in lines:
        line.values.setdefault("kind", HardwareModel.Kind.DEVICE)
        line.label = f"{line.values.get('manufacturer', '?')} {line.values.get('name', '?')}"
    plan = Plan(lines, unused)
    makers = {maker.name.lower(): maker for maker in Manufacturer.objects.all()}
    known = {
        (model.manufacturer.name.lower(), model.kind, model.name.lower()): model
        for model in HardwareModel.objects.select_related("manufacturer")
    }
    for line in mark_duplicates(lines, key):
        found = known.get(key(line.values))
        spelling = line.values["manufacturer"]
        maker = makers.setdefault(spelling.lower(), Manufacturer(name=spelling))
        # A name that differs only in case is the same name: what stands is kept.
        line.values |= {"manufacturer": maker} | ({"name": found.name} if found else {})
        settle(plan, line, found, lambda values=line.values: HardwareModel(**values))
    return plan


def write_models(plan: Plan) -> None:
    """The planned manufacturers and models stand in the database; a statement per thousand rows and table."""
    makers = {model.manufacturer.name: model.manufacturer for model in plan.creates}
    Manufacturer.objects.bulk_create([maker for maker in makers.values() if maker.pk is None])
    for model in plan.creates:
        model.manufacturer = model.manufacturer  # takes up the key its new maker was given
    HardwareModel.objects.bulk_create(plan.creates, batch_size=1000)
    if plan.updates:
        HardwareModel.objects.bulk_update(plan.updates, FIELDS, batch_size=1000)
