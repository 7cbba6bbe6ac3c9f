"""Lists of the API: pages by key, filters, ordering."""

import pytest
from django_filters import NumberFilter
from rest_framework.request import Request

from accounts.endpoints import COUNT_LIMIT, FilterSet, KeysetPagination
from accounts.models import Team, User
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    client.force_login(make_user("engineer", username="aaa"), backend="accounts.permissions.RoleBackend")
    return client


def walk(client, url, link="next"):
    seen = []
    while url:
        page = client.get(url).json()
        seen.append([row["key"] for row in page["results"]])
        url = page[link]
    return seen


def test_pages_show_every_row_once_and_lead_back(reader):
    for n in range(7):
        make_team(key=f"t{n}")
    pages = walk(reader, "/api/teams/?page_size=3")
    assert pages == [["t0", "t1", "t2"], ["t3", "t4", "t5"], ["t6"]]
    last = reader.get(reader.get(reader.get("/api/teams/?page_size=3").json()["next"]).json()["next"]).json()
    assert last["next"] is None
    back = walk(reader, last["previous"], "previous")
    assert back == [["t3", "t4", "t5"], ["t0", "t1", "t2"]]


@pytest.mark.parametrize("ordering", ["label", "-label", "label_zh,-key", "-id"])
def test_equal_values_lose_no_row_between_pages(reader, ordering):
    for n in range(9):
        make_team(key=f"t{n}", label="same" if n % 3 else "other", label_zh="甲" if n % 2 else "")
    pages = walk(reader, f"/api/teams/?page_size=2&ordering={ordering}")
    rows = [key for page in pages for key in page]
    fields = [*ordering.split(","), "-pk" if ordering.startswith("-") or "-key" in ordering else "pk"]
    assert rows == list(Team.objects.order_by(*fields).values_list("key", flat=True))


def test_pages_go_over_empty_values(rf, reader):
    for day in (None, 3, None, 1, 2):
        user = make_user()
        User.objects.filter(pk=user.pk).update(last_login=day and f"2026-01-0{day}T00:00:00Z")
    rows = User.objects.exclude(username="aaa")
    for ordering in ("last_login", "-last_login"):
        expected, seen, cursor = list(rows.order_by(ordering, "id" if ordering[0] != "-" else "-id")), [], ""
        while cursor is not None:
            pages = KeysetPagination()
            request = Request(rf.get("/", {"page_size": 2, "cursor": cursor}))
            seen += pages.paginate_queryset(rows.order_by(ordering), request)
            link = pages.get_paginated_response([]).data["next"]
            cursor = link and link.split("cursor=")[1].split("&")[0]
        assert seen == expected


def test_row_inserted_meanwhile_moves_nothing(reader):
    for key in ("b", "d", "f"):
        make_team(key=key)
    first = reader.get("/api/teams/?page_size=2").json()
    make_team(key="a")
    assert [row["key"] for row in reader.get(first["next"]).json()["results"]] == ["f"]


def test_list_costs_two_queries_whatever_its_length(reader, django_assert_max_num_queries):
    for _each in range(30):
        make_team()
    with django_assert_max_num_queries(8):  # session, person, roles, count, page and the transaction
        assert len(reader.get("/api/teams/").json()["results"]) == 30


def test_count_stops_where_it_would_cost(reader, monkeypatch):
    assert COUNT_LIMIT == 10_001
    monkeypatch.setattr("accounts.endpoints.COUNT_LIMIT", 4)
    for _each in range(5):
        make_team()
    page = reader.get("/api/teams/?page_size=2").json()
    assert (page["count"], page["is_count_capped"]) == (3, True)


@pytest.mark.parametrize("size", ["0", "501", "-1", "x", "9" * 30, "１"])
def test_page_size_out_of_bounds_is_refused(reader, size):
    answer = reader.get("/api/teams/", {"page_size": size})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["page_size"]


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "WzAsWzEsMiwzXV0", "WzAsW1tdXV0", "bnVsbA", "WzAsW251bGxdXQ", "é"]
)
def test_forged_cursor_is_404_not_500(reader, cursor):
    make_team()
    assert reader.get("/api/teams/", {"cursor": cursor}).status_code in (200, 404)


def test_filters_are_applied_and_unknown_ones_refused(reader):
    make_team(key="net")
    make_team(key="db")
    assert [row["key"] for row in reader.get("/api/teams/?key=net").json()["results"]] == ["net"]
    assert len(reader.get("/api/teams/?key__in=net,db").json()["results"]) == 2
    error = reader.get("/api/teams/?kye=net").json()["error"]
    assert list(error["fields"]) == ["kye"]
    assert "key__in" in error["fields"]["kye"][0]


def test_ordering_by_what_is_not_a_column_is_refused(reader):
    answer = reader.get("/api/teams/?ordering=-password")
    assert answer.status_code == 400
    assert "ordering" in answer.json()["error"]["fields"]


def test_filter_set_builds_only_what_is_used():
    declared = {f"n{n}": NumberFilter(field_name="id") for n in range(50)}
    wide = type("Wide", (FilterSet,), declared | {"Meta": type("Meta", (), {"model": Team, "fields": []})})
    assert list(wide({"n7": "3"}, queryset=Team.objects.all()).filters) == ["n7"]
    assert wide({"n7": "x"}, queryset=Team.objects.all()).is_valid() is False
