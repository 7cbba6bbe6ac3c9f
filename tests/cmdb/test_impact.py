"""Impact: down, degraded, informed, in both directions, against hand-made cases and a plain search."""

import json
from collections import deque
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.impact import impact_of, shared_by
from cmdb.models import DependencyGroup, Relation, RelationRule, RelationType
from tests.factories import make_item, make_type

pytestmark = pytest.mark.django_db


class Graph:
    """Items named by one word each; `a > b` reads: a needs b."""

    def __init__(self):
        self.type = make_type()
        self.way = self.make_way("needs", "source_needs_target")
        self.items = {}

    def make_way(self, key, impact):
        way = RelationType.objects.create(key=key, label=key, inverse_label=f"{key} by", impact=impact)
        RelationRule.objects.create(relation_type=way, source_type=self.type, target_type=self.type)
        return way

    def item(self, name, **over):
        if name not in self.items:
            self.items[name] = make_item(type=self.type, name=name, **over)
        return self.items[name]

    def needs(self, source, *targets, min_up=None, **over):
        """Source needs all targets, or `min_up` of them."""
        group = None
        if min_up is not None:
            label = f"group {DependencyGroup.objects.count()}"
            group = DependencyGroup.objects.create(item=self.item(source), label=label, min_up=min_up)
        ends = {"relation_type": self.way, "source": self.item(source), "group": group}
        Relation.objects.bulk_create(
            [Relation(**ends, target=self.item(target), **over) for target in targets]
        )

    def impact(self, *names, **options):
        return impact_of([self.items[name] for name in names], **options)


@pytest.fixture
def graph():
    return Graph()


def sets(impact):
    """The three sets as {name: depth}."""
    return tuple(
        {row.name: row.depth for row in rows} for rows in (impact.down, impact.degraded, impact.informed)
    )


def test_requirements_fail_all_the_way_up(graph):
    graph.needs("app", "db")
    graph.needs("db", "host")
    assert sets(graph.impact("host")) == ({"db": 1, "app": 2}, {}, {})
    assert sets(graph.impact("app", backward=True)) == ({"db": 1, "host": 2}, {}, {})


def test_redundancy_turns_down_into_degraded_and_informed(graph):
    graph.needs("host", "feed a", "feed b", min_up=1)
    graph.needs("app", "host")
    assert sets(graph.impact("feed a")) == ({}, {"host": 1}, {"app": 2})


def test_items_that_fail_together_are_judged_together(graph):
    graph.needs("host", "feed a", "feed b", min_up=1)
    graph.needs("app", "host")
    assert sets(graph.impact("feed a", "feed b")) == ({"host": 1, "app": 2}, {}, {})


@pytest.mark.parametrize(
    ("failing", "expected"),
    [(1, "degraded"), (2, "degraded"), (3, "down"), (4, "down")],
)
def test_two_of_four_stand_two_losses(graph, failing, expected):
    nodes = ["n1", "n2", "n3", "n4"]
    graph.needs("cluster", *nodes, min_up=2)
    assert [row.name for row in getattr(graph.impact(*nodes[:failing]), expected)] == ["cluster"]


def test_losses_at_different_depths_add_up(graph):
    """The second member fails two steps later: the item is degraded on the way, and down in the end."""
    graph.needs("app", "near", "far", min_up=1)
    graph.needs("near", "core")
    graph.needs("middle", "core")
    graph.needs("far", "middle")
    assert sets(graph.impact("core")) == ({"near": 1, "middle": 1, "far": 2, "app": 3}, {}, {})


def test_two_groups_of_one_item_are_independent(graph):
    graph.needs("host", "feed a", "feed b", min_up=1)
    graph.needs("host", "uplink a", "uplink b", min_up=1)
    assert sets(graph.impact("feed a", "uplink b")) == ({}, {"host": 1}, {})


def test_a_requirement_outweighs_a_group(graph):
    graph.needs("host", "feed a", "feed b", min_up=1)
    graph.needs("host", "rack")
    graph.needs("feed a", "rack")
    assert sets(graph.impact("rack"))[0] == {"host": 1, "feed a": 1}


