"""Pages and endpoints about collisions, freezes and free time; wrong roles are refused."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from changes.models import CollisionAcknowledgement, FreezeOverride, FreezeWindow
from changes.queue import flagged
from tests.changes.journey import draft, to_scheduled
from tests.factories import make_change, make_freeze, make_item, make_maintenance, make_relation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(cast):
    """A scheduled change, and a draft of somebody else on its item at its time."""
    held = draft(cast)
    to_scheduled(cast, held)
    item = held.change_items.get(impact="manual").item
    return held, make_change(items=[item], window=held.window)


def page(client, user, url):
    client.force_login(user)
    return client.get(url)


def test_the_page_shows_groups_and_offers_what_the_reader_may_do(client, cast, pair):
    held, change = pair
    url = reverse("changes:change", args=[change.number])
    text = page(client, held.requester, url).content.decode()
    assert held.number in text
    assert "Accept this collision" in text
    assert "Next free slots" in text
    assert "Decide that both go on" not in text
    assert "Decide that both go on" in page(client, cast.manager, url).content.decode()
    assert "Accept this collision" not in page(client, cast.board[0], url).content.decode()


def test_eighty_items_in_one_freeze_are_one_row(client, cast):
    change = make_change(items=[make_item() for _ in range(80)])
    make_freeze()
    text = page(client, cast.manager, reverse("changes:change", args=[change.number])).content.decode()
    assert text.count("covers 80 items") == 1


def test_accepting_by_form(client, cast, pair):
    held, change = pair
    url = reverse("changes:accept-collision", args=[change.number])
    key = str(change.change_items.get().item_id)
    sent = {"other": held.number, "kind": "same_item", "keys": key, "comment": "After me"}
    client.force_login(cast.board[0])
    assert client.post(url, sent).status_code == 409
    client.force_login(held.requester)
    assert client.post(url, sent | {"comment": ""}).status_code == 409
    assert client.post(url, sent).status_code == 302
    client.force_login(cast.manager)
    assert client.post(url, sent | {"is_override": "1"}).status_code == 302
    assert list(CollisionAcknowledgement.objects.values_list("by", "is_override").order_by("pk")) == [
        (held.requester.pk, False),
        (cast.manager.pk, True),
    ]
    client.force_login(cast.implementer)
    assert client.post(url, sent | {"is_override": "1"}).status_code == 403


def test_overriding_a_freeze_by_form(client, cast):
    change, freeze = make_change(), make_freeze()
    url = reverse("changes:override-freeze", args=[change.number, freeze.pk])
    client.force_login(change.requester)
    assert client.post(url, {"reason": "mine"}).status_code == 403
    client.force_login(cast.manager)
    assert client.post(url, {"reason": ""}).status_code == 409
    assert client.post(url, {"reason": "Patients wait"}).status_code == 302
    assert FreezeOverride.objects.get().reason == "Patients wait"


def test_taking_a_slot(client, cast, pair):
    _held, change = pair
    start = timezone.now() + timedelta(days=1)
    url = reverse("changes:take-slot", args=[change.number])
    client.force_login(change.requester)
    assert client.post(url, {"start": "now", "end": "then"}).status_code == 302
    change.refresh_from_db()
    assert change.window.lower < timezone.now()
    ends = start + timedelta(hours=1)
    client.post(url, {"start": start.isoformat(), "end": ends.isoformat()})
    change.refresh_from_db()
    assert (change.window.lower, change.window.upper) == (start, ends)
    client.force_login(cast.board[0])
    assert client.post(url, {"start": start.isoformat(), "end": ends.isoformat()}).status_code == 409


def test_the_list_of_collisions_filters_and_is_empty_with_words(client, cast, pair):
    url = reverse("changes:collisions")
    assert "No two changes are in each other" in page(client, cast.manager, url).content.decode()
    second = draft(cast, item=make_item())
    to_scheduled(cast, second)
    shown = page(client, cast.manager, url).content.decode()
    assert "same person" in shown
    assert "No collision fits these filters" in client.get(url, {"kind": "redundancy"}).content.decode()
    assert second.number in client.get(url, {"q": second.number, "is": "warns"}).content.decode()


def test_declaring_a_freeze_after_a_preview(client, cast, pair):
    held, _change = pair
    url, now = reverse("changes:freeze-new"), timezone.localtime()
    sent = {
        "label": "Year end", "reason": "Books close", "is_hard": "on", "conditions": "{}",
        "window_start": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}",
        "window_end": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}",
        "item": held.change_items.get(impact="manual").item.address,
    }  # fmt: skip
    client.force_login(cast.implementer)
    assert client.get(url).status_code == 403
    assert client.post(url, sent).status_code == 403
    client.force_login(cast.manager)
    preview = client.post(url, sent | {"preview": "1"})
    assert held.number in preview.content.decode()
    assert not FreezeWindow.objects.exists()
    wrong = client.post(url, sent | {"window_end": sent["window_start"], "conditions": '{"no": 1}'})
    assert wrong.status_code == 400
    assert client.post(url, sent | {"declare": "1"}).status_code == 302
    assert FreezeWindow.objects.get().item == held.change_items.get(impact="manual").item


def test_the_queue_says_what_the_pages_say(client, cast, pair):
    held, change = pair
    base = make_item()
    service = make_item()
    make_relation(source=service, target=base)
    frozen = make_change(items=[base])
    make_freeze(service=service)
    alone = make_change()
    rows = {row.number: row for row in flagged([held, change, frozen, alone])}
    assert (rows[change.number].collides, rows[change.number].is_stopped) == (1, True)
    assert (rows[frozen.number].is_frozen, rows[frozen.number].is_frozen_hard) == (1, True)
    assert (rows[alone.number].collides, rows[alone.number].is_frozen) == (0, 0)
    assert page(client, cast.manager, reverse("changes:queue") + "?tab=all").status_code == 200


def test_flags_of_a_page_cost_the_same_for_more_rows(cast, pair, django_assert_max_num_queries):
    changes = [make_change(items=[make_item()]) for _ in range(10)]
    with django_assert_max_num_queries(14):
        flagged([*pair, *changes])


def test_the_api(client, cast, pair):
    held, change = pair
    client.force_login(cast.manager)
    base = f"/api/changes/{change.number}/"
    found = client.get(f"{base}collisions/").json()
    assert [(each["other"], each["kind"], each["blocks"]) for each in found["collisions"]] == [
        (held.number, "same_item", True)
    ]
    assert len(client.get(f"{base}slots/?minutes=30&count=2").json()) == 2
    assert client.get(f"{base}slots/?minutes=0").status_code == 400
    assert client.get(f"/api/changes/{make_change(window=None).number}/slots/").status_code == 400
    sent = {"other": held.number, "kind": "same_item", "comment": "x", "is_override": True}
    made = client.post(f"{base}acknowledgements/", sent, content_type="application/json")
    assert (made.status_code, made.json()["is_override"]) == (201, True)
    assert len(client.get(f"{base}acknowledgements/").json()) == 1
    window = {"start": "2030-01-01T00:00Z", "end": "2030-01-02T00:00Z"}
    freeze = {"label": "Year end", "window": window, "service": make_item().address, "conditions": {"no": 1}}
    refused = client.post("/api/freezes/", freeze, content_type="application/json")
    assert (refused.status_code, "conditions" in str(refused.json())) == (400, True)
    freeze["conditions"] = {"criticality__gte": 2}
    made = client.post("/api/freezes/", freeze, content_type="application/json")
    assert made.status_code == 201, made.json()
    assert client.get(f"/api/freezes/{made.json()['id']}/hits/").json() == {}
    asked = make_freeze()
    override = {"freeze": asked.pk, "reason": "Patients wait"}
    answer = client.post(f"{base}freeze-overrides/", override, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    make_maintenance()
    bad = {"rule": "sometimes"}
    url = f"/api/maintenance-windows/{client.get('/api/maintenance-windows/').json()['results'][0]['id']}/"
    assert client.patch(url, bad, content_type="application/json").status_code == 400
    client.force_login(make_user("board_member"))
    assert client.post("/api/freezes/", freeze, content_type="application/json").status_code == 403
