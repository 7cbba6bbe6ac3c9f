"""Hostile bodies are answered in words, in the shape of every error, never with a fault."""

import pytest
from rest_framework.test import APIClient

from tests.factories import make_user


@pytest.fixture
def engineer(db):
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(make_user("engineer"))
    return client


@pytest.mark.parametrize(
    "body",
    [
        "[" * 5000,
        '{"a":' * 5000,
        '{"title": "\\u0000"}',
        '{"title": "\\ud800"}',
        '{"\\u0000": 1}',
        '{"parameters": {"deep": [{"\\udfff": 1}]}}',
        '{"title": NaN}',
        "{",
        "\x00",
    ],
)
@pytest.mark.parametrize("endpoint", ["changes", "items", "relations"])
def test_a_body_that_cannot_be_stored_is_named(engineer, endpoint, body):
    answer = engineer.generic("POST", f"/api/{endpoint}/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.data["error"]["message"]


@pytest.mark.parametrize(
    "window",
    [
        {"start": "0001-01-01T00:00:00+14:00", "end": "2026-01-01T00:00:00Z"},
        {"start": "2026-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"},
    ],
)
def test_a_window_that_no_page_could_show_is_refused(engineer, window):
    answer = engineer.post("/api/changes/", {"title": "x", "window": window}, format="json")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["window"])


@pytest.mark.parametrize("value", [-1, 10**30, True, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
def test_an_item_is_not_verified_at_the_end_of_time(engineer, value):
    item = {"type": "host", "name": "db01", "last_verified_at": value}
    answer = engineer.post("/api/items/", item, format="json")
    assert answer.status_code == 400
    assert "last_verified_at" in answer.data["error"]["fields"]


@pytest.mark.parametrize("value", ["-1", "x", "999.1.1.1"])
def test_a_filter_by_something_else_than_an_address_is_refused(engineer, value):
    answer = engineer.get(f"/api/items/?primary_ip={value}")
    assert (answer.status_code, list(answer.data["error"]["fields"])) == (400, ["primary_ip"])


@pytest.mark.parametrize("path", ["/changes/?q=%00", "/changes/%00/", "/cmdb/import/" + "a" * 3000 + "/"])
def test_a_page_address_with_nonsense_is_no_fault(client, db, path):
    client.raise_request_exception = False
    client.force_login(make_user("configuration_manager"))
    assert client.get(path).status_code in (400, 404)