def test_a_group_that_asks_for_more_than_it_has_is_down_with_the_first_loss(graph):
    graph.needs("host", "a", "b", min_up=3)
    assert sets(graph.impact("a")) == ({"host": 1}, {}, {})


def test_a_member_that_does_not_work_is_no_reserve(graph):
    graph.item("feed b", lifecycle_stage="defective")
    graph.needs("host", "feed a", "feed b", min_up=1)
    assert sets(graph.impact("feed a")) == ({"host": 1}, {}, {})
    assert sets(graph.impact("feed b")) == ({}, {}, {})
    assert sets(graph.impact("host", backward=True)) == ({"feed a": 1}, {}, {})


def test_retired_items_neither_break_nor_hold(graph):
    graph.item("old app", lifecycle_stage="retired")
    graph.needs("old app", "host")
    graph.needs("user", "old app")
    assert graph.impact("host").total == 0
    assert graph.impact("user", backward=True).total == 0


def test_cycles_are_walked_once(graph):
    graph.needs("a", "b")
    graph.needs("b", "c")
    graph.needs("c", "a")
    assert sets(graph.impact("a"))[0] == {"c": 1, "b": 2}
    assert sets(graph.impact("a", backward=True))[0] == {"b": 1, "c": 2}


def test_depth_is_the_shortest_way(graph):
    graph.needs("app", "db", "host")
    graph.needs("db", "host")
    assert sets(graph.impact("host"))[0] == {"app": 1, "db": 1}


def test_the_relation_type_says_the_direction(graph):
    graph.way = graph.make_way("feeds", "target_needs_source")
    graph.needs("feed", "host")
    graph.way = graph.make_way("next_to", "none")
    graph.needs("neighbour", "feed")
    graph.needs("feed", "other neighbour")
    assert sets(graph.impact("feed"))[0] == {"host": 1}
    assert sets(graph.impact("host", backward=True))[0] == {"feed": 1}


def test_an_item_needs_its_location(graph):
    graph.item("room")
    graph.item("host", location=graph.item("room"))
    assert sets(graph.impact("room"))[0] == {"host": 1}
    assert sets(graph.impact("host", backward=True))[0] == {"room": 1}


def test_a_single_point_of_failure_behind_redundancy_is_found(graph):
    graph.needs("host", "uplink a", "uplink b", min_up=1)
    graph.needs("uplink a", "switch")
    graph.needs("uplink b", "switch")
    graph.needs("uplink a", "optic")
    down, degraded, informed = sets(graph.impact("host", backward=True))
    assert down == {"switch": 2}
    assert degraded == {"uplink a": 1, "uplink b": 1, "optic": 2}
    assert informed == {}


def test_what_only_weakens_something_on_the_way_is_informed(graph):
    graph.needs("app", "host")
    graph.needs("host", "feed a", "feed b", min_up=1)
    assert sets(graph.impact("app", backward=True)) == ({"host": 1}, {}, {"feed a": 2, "feed b": 2})


def test_a_row_says_how_it_is_reached_and_how_old_the_weakest_relation_is(graph):
    old, new = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    graph.needs("db", "host", last_confirmed_at=old)
    graph.needs("app", "db", last_confirmed_at=new)
    graph.needs("report", "app")
    impact = graph.impact("host")
    rows = {row.name: row for row in impact.down}
    key = graph.type.key
    assert rows["app"].via == f"{key}:db"
    assert rows["db"].via == f"{key}:host"
    assert rows["app"].weakest_confirmed_at == old
    assert rows["report"].weakest_confirmed_at is None
    assert rows["app"].address == f"{key}:app"


def test_a_limit_of_depth_hides_nothing_silently(graph):
    graph.needs("b", "a")
    graph.needs("c", "b")
    graph.needs("d", "c")
    impact = graph.impact("a", max_depth=1)
    assert (impact.total, impact.hidden, impact.more["down"]) == (1, 2, 2)


def test_statements_grow_with_levels_not_with_items(graph, django_assert_max_num_queries):
    for host in range(3):
        graph.needs(f"host {host}", "room")
        graph.needs(f"host {host}", f"feed {host} a", f"feed {host} b", min_up=1)
        for app in range(20):
            graph.needs(f"app {host}-{app}", f"host {host}")
    feeds = [f"feed {host} {side}" for host in range(3) for side in "ab"]
    with django_assert_max_num_queries(7):
        assert graph.impact("room", *feeds).total == 63
    with django_assert_max_num_queries(4):
        assert graph.impact("app 0-0", backward=True).total == 4


