"""The mapping: a small YAML file that says what a file's columns mean (docs/reference/import-mapping.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.labelled import in_active_language
from cmdb.imports.reading import FileRefused

ITEM_FIELDS = (
    "lifecycle_stage",
    "environment",
    "criticality",
    "owner_team",
    "location",
    "serial",
    "primary_ip",
    "description",
    "last_verified_at",
    "last_seen_at",
)
TOP = {"label", "label_zh", "delimiter", "encoding", "model", "items", "relations"}
ITEM_KEYS = {
    "address",
    "type",
    "name",
    "types",
    "attribute_columns",
    "guarded",
    "fields",
    "attributes",
    "empty",
    "blanks",
    "skip",
}
RELATION_KEYS = {
    "source",
    "relation",
    "target",
    "source_type",
    "target_type",
    "types",
    "description",
    "last_confirmed_at",
    "duplicates",
    "blanks",
    "skip",
}
CELL_KEYS = {"column", "constant", "values", "default", "dates", "split"}


class MappingRefused(FileRefused):
    """The mapping cannot be used; the message says which entry is wrong."""


@dataclass(frozen=True)
class Cell:
    """Where one value comes from: a column or a constant, translated, with a default."""

    column: str = ""
    constant: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    default: str = ""
    dates: tuple[str, ...] = ()
    split: str = ""

    def read(self, cells: dict[str, str], null: frozenset[str]) -> str:
        """The text of the cell, "" where it is empty or counts as empty."""
        if self.constant is not None:
            return self.constant
        text = cells.get(self.column, "").strip()
        text = self.values.get(text, text)
        return self.default if text in null else text


@dataclass(frozen=True)
class Skip:
    """Rows to leave out: those whose column holds one of the values."""

    column: str
    values: frozenset[str]

    def fits(self, cells: dict[str, str]) -> bool:
        return cells.get(self.column, "").strip() in self.values


@dataclass(frozen=True)
class ItemMapping:
    """How a row becomes an item."""

    address: Cell | None
    type: Cell | None
    name: Cell | None
    fields: dict[str, Cell]
    attributes: dict[str, Cell]
    types: dict[str, str]
    attribute_columns: str
    is_guarded: bool
    clears: bool
    null: frozenset[str]
    skip: tuple[Skip, ...]

    def with_columns(self, columns: Iterable[str]) -> ItemMapping:
        """The mapping with each column that begins with `attribute_columns` as an attribute."""
        prefix = self.attribute_columns
        if not prefix:
            return self
        found = {name.removeprefix(prefix): Cell(name) for name in columns if name.startswith(prefix)}
        return replace(self, attributes=self.attributes | found)

    def columns(self) -> set[str]:
        cells = [self.address, self.type, self.name, *self.fields.values(), *self.attributes.values()]
        return columns_of(cells, self.skip)


@dataclass(frozen=True)
class RelationMapping:
    """How a row becomes a relation."""

    source: Cell
    relation: Cell
    target: Cell
    source_type: str
    target_type: str
    types: dict[str, str]
    description: Cell | None
    last_confirmed_at: Cell | None
    joins: bool
    null: frozenset[str]
    skip: tuple[Skip, ...]

    def columns(self) -> set[str]:
        cells = [self.source, self.relation, self.target, self.description, self.last_confirmed_at]
        return columns_of(cells, self.skip)


@dataclass(frozen=True)
class Mapping:
    """One mapping file."""

    label: str
    label_zh: str
    delimiter: str
    encoding: str
    model: dict[str, Any]
    items: ItemMapping | None
    relations: RelationMapping | None

    @property
    def title(self) -> str:
        """The label in the reader's language."""
        return in_active_language(self.label, self.label_zh)


def shipped_mappings(*sections: str) -> list[str]:
    """The names that `--map` knows: files in docs/mappings with one of these sections."""
    begins = re.compile(rf"^({'|'.join(sections or ('items', 'relations'))}):", re.MULTILINE)
    return sorted(path.stem for path in folder().glob("*.yaml") if begins.search(path.read_text("utf-8")))


def folder() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "mappings"


def load_mapping(name_or_path: str) -> Mapping:
    """The mapping of that name in docs/mappings, or at that path.

    Raises MappingRefused if there is none or an entry of it is wrong.
    """
    return parse_mapping(text_of_mapping(name_or_path, shipped_mappings()))


def text_of_mapping(name_or_path: str, shipped: list[str]) -> str:
    """The YAML text of a mapping by name or path. Raises MappingRefused naming the shipped ones."""
    path = Path(name_or_path)
    if re.fullmatch(r"[a-z0-9_-]+", name_or_path) and not path.is_file():
        path = folder() / f"{name_or_path}.yaml"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise MappingRefused(
            _("There is no mapping “%(name)s” (%(fault)s). Give a path, or one of: %(known)s.")
            % {
                "name": name_or_path,
                "fault": getattr(fault, "strerror", fault),
                "known": ", ".join(shipped),
            }
        ) from fault


