"""Check lists: all of them, one with its versions, a version to read or a draft to edit, two compared."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Right, has_right, require_right
from inspections import guards
from inspections.actions import (
    create_checklist,
    discard_draft,
    draft_version,
    in_sections,
    publish_version,
    retire_version,
)
from inspections.bounds import own_bounds
from inspections.differences import compare_items, shown_choice
from inspections.forms import ChecklistForm
from inspections.forms.templates import verified_fields
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion
from inspections.scope import in_words
from inspections.sheet import TONE as SEVERITY_TONE
from inspections.sheet import shown_limits
from inspections.views.access import page
from inspections.views.scale import scale_of
from inspections.workflow import VersionState

PAGE = 25
TONE = {
    VersionState.PUBLISHED: ("good", "verified"), VersionState.DRAFT: ("warn", "edit_document"),
    VersionState.RETIRED: ("neutral", "inventory_2"),
}  # fmt: skip
ICONS = {
    "pass_fail": "rule", "number": "pin", "choice": "list", "text": "notes", "photo": "photo_camera",
    "machine": "sensors",
}  # fmt: skip


@page
def checklists(request):
    """Every check list with its newest states, searched and filtered."""
    versions = TemplateVersion.objects.filter(template=OuterRef("pk"))
    published = versions.filter(state=VersionState.PUBLISHED)
    rows = ChecklistTemplate.objects.select_related("ci_type", "owner_team").annotate(
        published_number=Subquery(published.values("number")[:1]),
        published_at=Subquery(published.values("published_at")[:1]),
        item_count=Subquery(
            published.values("pk").annotate(n=Count("items")).values("n")[:1]
        ),
        has_draft=Exists(versions.filter(state=VersionState.DRAFT)),
        plan_count=Count("plans", filter=Q(plans__is_enabled=True), distinct=True),
    )  # fmt: skip
    word, show = request.GET.get("q", "").strip()[:80], request.GET.get("show", "")
    if word:
        rows = rows.filter(Q(key__icontains=word) | Q(label__icontains=word) | Q(label_zh__icontains=word))
    shows = {
        "published": Q(published_number__isnull=False), "draft": Q(has_draft=True),
        "retired": Q(published_number=None, has_draft=False),
    }  # fmt: skip
    rows = rows.filter(shows[show]) if show in shows else rows
    context = {
        "page": Paginator(rows.order_by("key"), PAGE).get_page(request.GET.get("page")), "word": word,
        "show": show, "may_manage": has_right(request.user, Right.INSPECT_MANAGE),
    }  # fmt: skip
    return render(request, "inspections/checklists.html", context)


@page
def checklist_new(request):
    """A new check list with an empty draft."""
    require_right(request.user, Right.INSPECT_MANAGE)
    form = ChecklistForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        template = create_checklist(form.instance, by=request.user)
        return redirect("inspections:checklist-version", template.key, 1)
    return render(request, "inspections/checklist_form.html", {"form": form})


@page
def checklist_edit(request, key):
    """What the check list is called; its items are edited in a draft."""
    require_right(request.user, Right.INSPECT_MANAGE)
    template = get_object_or_404(ChecklistTemplate, key=key)
    form = ChecklistForm(request.POST or None, instance=template)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("inspections:checklist", key)
    return render(request, "inspections/checklist_form.html", {"form": form, "template": template})


@page
def checklist(request, key):
    """The published version of a check list, else the newest one."""
    template = get_object_or_404(ChecklistTemplate.objects.select_related("ci_type", "owner_team"), key=key)
    versions = versions_of(template)
    shown = next((each for each in versions if each.state == VersionState.PUBLISHED), versions[0])
    return version_page(request, template, versions, shown)


@page
def checklist_version(request, key, number):
    """One version of a check list; a draft is edited here."""
    template = get_object_or_404(ChecklistTemplate.objects.select_related("ci_type", "owner_team"), key=key)
    versions = versions_of(template)
    shown = next((each for each in versions if each.number == number), None)
    if shown is None:
        raise Http404
    return version_page(request, template, versions, shown)


def versions_of(template):
    """The versions, newest first, each with its look. Raises Http404 where there is none."""
    versions = list(
        template.versions.select_related("published_by", "template")
        .annotate(n=Count("items"))
        .order_by("-number")
    )
    if not versions:
        raise Http404
    for version in versions:
        version.tone, version.icon = TONE[version.state]
    return versions


def version_page(request, template, versions, version, refused=None, status=200):
    """The page of one version: its items by section, and what can be done with it."""
    items = list(version.items.all())
    fields = dict(verified_fields()) if any(item.attribute for item in items) else {}
    published = next((each for each in versions if each.state == VersionState.PUBLISHED), None)
    is_draft = version.state == VersionState.DRAFT
    context = {
        "template": template, "versions": versions, "version": version, "published": published,
        "sections": [(rows[0], [decorated(item, fields) for item in rows]) for rows in in_sections(items)],
        "is_draft": is_draft, "refused": refused, "item_count": len(items), "kinds": kinds(),
        "draft": next((each for each in versions if each.state == VersionState.DRAFT), None),
        "comparison": compare_items(published.items.all(), items) if is_draft and published else None,
        "plans": template.plans.order_by("key"),
        "may_manage": has_right(request.user, Right.INSPECT_MANAGE),
        "may_edit": is_draft and has_right(request.user, Right.INSPECT_MANAGE),
        "why_not_published": guards.against_publishing(version) if is_draft else [],
        "why_not_discarded": guards.against_discarding(version) if is_draft else [],
        "why_not_retired": guards.against_retiring(version, "-") if version == published else [],
    }  # fmt: skip
    return render(request, "inspections/checklist.html", context, status=status)


def kinds():
    return [(kind.value, kind.label, ICONS[kind.value]) for kind in TemplateItem.Kind]


def decorated(item, fields):
    """The item with what its line shows; `fields`: what an answer may verify, in words."""
    item.verifies = fields.get(item.attribute, item.attribute)
    item.icon = ICONS[item.kind]
    item.scale = scale_of(own_bounds(item))
    item.limits = shown_limits(item)
    item.shown_choices = [(shown_choice(each), SEVERITY_TONE[each["severity"]]) for each in item.choices]
    item.conditions = in_words(item.applies_if)
    return item


@page
def checklist_compare(request, key):
    """Two versions item by item, field by field."""
    template = get_object_or_404(ChecklistTemplate, key=key)
    versions = versions_of(template)
    by_number = {str(version.number): version for version in versions}
    new = by_number.get(request.GET.get("new", ""), versions[0])
    older = [version for version in versions if version.number < new.number]
    old = by_number.get(request.GET.get("old", ""), older[0] if older else new)
    context = {
        "template": template, "versions": versions, "old": old, "new": new,
        "comparison": compare_items(old.items.all(), new.items.all()),
    }  # fmt: skip
    return render(request, "inspections/checklist_compare.html", context)


@page
@require_POST
def checklist_deed(request, key, deed):
    """Drafts, publishes, discards or retires; a refusal is shown on the page of the version."""
    template = get_object_or_404(ChecklistTemplate.objects.select_related("ci_type", "owner_team"), key=key)
    require_right(request.user, Right.INSPECT_MANAGE)
    number = request.POST.get("version", "")
    version = template.versions.filter(number=number[:9] if number.isdecimal() else 0).first()
    if deed != "draft" and version is None:
        raise Http404
    try:
        return redirect(*DEEDS[deed](request, template, version))
    except guards.Refused as refused:
        versions = versions_of(template)
        shown = next(each for each in versions if each.number == version.number)
        return version_page(request, template, versions, shown, refused, 409)


def take_draft(request, template, version):
    version = draft_version(template, by=request.user)
    return "inspections:checklist-version", template.key, version.number


def take_publish(request, template, version):
    changelog = request.POST.get("changelog", "").strip()[:2000]
    if not changelog:
        raise guards.Refused(
            [guards.Refusal("changelog", _("Say what changed, for those who read it later."))]
        )
    version = publish_version(version, by=request.user, changelog=changelog)
    messages.success(request, _("%(version)s is published.") % {"version": version})
    return "inspections:checklist", template.key


def take_discard(request, template, version):
    discard_draft(version, by=request.user)
    messages.success(request, _("The draft is discarded."))
    return "inspections:checklist", template.key


def take_retire(request, template, version):
    version = retire_version(version, by=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("%(version)s is retired.") % {"version": version})
    return "inspections:checklist", template.key


DEEDS = {"draft": take_draft, "publish": take_publish, "discard": take_discard, "retire": take_retire}
