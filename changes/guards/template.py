"""Whether a standard change keeps to its template: active, in scope, parameters right, plan as approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.labelled import in_active_language
from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, StandardTemplate
from changes.models.request import ItemImpact
from cmdb.models import ConfigurationItem


def template_active(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    template = change.template
    advice = _("Choose an active template, or make it a normal change.")
    if template is None:
        return [Refusal("template_active", _("No template is named."), advice)]
    words = {
        "suspended": _("The template is suspended: %(why)s") % {"why": template.suspended_reason},
        "retired": _("This version of the template is retired."),
        "idle": _("The template is switched off."),
    }
    return unless(
        template.is_active,
        "template_active",
        words.get(template.state, _("The template is not approved by its board yet.")),
        advice,
    )


def cis_in_template_scope(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every changed item is of a type, in an environment and within the filter of the template."""
    if change.template is None:
        return []
    items = ConfigurationItem.objects.filter(
        change_items__change=change, change_items__impact=ItemImpact.MANUAL
    ).select_related("type", "owner_team")
    return [refusal for item in items for refusal in out_of_scope(change.template, item)]


def out_of_scope(template: StandardTemplate, item: ConfigurationItem) -> list[Refusal]:
    """Why the template does not cover the item; empty when it does."""
    wanted = template.scope_filter
    checks = [
        (item.type.key in template.scope_types,
         _("%(item)s is of a type that the template does not cover.")),
        (not template.scope_environments or item.environment in template.scope_environments,
         _("%(item)s is in an environment that the template does not cover.")),
        (item.criticality <= wanted.get("criticality_max", 4),
         _("%(item)s is more critical than the template allows.")),
        (not wanted.get("owner_team") or (item.owner_team and item.owner_team.key == wanted["owner_team"]),
         _("%(item)s belongs to a team that the template does not cover.")),
        (item.name.startswith(str(wanted.get("name_prefix", ""))),
         _("The name of %(item)s is not one that the template covers.")),
    ]  # fmt: skip
    advice = _("Remove the item, or make it a normal change.")
    return [
        Refusal("cis_in_template_scope", words % {"item": item.address}, advice)
        for holds, words in checks
        if not holds
    ]


def label_of(name: str, about: Mapping[str, Any]) -> str:
    return in_active_language(about.get("label", ""), about.get("label_zh", "")) or name


def values_of(
    template: StandardTemplate, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Refusal]]:
    """The parameters with their types, and why some could not be read."""
    values: dict[str, Any] = {}
    refusals: list[Refusal] = []
    for name, about in template.parameters.items():
        given = parameters.get(name)
        if given in (None, ""):
            continue
        fault = fault_of(about, given)
        if fault:
            words = {"name": label_of(name, about), "fault": fault}
            refusals.append(Refusal("params_invalid", _("%(name)s: %(fault)s") % words, _("Correct it.")))
        else:
            values[name] = given
    return values, refusals


def fault_of(about: Mapping[str, Any], value: Any) -> str:  # noqa: PLR0911  one way out for each rule
    """Why the value does not fit the parameter; "" when it does."""
    kind = about.get("kind", "text")
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _("give a number")
        low, high = about.get("min"), about.get("max")
        if low is not None and value < low:
            return _("at least %(bound)s") % {"bound": low}
        if high is not None and value > high:
            return _("at most %(bound)s") % {"bound": high}
        return ""
    if kind == "choice":
        choices = [str(each) for each in about.get("choices", [])]
        return "" if str(value) in choices else _("one of: %(choices)s") % {"choices": ", ".join(choices)}
    if kind == "item":
        found = (
            ConfigurationItem.objects.filter(pk=value) if type(value) is int and 0 < value < 2**63 else None
        )
        if found is None or not found.exists():
            return _("name an item that exists")
        types = about.get("types")
        fits = not types or found.filter(type__key__in=types).exists()
        return "" if fits else _("an item of: %(types)s") % {"types": ", ".join(types)}
    if not isinstance(value, str):
        return _("give a text")
    most = about.get("max_length", 200)
    return "" if len(value) <= most else _("at most %(bound)s characters") % {"bound": most}


def parameter_faults(template: StandardTemplate, parameters: Mapping[str, Any]) -> list[Refusal]:
    """Required parameters without a value, and values for parameters that the template does not have."""
    missing = [
        label_of(name, about)
        for name, about in template.parameters.items()
        if about.get("required") and parameters.get(name) in (None, "")
    ]
    unknown = [name for name in parameters if name not in template.parameters]
    return unless(
        not missing,
        "params_missing",
        _("Parameters without a value: %(names)s") % {"names": ", ".join(missing)},
        _("Fill them in."),
    ) + unless(
        not unknown,
        "params_unknown",
        _("Parameters that the template does not have: %(names)s") % {"names": ", ".join(unknown)},
        _("Remove them."),
    )


def params_valid(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every required parameter has a value, each fits its kind and bounds, and no other is given."""
    if change.template is None:
        return []
    _values, refusals = values_of(change.template, change.parameters)
    return refusals + parameter_faults(change.template, change.parameters)


def plan_from_template(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The plan is what the board approved with its gaps filled in, no more and no less. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_off_template_v1(%s)", [change.pk])
        off = cursor.fetchone()[0]
    return unless(
        off is None,
        "plan_from_template",
        _("The plan is not that of the template: %(difference)s") % {"difference": off},
        _("Raise it from the template again, or make it a normal change."),
    )
