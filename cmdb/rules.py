"""What PostgreSQL refuses, said in words: constraint names of models.py and cmdb/sql → field and message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import Error, transaction
from django.utils.translation import gettext_lazy as _

# A message may be made from the details that PostgreSQL gives; apps above add their own rules here (apps.py).
REFUSALS: dict[str, tuple[str, Any]] = {
    "cmdb_citype_is_a_tree": ("parent", _("A type cannot stand below itself.")),
    "cmdb_citype_not_its_own_parent": ("parent", _("A type cannot stand below itself.")),
    "cmdb_item_name_once_per_type": ("name", _("An item of this type has this name already.")),
    "cmdb_item_has_a_name": ("name", _("An item needs a name.")),
    "cmdb_item_criticality_is_1_to_4": ("criticality", _("Criticality is a number from 1 to 4.")),
    "cmdb_item_type_is_concrete": ("type", _("This type only groups others and has no items of its own.")),
    "cmdb_item_attributes_fit_type": ("attributes", _("An attribute does not fit the type.")),
    "cmdb_item_not_in_itself": ("location", _("An item cannot lie in itself.")),
    "cmdb_item_not_its_own_duplicate": ("duplicate_of", _("An item is not its own duplicate.")),
    "cmdb_item_duplicate_of_an_original": (
        "duplicate_of",
        _("A duplicate points at the original, not at another duplicate."),
    ),
    "cmdb_item_identity_is_unique": ("__all__", _("Another item is the same thing by its identity rule.")),
    "cmdb_relation_once": ("target", _("These two items are related in this way already.")),
    "cmdb_relation_not_self": ("target", _("An item cannot be related to itself.")),
    "cmdb_relation_pair_is_allowed": ("target", _("No rule allows this relation between these types.")),
    "cmdb_relation_one_target_at_most": (
        "target",
        _("The source has such a target already; only one is allowed."),
    ),
    "cmdb_relation_one_source_at_most": (
        "source",
        _("The target has such a source already; only one is allowed."),
    ),
    "cmdb_relation_is_acyclic": (
        "target",
        _("The relation would close a circle: an item would contain itself."),
    ),
    "cmdb_relation_ends_exist": ("target", _("The relation type, the source or the target does not exist.")),
    "cmdb_relation_group_serves_its_item": (
        "group",
        _("The dependency group must belong to the item that needs the other one."),
    ),
    "cmdb_ciattribute_once_per_type": ("key", _("This type has an attribute with this key already.")),
    "cmdb_ciattribute_range_is_not_empty": ("maximum", _("The maximum is below the minimum.")),
    "cmdb_relationtype_containment_is_acyclic": ("is_acyclic", _("A containment is always acyclic.")),
    "cmdb_relationrule_once": ("target_type", _("This rule stands already.")),
    "cmdb_dependencygroup_once_per_item": ("label", _("The item has a group with this label already.")),
}


def refusal_of(error: Error) -> ValidationError | None:
    """The refusal behind a database error by field, or None if it is not one of our rules."""
    diagnosis = getattr(error.__cause__, "diag", None)
    known = REFUSALS.get(diagnosis.constraint_name or "") if diagnosis else None
    if diagnosis is None or known is None:
        return None
    field, message = known
    detail = refusal_detail(diagnosis.message_detail)
    if callable(message):
        message = message(detail)
    elif "other" in detail:
        message = _("%(message)s It is %(other)s (%(rule)s).") % {"message": message, **detail}
    if "key" in detail and field != "__all__":
        field = f"{field}.{detail['key']}"
    return ValidationError({field: ValidationError(message, code=diagnosis.constraint_name)})


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """What PostgreSQL refuses inside by one of our rules becomes a ValidationError; the write is undone."""
    try:
        with transaction.atomic():
            yield
    except Error as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error


def refusal_detail(text: str | None) -> dict[str, Any]:
    """The structured part of a refusal by one of our triggers, empty where PostgreSQL wrote the detail."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
