"""The model as one document: types, attributes, identity rules, relation types and their rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import Error, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.roles import Right, require_right
from audit.context import because
from audit.recorded.differences import as_reason
from cmdb.models import CIAttribute, CIType, IdentityRule, RelationRule, RelationType
from cmdb.rules import refusal_of

if TYPE_CHECKING:
    from accounts.models import User

STARTER = Path(__file__).resolve().parent.parent / "starter" / "model.yaml"

# Name in the document → name of the field, where they differ.
TYPE_FIELDS = {"abstract": "is_abstract"}
ATTRIBUTE_FIELDS = {"indexed": "is_indexed", "sensitive": "is_sensitive"}
RELATION_FIELDS = {"containment": "is_containment", "acyclic": "is_acyclic"}
RULE_FIELDS = {"source": "source_type", "target": "target_type"}
DERIVED = {"id", "row_version", "schema_version", "compiled_schema"}

Document = Mapping[str, Any]

LOADED = as_reason(gettext_noop("Model definitions loaded"))


@dataclass
class ModelSummary:
    """What loading a document did, by kind of definition."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: int = 0

    def __str__(self) -> str:
        return _("%(created)d created, %(updated)d updated, %(unchanged)d unchanged") % {
            "created": len(self.created),
            "updated": len(self.updated),
            "unchanged": self.unchanged,
        }


@transaction.atomic
def load_model(document: Document, *, by: User | None) -> ModelSummary:
    """Every definition of the document stands as it says; what it does not name stays as it was.

    About fifteen statements, whatever the size. Raises ValidationError naming each faulty definition,
    RightMissing without the right to define types (`by` is None for the set-up alone).
    """
    if by is not None:
        require_right(by, Right.CMDB_MODEL)
    loading = _Loading(ModelSummary(), [])
    try:
        with because(LOADED, user=by):
            loading.load(document)
    except Error as error:
        raise refusal_of(error) or error from error
    return loading.summary


def ensure_starter_model(*, by: User | None = None) -> ModelSummary | None:
    """A CMDB without any type has the starter model; one with types is left alone."""
    if CIType.objects.exists():
        return None
    return load_model(yaml.safe_load(STARTER.read_text(encoding="utf-8")), by=by)


def export_model() -> dict[str, list[dict[str, Any]]]:
    """All definitions as one document that `load_model` reads; six statements."""
    types = []
    attributes = _grouped(CIAttribute.objects.order_by("position", "key"), "type_id")
    identities = _grouped(IdentityRule.objects.order_by("position", "id"), "type_id")
    for kind in _parents_first(CIType.objects.select_related("parent").order_by("id")):
        entry = _as_entry(kind, TYPE_FIELDS)
        entry |= _rows("identity", [_as_entry(row, {}, skip={"type"}) for row in identities.get(kind.pk, [])])
        owned = [_as_entry(row, ATTRIBUTE_FIELDS, skip={"type"}) for row in attributes.get(kind.pk, [])]
        types.append(entry | _rows("attributes", owned))
    ways = []
    rule_rows = RelationRule.objects.select_related("source_type", "target_type").order_by("id")
    rules = _grouped(rule_rows, "relation_type_id")
    for way in RelationType.objects.order_by("id"):
        joined = [_as_entry(row, RULE_FIELDS, skip={"relation_type"}) for row in rules.get(way.pk, [])]
        ways.append(_as_entry(way, RELATION_FIELDS) | _rows("rules", joined))
    return {"types": types, "relation_types": ways}


