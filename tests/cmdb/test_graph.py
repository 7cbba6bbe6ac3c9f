"""The graph in memory answers as the analysis in statements does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.graph import Graph as InMemory
from cmdb.graph import needed_by, path_of
from tests.cmdb.test_impact import GROUPS, NODES, REQUIRED, Graph, draw

pytestmark = pytest.mark.django_db


@pytest.fixture
def graph():
    return Graph()


def ids(graph, *names):
    return [graph.items[name].pk for name in names]


def test_a_group_falls_with_its_last_spare_member(graph):
    graph.needs("service", "one", "two", "three", min_up=2)
    graph.needs("shop", "service")
    found = InMemory(ids(graph, "one", "two", "three"))
    service, shop = ids(graph, "service", "shop")
    assert found.down(ids(graph, "one")) == {}
    assert set(found.down(ids(graph, "one", "three"))) == {service, shop}


def test_a_member_that_does_not_work_is_not_lost_but_reaches(graph):
    graph.item("spare", lifecycle_stage="defective")
    graph.needs("service", "one", "spare", min_up=1)
    found = InMemory(ids(graph, "one", "spare"))
    assert found.down(ids(graph, "spare")) == {}
    assert set(found.down(ids(graph, "one"))) == set(ids(graph, "service"))
    assert set(ids(graph, "service")) <= found.reach(ids(graph, "spare")).keys()


def test_distances_and_ways(graph):
    graph.needs("shop", "app")
    graph.needs("app", "db", "cache")
    graph.needs("db", "disk")
    disk, db, app, shop, cache = ids(graph, "disk", "db", "app", "shop", "cache")
    found = InMemory([disk, cache])
    assert {pk: step.depth for pk, step in found.reach([disk]).items()} == {disk: 0, db: 1, app: 2, shop: 3}
    assert set(found.reach([disk], 1)) == {disk, db}
    assert path_of(found.reach([disk]), shop) == [shop, app, db, disk]
    assert path_of(found.ways_to(shop), disk) == [disk, db, app, shop]
    assert set(needed_by(app)) == {app, db, cache, disk}


def test_one_statement_a_level(graph, django_assert_num_queries):
    for n in range(5):
        graph.needs(f"n{n + 1}", f"n{n}")
    with django_assert_num_queries(6):
        InMemory(ids(graph, "n0"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(required=REQUIRED, groups=GROUPS, start=st.sets(NODES, min_size=1, max_size=3))
def test_down_is_what_impact_says(graph, required, groups, start):
    draw(graph, required, groups)
    out = ids(graph, *map(str, start))
    found = InMemory(ids(graph, *map(str, range(8))))
    impact = graph.impact(*map(str, start))
    assert set(found.down(out)) == {row.item_id for row in impact.down}
    reached = {row.item_id for row in impact.rows()}
    assert reached <= found.reach(out).keys()
    assert found.reach(out).keys() - set(out) <= reached | set(out)
