"""The items of a draft: one to write, and the buttons beside each line."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.roles import Right, require_right
from inspections import guards
from inspections.actions import copy_item, move_item, move_section, remove_item, save_item
from inspections.bounds import own_bounds
from inspections.forms import ChoiceFormSet, ConditionForm, ItemForm
from inspections.models import TemplateItem, TemplateVersion
from inspections.scope import in_words, matching_cis
from inspections.views.access import page
from inspections.views.checklists import ICONS, version_page, versions_of
from inspections.views.scale import scale_of

MOST_COUNTED = 10_000


@page
def checklist_item_new(request, key, number):
    """A new item of the kind that the address names, at the end of the draft."""
    version = found_version(key, number)
    kind = request.GET.get("kind", "")
    if kind not in TemplateItem.Kind.values:
        raise Http404
    last = version.items.order_by("-position").first()
    item = TemplateItem(version=version, kind=kind, is_required=kind != TemplateItem.Kind.TEXT)
    if last:
        item.section, item.section_zh = last.section, last.section_zh
    return edit(request, version, item)


@page
def checklist_item(request, key, number, pk):
    """One item of a draft to edit; of a published version, the way back to it."""
    version = found_version(key, number)
    return edit(request, version, get_object_or_404(version.items, pk=pk))


def found_version(key, number):
    versions = TemplateVersion.objects.select_related("template")
    return get_object_or_404(versions, template__key=key, number=number)


def edit(request, version, item):
    """The form of one item, its choices and its condition; what is wrong stands at its field."""
    require_right(request.user, Right.INSPECT_MANAGE)
    if guards.against_editing(version):
        return redirect("inspections:checklist-version", version.template.key, version.number)
    stored = item.applies_if
    data = request.POST or None
    form = ItemForm(data, instance=item)
    condition = ConditionForm(data, conditions=stored, prefix="if")
    choices = None
    if item.kind == item.Kind.CHOICE:
        choices = ChoiceFormSet(data, prefix="choice", initial=item.choices)
    status = 200
    if data is not None:
        status = 400
        are_fine = all(each.is_valid() for each in (form, condition, choices) if each is not None)
        if are_fine and "try" not in data:
            item.applies_if = condition.conditions
            item.choices = choices.choices if choices else []
            if saved := save(request, item, form, condition):
                return saved
    if not data or condition.is_valid():
        stored = condition.conditions if data else stored
    context = {
        "version": version, "template": version.template, "item": item, "form": form, "condition": condition,
        "choices": choices, "icon": ICONS[item.kind], "found": matching_cis(stored)[:MOST_COUNTED].count(),
        "condition_words": in_words(stored), "scale": scale_of(own_bounds(item)) if not form.errors else None,
        "sections": version.items.order_by("section").values_list("section", "section_zh").distinct(),
    }  # fmt: skip
    return render(
        request, "inspections/checklist_item.html", context, status=200 if "try" in (data or {}) else status
    )


def save(request, item, form, condition):
    """Where to go after saving; None where something is wrong, which then stands at its field."""
    try:
        item = save_item(item, by=request.user, row_version=form.cleaned_data.get("row_version"))
    except ValidationError as error:
        place(error, form, condition)
        return None
    key, number = item.version.template.key, item.version.number
    if "more" in request.POST:
        return redirect("inspections:checklist-item", key, number, item.pk)
    return redirect("inspections:checklist-version", key, number)


def place(error, form, condition):
    """Each message at its field, or above the form where the field is not shown."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, lines in by_field.items():
        target, name = (condition, None) if name == "applies_if" else (form, name)
        shown = name if name in form.fields else None
        for line in lines:
            target.add_error(shown, line)


@page
@require_POST
def checklist_item_deed(request, key, number, pk, deed):
    """Copies, moves or removes an item of a draft."""
    require_right(request.user, Right.INSPECT_MANAGE)
    version = found_version(key, number)
    item = get_object_or_404(version.items, pk=pk)
    try:
        made = DEEDS[deed](item, request.user)
    except guards.Refused as refused:
        return version_page(request, version.template, versions_of(version.template), version, refused, 409)
    if deed == "copy":
        return redirect("inspections:checklist-item", key, number, made.pk)
    response = redirect("inspections:checklist-version", key, number)
    response["Location"] += f"#item-{pk}" if deed != "remove" else ""
    return response


DEEDS = {
    "copy": lambda item, by: copy_item(item, by=by),
    "up": lambda item, by: move_item(item, -1, by=by),
    "down": lambda item, by: move_item(item, 1, by=by),
    "section-up": lambda item, by: move_section(item, -1, by=by),
    "section-down": lambda item, by: move_section(item, 1, by=by),
    "remove": lambda item, by: remove_item(item, by=by),
}
