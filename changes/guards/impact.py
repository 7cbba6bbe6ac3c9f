"""Whether the impact was confirmed, and is still what was confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import AssessmentPolicy, ChangeRequest, ImpactConfirmation
from changes.models.request import ItemImpact
from changes.workflow import Kind
from cmdb.impact import ImpactRow, impact_of
from cmdb.models import ConfigurationItem, Criticality

EFFECTS = ("down", "degraded", "informed")
# How much of the list is kept in words; all of it is kept by id and effect.
ROWS_IN_WORDS = 1000
SHOWN_BY_NAME = 20


@dataclass(frozen=True)
class Affected:
    """One item of the list: what happens to it, how it is reached, whose it is."""

    item_id: int
    address: str
    effect: str
    depth: int
    criticality: int
    team: str
    path: tuple[str, ...]
    is_added: bool = False

    @property
    def name(self) -> str:
        """The item's name without its type; in an address the type comes first."""
        return self.address.partition(":")[2] or self.address

    @property
    def steps(self) -> list[str]:
        """The names on the way to it."""
        return [step.partition(":")[2] or step for step in self.path]

    @property
    def criticality_label(self) -> str | Promise:
        return Criticality(self.criticality).label

    def as_json(self) -> dict[str, Any]:
        return {
            "item": self.item_id, "address": self.address, "effect": self.effect, "depth": self.depth,
            "criticality": self.criticality, "team": self.team, "path": list(self.path),
        }  # fmt: skip


class LiveImpact:
    """What the change affects in the graph as it is now, vetoes and additions taken into account."""

    def __init__(self, change: ChangeRequest) -> None:
        self.change = change
        rows = list(change.change_items.values_list("item_id", "impact", "effect", "reason", "judged_by_id"))
        self.changed = sorted(item for item, impact, *_rest in rows if impact == ItemImpact.MANUAL)
        self.vetoes = {row[0]: row for row in rows if row[1] == ItemImpact.NOT_IMPACTED}
        self.added = {row[0]: row[2] or "down" for row in rows if row[1] == ItemImpact.ADDED}

    @cached_property
    def rows(self) -> list[Affected]:
        """The list, vetoed items left out: what goes down first, then by distance and criticality."""
        impact = impact_of(self.changed)
        reached = {row.item_id: row for row in impact.rows()}
        teams = self._teams([*reached, *self.added])
        found = [
            Affected(row.item_id, row.address, effect, row.depth, row.criticality, teams.get(row.item_id, ""),
                     path_of(row, reached))
            for effect in EFFECTS
            for row in getattr(impact, effect)
            if row.item_id not in self.vetoes and row.item_id not in self.added
        ]  # fmt: skip
        by_hand = [
            Affected(item.pk, item.address, self.added[item.pk], 1, item.criticality, teams.get(item.pk, ""),
                     (), True)
            for item in ConfigurationItem.objects.filter(pk__in=self.added).select_related("type")
        ]  # fmt: skip
        order = {effect: rank for rank, effect in enumerate(EFFECTS)}
        return sorted([*by_hand, *found], key=lambda row: (order[row.effect], -row.criticality, row.depth))

    @staticmethod
    def _teams(ids: list[int]) -> dict[int, str]:
        owned = ConfigurationItem.objects.filter(pk__in=ids, owner_team__isnull=False)
        return {item.pk: str(item.owner_team) for item in owned.select_related("owner_team")}

    @property
    def known(self) -> dict[str, str]:
        """{item id: effect}, as a confirmation keeps it."""
        return {str(row.item_id): row.effect for row in self.rows}

    def grown_since(self, confirmed: ImpactConfirmation) -> list[Affected]:
        """Critical items that go down or lose redundancy now, and did not, or less, when it was confirmed."""
        least = critical_from(self.change.kind)
        rank = {effect: number for number, effect in enumerate(EFFECTS)}
        before = confirmed.known
        return [
            row
            for row in self.rows
            if row.effect != "informed" and row.criticality >= least
            and rank[row.effect] < rank.get(before.get(str(row.item_id), ""), len(EFFECTS))
        ]  # fmt: skip


def path_of(row: ImpactRow, reached: dict[int, ImpactRow]) -> tuple[str, ...]:
    """The addresses from the changed item to the one before `row`."""
    path, here = [row.via], reached.get(row.via_id)
    while here is not None and len(path) <= len(reached):
        path.append(here.via)
        here = reached.get(here.via_id)
    return tuple(reversed(path))


def critical_from(kind: str) -> int:
    found = AssessmentPolicy.objects.filter(kind=kind).values_list("critical_from", flat=True).first()
    return 3 if found is None else found


def last_confirmation(change: ChangeRequest) -> ImpactConfirmation | None:
    """The confirmation that counts: the newest one, and for a normal change since it was last submitted."""
    found = change.confirmations.first()
    if found is None or change.kind != Kind.NORMAL:
        return found
    submitted = change.events.filter(event="submit").values_list("happened_at", flat=True).first()
    return found if submitted is None or found.confirmed_at > submitted else None


def _still_true(change: ChangeRequest, code: str) -> list[Refusal]:
    confirmed = last_confirmation(change)
    if confirmed is None:
        return unless(
            False,
            code,
            _("Nobody has confirmed what the change affects."),
            _("The assessor reads the list of affected items and confirms it."),
        )
    live = LiveImpact(change)
    if not set(live.changed) <= set(confirmed.changed):
        return unless(
            False,
            code,
            _("Items were added to the change since its impact was confirmed."),
            _("Confirm the impact again."),
        )
    grown = live.grown_since(confirmed)
    names = ", ".join(row.address for row in grown[:SHOWN_BY_NAME])
    more = f" +{len(grown) - SHOWN_BY_NAME}" if len(grown) > SHOWN_BY_NAME else ""
    return unless(
        not grown,
        code,
        _("The impact grew since it was confirmed: %(items)s.") % {"items": names + more},
        _("The owner or the assessor acknowledges the new items by name."),
    )


def impact_confirmed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The assessor has confirmed the list of affected items, and it has not grown by a critical one since."""
    return _still_true(change, "impact_confirmed")


def impact_still_true(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The blast radius is the one that was confirmed, or its growth was acknowledged by name."""
    return _still_true(change, "impact_still_true")
