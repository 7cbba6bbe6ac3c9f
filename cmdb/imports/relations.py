"""Import of relations: every row planned against rules, cardinality and circles, then written at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext_lazy as _

from cmdb.imports.mapping import RelationMapping
from cmdb.imports.reading import Row
from cmdb.imports.report import Outcome, PlannedRow
from cmdb.imports.values import Unreadable, read_instant
from cmdb.models import CIType, Relation, RelationType

BATCH = 5000


class End(NamedTuple):
    id: int
    type_id: int


class Key(NamedTuple):
    way: int
    source: int
    target: int


@dataclass
class Draft:
    """A row on its way to a relation."""

    planned: PlannedRow
    way: RelationType | None = None
    source: str = ""
    target: str = ""
    description: str = ""
    last_confirmed_at: datetime | None = None
    key: Key | None = None
    pair: tuple[bool, bool] = (False, False)
    relation: Relation | None = None

    @property
    def is_good(self) -> bool:
        return self.planned.outcome not in (Outcome.ERROR, Outcome.SKIPPED)


class RelationPlan:
    """The plan of one file of relations. A handful of look-ups, whatever the number of rows."""

    def __init__(self, mapping: RelationMapping, *, lock: bool) -> None:
        self.mapping = mapping
        self.lock = lock
        self.ways = {way.key: way for way in RelationType.objects.all()}
        self.types = dict(CIType.objects.values_list("pk", "key"))
        self.drafts: list[Draft] = []

    def read(self, rows: Iterable[Row]) -> list[PlannedRow]:
        """One planned row for each row of the file, in its order."""
        answer = []
        for row in rows:
            draft = self.draft(row)
            answer.append(draft.planned)
            self.drafts.append(draft)
        self.resolve()
        self.refuse_duplicates()
        self.compare()
        self.check_cardinality()
        self.refuse_circles()
        return answer

    def good(self) -> list[Draft]:
        return [draft for draft in self.drafts if draft.is_good]

    def draft(self, row: Row) -> Draft:
        mapping, cells = self.mapping, row.cells
        source = addressed(mapping.source.read(cells, mapping.null), mapping.source_type, mapping.types)
        target = addressed(mapping.target.read(cells, mapping.null), mapping.target_type, mapping.types)
        way = mapping.relation.read(cells, mapping.null)
        planned = PlannedRow(row.line, f"{source} {way} {target}")
        draft = Draft(planned, self.ways.get(way), source, target)
        if any(rule.fits(cells) for rule in mapping.skip):
            planned.outcome = Outcome.SKIPPED
            return draft
        for error in row.errors:
            planned.refuse(error)
        if row.errors:
            return draft
        if draft.way is None:
            planned.refuse(
                _("There is no relation type “%s”.") % way if way else _("The relation is missing.")
            )
        if mapping.description is not None:
            draft.description = mapping.description.read(cells, mapping.null)
        if mapping.last_confirmed_at is not None:
            self.read_confirmed(draft, mapping.last_confirmed_at.read(cells, mapping.null))
        return draft

    def read_confirmed(self, draft: Draft, text: str) -> None:
        try:
            draft.last_confirmed_at = read_instant(text, self.mapping.last_confirmed_at) if text else None
        except Unreadable as fault:
            draft.planned.refuse(_("Last confirmed: %s") % fault)

    def resolve(self) -> None:
        """Find the items at both ends and the rule for their types."""
        ends = self.ends()
        pairs = allowed_pairs()
        for draft in self.drafts:
            if draft.planned.outcome == Outcome.SKIPPED:
                continue
            for word, address in ((_("Source"), draft.source), (_("Target"), draft.target)):
                if address not in ends:
                    draft.planned.refuse(
                        _("%(end)s: there is no item “%(address)s”.") % {"end": word, "address": address}
                    )
            if not draft.is_good:
                continue
            source, target = ends[draft.source], ends[draft.target]
            draft.key = Key(draft.way.pk, source.id, target.id)
            rule = pairs.get((draft.way.pk, source.type_id, target.type_id))
            if source.id == target.id:
                draft.planned.refuse(_("An item cannot be related to itself."))
            elif rule is None:
                draft.planned.refuse(
                    _("No rule allows: %(source)s %(relation)s %(target)s.")
                    % {
                        "source": self.types[source.type_id],
                        "relation": draft.way.key,
                        "target": self.types[target.type_id],
                    }
                )
            else:
                draft.pair = rule

    def ends(self) -> dict[str, End]:
        addresses = {draft.source for draft in self.drafts} | {draft.target for draft in self.drafts}
        split = [address.partition(":") for address in addresses]
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT type.key || ':' || item.name, item.id, item.type_id
                  FROM unnest(%s::text[], %s::text[]) AS given (type, name)
                  JOIN cmdb_citype type ON type.key = given.type
                  JOIN cmdb_configurationitem item ON item.type_id = type.id AND item.name = given.name
                """,
                [[kind for kind, _colon, _name in split], [name for _kind, _colon, name in split]],
            )
            return {address: End(pk, type_id) for address, pk, type_id in cursor.fetchall()}

    def refuse_duplicates(self) -> None:
        first: dict[Key, Draft] = {}
        for draft in self.good():
            earlier = first.setdefault(draft.key, draft)
            if earlier is draft:
                continue
            if not self.mapping.joins:
                draft.planned.refuse(_("The same relation stands on line %d already.") % earlier.planned.line)
                continue
            draft.planned.outcome = Outcome.SKIPPED
            draft.planned.note = str(_("Joined with line %d.") % earlier.planned.line)
            said = earlier.description.split("; ") if earlier.description else []
            if draft.description and draft.description not in said:
                earlier.description = "; ".join([*said, draft.description])

    def compare(self) -> None:
        existing = self.existing()
        for draft in self.good():
            draft.relation = existing.get(draft.key)
            if draft.relation is None:
                continue
            found: dict[str, tuple[Any, Any]] = {}
            if draft.description and draft.description != draft.relation.description:
                found["description"] = (draft.relation.description, draft.description)
            confirmed = draft.last_confirmed_at
            if confirmed is not None and confirmed != draft.relation.last_confirmed_at:
                before = draft.relation.last_confirmed_at
                found["last_confirmed_at"] = (before and before.isoformat(), confirmed.isoformat())
            draft.planned.differences = found
            draft.planned.outcome = Outcome.UPDATE if found else Outcome.UNCHANGED

    def existing(self) -> dict[Key, Relation]:
        keys = [draft.key for draft in self.good()]
        near = Relation.objects.filter(
            relation_type_id__in={key.way for key in keys}, source_id__in={key.source for key in keys}
        )
        if self.lock:
            near = near.select_for_update(of=("self",))
        return {Key(edge.relation_type_id, edge.source_id, edge.target_id): edge for edge in near}

    def check_cardinality(self) -> None:
        """Refuse a second target of a source, or source of a target, where the rule allows one."""
        limited = [draft for draft in self.good() if any(draft.pair)]
        if not limited:
            return
        taken: dict[tuple[str, int, int], set[int]] = defaultdict(set)
        for edge in Relation.objects.filter(
            relation_type_id__in={draft.key.way for draft in limited}
        ).values_list("relation_type_id", "source_id", "target_id"):
            taken["source", edge[0], edge[1]].add(edge[2])
            taken["target", edge[0], edge[2]].add(edge[1])
        for draft in limited:
            one_source, one_target = draft.pair
            way, source, target = draft.key
            if one_target and taken["source", way, source] - {target}:
                draft.planned.refuse(
                    _("%s has such a relation already, and the rule allows one.") % draft.source
                )
            if one_source and taken["target", way, target] - {source}:
                draft.planned.refuse(
                    _("%s has such a relation already, and the rule allows one.") % draft.target
                )
            taken["source", way, source].add(target)
            taken["target", way, target].add(source)

    def refuse_circles(self) -> None:
        """Refuse the rows that would close a circle: within an acyclic type, or over all containment."""
        rounds = {way.pk: {way.pk} for way in self.ways.values() if way.is_acyclic}
        containment = {way.pk for way in self.ways.values() if way.is_containment}
        for ways in {frozenset(containment if pk in containment else own) for pk, own in rounds.items()}:
            added = [draft for draft in self.good() if draft.key.way in ways and draft.relation is None]
            if not added:
                continue
            onward = defaultdict(set)
            for source, target in Relation.objects.filter(relation_type_id__in=ways).values_list(
                "source_id", "target_id"
            ):
                onward[source].add(target)
            for draft in added:
                onward[draft.key.source].add(draft.key.target)
            circle_of = circles(onward)
            for draft in added:
                circle = circle_of.get(draft.key.source)
                if circle is not None and circle == circle_of.get(draft.key.target):
                    draft.planned.refuse(
                        _("%(source)s would contain itself, through %(target)s.")
                        % {"source": draft.source, "target": draft.target}
                    )

    def write(self) -> None:
        """Create and update what the plan says: a statement per 5,000 new relations, one for the changed."""
        Relation.objects.bulk_create(
            [
                Relation(
                    relation_type_id=draft.key.way,
                    source_id=draft.key.source,
                    target_id=draft.key.target,
                    description=draft.description,
                    last_confirmed_at=draft.last_confirmed_at,
                )
                for draft in self.good()
                if draft.planned.outcome == Outcome.CREATE
            ],
            batch_size=BATCH,
        )
        changed = [draft for draft in self.good() if draft.planned.outcome == Outcome.UPDATE]
        if changed:
            update_relations(changed)


