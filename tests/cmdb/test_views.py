"""The CMDB's own pages: list, item, impact, import; and impact over the API."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.context import because
from cmdb import panels
from cmdb.actions import import_items
from cmdb.imports.mapping import load_mapping
from cmdb.models import ConfigurationItem
from tests.factories import make_group, make_item, make_relation, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    user = make_user(role="configuration_manager")
    client.force_login(user)
    return user


def text_of(response):
    assert response.status_code == 200, response
    return response.content.decode()


@pytest.mark.parametrize("path", ["/cmdb/", "/cmdb/1/", "/cmdb/1/impact/", "/cmdb/import/", "/cmdb/export/"])
def test_strangers_are_sent_to_the_log_in(client, path):
    assert client.get(path)["Location"].startswith("/accounts/login/")


def test_who_holds_no_role_is_refused(client):
    client.force_login(make_user())
    item = make_item()
    for path in ("/cmdb/", f"/cmdb/{item.pk}/", f"/cmdb/{item.pk}/impact/", "/cmdb/export/"):
        assert client.get(path).status_code == 403


def test_import_asks_for_its_right(client):
    client.force_login(make_user(role="engineer"))
    assert client.get("/cmdb/import/").status_code == 403
    assert client.post("/cmdb/import/").status_code == 403
    assert client.post("/cmdb/import/abc/").status_code == 403


# The list


@pytest.mark.usefixtures("manager")
def test_the_list_filters_searches_and_sorts(client):
    team = make_team(key="net")
    make_item("host", name="alpha", criticality=4, owner_team=team, environment="production")
    make_item("host", name="beta 门诊系统", lifecycle_stage="retired")
    make_item("site", name="gamma", serial="SN-77")
    shown = lambda query: [row.name for row in client.get(f"/cmdb/{query}").context["rows"]]  # noqa: E731
    assert shown("") == ["alpha", "beta 门诊系统", "gamma"]
    assert shown("?q=诊系") == ["beta 门诊系统"]
    assert shown("?q=sn-77") == ["gamma"]
    assert shown("?type=device") == ["alpha", "beta 门诊系统"]
    assert shown("?stage=retired") == ["beta 门诊系统"]
    assert shown("?team=net&environment=production&criticality=4") == ["alpha"]
    assert shown("?sort=-name") == ["gamma", "beta 门诊系统", "alpha"]
    assert shown("?sort=-criticality")[0] == "alpha"
    assert shown("?stage=nonsense&criticality=9&sort=x&page=rubbish") == ["alpha", "beta 门诊系统", "gamma"]
    assert "No configuration item matches" in text_of(client.get("/cmdb/?q=nothing"))


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("sort", ["name", "-name", "-criticality", "newest"])
def test_pages_by_key_reach_every_item_once_and_lead_back(client, sort):
    ConfigurationItem.objects.bulk_create(
        [
            ConfigurationItem(type=make_item().type, name=f"n{n % 7}-{n:03}", criticality=n % 4 + 1)
            for n in range(118)
        ]
    )
    seen, query, pages = [], f"?sort={sort}", []
    while query:
        context = client.get(f"/cmdb/{query}").context
        pages.append([row.pk for row in context["rows"]])
        seen += pages[-1]
        previous, query = context["previous"], context["next"]
    assert len(seen) == len(set(seen)) == ConfigurationItem.objects.count()
    back = client.get(f"/cmdb/{previous}").context
    assert [row.pk for row in back["rows"]] == pages[-2]


@pytest.mark.usefixtures("manager")
def test_pages_cost_the_same_for_one_item_and_for_many(client):
    item = make_item("host")
    make_relation(source=item)
    for path in ("/cmdb/", f"/cmdb/{item.pk}/", f"/cmdb/{item.pk}/impact/?direction=backward"):
        client.get(path)
        with CaptureQueriesContext(connection) as few:
            client.get(path)
        for _ in range(4):
            make_relation(source=item, target=make_item(owner_team=make_team()))
            make_relation(way="depends_on", target=item)
            item.description += "x"
            item.save()
        with CaptureQueriesContext(connection) as many:
            client.get(path)
        assert len(many) == len(few), path


# One item


def test_the_item_page_tells_facts_relations_and_history(client, manager):
    item = make_item("host", name="db01", attributes={"os": "Debian", "cpu_cores": 8})
    rack = make_item("rack", name="R1")
    make_relation(way="installed_in", source=item, target=rack)
    with because(reason="moved", change_ref=17, user=manager):
        item.serial = "SN-1"
        item.save()
    page = text_of(client.get(f"/cmdb/{item.pk}/"))
    for said in (
        "db01",
        "Debian",
        "Is installed in",
        "R1",
        "moved",
        "SN-1",
        "#17",
        f"/cmdb/{item.pk}/impact/",
    ):
        assert said in page
    assert "Holds" in text_of(client.get(f"/cmdb/{rack.pk}/"))


@pytest.mark.usefixtures("manager")
def test_the_item_page_speaks_chinese(client):
    item = make_item("host", attributes={"os": "Debian"})
    client.cookies["django_language"] = "zh-hans"
    page = text_of(client.get(f"/cmdb/{item.pk}/"))
    assert "操作系统" in page
    assert "物理服务器" in page


@pytest.mark.usefixtures("manager")
def test_panels_of_other_apps_stand_on_the_page(client, monkeypatch):
    warranty = panels.Panel("Warranty", "verified", [panels.Line("until 2027", detail=" Dell")])
    monkeypatch.setattr(panels, "PANELS", [lambda item, user: warranty, lambda item, user: None])
    assert "until 2027" in text_of(client.get(f"/cmdb/{make_item().pk}/"))


# Impact


@pytest.mark.usefixtures("manager")
def test_the_impact_page_lists_three_sets_and_draws_them(client):
    feed, host, app = make_item(name="feed"), make_item(name="h1"), make_item(name="app")
    group = make_group(item=host, min_up=1)
    make_relation(source=host, target=feed, group=group)
    make_relation(source=host, target=make_item(name="other feed"), group=group)
    make_relation(source=app, target=host)
    response = client.get(f"/cmdb/{feed.pk}/impact/")
    assert [(part["name"], part["count"]) for part in response.context["sets"]] == [
        ("down", 0), ("degraded", 1), ("informed", 1),
    ]  # fmt: skip
    graph = response.context["graph"]
    assert [node["data"]["kind"] for node in graph["nodes"]] == ["start", "degraded", "informed"]
    assert "vendor/cytoscape" in text_of(response)
    backward = client.get(f"/cmdb/{app.pk}/impact/?direction=backward")
    assert [part["count"] for part in backward.context["sets"]] == [1, 0, 2]


@pytest.mark.usefixtures("manager")
def test_a_capped_graph_keeps_every_path_whole(client, monkeypatch):
    monkeypatch.setattr("cmdb.views.impact.GRAPH_NODES", 6)
    core = make_item()
    for _ in range(12):
        near = make_relation(target=core).source
    for _ in range(3):
        near = make_relation(target=near).source
    graph = client.get(f"/cmdb/{core.pk}/impact/").context["graph"]
    ids = {node["data"]["id"] for node in graph["nodes"]}
    assert len(ids) <= 7
    assert all(edge["data"]["source"] in ids and edge["data"]["target"] in ids for edge in graph["edges"])


@pytest.mark.usefixtures("manager")
def test_the_graph_is_capped_and_says_so(client, monkeypatch):
    monkeypatch.setattr("cmdb.views.impact.GRAPH_NODES", 3)
    core = make_item()
    for _ in range(5):
        make_relation(target=core)
    response = client.get(f"/cmdb/{core.pk}/impact/")
    nodes = response.context["graph"]["nodes"]
    assert (len(nodes), nodes[0]["data"]["hidden"]) == (4, 2)
    assert "2 more are in the lists only" in text_of(response)


def test_impact_over_the_api(client, manager):
    host, app = make_item("host", name="h1"), make_item("host", name="app")
    make_relation(source=app, target=host)
    forward = client.get(f"/api/items/{host.pk}/impact/").json()
    assert (forward["total"], forward["down"][0]["address"]) == (1, "host:app")
    backward = client.get(f"/api/items/{app.pk}/impact/?direction=backward").json()
    assert [row["name"] for row in backward["down"]] == ["h1"]
    body = {"items": ["host:h1", str(app.pk)], "limit": 1}
    together = client.post("/api/impact/", body, content_type="application/json").json()
    assert (together["total"], sorted(together["items"])) == (0, ["host:app", "host:h1"])


def test_the_api_names_unknown_items_and_wrong_directions(client, manager):
    item = make_item()
    assert client.get(f"/api/items/{item.pk}/impact/?direction=sideways").status_code == 400
    assert client.get("/api/items/999999999/impact/").status_code == 404
    body = {"items": ["host:nobody", "424242"]}
    refused = client.post("/api/impact/", body, content_type="application/json")
    assert refused.status_code == 400
    assert "host:nobody" in refused.content.decode()
    assert "424242" in refused.content.decode()


def test_the_api_lists_a_limit_and_counts_the_rest(client, manager):
    core = make_item()
    for _ in range(4):
        make_relation(target=core)
    answer = client.get(f"/api/items/{core.pk}/impact/?limit=3").json()
    assert (answer["total"], len(answer["down"]), answer["more"]["down"]) == (4, 3, 1)


# Import and export


@pytest.fixture
def uploads(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path / "imports"


def upload(client, text, **fields):
    file = SimpleUploadedFile("ledger.csv", text.encode())
    given = {"file": file, "kind": "items", "map": "debian", "encoding": ""} | fields
    return client.post("/cmdb/import/", given)


PACKAGES = (
    "package,version,section,priority,essential,source,architecture,installed_size_kib,description\n"
    "zlib1g,1.2,libs,required,yes,zlib,amd64,168,compression\n"
)


def test_what_was_previewed_is_what_is_applied(client, manager, uploads):
    sent = upload(client, PACKAGES)
    preview = client.get(sent["Location"])
    assert preview.context["report"].summary == "1 created, 0 updated, 0 unchanged, 0 errors"
    assert not ConfigurationItem.objects.filter(name="zlib1g").exists()
    form = {"kind": "items", "map": "debian", "encoding": "", "name": "ledger.csv"}
    applied = client.post(sent["Location"].partition("?")[0], form)
    assert applied["Location"] == "/cmdb/"
    item = ConfigurationItem.objects.by_address("package:zlib1g")
    assert item.attributes["installed_size_kib"] == 168
    version = item.history.get()
    assert (version.history_change_reason, version.history_user) == ("import ledger.csv", manager)
    assert not list(uploads.iterdir())
    assert client.get(sent["Location"]).status_code == 404


@pytest.mark.usefixtures("manager", "uploads")
def test_errors_are_shown_row_by_row_and_nothing_can_be_applied(client):
    sent = upload(client, PACKAGES.replace("168", "many"))
    page = text_of(client.get(sent["Location"]))
    assert "must be a whole number" in page
    assert "Apply" not in page
    client.post(sent["Location"].partition("?")[0], {"kind": "items", "map": "debian"})
    assert not ConfigurationItem.objects.filter(name="zlib1g").exists()


@pytest.mark.usefixtures("manager", "uploads")
def test_a_file_that_cannot_be_read_is_refused_in_words(client):
    refused = client.get(upload(client, "x\n")["Location"])
    assert refused.status_code == 400
    assert "lacks these columns" in refused.content.decode()
    assert client.post("/cmdb/import/", {"kind": "items", "map": "debian"}).status_code == 400


@pytest.mark.usefixtures("manager", "uploads")
def test_another_person_cannot_open_the_upload_nor_name_a_path(client):
    sent = upload(client, PACKAGES)
    assert upload(client, PACKAGES, map="../../etc/passwd").status_code == 400
    client.force_login(make_user(role="configuration_manager"))
    assert client.get(sent["Location"]).status_code == 404


@pytest.mark.usefixtures("manager")
def test_our_own_export_imports_as_no_change(client):
    team, site = make_team(key="ops"), make_item("site", name="north")
    make_item(
        "host", name="=formula", owner_team=team, location=site, serial="-5", primary_ip="10.0.0.1",
        description="two\r\nlines, 中文 ", last_verified_at="2026-01-02T03:04:05.678901Z",
        attributes={"os": "Linux", "cpu_cores": 8, "memory_gib": 1.5},
    )  # fmt: skip
    make_item("site", name="bare", criticality=4, lifecycle_stage="retired")
    response = client.get("/cmdb/export/")
    content = b"".join(response.streaming_content)
    assert response["Content-Disposition"].startswith('attachment; filename="opsledger-items-')
    assert b",'-5," in content
    report = import_items(io.BytesIO(content), load_mapping("opsledger"), by=None, name="x.csv")
    assert report.summary == "0 created, 0 updated, 3 unchanged, 0 errors", [r.as_json() for r in report.rows]


@pytest.mark.usefixtures("manager")
def test_the_export_keeps_to_the_filters(client):
    make_item("host", name="one")
    make_item("site", name="two")
    content = b"".join(client.get("/cmdb/export/?type=site").streaming_content).decode()
    assert "site:two" in content
    assert "host:one" not in content
