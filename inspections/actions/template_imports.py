"""Check lists out of files, every row checked before one is written; those that come with OpsLedger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.bodies import is_storable
from accounts.models import Team, User
from accounts.roles import Right, require_right
from audit.context import because
from cmdb.models import CIType
from inspections import reasons
from inspections.actions.template_items import STEP
from inspections.actions.templates import draft_version, publish
from inspections.differences import Comparison, FieldDifference, compare_items
from inspections.interchange import (
    CHOICE_PARTS,
    FIELDS,
    HEAD,
    Document,
    FileRefused,
    Row,
    choices_from,
    document_from,
    plain_yaml,
)
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion

STARTER = Path(__file__).parent.parent / "starter"
TRUE, FALSE = {"true", "yes", "y", "1", "是", "√"}, {"false", "no", "n", "0", "否", "×", ""}


@dataclass(frozen=True)
class RowFault:
    """What is wrong in one row of a file, and where."""

    place: str
    column: str
    message: str


@dataclass
class Imported:
    """What a file would change, or has changed; with any fault, nothing is written."""

    template: ChecklistTemplate
    is_new: bool
    items: list[TemplateItem]
    faults: list[RowFault] = field(default_factory=list)
    head: list[FieldDifference] = field(default_factory=list)
    comparison: Comparison = field(default_factory=Comparison)
    version: TemplateVersion | None = None

    @property
    def is_unchanged(self) -> bool:
        return not (self.faults or self.is_new or self.head) and self.comparison.is_empty


def import_checklist(document: Document, *, by: User, dry_run: bool = False) -> Imported:
    """The check list of that key has a draft with exactly the items of the file; a new one is made.

    What is unchanged is left alone: no draft is made for it. Nothing is published. Every row is checked, and
    with any fault, or `dry_run`, nothing is written. Raises RightMissing. Some ten statements.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reasons.IMPORTED, user=by):
        done = _checked(document)
        if done.faults or done.is_unchanged or dry_run:
            return done
        done.template.save()
        if done.is_new:
            done.version = TemplateVersion.objects.create(template=done.template)
        elif not done.comparison.is_empty:
            done.version = draft_version(done.template, by=by)
        if done.version:
            _write_items(done.version, done.items)
        return done


def _checked(document: Document) -> Imported:
    faults: list[RowFault] = []
    template, head = _head(document.head, faults)
    items = []
    seen: set[str] = set()
    for row in document.rows:
        item = _item(row, faults)
        if item.key and item.key in seen:
            words = {"key": item.key}
            faults.append(RowFault(row.place, "key", _("The key “%(key)s” stands twice.") % words))
        seen.add(item.key)
        items.append(item)
    if not document.rows:
        faults.append(RowFault(_("items"), "", _("There is no item.")))
    is_new = template.pk is None
    newest = None if is_new else template.versions.order_by("-number").first()
    before = list(newest.items.all()) if newest else []
    return Imported(template, is_new, items, faults, head, compare_items(before, items))


def _head(given: dict[str, Any], faults: list[RowFault]) -> tuple[ChecklistTemplate, list[FieldDifference]]:
    place = _("check list")
    for name in given:
        if name not in HEAD:
            faults.append(RowFault(place, name, _("There is no such setting.")))
    texts = {name: str(given.get(name) or "").strip() for name in HEAD}
    template = ChecklistTemplate.objects.filter(key=texts["key"]).first() or ChecklistTemplate()
    linked: dict[str, Any] = {"ci_type": CIType, "owner_team": Team}
    values: dict[str, Any] = {name: text for name, text in texts.items() if name not in linked}
    for name, model in linked.items():
        key = texts[name]
        values[name] = model.objects.filter(key=key).first() if key else None
        if key and values[name] is None:
            faults.append(RowFault(place, name, _("There is no “%(key)s”.") % {"key": key}))
    differences = []
    for name, value in values.items():
        before = getattr(template, name)
        if template.pk and before != value:
            label = str(ChecklistTemplate._meta.get_field(name).verbose_name).capitalize()
            differences.append(FieldDifference(label, str(before or ""), str(value or "")))
        setattr(template, name, value)
    faults.extend(_faults_of(template, place, set()))
    return template, differences


def _item(row: Row, faults: list[RowFault]) -> TemplateItem:
    item = TemplateItem()
    wrong = {"version"}
    for name, raw in row.cells.items():
        if name not in FIELDS:
            faults.append(RowFault(row.place, str(name), _("There is no such setting.")))
            continue
        try:
            setattr(item, name, _value(name, raw))
        except (ValidationError, yaml.YAMLError) as error:
            wrong.add(name)
            faults.append(RowFault(row.place, name, " ".join(getattr(error, "messages", [str(error)]))))
    faults.extend(_faults_of(item, row.place, wrong))
    return item


