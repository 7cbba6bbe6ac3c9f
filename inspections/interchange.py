"""Check lists as files: one document of a head and items, as YAML for people and as a workbook for Excel."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter
import yaml
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from accounts.bodies import is_storable
from inspections.models import ChecklistTemplate, TemplateItem

HEAD = ("key", "label", "label_zh", "description", "description_zh", "ci_type", "owner_team")
NOT_IN_FILES = {"id", "version", "row_version", "position"}
FIELDS = {each.name: each for each in TemplateItem._meta.concrete_fields if each.name not in NOT_IN_FILES}
# As people write a check list: what it is called first, what it means, then the rare settings.
FIRST = (
    "key", "section", "section_zh", "label", "label_zh", "kind", "unit", "decimals", "crit_low", "warn_low",
    "warn_high", "crit_high", "fail_severity", "choices", "is_required", "is_na_allowed",
)  # fmt: skip
COLUMNS = (*FIRST, *(name for name in FIELDS if name not in FIRST))
CHOICE_PARTS = ("value", "label", "label_zh", "severity")
LARGEST_FILE = 1 << 20
LARGEST_UNPACKED = 20 << 20
MOST_ITEMS = 500


class FileRefused(Exception):  # noqa: N818 (reads as the sentence it raises)
    """The file as a whole is no check list; the message says why and what to do."""


@dataclass(frozen=True)
class Row:
    """One item as it stands in a file: where, and its settings by name, as text or as YAML read them."""

    place: str
    cells: dict[str, Any]


@dataclass(frozen=True)
class Document:
    """A check list as it stands in a file; nothing of it is checked yet."""

    head: dict[str, Any]
    rows: list[Row] = field(default_factory=list)


# Out


def document_of(template: ChecklistTemplate, items: list[TemplateItem]) -> dict[str, Any]:
    """The check list as YAML writes it: settings that say nothing are left out, numbers are exact texts."""
    head = {
        "key": template.key,
        "label": template.label,
        "label_zh": template.label_zh,
        "description": template.description,
        "description_zh": template.description_zh,
        "ci_type": template.ci_type.key if template.ci_type else "",
        "owner_team": template.owner_team.key if template.owner_team else "",
    }
    return {name: value for name, value in head.items() if value} | {"items": [_settings(i) for i in items]}


def _settings(item: TemplateItem) -> dict[str, Any]:
    always = ("key", "label", "kind", "section", "section_zh")
    found = {}
    for name in COLUMNS:
        value = getattr(item, name)
        if name in always or value != FIELDS[name].get_default():
            found[name] = (
                f"{value.normalize():f}" if FIELDS[name].get_internal_type() == "DecimalField" else value
            )
    return found


def as_yaml(template: ChecklistTemplate, items: list[TemplateItem]) -> bytes:
    """The check list as YAML in UTF-8."""
    text = yaml.safe_dump(document_of(template, items), allow_unicode=True, sort_keys=False, width=110)
    return text.encode()


def as_workbook(template: ChecklistTemplate, items: list[TemplateItem]) -> bytes:
    """The check list as XLSX; no text of a user becomes a formula, a number or a link in it."""
    buffer = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **plain}) as book:
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        document = document_of(template, items)
        sheet = book.add_worksheet("check list")
        sheet.set_column(0, 1, 40)
        for line, name in enumerate(HEAD):
            sheet.write_string(line, 0, name, bold)
            sheet.write_string(line, 1, document.get(name, ""), wrap)
        sheet = book.add_worksheet("items")
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(items), len(COLUMNS) - 1)
        sheet.set_column(0, len(COLUMNS) - 1, 18)
        for place, name in enumerate(COLUMNS):
            sheet.write_string(0, place, name, bold)
            sheet.write_comment(0, place, str(FIELDS[name].verbose_name))
        for line, item in enumerate(items, start=1):
            for place, name in enumerate(COLUMNS):
                sheet.write_string(line, place, _cell(name, getattr(item, name)), wrap)
    return buffer.getvalue()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "choices":
        escaped = [[_escaped(str(each.get(part, ""))) for part in CHOICE_PARTS] for each in value]
        return "\n".join(" | ".join(parts) for parts in escaped)
    if name == "applies_if":
        return yaml.safe_dump(value, allow_unicode=True).strip() if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.normalize():f}" if FIELDS[name].get_internal_type() == "DecimalField" else str(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


# In


def read(content: bytes) -> Document:
    """The check list in the file, whichever of both it is. Raises FileRefused."""
    if len(content) > LARGEST_FILE:
        raise FileRefused(_("The file is larger than 1 MB: this is no check list."))
    document = _read_workbook(content) if content.startswith(b"PK\x03\x04") else _read_yaml(content)
    if len(document.rows) > MOST_ITEMS:
        raise FileRefused(_("The file has more than %(most)s items.") % {"most": MOST_ITEMS})
    if not is_storable([document.head, [row.cells for row in document.rows]]):
        raise FileRefused(
            _("A text holds a character that cannot be stored (NUL, or half a surrogate pair).")
        )
    return document


class _Plain(yaml.SafeLoader):
    """YAML without references: a small file cannot unfold into a large one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise FileRefused(_("References (*name) are not accepted; write the value out."))
        return super().compose_node(parent, index)


