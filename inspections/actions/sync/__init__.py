"""What phones send when they have a connection again: one operation at a time, each carried out once."""

from inspections.actions.sync.effects import KINDS
from inspections.actions.sync.ledger import take_operation
from inspections.actions.sync.operations import Operation, Outcome

__all__ = ["KINDS", "Operation", "Outcome", "take_operation"]
