"""The CMDB over the API."""

from cmdb.api.items import ItemViewSet
from cmdb.api.model import (
    AttributeViewSet,
    DependencyGroupViewSet,
    IdentityRuleViewSet,
    RelationRuleViewSet,
    RelationTypeViewSet,
    TypeViewSet,
)
from cmdb.api.relations import RelationViewSet

__all__ = [
    "AttributeViewSet",
    "DependencyGroupViewSet",
    "IdentityRuleViewSet",
    "ItemViewSet",
    "RelationRuleViewSet",
    "RelationTypeViewSet",
    "RelationViewSet",
    "TypeViewSet",
]
