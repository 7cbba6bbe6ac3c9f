"""Import of an asset ledger (资产台账)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Team, User
from assets.imports.cells import choice, currency, number, text
from assets.imports.cells import day as day_in
from assets.imports.plan import ERROR, Column, Line, Plan, mark_duplicates, read_lines, settle
from assets.models import Asset, HardwareModel, Vendor
from assets.workflow import Stage, find_move
from cmdb.imports.reading import Row
from cmdb.models import ConfigurationItem


def columns(dates: str = "") -> tuple[Column, ...]:
    """The columns of a ledger; `dates` ("dmy", "mdy") settles ambiguous dates."""
    day = day_in(dates)
    return (
        Column("tag", ("asset_tag", "asset tag", "资产编号", "资产标签"), text(60), required=True),
        Column("serial", ("serial_number", "序列号", "SN"), text(80)),
        Column("manufacturer", ("厂商", "品牌"), text(120)),
        Column("model", ("型号", "设备型号"), text(160)),
        Column("stage", ("status", "状态"), choice(Stage)),
        Column("ci", ("configuration_item", "配置项"), text(300)),
        Column("custodian", ("保管人", "使用人"), text(150)),
        Column("owner_team", ("team", "责任团队", "部门"), text(50)),
        Column("location", ("位置",), text(300)),
        Column("location_note", ("place", "存放地点"), text(120)),
        Column("vendor", ("supplier", "供应商"), text(120)),
        Column("order_number", ("订单号", "合同号"), text(80)),
        Column("purchased_on", ("purchase date", "purchase_date", "购置日期", "采购日期"), day),
        Column("purchase_price", ("purchase cost", "price", "价格", "原值"), number(14, 2)),
        Column("currency", ("币种",), currency),
        Column("warranty_ends_on", ("warranty", "保修截止", "保修到期", "质保到期"), day),
        Column("wipe_evidence", ("擦除证明",), text(200)),
        Column("note", ("备注",), text(2000)),
    )


UPDATABLE = [column.name for column in columns() if column.name not in {"tag", "manufacturer"}]


class References:
    """The rows a ledger names, fetched once per kind: models, CIs, people, teams, vendors."""

    def __init__(self, lines: list[Line]) -> None:
        self.models: dict[str, list[HardwareModel]] = {}
        for model in HardwareModel.objects.select_related("manufacturer"):
            for name in {model.name.lower(), model.part_number.lower()} - {""}:
                self.models.setdefault(name, []).append(model)
        self.items = self._items(lines)
        self.people = {user.username.lower(): user for user in User.objects.all()}
        self.teams = {team.key.lower(): team for team in Team.objects.all()}
        self.vendors = {vendor.name.lower(): vendor for vendor in Vendor.objects.all()}

    @staticmethod
    def _items(lines: list[Line]) -> dict[str, ConfigurationItem]:
        addresses = {line.values.get(name, "") for line in lines for name in ("ci", "location")}
        names = {address.partition(":")[2] for address in addresses} - {""}
        found = ConfigurationItem.objects.filter(name__in=names).select_related("type")
        return {item.address: item for item in found}

    def resolve(self, line: Line) -> None:
        """Puts rows in the place of their names; every name that leads nowhere is an error of the line."""
        values = line.values
        self._resolve_model(line)
        for name, words, known in (
            ("ci", _("no configuration item “%s”; write it as type:name"), self.items),
            ("location", _("no configuration item “%s”; write it as type:name"), self.items),
            ("custodian", _("no user “%s”"), self.people),
            ("owner_team", _("no team with the key “%s”"), self.teams),
        ):
            if name not in values:
                continue
            found = known.get(values[name]) or known.get(values[name].lower())
            if found is None:
                line.errors.append(words % values[name])
            values[name] = found
        if "vendor" in values:
            name = values["vendor"]
            values["vendor"] = self.vendors.setdefault(name.lower(), Vendor(name=name))

    def _resolve_model(self, line: Line) -> None:
        maker = line.values.pop("manufacturer", "").lower()
        if "model" not in line.values:
            return
        name = line.values["model"]
        found = [
            model
            for model in self.models.get(name.lower(), [])
            if not maker or model.manufacturer.name.lower() == maker
        ]
        exact = [model for model in found if model.name.lower() == name.lower()] or found
        if len(exact) == 1:
            line.values["model"] = exact[0]
        elif exact:
            line.errors.append(
                _("“%(name)s” names several models: %(models)s; fill in the manufacturer")
                % {"name": name, "models": ", ".join(sorted(str(model) for model in exact))}
            )
        else:
            line.errors.append(_("no hardware model “%s”; import the models first") % name)


class Standing:
    """The assets a ledger may touch: by tag, and who holds which serial number."""

    def __init__(self, lines: list[Line]) -> None:
        tags = {line.values["tag"].lower() for line in lines if "tag" in line.values}
        serials = {line.values["serial"].lower() for line in lines if "serial" in line.values}
        concerned = Asset.objects.annotate(low_tag=Lower("tag"), low_serial=Lower("serial")).filter(
            Q(low_tag__in=tags) | Q(low_serial__in=serials)
        )
        assets = list(concerned.for_display().select_related("location__type"))
        self.by_tag = {asset.tag.lower(): asset for asset in assets}
        self.holders = {
            (asset.model_id, asset.serial.lower()): asset.tag.lower() for asset in assets if asset.serial
        }

    def check(self, line: Line, found: Asset | None) -> None:
        """Adds to the line every reason why it cannot be written."""
        self._check_stage(line, found)
        model = line.values.get("model") or (found and found.model)
        if model is None:
            line.errors.append(_("model is empty"))
            return
        serial = line.values.get("serial") or (found.serial if found else "")
        if not serial:
            return
        tag = line.values["tag"].lower()
        holder = self.holders.setdefault((model.pk, serial.lower()), tag)
        if holder != tag:
            line.errors.append(
                _("serial number %(serial)s of this model is held by asset %(tag)s")
                % {"serial": serial, "tag": holder}
            )

    @staticmethod
    def _check_stage(line: Line, found: Asset | None) -> None:
        to = line.values.get("stage")
        if found and to and to != found.stage and find_move(found.stage, to) is None:
            line.errors.append(
                _("no move leads from %(source)s to %(target)s")
                % {"source": Stage(found.stage).label, "target": Stage(to).label}
            )
        evidence = line.values.get("wipe_evidence") or (found.wipe_evidence if found else "")
        if to == Stage.DISPOSED and not evidence:
            line.errors.append(_("disposal needs wipe_evidence"))
        if found and found.stage == Stage.DISPOSED and evidence != found.wipe_evidence:
            line.errors.append(_("the evidence of a disposal is final"))


def plan_assets(rows: Iterable[Row], *, dates: str = "") -> Plan:
    """What importing this ledger would do; nothing is written. Six statements whatever the number of rows."""
    lines, unused = read_lines(rows, columns(dates))
    references, standing = References(lines), Standing(lines)
    for line in lines:
        line.label = line.values.get("tag", "?")
        references.resolve(line)
    plan = Plan(lines, unused)
    for line in mark_duplicates(lines, lambda values: values["tag"].lower()):
        found = standing.by_tag.get(line.values["tag"].lower())
        standing.check(line, found)
        if line.errors:
            line.deed = ERROR
            continue
        if found:
            line.values["tag"] = found.tag
        settle(plan, line, found, lambda values=line.values: Asset(**values))
    return plan


def write_assets(plan: Plan) -> None:
    """The planned vendors and assets stand in the database; a statement per thousand rows and table."""
    rows = [*plan.creates, *plan.updates]
    vendors = {id(row.vendor): row.vendor for row in rows if row.vendor and row.vendor.pk is None}
    Vendor.objects.bulk_create(vendors.values())
    for row in rows:
        row.vendor = row.vendor  # takes up the key its new vendor was given
    Asset.objects.bulk_create(plan.creates, batch_size=1000)
    if plan.updates:
        Asset.objects.bulk_update(plan.updates, UPDATABLE, batch_size=1000)
