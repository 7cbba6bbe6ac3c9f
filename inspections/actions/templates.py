"""Check lists: making, drafting, publishing and retiring them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections import guards
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion
from inspections.workflow import VersionState

NOT_COPIED = {"id", "version", "row_version"}


def create_checklist(template: ChecklistTemplate, *, by: User) -> ChecklistTemplate:
    """The unsaved check list exists, with an empty draft. Raises RightMissing, ValidationError by field."""
    require_right(by, Right.INSPECT_MANAGE)
    template.full_clean()
    with transaction.atomic(), because(user=by):
        template.save(force_insert=True)
        TemplateVersion.objects.create(template=template)
    return template


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
            TemplateItem.objects.bulk_create(copied(item, version=draft) for item in newest.items.all())
        return draft


def copied(item: TemplateItem, **over: Any) -> TemplateItem:
    """An unsaved item with the settings of another one."""
    names = [field.attname for field in item._meta.concrete_fields if field.name not in NOT_COPIED]
    return TemplateItem(**{name: getattr(item, name) for name in names} | over)


def publish_version(version: TemplateVersion, *, by: User, changelog: str = "") -> TemplateVersion:
    """The version is published, hashed and frozen; the one published before is retired, its runs go on.

    Raises RightMissing; Refused where it is no draft, has no items, or an item cannot be asked as it stands.
    Locks the template.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(changelog, user=by):
        ChecklistTemplate.objects.select_for_update().get(pk=version.template_id)
        version = TemplateVersion.objects.get(pk=version.pk)
        guards.refuse_if(guards.against_publishing(version), "publish check list", by=by, target=version)
        return publish(version, by, changelog)


def publish(version: TemplateVersion, by: User | None, changelog: str) -> TemplateVersion:
    """The version takes the place of the one published before it; rights are asked by the caller."""
    published = TemplateVersion.objects.filter(template=version.template_id, state=VersionState.PUBLISHED)
    published.exclude(pk=version.pk).update(state=VersionState.RETIRED)
    version = TemplateVersion.objects.get(pk=version.pk)
    version.state = VersionState.PUBLISHED
    version.published_by = by
    version.changelog = changelog or version.changelog
    version.save()
    version.refresh_from_db()
    return version


def discard_draft(version: TemplateVersion, *, by: User) -> None:
    """The draft and its items are gone; the history keeps what they were. Raises RightMissing, Refused."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(user=by):
        template = ChecklistTemplate.objects.select_for_update().get(pk=version.template_id)
        version = template.versions.get(pk=version.pk)
        guards.refuse_if(guards.against_discarding(version), "discard draft", by=by, target=version)
        version.items.all().delete()
        version.delete()


def retire_version(version: TemplateVersion, *, by: User, reason: str) -> TemplateVersion:
    """No new run uses the check list until a version of it is published again; runs that exist go on.

    Raises RightMissing; Refused where it is not the published one, while an enabled plan uses the check list,
    or without a reason. Locks the template.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reason, user=by):
        ChecklistTemplate.objects.select_for_update().get(pk=version.template_id)
        version = TemplateVersion.objects.select_related("template").get(pk=version.pk)
        refusals = guards.against_retiring(version, reason)
        guards.refuse_if(refusals, "retire check list", by=by, target=version)
        version.state = VersionState.RETIRED
        version.save(update_fields=["state"])
        version.refresh_from_db()
    return version