def _value(name: str, raw: Any) -> Any:
    """The setting that a cell or YAML stands for. Raises ValidationError."""
    setting = FIELDS[name]
    kind = setting.get_internal_type()
    if name == "choices":
        return choices_from(raw) if isinstance(raw, str) else _choices(raw)
    if name == "applies_if":
        return _condition(raw)
    if isinstance(raw, list | dict):
        raise ValidationError(_("Write a single value."))
    if isinstance(raw, bool) and kind != "BooleanField":
        raise ValidationError(_("YAML reads this word as true or false: put it in quotes."))
    if raw is None or raw == "":
        return None if kind == "DecimalField" else setting.get_default()
    if kind == "BooleanField":
        word = str(raw).strip().lower()
        if word not in TRUE | FALSE:
            raise ValidationError(_("Write yes or no."))
        return word in TRUE
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = str(raw).strip()
    return setting.to_python(Decimal(text) if kind == "DecimalField" and isinstance(raw, float) else text)


def _condition(raw: Any) -> Any:
    """The filter as JSON keeps it; in a text it is YAML. Raises ValidationError."""
    try:
        found = (plain_yaml(raw) or {}) if isinstance(raw, str) else raw
        found = json.loads(json.dumps(found, allow_nan=False))
    except FileRefused as refused:
        raise ValidationError(str(refused)) from None
    except (TypeError, ValueError, RecursionError) as error:  # a date, a set, bytes, NaN
        raise ValidationError(_("This is no YAML: %(error)s") % {"error": str(error)[:300]}) from None
    if not is_storable(found):
        raise ValidationError(
            _("A text holds a character that cannot be stored (NUL, or half a surrogate pair).")
        )
    return found


def _choices(raw: Any) -> Any:
    if not isinstance(raw, list):
        return [] if raw is None else raw
    if any(isinstance(part, bool) for each in raw if isinstance(each, dict) for part in each.values()):
        raise ValidationError(_("YAML reads this word as true or false: put it in quotes."))
    return [
        {name: " ".join(str(each[name]).split()) for name in CHOICE_PARTS if each.get(name) is not None}
        if isinstance(each, dict)
        else each
        for each in raw
    ]


def _faults_of(row: Any, place: str, known: set[str]) -> list[RowFault]:
    """What the model itself finds wrong, at each field that is not known to be wrong already."""
    try:
        row.full_clean(exclude=known)
    except ValidationError as error:
        return [
            RowFault(place, "" if name == NON_FIELD_ERRORS else name, message)
            for name, messages in error.message_dict.items()
            for message in messages
        ]
    return []


def _write_items(version: TemplateVersion, items: list[TemplateItem]) -> None:
    """The draft has exactly these items in this order; those it has already keep their rows."""
    standing = {item.key: item for item in version.items.all()}
    added, kept = [], []
    for n, item in enumerate(items, start=1):
        item.version, item.position = version, n * STEP
        if item.key in standing:
            item.pk = standing[item.key].pk
            item.row_version = standing[item.key].row_version
            if any(
                each.value_from_object(item) != each.value_from_object(standing[item.key]) for each in ALL
            ):
                kept.append(item)
        else:
            added.append(item)
    version.items.exclude(key__in=[item.key for item in items]).delete()
    TemplateItem.objects.bulk_update(kept, [each.name for each in ALL], batch_size=100)
    TemplateItem.objects.bulk_create(added)


ALL = [*FIELDS.values(), TemplateItem._meta.get_field("position")]


def ensure_starter_templates() -> list[ChecklistTemplate]:
    """The check lists in starter/ exist, published; existing ones are left alone. Returns new ones."""
    made = []
    with transaction.atomic(), because(reasons.STARTERS):
        known = set(ChecklistTemplate.objects.values_list("key", flat=True))
        for path in sorted(STARTER.glob("*.yaml")):
            if path.stem not in known:
                made.append(_make(yaml.safe_load(path.read_text(encoding="utf-8"))))
    return made


def _make(entry: dict[str, Any]) -> ChecklistTemplate:
    # A data model without the type still gets the check list: it is for whatever plans it is used in.
    if not CIType.objects.filter(key=entry.get("ci_type", "")).exists():
        entry.pop("ci_type", None)
    done = _checked(document_from(entry))
    if done.faults:
        raise ValidationError([f"{fault.place} {fault.column}: {fault.message}" for fault in done.faults])
    done.template.save()
    version = TemplateVersion.objects.create(template=done.template)
    _write_items(version, done.items)
    publish(version, None, "")
    return done.template
