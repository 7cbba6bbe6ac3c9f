"""What changes take down together, against a model that walks through time minute by minute."""

from collections import defaultdict
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from changes.collisions.redundancy import falls_together, redundancy
from changes.collisions.schedule import Entry, Schedule
from cmdb.graph import Graph, Use
from tests.changes.test_ranges import at, span

# Items 0–3 are changed; 10 needs some of them as a group, 11 another group, 12 needs 10 and 11 in a group.
ITEMS = st.sets(st.integers(0, 3), min_size=1, max_size=2)


def graph_of(groups, required=()):
    """{dependent: (min_up, providers)} and pairs (dependent, provider), without a database."""
    graph = Graph.__new__(Graph)
    graph.users, graph.providers, graph.sizes = defaultdict(list), defaultdict(list), {}
    for dependent, (min_up, providers) in groups.items():
        graph.sizes[dependent] = len(providers)
        for provider in providers:
            graph.users[provider].append(Use(dependent, provider, dependent, min_up, True))
            graph.providers[dependent].append(provider)
    for dependent, provider in required:
        graph.users[provider].append(Use(dependent, provider, None, None, True))
        graph.providers[dependent].append(provider)
    return graph


def schedule_of(graph, changes):
    """{key: (items, (start, end))}; the first one is asked about."""
    schedule = Schedule.__new__(Schedule)
    schedule.entries = {
        key: Entry(SimpleNamespace(pk=key, state="scheduled"), None, span(when), items=set(items))
        for key, (items, when) in changes.items()
    }
    schedule.subjects = list(changes)[:1]
    schedule.__dict__["graph"] = graph
    return schedule


CLUSTER = {10: (1, [0, 1])}


def test_two_changes_take_both_nodes():
    assert falls_together(graph_of(CLUSTER), {1: {0}, 2: {1}}, 1, [2]) == {10: frozenset({2})}


def test_one_change_that_takes_both_is_its_own_matter():
    assert falls_together(graph_of(CLUSTER), {1: {0, 1}, 2: {1}}, 1, [2]) == {}


def test_what_the_others_take_down_without_it_is_theirs():
    assert falls_together(graph_of(CLUSTER), {1: {2}, 2: {0}, 3: {1}}, 1, [2, 3]) == {}


def test_three_at_once_and_nobody_more_than_it_takes():
    graph = graph_of({10: (1, [0, 1, 2])})
    assert falls_together(graph, {1: {0}, 2: {1}, 3: {2}}, 1, [2, 3]) == {10: frozenset({2, 3})}
    items = {1: {0}, 2: {1}, 3: {2}, 4: {3}}
    assert falls_together(graph, items, 1, [2, 3, 4]) == {10: frozenset({2, 3})}


def test_only_the_first_item_on_the_way_is_named():
    graph = graph_of(CLUSTER, required=[(20, 10), (21, 20)])
    assert set(falls_together(graph, {1: {0}, 2: {1}}, 1, [2])) == {10}


def test_changes_after_each_other_take_nothing_down():
    graph = graph_of({10: (1, [0, 1, 2])})
    apart = {1: ({0}, (0, 30)), 2: ({1}, (0, 10)), 3: ({2}, (10, 20))}
    assert list(redundancy(schedule_of(graph, apart), 1)) == []
    together = apart | {3: ({2}, (9, 20))}
    assert {each.other.pk for each in redundancy(schedule_of(graph, together), 1)} == {2, 3}


def naive(graph, changes):
    """{item that falls at some minute because of change 1}, by trying every minute."""
    found = set()
    _mine, (start, end) = changes[1]
    for minute in range(start, end):
        active = [k for k, (_, when) in changes.items() if k != 1 and when[0] <= minute < when[1]]
        items = {key: changes[key][0] for key in (1, *active)}
        together = graph.down(set().union(*items.values()))
        others = graph.down(set().union(*(items[key] for key in active)))
        alone = set().union(*(graph.down(each) for each in items.values()))
        found |= together.keys() - others.keys() - alone - set().union(*items.values())
    return found


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(1, 2), min_size=3, max_size=3),
    st.lists(st.sets(st.integers(0, 3), min_size=2, max_size=4), min_size=2, max_size=2),
    st.dictionaries(
        st.integers(1, 5),
        st.tuples(ITEMS, st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda w: w[0] < w[1])),
        min_size=2,
    ).filter(lambda changes: 1 in changes),
)
def test_any_changes_at_any_times(min_ups, members, changes):
    changes = {1: changes[1]} | changes
    groups = {10: (min_ups[0], sorted(members[0])), 11: (min_ups[1], sorted(members[1]))}
    graph = graph_of(groups | {12: (min_ups[2], [10, 11])}, required=[(13, 12)])
    schedule = schedule_of(graph, changes)
    told = list(redundancy(schedule, 1))
    fallen = naive(graph, changes)
    assert {each.meet for each in told} <= fallen
    assert bool(told) == bool(fallen)
    for each in told:
        needed = [each.other.pk, *(more.pk for more in each.together)]
        items = {key: changes[key][0] for key in (1, *needed)}
        assert each.meet in graph.down(set().union(*items.values()))
        for spared in needed:
            fewer = set().union(*(rows for key, rows in items.items() if key != spared))
            assert each.meet not in graph.down(fewer), "nobody is named who could be spared"
        starts = [max(at(changes[1][1][0]), *(span(changes[key][1])[0] for key in needed))]
        assert starts[0] < min(at(changes[1][1][1]), *(span(changes[key][1])[1] for key in needed))
