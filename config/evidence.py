"""Wires the auditor's pages: who may read and export the record, and what a change is called."""

from accounts.roles import Right, require_right
from audit import hooks
from changes.models import ChangeRequest


def wire() -> None:
    """The pages under /audit/ ask for our rights and know our changes."""
    hooks.require_reader = lambda user: require_right(user, Right.AUDIT_READ)
    hooks.require_exporter = lambda user: require_right(user, Right.AUDIT_EXPORT)
    hooks.change_by_number = change_by_number


def change_by_number(number: str) -> int | None:
    """The key of the change with this number, however people write it ("chg-12", "12")."""
    digits = number.strip().upper().removeprefix("CHG-").lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        return None
    return ChangeRequest.objects.filter(number=f"CHG-{int(digits):06d}").values_list("pk", flat=True).first()
