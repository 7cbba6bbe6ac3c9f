"""Readable selections of configuration items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from cmdb.models import ConfigurationItem

ENDED_STAGES = ("retired", "disposed")

# What a stored filter (inspection plans, freezes) may ask of an item; nothing else reaches the ORM.
FILTER_FIELDS = {
    "name": "name",
    "environment": "environment",
    "criticality": "criticality",
    "lifecycle_stage": "lifecycle_stage",
    "owner_team": "owner_team__key",
    "serial": "serial",
}
TEXT_LOOKUPS = {"", "in", "startswith", "istartswith", "contains", "icontains"}
LOOKUPS = {
    "name": TEXT_LOOKUPS,
    "serial": TEXT_LOOKUPS,
    "environment": {"", "in"},
    "criticality": {"", "in", "gte", "lte"},
    "lifecycle_stage": {"", "in"},
    "owner_team": {"", "in"},
    "attributes": {"", "in", "gte", "lte"},
}

TYPE_FAMILY = """SELECT line.type_id
FROM cmdb.type_lineage line JOIN cmdb_citype top ON top.id = line.ancestor_id
WHERE top.key = ANY (%s)"""


INSIDE = """WITH RECURSIVE inside(id) AS (
    SELECT %s::bigint UNION
    SELECT item.id FROM cmdb_configurationitem item JOIN inside ON item.location_id = inside.id
) SELECT id FROM inside"""


class SharesBigrams(models.Func):
    """True where every pair of neighbouring characters of the word is in the text: the index's half."""

    template = "cmdb.bigrams_v1(%(expressions)s)"
    arg_joiner = ") @> cmdb.bigrams_v1("
    output_field = models.BooleanField()
    conditional = True


class Contains(models.Func):
    """True where the word is in the text, character by character."""

    template = "strpos(%(expressions)s) > 0"
    output_field = models.BooleanField()
    conditional = True


class IsUnfit(models.Func):
    """True where the attributes break the type's compiled schema."""

    template = "EXISTS (SELECT FROM cmdb.breaches_v1(%(expressions)s))"
    output_field = models.BooleanField()
    conditional = True


class ItemQuerySet(models.QuerySet["ConfigurationItem"]):
    """Configuration items by adjectives; each is one condition of one statement."""

    def live(self) -> Self:
        """Items that are neither retired, disposed of nor marked as a duplicate."""
        return self.exclude(lifecycle_stage__in=ENDED_STAGES).filter(duplicate_of=None)

    def of_type(self, *keys: str) -> Self:
        """Items of the types with these keys or of any type below them."""
        family = RawSQL(TYPE_FAMILY, [list(keys)])  # noqa: S611
        return self.filter(type_id__in=family)

    def unfit(self) -> Self:
        """Items whose attributes break their type's schema, because it was tightened after them."""
        return self.filter(IsUnfit("type_id", "attributes"))

    def by_address(self, address: str) -> ConfigurationItem:
        """The one item named `type:name`. Raises DoesNotExist where there is none."""
        type_key, _colon, name = address.partition(":")
        return self.select_related("type").get(type__key=type_key, name=name)

    def by_addresses(self, addresses: list[str]) -> dict[str, ConfigurationItem]:
        """Items by `type:name`, one statement; addresses without an item are absent."""
        names = [address.partition(":")[2] for address in addresses]
        wanted = set(addresses)
        found = {item.address: item for item in self.select_related("type").filter(name__in=names)}
        return {address: item for address, item in found.items() if address in wanted}

    def matching(self, conditions: dict[str, Any]) -> Self:
        """Items that meet every condition of a stored filter, as {"type": "host", "criticality__gte": 3}.

        Keys: type (subtypes included), location (address; everything placed directly in it), id,
        name, serial, environment, criticality, lifecycle_stage, owner_team (key), attributes.<key>,
        most of them with __in, __gte, __lte, __startswith, __icontains.
        Raises ValidationError if a key is not one of these.
        """
        found = self
        for key, value in conditions.items():
            try:
                found = found._narrowed(key, value)
            except (TypeError, ValueError) as error:
                message = _("“%(value)s” is not a value for the condition “%(key)s”.")
                raise ValidationError(message % {"value": value, "key": key}) from error
        return found

    def _narrowed(self, key: str, value: Any) -> Self:
        if key in ("type", "type__in"):
            return self.of_type(*([value] if isinstance(value, str) else value))
        if key == "location":
            type_key, _colon, name = str(value).partition(":")
            return self.filter(location__type__key=type_key, location__name=name)
        if key in ("id", "id__in"):
            return self.filter(**{key: value})
        field, _sep, lookup = key.partition("__")
        base, _dot, attribute = field.partition(".")
        if lookup not in LOOKUPS.get(base, ()) or (base == "attributes") != bool(attribute):
            raise ValidationError(_("“%(key)s” is not a condition on configuration items.") % {"key": key})
        if attribute:
            return self._with_attribute(attribute, lookup, value)
        column = FILTER_FIELDS[base]
        return self.filter(**{f"{column}__{lookup}" if lookup else column: value})

    def _with_attribute(self, attribute: str, lookup: str, value: Any) -> Self:
        if not lookup:
            return self.filter(attributes__contains={attribute: value})
        return self.filter(**{f"attributes__{attribute}__{lookup}": value})

    def inside(self, place: int) -> Self:
        """The place itself and whatever stands in it, however deep; a circle of places ends."""
        return self.filter(pk__in=RawSQL(INSIDE, [place]))  # noqa: S611

    def searched(self, term: str) -> Self:
        """Items whose name, serial, address or attributes contain every word of the term, in any language.

        Words of two and more characters use the bigram index; single characters are compared directly.
        """
        found = self
        for word in term.lower().split():
            found = found.filter(
                SharesBigrams("search_text", models.Value(word)), Contains("search_text", models.Value(word))
            )
        return found
