"""Which change must be done before another: part of the plan, told on its page, and asked at the start."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from changes.actions import StepRefused, link_changes, remove_row, take_step, void_confirmed
from changes.guards.collisions import upstream_changes_done
from changes.models import ChangeLink
from tests.changes.journey import draft, to_approving, to_scheduled
from tests.factories import make_change

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(cast):
    return draft(cast)


def test_the_order_is_part_of_the_plan(cast, change):
    other, before = make_change(), change.plan_hash
    link = link_changes(change, other, by=cast.requester)
    assert change.plan_hash != before
    [refusal] = upstream_changes_done(change, cast.implementer, {})
    assert (refusal.code, refusal.link) == ("upstream_changes_done", f"/changes/{other.number}/")
    remove_row(link, by=cast.requester)
    change.refresh_from_db()
    assert change.plan_hash == before


def test_itself_a_circle_and_one_that_never_comes_are_refused(cast, change):
    other, third, gone = (make_change(requester=cast.requester) for _ in range(3))
    link_changes(other, change, by=cast.requester)
    link_changes(third, other, by=cast.requester)
    take_step(gone, "withdraw", by=cast.requester, comment="Not needed after all")
    for wrong in (change, other, third, gone):
        with pytest.raises(ValidationError) as caught:
            link_changes(change, wrong, by=cast.requester)
        assert "other" in caught.value.message_dict
    assert not change.follows.exists()


def test_a_stranger_adds_none_and_open_votes_are_not_lost_unsaid(cast, change):
    other = make_change()
    with pytest.raises(StepRefused):
        link_changes(change, other, by=cast.board[0])
    to_approving(cast, change)
    with pytest.raises(StepRefused) as caught:
        link_changes(change, other, by=cast.requester)
    assert {each.code for each in caught.value.refusals} == {"voids_votes"}
    with void_confirmed():
        assert link_changes(change, other, by=cast.requester).other == other


def test_no_link_sneaks_into_an_approved_plan(cast, change, app_sql):
    other = make_change()
    to_scheduled(cast, change)
    with pytest.raises(StepRefused):
        link_changes(change, other, by=cast.requester)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        ChangeLink.objects.create(change=change, other=other, nature="follows")


def test_the_editor_takes_a_number_and_the_page_tells_it(cast, change, client):
    other = make_change()
    client.force_login(cast.requester)
    page = client.post(f"/changes/{change.number}/rows/follows/", {"follows-other": "CHG-9"})
    assert page.status_code == 400
    assert b"CHG-9" in page.content
    client.post(f"/changes/{change.number}/rows/follows/", {"follows-other": other.number})
    assert other.number in client.get(f"/changes/{change.number}/").content.decode()
    link = change.follows.get()
    client.post(f"/changes/{change.number}/rows/follows/{link.pk}/remove/")
    assert not change.follows.exists()