def _read_yaml(content: bytes) -> Document:
    try:
        return document_from(plain_yaml(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise FileRefused(_("The file is neither YAML in UTF-8 nor an Excel workbook (XLSX).")) from None


def plain_yaml(text: str) -> Any:
    """What the YAML says, of a whole file or of one setting. Raises FileRefused."""
    try:
        return yaml.load(text, Loader=_Plain)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FileRefused(_("This is no YAML: %(error)s") % {"error": str(error)[:300]}) from None


def document_from(found: Any) -> Document:
    """The document in what YAML read. A section named at an item holds for those after it that name none."""
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise FileRefused(_("The file needs key, label and items, as an export has them."))
    rows, section = [], {}
    for number, given in enumerate(found["items"], start=1):
        cells = given if isinstance(given, dict) else {"": given}
        if "section" in cells or "section_zh" in cells:
            section = {name: cells.get(name, "") for name in ("section", "section_zh")}
        rows.append(Row(_("item %(number)s") % {"number": number}, section | cells))
    return Document({str(name): value for name, value in found.items() if name != "items"}, rows)


def _read_workbook(content: bytes) -> Document:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise FileRefused(_("The workbook unpacks to more than 20 MB: this is no check list."))
        return _document_in(load_workbook(io.BytesIO(content), read_only=True))
    except FileRefused:
        raise
    except Exception as error:  # openpyxl raises whatever the archive breaks, sheets as late as they are read
        raise FileRefused(_("The workbook cannot be read: %(error)s") % {"error": str(error)[:200]}) from None


def _document_in(book: Any) -> Document:
    if not {"check list", "items"} <= set(book.sheetnames):
        raise FileRefused(_("The workbook needs the sheets “check list” and “items”, as an export has them."))
    head = {str(line[0]): line[1] for line in _lines(book["check list"], 2) if line[0]}
    lines = _lines(book["items"], 100)
    names = [str(name or "").strip() for name in next(lines, [])]
    rows = []
    for number, line in enumerate(lines, start=2):
        cells = {name: value for name, value in zip(names, line, strict=False) if name or value}
        if any(value not in (None, "") for value in cells.values()):
            rows.append(Row(_("row %(number)s") % {"number": number}, cells))
    return Document(head, rows)


def _lines(sheet: Any, width: int) -> Iterator[list[Any]]:
    for cells in sheet.iter_rows(max_row=MOST_ITEMS + 3, max_col=width):
        values = [_shown(cell) for cell in cells]
        yield values + [""] * (width - len(values)) if width == 2 else values


def _shown(cell: Any) -> Any:
    """The cell's value; a formula is never worked out and never taken for text."""
    if getattr(cell, "data_type", "") == "f":
        raise FileRefused(_("Cell %(cell)s holds a formula; write its value.") % {"cell": cell.coordinate})
    return "" if cell.value is None else cell.value


def choices_from(text: str) -> list[dict[str, str]]:
    """The choices in a cell: one a line, as value | label | label in Chinese | severity."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        parts = [
            re.sub(r"\\(.)", r"\1", part.strip()) for part in re.findall(r"((?:[^|\\]|\\.)*)(?:\||$)", line)
        ]
        found.append({name: part for name, part in zip(CHOICE_PARTS, parts, strict=False) if part})
    return found
