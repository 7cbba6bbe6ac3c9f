"""What every endpoint over recorded rows gives: versions as ETags, history, no deletion."""

import pytest

from accounts.models import Team
from audit.context import because
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team(label="A")


@pytest.fixture
def api(client):
    client.force_login(make_user(is_superuser=True))
    return client


def patch(api, team, version=None, **values):
    headers = {"If-Match": version} if version else {}
    return api.patch(f"/api/teams/{team.pk}/", values, content_type="application/json", headers=headers)


def test_a_row_carries_its_version(api, team):
    assert api.get(f"/api/teams/{team.pk}/").headers["ETag"] == '"1"'
    assert patch(api, team, label="B").headers["ETag"] == '"2"'


def test_an_edit_of_what_has_moved_on_is_refused_in_words(api, team):
    assert patch(api, team, '"1"', label="B").status_code == 200
    answer = patch(api, team, '"1"', label="C")
    assert answer.status_code == 412
    assert b"Somebody has changed this record" in answer.content
    team.refresh_from_db()
    assert (team.label, team.row_version) == ("B", 2)
    assert patch(api, team, '"2"', label="C").status_code == 200
    assert patch(api, team, "*", label="D").status_code == 200


def test_its_history_is_told_field_by_field(api, team):
    user = make_user()
    with because("renamed", change_ref=7, user=user):
        Team.objects.filter(pk=team.pk).update(label="B")
    found = api.get(f"/api/teams/{team.pk}/history/").json()["results"]
    assert [row["kind"] for row in found] == ["changed", "created"]
    newest = found[0]
    assert newest["changes"] == [{"field": "label", "old": "A", "new": "B"}]
    assert (newest["username"], newest["reason"], newest["change_ref"]) == (user.username, "renamed", 7)
    assert (newest["row"]["label"], newest["row_version"]) == ("B", 2)


def test_history_comes_in_pages_that_know_the_page_before(api, team):
    for label in "BCD":
        Team.objects.filter(pk=team.pk).update(label=label)
    page = api.get(f"/api/teams/{team.pk}/history/?page_size=2").json()
    assert page["count"] == 4
    assert [row["changes"][0]["old"] for row in page["results"]] == ["C", "B"]


def test_history_costs_the_same_for_one_version_and_for_many(api, team, django_assert_max_num_queries):
    for number in range(10):
        Team.objects.filter(pk=team.pk).update(label=f"v{number}")
    with django_assert_max_num_queries(8):
        assert len(api.get(f"/api/teams/{team.pk}/history/").json()["results"]) == 11


def test_nothing_is_deleted(api, team):
    assert api.delete(f"/api/teams/{team.pk}/").status_code == 405


def test_a_write_names_the_request(api, team):
    patch(api, team, label="B")
    assert team.history.first().history_username.startswith("user-")
