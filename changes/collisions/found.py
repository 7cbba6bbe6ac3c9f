"""What is found to be in the way of a change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import User
from changes.models import ChangeRequest, FreezeWindow, MaintenanceWindow
from cmdb.models import ConfigurationItem


@dataclass(frozen=True)
class Collision:
    """One way in which another change is in the way of this one.

    `path` leads from `item`, which this change changes, to `other_item`, which the other one does; `meet` is
    the item at which both arrive: for redundancy the one that goes down. `distance` and `other_distance`
    count the relations from either to it. `together` are further changes without which it would not happen.
    """

    other: ChangeRequest
    kind: str
    key: str
    is_hard: bool
    is_reserved: bool
    item: ConfigurationItem | None = None
    other_item: ConfigurationItem | None = None
    meet: ConfigurationItem | None = None
    path: list[ConfigurationItem] = field(default_factory=list)
    distance: int = 0
    other_distance: int = 0
    person: User | None = None
    together: tuple[ChangeRequest, ...] = ()
    overlap: DateTimeTZRange | None = None
    acknowledged_by: tuple[User, ...] = ()
    is_accepted: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it stops a step: hard, and not accepted by who may accept it."""
        return self.is_hard and not self.is_accepted


@dataclass(frozen=True)
class FreezeHit:
    """One item of a change that a freeze covers; `path` leads from it to the service of the freeze."""

    freeze: FreezeWindow
    item: ConfigurationItem
    path: list[ConfigurationItem]
    override: Any = None

    @property
    def blocks(self) -> bool:
        return self.freeze.is_hard and self.override is None


@dataclass(frozen=True)
class MaintenanceMiss:
    """One item that has maintenance windows, and none of them holds the window of the change.

    `opens` are the next openings, as (start, end).
    """

    item: ConfigurationItem
    maintenance: list[MaintenanceWindow]
    path: list[ConfigurationItem]
    opens: list[tuple[datetime, datetime]]
