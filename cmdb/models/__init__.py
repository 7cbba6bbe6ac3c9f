"""What exists (types, items), how it hangs together (relations) and how it is recognised (identity)."""

from cmdb.models.identity import IdentityRule
from cmdb.models.items import ConfigurationItem, Criticality, Environment, LifecycleStage
from cmdb.models.labels import ItemLabel
from cmdb.models.model import AttributeKind, CIAttribute, CIType, ControlMode, IdentityMode
from cmdb.models.relations import DependencyGroup, ImpactDirection, Relation, RelationRule, RelationType

__all__ = [
    "AttributeKind",
    "CIAttribute",
    "CIType",
    "ConfigurationItem",
    "ControlMode",
    "Criticality",
    "DependencyGroup",
    "Environment",
    "IdentityMode",
    "IdentityRule",
    "ImpactDirection",
    "ItemLabel",
    "LifecycleStage",
    "Relation",
    "RelationRule",
    "RelationType",
]