def update_relations(drafts: list[Draft]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE cmdb_relation edge
               SET description = coalesce(nullif(given.description, ''), edge.description),
                   last_confirmed_at = coalesce(given.confirmed_at, edge.last_confirmed_at)
              FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
                   AS given (id, description, confirmed_at)
             WHERE edge.id = given.id
            """,
            [
                [draft.relation.pk for draft in drafts],
                [draft.description for draft in drafts],
                [draft.last_confirmed_at for draft in drafts],
            ],
        )


def addressed(text: str, default_type: str, types: dict[str, str]) -> str:
    """The address; with a default type every text is the name alone."""
    if default_type:
        return f"{default_type}:{text}"
    type_key, colon, name = text.partition(":")
    return f"{types.get(type_key, type_key)}{colon}{name}"


def allowed_pairs() -> dict[tuple[int, int, int], tuple[bool, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relation_type_id, source_type_id, target_type_id, max_one_source, max_one_target "
            "FROM cmdb.relation_pair"
        )
        return {(way, source, target): (one, other) for way, source, target, one, other in cursor.fetchall()}


def circles(onward: dict[int, set[int]]) -> dict[int, int]:
    """For every node on a circle, a number shared by the nodes of that circle (Tarjan, without recursion)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    held: set[int] = set()
    found: dict[int, int] = {}
    for root in list(onward):
        if root in order:
            continue
        work = [(root, iter(onward[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        held.add(root)
        while work:
            node, following = work[-1]
            for target in following:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    held.add(target)
                    work.append((target, iter(onward.get(target, ()))))
                    break
                if target in held:
                    low[node] = min(low[node], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    members = close(node, stack, held)
                    if len(members) > 1:
                        found |= dict.fromkeys(members, node)
    return found


def close(node: int, stack: list[int], held: set[int]) -> list[int]:
    """Take the finished component off the stack."""
    members = []
    while True:
        member = stack.pop()
        held.discard(member)
        members.append(member)
        if member == node:
            return members
