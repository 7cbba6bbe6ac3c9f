"""The mapping of a file of past changes: which column is what (docs/reference/import-mapping.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from django.utils.translation import gettext_lazy as _

from accounts.labelled import in_active_language
from cmdb.imports.mapping import (
    Cell,
    MappingRefused,
    Skip,
    cell,
    columns_of,
    known,
    null,
    shipped_mappings,
    skips,
    text_of_mapping,
)

SECTION = "changes"
TOP = {"label", "label_zh", "delimiter", "encoding", "model", SECTION}
KEYS = {
    "source", "key", "kind", "title", "description", "reason", "start", "end", "created", "severity",
    "outcome", "requested_by", "zone", "items", "facts", "guarded", "blanks", "skip",
}  # fmt: skip
CELLS = (
    "key", "kind", "title", "description", "reason", "start", "end", "created", "severity", "outcome",
    "requested_by",
)  # fmt: skip
NEEDED = ("key", "title", "start", "end")
UNKNOWN = ("refuse", "warn", "create")


@dataclass(frozen=True)
class ItemsCell:
    """A column that names items of one type; `unknown` says what becomes of a name that no item has."""

    cell: Cell
    type: str
    unknown: str = "refuse"


@dataclass(frozen=True)
class Fact:
    """A column that is kept and shown as it stands."""

    cell: Cell
    label: str
    label_zh: str

    @property
    def title(self) -> str:
        return in_active_language(self.label, self.label_zh)


@dataclass(frozen=True)
class ChangeMapping:
    """How a row becomes an ended change."""

    label: str
    label_zh: str
    delimiter: str
    encoding: str
    model: dict[str, Any]
    source: str
    cells: dict[str, Cell]
    zone: ZoneInfo
    items: tuple[ItemsCell, ...]
    facts: tuple[Fact, ...]
    is_guarded: bool
    null: frozenset[str]
    skip: tuple[Skip, ...]

    @property
    def title(self) -> str:
        """The label in the reader's language."""
        return in_active_language(self.label, self.label_zh) or self.source

    def columns(self) -> set[str]:
        """Every column that the file must have."""
        parts = [part.cell for part in (*self.items, *self.facts)]
        return columns_of([*self.cells.values(), *parts], self.skip)


def change_mappings() -> list[str]:
    """The names of shipped mappings for changes."""
    return shipped_mappings(SECTION)


def load_change_mapping(name_or_path: str) -> ChangeMapping:
    """The mapping of that name in docs/mappings, or at that path. Raises MappingRefused."""
    return parse_change_mapping(text_of_mapping(name_or_path, change_mappings()))


def parse_change_mapping(text: str) -> ChangeMapping:
    """The mapping in the YAML text. Raises MappingRefused where it is not one for changes."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise MappingRefused(_("The mapping is no valid YAML: %s") % fault) from fault
    if isinstance(document, dict) and {"items", "relations"} & document.keys():
        raise MappingRefused(_("This is a mapping for items or relations; one for changes has “changes”."))
    document = known(document, TOP, "")
    given = known(document.get(SECTION, {}), KEYS, SECTION)
    missing = [key for key in ("source", *NEEDED) if key not in given]
    if missing:
        raise MappingRefused(_("“changes” needs: %s.") % ", ".join(missing))
    delimiter = document.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise MappingRefused(_("“delimiter” must be one character."))
    return ChangeMapping(
        label=str(document.get("label", "")),
        label_zh=str(document.get("label_zh", "")),
        delimiter=delimiter,
        encoding=str(document.get("encoding", "")),
        model=known(document.get("model", {}), None, "model"),
        source=source_named(given["source"]),
        cells={name: cell(given[name], f"changes.{name}") for name in CELLS if name in given},
        zone=zone_of(given.get("zone", "UTC")),
        items=tuple(items_cell(entry) for entry in listed(given, "items")),
        facts=tuple(fact(entry) for entry in listed(given, "facts")),
        is_guarded=bool(given.get("guarded", False)),
        null=null(given),
        skip=skips(given, "changes.skip"),
    )


def source_named(given: Any) -> str:
    name = str(given or "").strip()
    if not 0 < len(name) <= 80:
        raise MappingRefused(_("“changes.source” names the other system, in 80 characters at most."))
    return name


def zone_of(given: Any) -> ZoneInfo:
    """The zone of moments that name none."""
    try:
        return ZoneInfo(str(given))
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        words = _("“changes.zone”: there is no time zone “%s”. Write one as Asia/Shanghai.") % given
        raise MappingRefused(words) from fault


def listed(given: dict[str, Any], name: str) -> list[Any]:
    entries = given.get(name) or []
    if not isinstance(entries, list):
        raise MappingRefused(_("“changes.%s” is a list.") % name)
    return entries


def items_cell(given: Any) -> ItemsCell:
    given = known(given, {"column", "split", "type", "unknown", "values"}, "changes.items")
    unknown = given.get("unknown", "refuse")
    if unknown not in UNKNOWN or "column" not in given:
        raise MappingRefused(
            _("Each entry under “changes.items” has “column”, and “unknown” is one of: %s.")
            % ", ".join(UNKNOWN)
        )
    source = {key: given[key] for key in ("column", "split", "values") if key in given}
    if unknown == "create" and not given.get("type"):
        raise MappingRefused(_("Items that are created need a “type” in the mapping."))
    return ItemsCell(cell(source, "changes.items"), str(given.get("type", "")), unknown)


def fact(given: Any) -> Fact:
    given = known(given, {"column", "label", "label_zh"}, "changes.facts")
    if "column" not in given:
        raise MappingRefused(_("Each entry under “changes.facts” has a “column”."))
    label = str(given.get("label", given["column"]))
    return Fact(Cell(column=str(given["column"])), label, str(given.get("label_zh", "")))
