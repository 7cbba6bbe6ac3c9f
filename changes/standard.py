"""The content of a template of a standard change: typed parameters, scope, and a plan with gaps to fill in.

A parameter is {"kind": text | number | choice | item, "label", "label_zh", "required", "help"} and, by kind,
"max_length", "min"/"max", "choices" or "types". The skeleton is {"title", "reason", "description",
"downtime_minutes", "rollback_trigger", "rollback_minutes", "stages", "operations", "tasks", "criteria",
"rollback_steps", "test_cases"}. An operation is one of
{"kind": update | retire, "on": "items" or an item parameter, "stage": 1, "after": {field: value}},
{"kind": create, "stage": 1, "after": {"type": key, "name", …, "attributes": {…}}},
{"kind": relate | unrelate, "stage": 1, "relation": key, "source", "target"}, an end being "items", an item
parameter, or an address. "{name}" in a text stands for the parameter's value (an item's address), as a value
for the value with its type; "{items}" in a text for the names of the items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS = ("text", "number", "choice", "item")
ON_ITEMS = ("update", "retire")
ON_RELATIONS = ("relate", "unrelate")
OPERATIONS = (*ON_ITEMS, "create", *ON_RELATIONS)
LISTS = ("stages", "operations", "tasks", "criteria", "rollback_steps", "test_cases")
# What each row of a list needs; a step of the way back may be a plain text.
NEEDED = {"tasks": "label", "criteria": "metric", "test_cases": "label", "rollback_steps": "label"}
TEXTS = ("title", "reason", "description", "rollback_trigger")
NUMBERS = ("downtime_minutes", "rollback_minutes")
FILTERS = ("criticality_max", "owner_team", "name_prefix")
GAP = re.compile(r"\{([a-z0-9_-]+)\}")
# Gaps that raising a change fills by itself.
GIVEN = frozenset({"items"})

Faults = dict[str, list[str | Promise]]


def fill(value: Any, values: Mapping[str, Any]) -> Any:
    """The value with every {name} filled in; a text that is one gap takes the value with its type."""
    if not isinstance(value, str):
        return value
    whole = GAP.fullmatch(value)
    if whole and whole[1] in values:
        return values[whole[1]]
    return GAP.sub(lambda gap: str(values.get(gap[1], gap[0])), value)


def gaps(skeleton: Any) -> Iterator[str]:
    """The name of every gap, wherever it stands."""
    if isinstance(skeleton, str):
        yield from GAP.findall(skeleton)
    elif isinstance(skeleton, Mapping):
        for each in skeleton.values():
            yield from gaps(each)
    elif isinstance(skeleton, list):
        for each in skeleton:
            yield from gaps(each)


def content_faults(template: Any) -> Faults:
    """Everything about parameters, scope and skeleton that could not be used, by field."""
    found: Faults = {}

    def fault(field: str, words: str | Promise) -> None:
        found.setdefault(field, []).append(words)

    parameters, skeleton = template.parameters, template.skeleton
    if not isinstance(parameters, dict) or not all(isinstance(each, dict) for each in parameters.values()):
        fault("parameters", _("Parameters are {name: {kind, label, …}}."))
        parameters = {}
    for name, about in parameters.items():
        _check_parameter(name, about, fault)
    if not isinstance(skeleton, dict):
        fault("skeleton", _("The skeleton is an object."))
        return found
    _check_skeleton(skeleton, parameters, fault)
    for field in ("scope_types", "scope_environments"):
        value = getattr(template, field)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            fault(field, _("Give a list of texts."))
    unknown = set(template.scope_filter) - set(FILTERS) if isinstance(template.scope_filter, dict) else {"?"}
    if unknown:
        fault("scope_filter", _("A filter knows criticality_max, owner_team and name_prefix."))
    return found


def _check_parameter(name: str, about: Mapping[str, Any], fault: Any) -> None:
    kind = about.get("kind", "text")
    if not re.fullmatch(r"[a-z0-9_-]{1,40}", name) or name in GIVEN:
        fault("parameters", _("“%(name)s” cannot be the name of a parameter.") % {"name": name})
    if kind not in KINDS:
        fault("parameters", _("“%(name)s”: there is no such kind of parameter.") % {"name": name})
    if kind == "choice" and not (isinstance(about.get("choices"), list) and about["choices"]):
        fault("parameters", _("“%(name)s” is a choice and has none to choose from.") % {"name": name})
    low, high = about.get("min"), about.get("max")
    numbers = [each for each in (low, high) if each is not None]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers):
        fault("parameters", _("“%(name)s”: bounds are numbers.") % {"name": name})
    elif len(numbers) == 2 and low > high:
        fault("parameters", _("“%(name)s”: the lower bound is above the upper one.") % {"name": name})


def _check_skeleton(skeleton: Mapping[str, Any], parameters: Mapping[str, Any], fault: Any) -> None:
    if strange := set(skeleton) - {*LISTS, *TEXTS, *NUMBERS}:
        fault("skeleton", _("The skeleton knows no %(names)s.") % {"names": ", ".join(sorted(strange))})
    for name in LISTS:
        if not isinstance(skeleton.get(name, []), list):
            fault("skeleton", _("%(name)s is a list.") % {"name": name})
            return
    for name, needed in NEEDED.items():
        for row in skeleton.get(name, []):
            is_text = name == "rollback_steps" and isinstance(row, str)
            if not is_text and not (isinstance(row, dict) and isinstance(row.get(needed), str)):
                words = {"name": name, "needed": needed}
                fault("skeleton", _("Each row of %(name)s is an object with %(needed)s.") % words)
    if not all(isinstance(row, dict) for row in skeleton.get("stages", [])):
        fault("skeleton", _("%(name)s is a list.") % {"name": "stages"})
        return
    _check_operations(skeleton, parameters, fault)
    for name in sorted(set(gaps(skeleton)) - set(parameters) - GIVEN):
        fault("skeleton", _("No parameter fills {%(name)s}.") % {"name": name})


def _check_operations(skeleton: Mapping[str, Any], parameters: Mapping[str, Any], fault: Any) -> None:
    items = {name for name, about in parameters.items() if about.get("kind") == "item"}
    last = max(len(skeleton.get("stages", [])), 1)
    stage_of: dict[str, Any] = {}
    for row in skeleton.get("operations", []):
        kind = row.get("kind", "update") if isinstance(row, dict) else ""
        if kind not in OPERATIONS:
            fault("skeleton", _("An operation updates, retires, creates, relates or unrelates."))
            continue
        stage, after = row.get("stage", 1), row.get("after", {})
        if type(stage) is not int or not 1 <= stage <= last:
            fault("skeleton", _("There is no stage %(stage)s.") % {"stage": stage})
        if not isinstance(after, dict):
            fault("skeleton", _("“after” is {field: value}."))
        elif kind in ON_ITEMS:
            on = row.get("on", "items")
            if on not in {"items", *items}:
                fault("skeleton", _("An operation is on the items, or on an item parameter."))
            elif stage_of.setdefault(on, stage) != stage:
                fault("skeleton", _("Every item is changed in one stage only."))
        elif kind == "create":
            if not (after.get("type") and after.get("name")):
                fault("skeleton", _("A new item has a type and a name."))
        else:
            _check_ends(row, items, fault)


def _check_ends(row: Mapping[str, Any], items: set[str], fault: Any) -> None:
    ends = [row.get("source"), row.get("target")]
    known = {"items", *items}
    if not row.get("relation") or not all(
        isinstance(end, str) and (end in known or ":" in end) for end in ends
    ):
        fault("skeleton", _("A relation has a type and two ends: items, an item parameter or an address."))
    elif ends[0] == ends[1]:
        fault("skeleton", _("The ends of a relation are two things."))
