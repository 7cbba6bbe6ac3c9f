"""Check lists: drafting, publishing, and the ones that come with the product."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from cmdb.models import CIType
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion
from inspections.workflow import VersionState

STARTER = Path(__file__).parent.parent / "starter.yaml"
NOT_COPIED = {"id", "version", "row_version"}


def draft_version(template: ChecklistTemplate, *, by: User) -> TemplateVersion:
    """The template has one draft, a copy of its newest version; an existing draft is returned as it is.

    Raises RightMissing without the right to define inspections. Locks the template.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        template = ChecklistTemplate.objects.select_for_update().get(pk=template.pk)
        newest = template.versions.order_by("-number").first()
        if newest and newest.state == VersionState.DRAFT:
            return newest
        number = (template.versions.aggregate(Max("number"))["number__max"] or 0) + 1
        draft = TemplateVersion.objects.create(template=template, number=number)
        if newest:
            TemplateItem.objects.bulk_create(_copy(item, draft) for item in newest.items.all())
        return draft


def _copy(item: TemplateItem, version: TemplateVersion) -> TemplateItem:
    names = [field.attname for field in item._meta.concrete_fields if field.name not in NOT_COPIED]
    return TemplateItem(version=version, **{name: getattr(item, name) for name in names})


def publish_version(version: TemplateVersion, *, by: User, changelog: str = "") -> TemplateVersion:
    """The version is published, hashed and frozen; the one published before is retired, its runs go on.

    Raises RightMissing, or IntegrityError where PostgreSQL refuses (no draft, no items). Locks the template.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(changelog, user=by):
        return _publish(version, by, changelog)


def _publish(version: TemplateVersion, by: User | None, changelog: str) -> TemplateVersion:
    ChecklistTemplate.objects.select_for_update().get(pk=version.template_id)
    published = TemplateVersion.objects.filter(template=version.template_id, state=VersionState.PUBLISHED)
    published.exclude(pk=version.pk).update(state=VersionState.RETIRED)
    version = TemplateVersion.objects.get(pk=version.pk)
    version.state = VersionState.PUBLISHED
    version.published_by = by
    version.changelog = changelog or version.changelog
    version.save()
    version.refresh_from_db()
    return version


def ensure_starter_templates() -> list[ChecklistTemplate]:
    """The check lists of starter.yaml exist, published; existing ones are left alone. Returns new ones."""
    made = []
    with transaction.atomic(), because("starter check lists"):
        known = set(ChecklistTemplate.objects.values_list("key", flat=True))
        types = {ci_type.key: ci_type for ci_type in CIType.objects.all()}
        for entry in yaml.safe_load(STARTER.read_text(encoding="utf-8")):
            if entry["key"] not in known:
                made.append(_make(entry, types))
    return made


def _make(entry: dict[str, Any], types: dict[str, CIType]) -> ChecklistTemplate:
    items = entry.pop("items")
    template = ChecklistTemplate.objects.create(**entry | {"ci_type": types.get(entry.get("ci_type", ""))})
    version = TemplateVersion.objects.create(template=template)
    section: dict[str, str] = {}
    rows = []
    for position, item in enumerate(items, start=1):
        # A section is named once, at its first item.
        section = {name: item.get(name, section.get(name, "")) for name in ("section", "section_zh")}
        rows.append(TemplateItem(version=version, position=position * 10, **section | item))
    TemplateItem.objects.bulk_create(rows)
    _publish(version, None, "")
    return template