@dataclass
class _Loading:
    """One run over a document: what it did, and what is wrong with it."""

    summary: ModelSummary
    faults: list[str]

    def load(self, document: Document) -> None:
        unknown = set(document) - {"types", "relation_types"}
        if unknown:
            self.faults.append(_("“%(key)s” is not a part of a model.") % {"key": ", ".join(sorted(unknown))})
        types = self._entries(document, "types", _("types"))
        self._load_types(types)
        kinds = CIType.objects.in_bulk(field_name="key")
        self._load_parts(CIAttribute, types, "attributes", kinds, ATTRIBUTE_FIELDS, "key")
        kinds = CIType.objects.in_bulk(field_name="key")  # with the attributes compiled
        self._load_parts(IdentityRule, types, "identity", kinds, {}, "label")
        ways = self._entries(document, "relation_types", _("relation types"))
        self._load_relation_types(ways, kinds)
        self._stop_at_faults()

    def _load_types(self, entries: list[Document]) -> None:
        waiting = {entry["key"]: entry for entry in entries}
        while waiting:
            known = CIType.objects.in_bulk(field_name="key")
            ready = [entry for entry in waiting.values() if _is_ready(entry, waiting, known)]
            if not ready:
                self.faults += [
                    _("Type “%(key)s”: its parent “%(parent)s” is not known.")
                    % {"key": entry["key"], "parent": entry["parent"]}
                    for entry in waiting.values()
                ]
                return self._stop_at_faults()
            wanted = []
            for entry in ready:
                del waiting[entry["key"]]
                values = self._values(CIType, entry, TYPE_FIELDS, {"attributes", "identity"}, entry["key"])
                if "parent" in entry:
                    values["parent"] = known.get(entry["parent"])
                wanted.append(({"key": entry["key"]}, values, entry["key"]))
            self._write(CIType, known, ("key",), wanted)
        return None

    def _load_parts(
        self,
        model: type[models.Model],
        types: list[Document],
        part: str,
        kinds: Mapping[str, CIType],
        names: Mapping[str, str],
        identity: str,
    ) -> None:
        known = {(row.type_id, getattr(row, identity)): row for row in model._default_manager.all()}
        wanted = []
        for entry in types:
            for position, row in enumerate(self._entries(entry, part, entry["key"], identity)):
                name = f"{entry['key']}.{row[identity]}"
                values = self._values(model, row, names, set(), name)
                if (kinds[entry["key"]].pk, row[identity]) not in known:
                    values.setdefault("position", position)
                wanted.append(({"type": kinds[entry["key"]], identity: row[identity]}, values, name))
        self._write(model, known, ("type_id", identity), wanted)

    def _load_relation_types(self, ways: list[Document], kinds: Mapping[str, CIType]) -> None:
        known = RelationType.objects.in_bulk(field_name="key")
        wanted = [
            (
                {"key": way["key"]},
                self._values(RelationType, way, RELATION_FIELDS, {"rules"}, way["key"]),
                way["key"],
            )
            for way in ways
        ]
        self._write(RelationType, known, ("key",), wanted)
        known = RelationType.objects.in_bulk(field_name="key")
        rules = []
        for way in ways:
            for row in self._entries(way, "rules", way["key"], "source"):
                name = f"{way['key']}: {row['source']} → {row.get('target')}"
                ends = [kinds.get(row["source"]), kinds.get(row.get("target"))]
                if None in ends:
                    self.faults.append(_("Rule “%(name)s” names a type that is not known.") % {"name": name})
                    continue
                key = {"relation_type": known[way["key"]], "source_type": ends[0], "target_type": ends[1]}
                rules.append((key, self._values(RelationRule, row, {}, {"source", "target"}, name), name))
        standing = {
            (rule.relation_type_id, rule.source_type_id, rule.target_type_id): rule
            for rule in RelationRule.objects.all()
        }
        self._write(RelationRule, standing, ("relation_type_id", "source_type_id", "target_type_id"), rules)

    def _entries(self, holder: Document, part: str, where: str, identity: str = "key") -> list[Document]:
        rows = [] if holder.get(part) is None else holder[part]
        if not isinstance(rows, list) or not all(isinstance(r, Mapping) and r.get(identity) for r in rows):
            self.faults.append(
                _("%(where)s: “%(part)s” must be a list of entries with “%(key)s”.")
                % {"where": where, "part": part, "key": identity}
            )
            self._stop_at_faults()
        return rows

    def _values(
        self,
        model: type[models.Model],
        entry: Document,
        names: Mapping[str, str],
        parts: set[str],
        where: str,
    ) -> dict[str, Any]:
        values = {}
        for key, value in entry.items():
            if key in parts or key == "parent":
                continue
            name = names.get(key, key)
            try:
                known = name not in DERIVED and name not in names and model._meta.get_field(name).concrete
            except FieldDoesNotExist:
                known = False
            if known or name in names.values():
                values[name] = value
            else:
                self.faults.append(
                    _("%(where)s: “%(key)s” is not known here.") % {"where": where, "key": key}
                )
        return values

    def _write(
        self,
        model: type[models.Model],
        known: Mapping[Any, models.Model],
        key_fields: tuple[str, ...],
        wanted: Iterable[tuple[dict[str, Any], dict[str, Any], str]],
    ) -> None:
        new, changed, fields = {}, [], set()
        for identity, values, name in wanted:
            probe = model(**identity)
            key = tuple(getattr(probe, field_name) for field_name in key_fields)
            row = known.get(key if len(key) > 1 else key[0])
            differing = {k: v for k, v in values.items() if row is not None and _differs(row, k, v)}
            if row is not None and not differing:
                self.summary.unchanged += 1
                continue
            row = row or probe
            for attribute, value in (differing if row.pk else values).items():
                setattr(row, attribute, value)
            if self._is_clean(row, name):
                if row.pk:
                    changed.append(row)
                    fields |= set(differing)
                    self.summary.updated.append(name)
                else:
                    new[key] = row
                    self.summary.created.append(name)
        self._stop_at_faults()
        model._default_manager.bulk_create(new.values())
        if changed:
            model._default_manager.bulk_update(changed, sorted(fields))

    def _is_clean(self, row: models.Model, name: str) -> bool:
        try:
            # A look at each referenced row would cost a statement for every definition.
            links = [column.name for column in row._meta.concrete_fields if column.is_relation]
            row.clean_fields(exclude=["compiled_schema", *links])
            row.clean()
        except ValidationError as error:
            self.faults += [
                f"{name}: {field_name}: {message}"
                for field_name, messages in error.message_dict.items()
                for message in messages
            ]
            return False
        return True

    def _stop_at_faults(self) -> None:
        if self.faults:
            raise ValidationError(self.faults)


