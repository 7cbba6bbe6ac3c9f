"""The CMDB over HTTP: flat lists, one shape of error, writes by right alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.actions import digest_of
from cmdb.models import CIType, ConfigurationItem, Relation
from tests.factories import make_group, make_item, make_relation, make_team, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    client = APIClient()
    client.force_login(make_user("configuration_manager"))
    return client


def names(response):
    assert response.status_code == 200, response.data
    return [row["name"] for row in response.data["results"]]


def test_an_item_is_created_read_and_edited_by_address(api):
    team, site = make_team(), make_item("site", name="north")
    sent = {"type": "host", "name": "db01", "owner_team": team.key, "location": "site:north",
            "primary_ip": "10.0.0.1", "attributes": {"os": "Linux"}}  # fmt: skip
    made = api.post("/api/items/", sent)
    assert made.status_code == 201, made.data
    assert made.data["address"] == "host:db01"
    assert made["ETag"] == '"1"'
    (found,) = api.get("/api/items/?address=host:db01").data["results"]
    assert found["location"] == site.address
    assert found == api.get(f"/api/items/{made.data['id']}/").data
    edited = api.patch(
        f"/api/items/{found['id']}/", {"attributes": {"cpu_cores": 8}}, headers={"If-Match": '"1"'}
    )
    assert edited.data["attributes"] == {"os": "Linux", "cpu_cores": 8}
    stale = api.patch(f"/api/items/{found['id']}/", {"serial": "x"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    history = api.get(f"/api/items/{found['id']}/history/").data
    assert history["count"] == 2


def test_a_faulty_item_is_refused_with_the_field_named(api):
    answer = api.post("/api/items/", {"type": "host", "name": "x", "attributes": {"cpu_cores": "many"}})
    assert answer.status_code == 400
    assert list(answer.data["error"]["fields"]) == ["attributes.cpu_cores"]
    answer = api.post("/api/items/", {"type": "device", "name": "x"})
    assert list(answer.data["error"]["fields"]) == ["type"]
    assert api.post("/api/items/", [1], format="json").status_code == 400
    assert api.patch("/api/items/99999/", {}).status_code == 404
    assert api.get("/api/items/x/").status_code == 404


def test_items_are_filtered_by_what_the_list_shows_and_by_attributes(api):
    team = make_team()
    make_item("host", name="alpha", environment="production", owner_team=team, attributes={"os": "Linux"})
    make_item("storage", name="beta", criticality=4, attributes={"capacity_tib": 8.5})
    make_item("host", name="核心主机", attributes={"os": "Windows", "cpu_cores": 8})
    make_item("room", name="gamma")
    for query, found in {
        "type=host": ["alpha", "核心主机"],
        "type=device": ["alpha", "beta", "核心主机"],
        "type=room,storage": ["beta", "gamma"],
        "environment=production": ["alpha"],
        f"owner_team={team.key}": ["alpha"],
        "criticality__gte=3": ["beta"],
        "attributes__os=Linux": ["alpha"],
        "attributes__os__in=Linux,Windows": ["alpha", "核心主机"],
        "attributes__cpu_cores=8": ["核心主机"],
        "attributes__capacity_tib__gte=8": ["beta"],
        "attributes__cpu_cores__lte=7": [],
        "search=主机": ["核心主机"],
        "search=win": ["核心主机"],
        "name__startswith=al": ["alpha"],
        "ordering=-name": ["核心主机", "gamma", "beta", "alpha"],
    }.items():
        assert names(api.get(f"/api/items/?{query}")) == found, query
    for query in ("attributes__os__regex=x", "attributes=x", "colour=red", "ordering=search_text", "type="):
        assert api.get(f"/api/items/?{query}").status_code in (200, 400)
    assert api.get("/api/items/?colour=red").status_code == 400
    assert api.get("/api/items/?attributes__os__regex=x").status_code == 400


def test_pages_follow_each_other_without_a_gap(api):
    for number in range(7):
        make_item(name=f"n{number // 2}", kind=("host", "storage")[number % 2])
    seen, url = [], "/api/items/?page_size=3"
    while url:
        page = api.get(url).data
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("path", ["items", "relations"])
def test_a_list_costs_two_statements_for_any_number_of_rows(api, path):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert api.get(f"/api/{path}/").status_code == 200
        return [
            q["sql"]
            for q in captured
            if f'"cmdb_{"configurationitem" if path == "items" else "relation"}"' in q["sql"]
        ]

    place = make_item("site")
    make_relation(source=make_item(location=place, owner_team=make_team()))
    first = cost()
    for _number in range(5):
        make_relation(source=make_item(location=place, owner_team=make_team()))
    assert len(cost()) == len(first) == 2


def test_bulk_writes_answer_for_all_rows_or_name_each_fault(api):
    made = api.post("/api/items/bulk/", [{"type": "host", "name": f"h{n}"} for n in range(3)])
    assert (made.status_code, made.data["created"]) == (201, 3)
    edits = [{"id": pk, "criticality": 3} for pk in made.data["ids"]]
    assert api.patch("/api/items/bulk/", edits).data["updated"] == 3
    edits[1]["criticality"] = 9
    refused = api.patch("/api/items/bulk/", edits)
    assert (refused.status_code, list(refused.data["error"]["fields"])) == (400, ["1.criticality"])
    too_many = api.post("/api/items/bulk/", [{}] * 5001)
    assert too_many.status_code == 413
    assert "5000" in too_many.data["error"]["message"]
    ends = zip(made.data["ids"], made.data["ids"][1:], strict=False)
    edges = [{"relation_type": "depends_on", "source": a, "target": b} for a, b in ends]
    assert api.post("/api/relations/bulk/", edges).data["created"] == 2
    assert Relation.objects.count() == 2


def test_a_change_is_recorded_with_its_person(api):
    made = api.post("/api/items/bulk/", [{"type": "host", "name": "h"}]).data
    row = ConfigurationItem.objects.get(pk=made["ids"][0]).history.get()
    assert row.history_user.role_grants.get().role == "configuration_manager"


def test_relations_are_made_read_and_filtered(api):
    host, database = make_item("host", name="h"), make_item("database", name="d")
    made = api.post(
        "/api/relations/", {"relation_type": "runs_on", "source": "database:d", "target": host.pk}
    )
    assert made.status_code == 201, made.data
    for query in (
        f"item={host.pk}",
        "source_address=database:d",
        "relation_type=runs_on",
        f"target={host.pk}",
    ):
        (found,) = api.get(f"/api/relations/?{query}").data["results"]
        assert (found["source"], found["target"], found["source_id"]) == ("database:d", "host:h", database.pk)
    refused = api.post(
        "/api/relations/", {"relation_type": "runs_on", "source": "host:h", "target": "database:d"}
    )
    assert (refused.status_code, list(refused.data["error"]["fields"])) == (400, ["target"])
    group = make_group(item=database)
    assert api.patch(f"/api/relations/{found['id']}/", {"group": group.pk}).data["group"] == group.pk
    assert api.delete(f"/api/relations/{found['id']}/").status_code == 405


def test_the_model_is_edited_with_words_for_what_is_wrong(api):
    made = api.post("/api/types/", {"key": "blade", "label": "Blade", "parent": "host"})
    assert made.status_code == 201, made.data
    assert "cpu_cores" in made.data["compiled_schema"]
    attribute = {"type": "blade", "key": "slot", "label": "Slot", "kind": "choice", "choices": ["a", "b"]}
    assert api.post("/api/attributes/", attribute).status_code == 201
    assert "slot" in CIType.objects.get(key="blade").compiled_schema
    for path, sent, field in [
        ("types", {"key": "Blade!", "label": "x"}, "key"),
        ("attributes", attribute, "non_field_errors"),
        ("attributes", attribute | {"key": "b", "choices": []}, "choices"),
        ("attributes", attribute | {"key": "b", "pattern": "(?<=a)b"}, "pattern"),
        ("attributes", attribute | {"key": "b", "minimum": 2, "maximum": 1}, "maximum"),
        ("identity-rules", {"type": "blade", "label": "x", "fields": ["colour"]}, "fields"),
        (
            "relation-types",
            {"key": "in", "label": "x", "inverse_label": "y", "is_containment": True},
            "is_acyclic",
        ),
    ]:
        answer = api.post(f"/api/{path}/", sent)
        assert answer.status_code in (400, 409), (path, answer.data)
        assert field in answer.data["error"]["fields"], (path, answer.data)
    host = CIType.objects.get(key="host")
    answer = api.patch(f"/api/types/{host.pk}/", {"parent": "blade"})
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["parent"])


PATHS = ["items", "relations", "types", "attributes", "identity-rules", "relation-types", "relation-rules",
         "dependency-groups"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_strangers_see_nothing_and_readers_write_nothing(path):
    client = APIClient()
    assert client.get(f"/api/{path}/").status_code in (401, 403)
    client.force_login(make_user("requester"))
    assert client.get(f"/api/{path}/").status_code == 200
    assert client.post(f"/api/{path}/", {}).status_code == 403


def test_an_engineer_edits_items_and_not_the_model():
    client = APIClient()
    client.force_login(make_user("engineer"))
    assert client.post("/api/items/", {"type": "host", "name": "x"}).status_code == 201
    assert client.post("/api/types/", {"key": "x", "label": "x"}).status_code == 403
    assert client.post("/api/items/bulk/", [{"type": "host", "name": "y"}]).status_code == 201


def test_the_openapi_description_knows_the_endpoints(api):
    paths = api.get("/api/schema/?format=json").json()["paths"]
    assert {f"/api/{path}/" for path in PATHS} | {"/api/items/bulk/", "/api/relations/bulk/"} <= set(paths)


def statements(deed, expected):
    with CaptureQueriesContext(connection) as captured:
        assert deed().status_code == expected
    return len([q for q in captured if "SAVEPOINT" not in q["sql"]])


def test_a_programs_requests_cost_a_handful_of_statements(client):
    make_token(user=make_user("configuration_manager"), digest=digest_of("opl_program"), scope="write")
    client.defaults["HTTP_AUTHORIZATION"] = "Bearer opl_program"
    item, send = make_item(), {"content_type": "application/json"}
    path = f"/api/items/{item.pk}/"
    assert client.get(path).status_code == 200  # the first use of the day is noted
    assert statements(lambda: client.get(path), 200) == 2  # the token and the item
    assert statements(lambda: client.get(f"{path}history/"), 200) == 3
    assert statements(lambda: client.get("/api/items/?page_size=1"), 200) <= 4
    new = {"type": "host", "name": "new"}
    assert statements(lambda: client.post("/api/items/", new, **send), 201) == 5
    edit = {"description": "edited"}
    assert statements(lambda: client.patch(path, edit, **send), 200) == 7


def test_a_row_that_is_not_there_is_404_and_leaves_the_caller_a_working_transaction(api):
    for pk in ("999999999", "9" * 30, "x", "²"):
        assert api.get(f"/api/items/{pk}/").status_code == 404
        assert api.patch(f"/api/items/{pk}/", {}).status_code == 404
    assert api.get("/api/items/").status_code == 200
