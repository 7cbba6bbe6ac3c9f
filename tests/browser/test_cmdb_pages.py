"""The CMDB's pages in Chromium: the impact graph under our content policy, and an import."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_group, make_item, make_relation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LEDGER = (
    "address,lifecycle_stage,environment,criticality,owner_team,location,serial,primary_ip,description,"
    "last_verified_at,last_seen_at,attributes.os\n"
    "host:数据库主机09,operational,,high,,,SN-9,10.0.0.9,主库,,,Linux\n"
)


@pytest.fixture
def redundant():
    """app needs h1, which needs one of two feeds."""
    feed, other, host, app = (make_item(name=name) for name in ("feed a", "feed b", "h1", "app"))
    group = make_group(item=host, min_up=1)
    make_relation(source=host, target=feed, group=group)
    make_relation(source=host, target=other, group=group)
    make_relation(source=app, target=host)
    return feed


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}])
def test_the_impact_graph_is_drawn_and_tells_the_path(person, redundant, look):
    page = person("manager", "configuration_manager", **look)
    page.goto(f"/cmdb/{redundant.pk}/impact/")
    page.wait_for_function("window.impactGraph && window.impactGraph.nodes().length === 3")
    page.evaluate("window.impactGraph.nodes('[label = \"app\"]').emit('tap')")
    expect(page.locator("#graph-said")).to_contain_text("feed a → h1 → app")
    page.get_by_role("button", name="The whole graph").click()
    expect(page.get_by_role("heading", name="Degraded 1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.errors == []


def test_a_ledger_is_uploaded_looked_at_and_applied(person):
    page = person("manager", "configuration_manager")
    page.goto("/cmdb/import/")
    page.set_input_files("#file", {"name": "ledger.csv", "mimeType": "text/csv", "buffer": LEDGER.encode()})
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator(".lead")).to_contain_text("1 created, 0 updated, 0 unchanged, 0 errors")
    page.get_by_role("button", name="Apply 1 row").click()
    expect(page.locator(".note.tone-good")).to_contain_text("ledger.csv")
    page.fill("#q", "主机0")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="数据库主机09").click()
    expect(page.get_by_role("heading", name="数据库主机09")).to_be_visible()
    expect(page.locator("#history")).to_be_visible()
    expect(page.get_by_text("import ledger.csv")).to_be_visible()
    assert page.errors == []
