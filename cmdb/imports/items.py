"""Import of configuration items: every row planned first, then all written in a few statements."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from cmdb.attributes import attribute_faults, same
from cmdb.imports.exporting import unguarded
from cmdb.imports.mapping import Cell, ItemMapping
from cmdb.imports.reading import Row
from cmdb.imports.report import Outcome, PlannedRow
from cmdb.imports.values import Unreadable, attribute_value, chosen, read_instant
from cmdb.models import CIType, ConfigurationItem

# Columns in the order of the statements below; a location is written last, when all items exist.
COLUMNS = {
    "lifecycle_stage": "text",
    "environment": "text",
    "criticality": "smallint",
    "owner_team_id": "bigint",
    "serial": "text",
    "primary_ip": "inet",
    "description": "text",
    "last_verified_at": "timestamptz",
    "last_seen_at": "timestamptz",
    "attributes": "jsonb",
}
BATCH = 5000


@dataclass
class Draft:
    """A row on its way to an item: what the file says, and what stands in the database."""

    planned: PlannedRow
    type: CIType | None = None
    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    location: str | None = None
    item: ConfigurationItem | None = None


class ItemPlan:
    """The plan of one file of items. Three look-ups, whatever the number of rows."""

    def __init__(self, mapping: ItemMapping, *, lock: bool) -> None:
        self.mapping = mapping
        self.lock = lock
        self.types = {kind.key: kind for kind in CIType.objects.all()}
        self.teams = {}
        if "owner_team" in mapping.fields:
            for team in Team.objects.all():
                self.teams |= {word.casefold(): team for word in (team.label, team.label_zh) if word}
            self.teams |= {team.key.casefold(): team for team in Team.objects.all()}
        self.drafts: list[Draft] = []
        self.seen: dict[tuple[int, str], int] = {}

    def read(self, rows: Iterable[Row]) -> list[PlannedRow]:
        """One planned row for each row of the file, in its order."""
        answer = []
        for row in rows:
            draft = self.draft(row)
            answer.append(draft.planned)
            if draft.planned.outcome == Outcome.CREATE:
                self.drafts.append(draft)
        self.compare()
        self.place()
        return answer

    def draft(self, row: Row) -> Draft:
        mapping = self.mapping
        if mapping.is_guarded:
            row = Row(row.line, {name: unguarded(text) for name, text in row.cells.items()}, row.errors)
        type_key, name = self.address(row.cells)
        draft = Draft(PlannedRow(row.line, f"{type_key}:{name}"), name=name)
        if any(rule.fits(row.cells) for rule in mapping.skip):
            draft.planned.outcome = Outcome.SKIPPED
            return draft
        for error in row.errors:
            draft.planned.refuse(error)
        if row.errors:
            return draft
        draft.type = self.known_type(type_key, draft.planned)
        self.check_name(draft)
        if draft.type is not None:
            self.read_fields(draft, row.cells)
            self.read_attributes(draft, row.cells)
        return draft

    def address(self, cells: dict[str, str]) -> tuple[str, str]:
        mapping = self.mapping
        type_key = name = ""
        if mapping.address is not None:
            type_key, _colon, name = mapping.address.read(cells, mapping.null).partition(":")
        if mapping.type is not None:
            type_key = mapping.type.read(cells, mapping.null)
        if mapping.name is not None:
            name = mapping.name.read(cells, mapping.null)
        return mapping.types.get(type_key, type_key), name

    def known_type(self, key: str, planned: PlannedRow) -> CIType | None:
        kind = self.types.get(key)
        if kind is None:
            planned.refuse(_("There is no type “%s”.") % key if key else _("The type is missing."))
        elif kind.is_abstract:
            planned.refuse(_("The type “%s” is abstract and has no items.") % key)
            return None
        return kind

    def check_name(self, draft: Draft) -> None:
        try:
            ConfigurationItem._meta.get_field("name").clean(draft.name, None)
        except ValidationError as fault:
            draft.planned.refuse(_("Name: %s") % " ".join(fault.messages))
        if draft.type is None:
            return
        key = (draft.type.pk, draft.name)
        if key in self.seen:
            draft.planned.refuse(_("The same item stands on line %d already.") % self.seen[key])
        self.seen.setdefault(key, draft.planned.line)

    def read_fields(self, draft: Draft, cells: dict[str, str]) -> None:
        for name, cell in self.mapping.fields.items():
            text = cell.read(cells, self.mapping.null)
            if not text:
                if self.mapping.clears and name != "criticality":
                    draft.cleared.add(name)
                continue
            try:
                self.set_field(draft, name, text, cell)
            except Unreadable as fault:
                draft.planned.refuse(f"{self.field_label(name)}: {fault}")
            except ValidationError as fault:
                draft.planned.refuse(f"{self.field_label(name)}: {' '.join(fault.messages)}")

    def set_field(self, draft: Draft, name: str, text: str, cell: Cell) -> None:
        model_field = ConfigurationItem._meta.get_field(name)
        if name == "location":
            draft.location = text
        elif name == "owner_team":
            if text.casefold() not in self.teams:
                raise Unreadable(_("There is no team “%s”.") % text)
            draft.values["owner_team_id"] = self.teams[text.casefold()].pk
        elif name in ("last_verified_at", "last_seen_at"):
            draft.values[name] = read_instant(text, cell)
        elif model_field.choices:
            draft.values[name] = chosen(text, [tuple(option) for option in model_field.flatchoices])
        else:
            draft.values[name] = model_field.clean(text, None)

    def read_attributes(self, draft: Draft, cells: dict[str, str]) -> None:
        schema = draft.type.compiled_schema
        for key, cell in self.mapping.attributes.items():
            text = cell.read(cells, self.mapping.null)
            if key not in schema:
                if text and cell.constant is None:
                    draft.planned.refuse(
                        _("The type “%(type)s” has no attribute “%(key)s”, but the row gives it a value.")
                        % {"type": draft.type.key, "key": key}
                    )
            elif text:
                try:
                    draft.attributes[key] = attribute_value(schema[key], text, cell)
                except Unreadable as fault:
                    draft.planned.refuse(f"{key}: {fault}")
            elif self.mapping.clears:
                draft.cleared.add(f"attributes.{key}")

    def compare(self) -> None:
        """Decide create, update or unchanged for every good row, against what stands in the database."""
        good = [draft for draft in self.drafts if draft.planned.outcome != Outcome.ERROR]
        existing = self.existing(good)
        for draft in good:
            draft.item = existing.get((draft.type.pk, draft.name))
            before = draft.item or ConfigurationItem(type=draft.type, name=draft.name)
            after = dict(before.attributes)
            for key in draft.cleared:
                section, _dot, attribute = key.partition(".")
                if attribute:
                    after.pop(attribute, None)
                elif section != "location":
                    model_field = ConfigurationItem._meta.get_field(section)
                    draft.values[model_field.attname] = (
                        None if model_field.null else model_field.get_default()
                    )
            after |= draft.attributes
            stands = before.attributes if draft.item else None
            for fault in attribute_faults(draft.type.compiled_schema, after, stands).values():
                draft.planned.refuse(fault)
            draft.attributes = after
            if draft.planned.outcome != Outcome.ERROR:
                self.differ(draft, before)

    def existing(self, drafts: list[Draft]) -> dict[tuple[int, str], ConfigurationItem]:
        wanted = ConfigurationItem.objects.filter(
            type_id__in={draft.type.pk for draft in drafts}, name__in=[draft.name for draft in drafts]
        )
        if self.lock:
            wanted = wanted.select_for_update(of=("self",))
        return {(item.type_id, item.name): item for item in wanted.select_related("owner_team")}

    def differ(self, draft: Draft, before: ConfigurationItem) -> None:
        found = {}
        for attname, value in draft.values.items():
            if not is_same(getattr(before, attname), value):
                found[attname.removesuffix("_id")] = (shown(before, attname), self.show(attname, value))
        for key in sorted(before.attributes.keys() | draft.attributes.keys()):
            if not is_same(before.attributes.get(key), draft.attributes.get(key)):
                found[f"attributes.{key}"] = (before.attributes.get(key), draft.attributes.get(key))
        if draft.item is not None:
            draft.planned.differences = found
            draft.planned.outcome = Outcome.UPDATE if found else Outcome.UNCHANGED

    def show(self, attname: str, value: Any) -> Any:
        if attname == "owner_team_id":
            return next((team.key for team in self.teams.values() if team.pk == value), None)
        return value.isoformat() if hasattr(value, "isoformat") else value

    def place(self) -> None:
        """Resolve the locations named in the file, which may be rows of the file themselves."""
        asking = [draft for draft in self.drafts if draft.location or "location" in draft.cleared]
        if not asking:
            return
        addresses = [draft.location for draft in asking if draft.location]
        known = ConfigurationItem.objects.by_addresses(addresses)
        coming = {f"{draft.type.key}:{draft.name}" for draft in self.drafts if draft.type}
        before = {
            item.pk: item.location.address
            for item in ConfigurationItem.objects.select_related("location__type").filter(
                pk__in=[draft.item.pk for draft in asking if draft.item], location__isnull=False
            )
        }
        for draft in asking:
            if draft.planned.outcome == Outcome.ERROR:
                continue
            if draft.location and draft.location not in known and draft.location not in coming:
                draft.planned.refuse(_("Location: there is no item “%s”.") % draft.location)
            elif draft.location == draft.planned.address:
                draft.planned.refuse(_("Location: an item cannot stand in itself."))
            elif draft.item is not None and before.get(draft.item.pk) != draft.location:
                draft.planned.differences["location"] = (before.get(draft.item.pk), draft.location)
                draft.planned.outcome = Outcome.UPDATE

    def write(self) -> None:
        """Create and update what the plan says: a statement per 5,000 new items, one for the changed."""
        new = [draft for draft in self.drafts if draft.planned.outcome == Outcome.CREATE]
        changed = [draft for draft in self.drafts if draft.planned.outcome == Outcome.UPDATE]
        ConfigurationItem.objects.bulk_create(
            [
                ConfigurationItem(
                    type=draft.type, name=draft.name, attributes=draft.attributes, **draft.values
                )
                for draft in new
            ],
            batch_size=BATCH,
        )
        update_items([draft for draft in changed if draft.planned.differences.keys() != {"location"}])
        move_items([draft for draft in (*new, *changed) if draft.location or "location" in draft.cleared])

    def field_label(self, name: str) -> str:
        return str(ConfigurationItem._meta.get_field(name).verbose_name)


def is_same(before: Any, after: Any) -> bool:
    """Equal, up to what a cell of a file cannot carry: Windows line ends, spaces at the ends."""
    if isinstance(before, str) and isinstance(after, str):
        return before.replace("\r\n", "\n").replace("\r", "\n").strip() == after.strip()
    return same(before, after)


def shown(item: ConfigurationItem, attname: str) -> Any:
    if attname == "owner_team_id":
        return item.owner_team.key if item.owner_team else None
    value = getattr(item, attname)
    return value.isoformat() if hasattr(value, "isoformat") else value


def update_items(drafts: list[Draft]) -> None:
    if not drafts:
        return
    records = []
    for draft in drafts:
        record = {column: getattr(draft.item, column) for column in COLUMNS} | draft.values
        records.append(record | {"id": draft.item.pk, "attributes": draft.attributes})
    assignments = ", ".join(f"{column} = given.{column}" for column in COLUMNS)
    shape = ", ".join(f"{column} {kind}" for column, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE cmdb_configurationitem item SET {assignments} "  # noqa: S608 (our own column names)
            f"FROM jsonb_to_recordset(%s) AS given (id bigint, {shape}) WHERE item.id = given.id",
            [json.dumps(records, default=lambda moment: moment.isoformat())],
        )


def move_items(drafts: list[Draft]) -> None:
    if not drafts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE cmdb_configurationitem item SET location_id = place.id
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
                   AS given (type_id, name, place_type, place)
              LEFT JOIN cmdb_citype kind ON kind.key = given.place_type
              LEFT JOIN cmdb_configurationitem place ON place.type_id = kind.id AND place.name = given.place
             WHERE item.type_id = given.type_id AND item.name = given.name
               AND item.location_id IS DISTINCT FROM place.id
            """,
            [
                [draft.type.pk for draft in drafts],
                [draft.name for draft in drafts],
                [(draft.location or "").partition(":")[0] for draft in drafts],
                [(draft.location or "").partition(":")[2] for draft in drafts],
            ],
        )
