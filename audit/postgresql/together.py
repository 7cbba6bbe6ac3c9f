"""Creating many tables at the cost of one: what makes `migrate` on an empty database quick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation


class CreateTogether(Operation):
    """The same as its CreateModel operations one after the other, with the state rendered once.

    Django renders the whole neighbourhood of a model, history models included, again for each model that
    joins it; that was most of the time of a first start.
    """

    reversible = True

    def __init__(self, operations: Sequence[CreateModel]) -> None:
        if strange := [each for each in operations if type(each) is not CreateModel]:
            raise TypeError(
                f"Only CreateModel may stand here, not {strange[0]}"
            )  # the state would be too new
        self.operations = list(operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.operations], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        rendered = state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if rendered is not None:
            state.__dict__["apps"] = rendered
            state.reload_models([(app_label, each.name_lower) for each in self.operations])

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def references_model(self, name: str, app_label: str) -> bool:
        return any(each.references_model(name, app_label) for each in self.operations)

    def describe(self) -> str:
        return f"Create {len(self.operations)} models together"
