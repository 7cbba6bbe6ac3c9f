"""The content of a template of a standard change: typed parameters, scope, and a plan with gaps to fill in.

A parameter is {"kind": text | number | choice | item, "label", "label_zh", "required", "help"} and, by kind,
"max_length", "min"/"max", "choices" or "types". The skeleton is {"title", "reason", "description",
"downtime_minutes", "rollback_trigger", "rollback_minutes", "stages", "operations", "tasks", "criteria",
"rollback_steps"}; an operation is {"kind": update | retire, "on": "items" or the name of an item parameter,
"stage": 1, "after": {field: value}}. "{name}" in a text stands for the parameter's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS = ("text", "number", "choice", "item")
OPERATIONS = ("update", "retire")
LISTS = ("stages", "operations", "tasks", "criteria", "rollback_steps")
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
    items = {name for name, about in parameters.items() if about.get("kind") == "item"}
    for operation in skeleton.get("operations", []):
        if not isinstance(operation, dict) or operation.get("kind", "update") not in OPERATIONS:
            fault("skeleton", _("An operation changes fields or retires an item."))
        elif operation.get("on", "items") not in {"items", *items}:
            fault("skeleton", _("An operation is on the items, or on an item parameter."))
    for name in sorted(set(gaps(skeleton)) - set(parameters) - GIVEN):
        fault("skeleton", _("No parameter fills {%(name)s}.") % {"name": name})