def parse_mapping(text: str) -> Mapping:
    """The mapping in the YAML text. Raises MappingRefused where it is not one."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise MappingRefused(_("The mapping is no valid YAML: %s") % fault) from fault
    document = known(document, TOP, "")
    if not {"items", "relations"} & document.keys():
        raise MappingRefused(_("The mapping has neither “items” nor “relations”."))
    delimiter = document.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise MappingRefused(_("“delimiter” must be one character."))
    return Mapping(
        label=str(document.get("label", "")),
        label_zh=str(document.get("label_zh", "")),
        delimiter=delimiter,
        encoding=str(document.get("encoding", "")),
        model=known(document.get("model", {}), None, "model"),
        items=item_mapping(document["items"]) if "items" in document else None,
        relations=relation_mapping(document["relations"]) if "relations" in document else None,
    )


def item_mapping(given: Any) -> ItemMapping:
    given = known(given, ITEM_KEYS, "items")
    if "address" not in given and not {"type", "name"} <= given.keys():
        raise MappingRefused(_("“items” needs “address” (a column with type:name), or “type” and “name”."))
    fields = known(given.get("fields", {}), set(ITEM_FIELDS), "items.fields")
    attributes = known(given.get("attributes", {}), None, "items.attributes")
    if given.get("empty", "keep") not in ("keep", "clear"):
        raise MappingRefused(_("“items.empty” is “keep” or “clear”."))
    return ItemMapping(
        address=cell(given["address"], "items.address") if "address" in given else None,
        type=cell(given["type"], "items.type") if "type" in given else None,
        name=cell(given["name"], "items.name") if "name" in given else None,
        fields={key: cell(value, f"items.fields.{key}") for key, value in fields.items()},
        attributes={key: cell(value, f"items.attributes.{key}") for key, value in attributes.items()},
        types=words(given.get("types", {}), "items.types"),
        attribute_columns=str(given.get("attribute_columns", "")),
        is_guarded=bool(given.get("guarded", False)),
        clears=given.get("empty") == "clear",
        null=null(given),
        skip=skips(given, "items.skip"),
    )


def relation_mapping(given: Any) -> RelationMapping:
    given = known(given, RELATION_KEYS, "relations")
    for key in ("source", "relation", "target"):
        if key not in given:
            raise MappingRefused(_("“relations” needs “%s”.") % key)
    if given.get("duplicates", "refuse") not in ("refuse", "join"):
        raise MappingRefused(_("“relations.duplicates” is “refuse” or “join”."))
    optional = {
        key: cell(given[key], f"relations.{key}") if key in given else None
        for key in ("description", "last_confirmed_at")
    }
    return RelationMapping(
        source=cell(given["source"], "relations.source"),
        relation=cell(given["relation"], "relations.relation"),
        target=cell(given["target"], "relations.target"),
        source_type=str(given.get("source_type", "")),
        target_type=str(given.get("target_type", "")),
        types=words(given.get("types", {}), "relations.types"),
        joins=given.get("duplicates") == "join",
        null=null(given),
        skip=skips(given, "relations.skip"),
        **optional,
    )


def cell(given: Any, where: str) -> Cell:
    """A column's name, or a document with `column` or `constant`."""
    if isinstance(given, str):
        return Cell(column=given)
    given = known(given, CELL_KEYS, where)
    if ("column" in given) == ("constant" in given):
        raise MappingRefused(_("“%s” needs either “column” or “constant”.") % where)
    dates = given.get("dates", [])
    return Cell(
        column=str(given.get("column", "")),
        constant=str(given["constant"]) if "constant" in given else None,
        values=words(given.get("values", {}), f"{where}.values"),
        default=str(given.get("default", "")),
        dates=tuple([dates] if isinstance(dates, str) else map(str, dates)),
        split=str(given.get("split", "")),
    )


def skips(given: dict[str, Any], where: str) -> tuple[Skip, ...]:
    rules = []
    for rule in given.get("skip", []):
        rule = known(rule, {"column", "values"}, where)
        if "column" not in rule or not isinstance(rule.get("values"), list):
            raise MappingRefused(_("Each rule under “%s” needs “column” and a list of “values”.") % where)
        rules.append(Skip(str(rule["column"]), frozenset(map(str, rule["values"]))))
    return tuple(rules)


def words(given: Any, where: str) -> dict[str, str]:
    return {str(said): str(meant) for said, meant in known(given, None, where).items()}


def null(given: dict[str, Any]) -> frozenset[str]:
    return frozenset({"", *map(str, given.get("blanks", []))})


def known(given: Any, allowed: set[str] | None, where: str) -> dict[str, Any]:
    """The document, refused if it is none or has a key that means nothing."""
    place = where or str(_("the mapping"))
    if not isinstance(given, dict):
        raise MappingRefused(_("“%s” must be a document of keys and values.") % place)
    strange = sorted(str(key) for key in given if allowed is not None and key not in allowed)
    if strange:
        raise MappingRefused(
            _("“%(where)s” does not know: %(keys)s. It knows: %(allowed)s.")
            % {"where": place, "keys": ", ".join(strange), "allowed": ", ".join(sorted(allowed or ()))}
        )
    return given


def columns_of(cells: list[Cell | None], skip: tuple[Skip, ...]) -> set[str]:
    named = {source.column for source in cells if source is not None and source.column}
    return named | {rule.column for rule in skip}