def _is_ready(entry: Document, waiting: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    parent = entry.get("parent")
    return not parent or (parent in known and parent not in waiting)


def _differs(row: models.Model, name: str, value: Any) -> bool:
    field_ = row._meta.get_field(name)
    if field_.is_relation:
        return getattr(row, field_.attname) != (value.pk if value is not None else None)
    try:
        return getattr(row, name) != field_.to_python(value)
    except ValidationError:
        return True


def _parents_first(types: Iterable[CIType]) -> list[CIType]:
    waiting, placed, done = list(types), [], set()
    while waiting:
        ready = [kind for kind in waiting if kind.parent_id is None or kind.parent_id in done]
        placed += ready
        done |= {kind.pk for kind in ready}
        waiting = [kind for kind in waiting if kind.pk not in done]
    return placed


def _grouped(rows: Iterable[models.Model], by: str) -> dict[int, list[models.Model]]:
    groups: dict[int, list[models.Model]] = {}
    for row in rows:
        groups.setdefault(getattr(row, by), []).append(row)
    return groups


def _rows(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: rows} if rows else {}


def _as_entry(row: models.Model, names: Mapping[str, str], skip: set[str] = frozenset()) -> dict[str, Any]:
    """The row's fields that differ from their defaults, by their names in the document."""
    shown = {field_name: name for name, field_name in names.items()}
    entry = {}
    for column in row._meta.concrete_fields:
        value = getattr(row, column.name)
        if column.name in DERIVED | skip or value is None or value == column.get_default():
            continue
        if isinstance(value, models.Model):
            value = value.key
        elif isinstance(column, models.DecimalField):
            value = int(value) if value == value.to_integral_value() else float(value)
        entry[shown.get(column.name, column.name)] = value
    return {"key": entry.pop("key"), **entry} if "key" in entry else entry