def test_bits_shared_by_enough_members():
    assert shared_by(1, [0b001, 0b010]) == 0b011
    assert shared_by(2, [0b001, 0b011, 0b110]) == 0b011
    assert shared_by(3, [0b111, 0b011, 0b001]) == 0b001
    assert shared_by(4, [1, 1, 1]) == 0


# Against a plain search on random graphs.

NODES = st.integers(0, 7)
REQUIRED = st.lists(st.tuples(NODES, NODES), max_size=14)
GROUPS = st.lists(st.tuples(NODES, st.sets(NODES, min_size=1, max_size=4), st.integers(1, 3)), max_size=4)


def plain(required, groups, start):
    """Twenty lines of Python that say the same: {name: depth} of down, degraded, informed."""
    down, level = dict.fromkeys(start, 0), 0
    while True:
        level += 1
        fresh = {a for a, b in required if b in down and a not in down}
        for owner, members, min_up in groups:
            lost = len(members & down.keys())
            if owner not in down and lost and len(members) - lost < min_up:
                fresh.add(owner)
        if not fresh:
            break
        down |= dict.fromkeys(fresh, level)
    degraded = {}
    for owner, members, _min_up in groups:
        lost = [down[member] for member in members if member in down]
        if lost and owner not in down:
            degraded[owner] = min([*lost, degraded.get(owner, 99) - 1]) + 1
    users = [*required, *((owner, member) for owner, members, _min_up in groups for member in members)]
    informed, queue = {}, deque(sorted(degraded.items(), key=lambda pair: pair[1]))
    best = dict(degraded)
    while queue:
        node, depth = queue.popleft()
        for a, b in users:
            if b == node and a not in down and a not in degraded and best.get(a, 99) > depth + 1:
                best[a] = informed[a] = depth + 1
                queue.append((a, depth + 1))
    return {n: d for n, d in down.items() if n not in start}, degraded, informed


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(required=REQUIRED, groups=GROUPS, start=st.sets(NODES, min_size=1, max_size=3))
def test_random_graphs_agree_with_a_plain_search(graph, required, groups, start):
    required, groups = draw(graph, required, groups)
    impact = graph.impact(*map(str, start))
    expected = plain(required, groups, start)
    assert sets(impact) == tuple({str(n): d for n, d in part.items()} for part in expected)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(required=REQUIRED, groups=GROUPS, asked=NODES)
def test_backwards_mirrors_forwards(graph, required, groups, asked):
    required, groups = draw(graph, required, groups)
    backward = sets(graph.impact(str(asked), backward=True))
    for number in range(8):
        forward = plain(required, groups, {number})
        for mine, theirs in zip(backward, forward, strict=True):
            assert (str(number) in mine) == (asked in theirs)


def draw(graph, required, groups):
    """Put the random graph into the database; a pair is related once, the first mention winning."""
    Relation.objects.all().delete()
    DependencyGroup.objects.all().delete()
    for number in range(8):
        graph.item(str(number))
    taken = set()
    required = [(a, b) for a, b in dict.fromkeys(required) if a != b]
    for source in {a for a, _b in required}:
        graph.needs(str(source), *(str(b) for a, b in required if a == source))
    taken.update(required)
    kept = []
    for owner, members, min_up in groups:
        members = {member for member in members if member != owner and (owner, member) not in taken}
        if members:
            graph.needs(str(owner), *map(str, members), min_up=min_up)
            taken |= {(owner, member) for member in members}
            kept.append((owner, members, min_up))
    return required, kept


# The command.


def test_the_command_answers_in_json(graph, capsys):
    graph.needs("app", "host")
    call_command("impact", graph.items["host"].address, "--format", "json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["total"], [row["name"] for row in answer["down"]]) == (1, ["app"])
    assert answer["degraded"] == answer["informed"] == []


def test_the_command_refuses_an_unknown_address():
    with pytest.raises(CommandError, match="no configuration item host:nobody"):
        call_command("impact", "host:nobody")
