"""The items of a draft: added, edited, copied, moved and taken away."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections import guards
from inspections.actions.templates import copied
from inspections.models import TemplateItem, TemplateVersion

STEP = 10


def save_item(item: TemplateItem, *, by: User, row_version: int | None = None) -> TemplateItem:
    """The item stands in its draft as given, a new one at the end with a key of its own.

    Raises RightMissing, Refused where the version is no draft, ValidationError by field, also when somebody
    has edited the item since `row_version`. Locks the version.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        version = _draft_of(item, by)
        if item.pk is None:
            item.position = (version.items.aggregate(Max("position"))["position__max"] or 0) + STEP
            item.key = item.key or free_key(version, item.label)
        elif row_version is not None:
            standing = TemplateItem.objects.filter(pk=item.pk, row_version=row_version)
            if not standing.exists():
                raise ValidationError(
                    _("Somebody edited this item meanwhile. Open it again; yours is below.")
                )
        item.full_clean()
        item.save()
        item.refresh_from_db()
    return item


def copy_item(item: TemplateItem, *, by: User) -> TemplateItem:
    """A twin with the same settings and a key of its own stands right after it. Raises as saving does."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        version = _draft_of(item, by)
        twin = copied(item, version=version, key=free_key(version, item.key))
        twin.save()
        rows = list(version.items.exclude(pk=twin.pk))
        rows.insert([row.pk for row in rows].index(item.pk) + 1, twin)
        _number(rows)
    return twin


def move_item(item: TemplateItem, places: int, *, by: User) -> None:
    """The item is so many places further down within its section (negative: up). Raises as saving does."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        sections = in_sections(_draft_of(item, by).items.all())
        mine = next(rows for rows in sections if item.pk in [row.pk for row in rows])
        _shift(mine, [row.pk for row in mine].index(item.pk), places)
        _number(row for rows in sections for row in rows)


def move_section(item: TemplateItem, places: int, *, by: User) -> None:
    """The item's whole section is so many places further down. Raises as saving does."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        sections = in_sections(_draft_of(item, by).items.all())
        _shift(
            sections, next(n for n, rows in enumerate(sections) if item.pk in [r.pk for r in rows]), places
        )
        _number(row for rows in sections for row in rows)


def remove_item(item: TemplateItem, *, by: User) -> None:
    """The draft asks for it no more; published versions keep it. Raises as saving does."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        _draft_of(item, by)
        item.delete()


def in_sections(items: Iterable[TemplateItem]) -> list[list[TemplateItem]]:
    """The items by section, sections in order of first appearance, as the phone shows them."""
    sections: dict[tuple[str, str], list[TemplateItem]] = {}
    for item in items:
        sections.setdefault((item.section, item.section_zh), []).append(item)
    return list(sections.values())


def free_key(version: TemplateVersion, wanted: str) -> str:
    """A key made of the words that no item of the version has yet."""
    taken = set(version.items.values_list("key", flat=True))
    stem = slugify(wanted)[:44] or "item"
    if stem not in taken:
        return stem
    return next(key for n in range(2, 10_000) if (key := f"{stem}-{n}") not in taken)


def _draft_of(item: TemplateItem, by: User) -> TemplateVersion:
    version = TemplateVersion.objects.select_for_update(of=("self",)).get(pk=item.version_id)
    guards.refuse_if(guards.against_editing(version), "edit check list", by=by, target=version)
    return version


def _shift(rows: list, place: int, places: int) -> None:
    rows.insert(max(0, place + places), rows.pop(place))


def _number(rows: Iterable[TemplateItem]) -> None:
    moved = []
    for n, row in enumerate(rows, start=1):
        if row.position != n * STEP:
            row.position = n * STEP
            moved.append(row)
    TemplateItem.objects.bulk_update(moved, ["position"])
