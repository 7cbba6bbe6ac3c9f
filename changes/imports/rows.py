"""From the rows of a file to records of ended changes, each compared with what was recorded before."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.imports.mapping import ChangeMapping, ItemsCell
from changes.imports.report import ChangeRow, Outcome, Warned
from changes.models import ChangeEvent
from changes.workflow import Kind
from changes.workflow import Outcome as Ending
from cmdb.actions.items import items_by_reference
from cmdb.imports.exporting import unguarded
from cmdb.imports.reading import Row
from cmdb.imports.values import Unreadable, chosen, read_moment
from cmdb.models import CIType

LONG = timedelta(days=365)
FIRST_YEAR, LAST_YEAR = 1900, 8999
LENGTHS = {"key": 80, "severity": 80, "requested_by": 200}
TITLE = 200
FORMULA = re.compile(r"^(=|@|[+-]\S)")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
TEXTS = ("description", "reason", "severity", "requested_by")


@dataclass
class ChangePlan:
    """The rows of one file on their way to records. Four look-ups, whatever the number of rows."""

    mapping: ChangeMapping
    rows: list[ChangeRow] = field(default_factory=list)
    #: type:name → id of the item, for every item that a good row names.
    items: dict[str, int] = field(default_factory=dict)
    #: type:name of the items that the mapping lets the import create.
    missing: dict[str, ItemsCell] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    def read(self, rows: Iterable[Row]) -> list[ChangeRow]:
        """One answer for each row of the file, in its order."""
        seen: dict[str, int] = {}
        for row in rows:
            planned = self.record(row)
            if planned.outcome == Outcome.CREATE and planned.key in seen:
                planned.refuse(_("The same key stands on line %d already.") % seen[planned.key])
            seen.setdefault(planned.key, planned.line)
            self.rows.append(planned)
        self.find_items()
        self.compare()
        self.find_people()
        return self.rows

    @property
    def good(self) -> list[ChangeRow]:
        return [row for row in self.rows if row.outcome == Outcome.CREATE]

    def record(self, row: Row) -> ChangeRow:
        """What the row says, with everything that is wrong with it."""
        cells = row.cells
        if self.mapping.is_guarded:
            cells = {name: unguarded(text) for name, text in cells.items()}
        planned = ChangeRow(row.line, self.text("key", cells))
        if any(rule.fits(cells) for rule in self.mapping.skip):
            planned.outcome = Outcome.SKIPPED
            return planned
        for error in row.errors:
            planned.refuse(error)
        if row.errors:
            return planned
        if any(UNSTORABLE.search(text) for text in cells.values()):
            planned.refuse(_("A cell holds a character that cannot be stored."))
            return planned
        if not planned.key:
            planned.refuse(_("The key is missing."))
        self.read_texts(planned, cells)
        self.read_choices(planned, cells)
        self.read_times(planned, cells)
        self.read_items(planned, cells)
        planned.record["facts"] = [
            [fact.label, fact.label_zh, text]
            for fact in self.mapping.facts
            if (text := fact.cell.read(cells, self.mapping.null))
        ]
        return planned

    def text(self, name: str, cells: dict[str, str]) -> str:
        source = self.mapping.cells.get(name)
        return source.read(cells, self.mapping.null) if source else ""

    def read_texts(self, planned: ChangeRow, cells: dict[str, str]) -> None:
        title = " ".join(self.text("title", cells).split())
        if not title:
            planned.refuse(_("The title is missing."))
        record = {"title": title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"}
        record |= {name: self.text(name, cells) for name in TEXTS}
        for name, longest in LENGTHS.items():
            if len(record.get(name, planned.key if name == "key" else "")) > longest:
                words = {"name": name, "longest": longest}
                planned.refuse(_("“%(name)s” is longer than %(longest)d characters.") % words)
        if any(FORMULA.match(text) for text in record.values()):
            planned.warn(Warned.FORMULA)
        planned.record |= record

    def read_choices(self, planned: ChangeRow, cells: dict[str, str]) -> None:
        for name, options, usual in (
            ("kind", Kind.choices, Kind.NORMAL),
            ("outcome", Ending.choices, Ending.SUCCESSFUL),
        ):
            text = self.text(name, cells)
            try:
                planned.record[name] = str(chosen(text, options) if text else usual)
            except Unreadable as fault:
                planned.refuse(f"{name}: {fault}")

    def read_times(self, planned: ChangeRow, cells: dict[str, str]) -> None:
        found: dict[str, datetime | None] = {}
        for name in ("start", "end", "created"):
            text = self.text(name, cells)
            try:
                found[name] = self.moment(name, text) if text else None
            except Unreadable as fault:
                planned.refuse(f"{name}: {fault}")
                continue
            if not text and name != "created":
                planned.refuse(_("“%s” is missing.") % name)
            planned.record[name] = found[name] and found[name].isoformat().replace("+00:00", "Z")
        start, end, created = (found.get(name) for name in ("start", "end", "created"))
        if start and end:
            if end < start:
                planned.refuse(_("The end lies before the start."))
            elif end == start:
                planned.warn(Warned.EMPTY_WINDOW)
            elif end - start >= LONG:
                planned.warn(Warned.LONG_WINDOW)
        if start and created and created > start:
            planned.warn(Warned.CREATED_AFTER_START)

    def moment(self, name: str, text: str) -> datetime:
        try:
            found = read_moment(text, self.mapping.cells[name])
            aware = found if found.tzinfo else found.replace(tzinfo=self.mapping.zone)
            if not FIRST_YEAR <= aware.year <= LAST_YEAR:
                raise OverflowError
            return aware.astimezone(UTC)
        except OverflowError:
            raise Unreadable(_("“%s” is too far away.") % text) from None

    def read_items(self, planned: ChangeRow, cells: dict[str, str]) -> None:
        """Addresses as type:name; a name stands once, however often the row gives it."""
        addresses: dict[str, ItemsCell] = {}
        for part in self.mapping.items:
            text = part.cell.read(cells, self.mapping.null)
            names = text.split(part.cell.split) if part.cell.split else [text]
            for name in (part.cell.values.get(each.strip(), each.strip()) for each in names):
                if name and name not in self.mapping.null:
                    addresses.setdefault(f"{part.type}:{name}" if part.type else name, part)
        planned.record["items"] = list(addresses)
        planned.parts = addresses

    def find_items(self) -> None:
        """Each named item is known, or the row says what becomes of an unknown one. Two statements."""
        named = {address for row in self.good for address in row.parts}
        self.items = {
            name: pk for name, pk in items_by_reference(set(named)).items() if isinstance(name, str)
        }
        types = dict(CIType.objects.values_list("key", "is_abstract"))
        for row in self.good:
            for address, part in row.parts.items():
                if address in self.items:
                    continue
                if part.unknown == "warn":
                    row.warn(Warned.UNKNOWN_ITEM, address)
                elif part.unknown == "create" and types.get(part.type) is False and len(address) < 255:
                    row.warn(Warned.NEW_ITEM, address)
                    self.missing[address] = part
                else:
                    words = _("There is no item “%s”. Import the items first, or correct the name.")
                    row.refuse(words % address)

    def compare(self) -> None:
        """A row whose key was imported before is unchanged, or a conflict that differs. One statement."""
        known = ChangeEvent.objects.filter(
            event="record_import",
            change__import_source=self.mapping.source,
            change__import_key__in=[row.key for row in self.good],
        ).values_list("change__import_key", "data")
        recorded = {key: data.get("record", {}) for key, data in known}
        for row in self.good:
            if row.key not in recorded:
                continue
            before = recorded[row.key]
            row.differences = {
                name: (before.get(name), row.record.get(name))
                for name in sorted(before.keys() | row.record.keys())
                if before.get(name) != row.record.get(name)
            }
            row.outcome = Outcome.CONFLICT if row.differences else Outcome.UNCHANGED
            row.warnings = {}

    def find_people(self) -> None:
        """Who asked, where the file names a person by log-in, mail or name. One statement at most."""
        named = {row.record["requested_by"].casefold() for row in self.good} - {""}
        if named:
            for user in User.objects.all():
                for word in (user.username, user.email, user.display_name):
                    if word.casefold() in named:
                        self.people.setdefault(word.casefold(), user)


def moment_of(text: str | None) -> datetime | None:
    """The instant that a record holds as text."""
    return parse_datetime(text) if text else None
