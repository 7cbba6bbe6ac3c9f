"""Changes in each other's way: how they meet, who may accept it, and when nothing is in the way."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from changes.actions import (
    StepRefused,
    accept_collision,
    cast_vote,
    decide_collision,
    override_freeze,
    take_step,
)
from changes.collisions import collisions_of, freezes_on, maintenance_misses
from changes.collisions.ranges import overlap, span_of
from changes.collisions.slots import next_free_slots
from changes.guards import GUARDS
from changes.models import ChangeEvent, ChangeRequest, CollisionAcknowledgement, CollisionRule
from tests.changes.journey import draft, emergency, to_approving, to_implementing, to_scheduled
from tests.factories import (
    make_assignment,
    make_change,
    make_change_link,
    make_freeze,
    make_group,
    make_item,
    make_maintenance,
    make_member,
    make_relation,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
NIGHT = (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)


def window(start, end):
    return (NIGHT + timedelta(hours=start), NIGHT + timedelta(hours=end))


def kinds(change):
    change = ChangeRequest.objects.get(pk=change.pk)
    return [(each.kind, each.other.number) for each in collisions_of(change, change.window)]


def codes(name, change, data=None):
    change = ChangeRequest.objects.get(pk=change.pk)
    return {refusal.code for refusal in GUARDS[name](change, None, data)}


@pytest.fixture
def held(cast):
    """A scheduled change of tomorrow night."""
    change = draft(cast, window=window(0, 2))
    to_scheduled(cast, change)
    return change


@pytest.fixture
def cluster():
    """A service on two nodes of which one suffices; [service, node, node]."""
    service, nodes = make_item(), [make_item(), make_item()]
    group = make_group(item=service, min_up=1)
    for node in nodes:
        make_relation(source=service, target=node, group=group)
    return [service, *nodes]


# how they meet


def test_the_path_from_one_change_to_the_other(cast, held):
    """held's item ← middle ← top → side: both touch `top`."""
    item = held.change_items.get(impact="manual").item
    middle, top, side = make_item(), make_item(), make_item()
    make_relation(source=middle, target=item)
    make_relation(source=top, target=middle)
    make_relation(source=top, target=side)
    change = make_change(items=[side], window=window(1, 3))
    [found] = collisions_of(change, change.window)
    assert (found.kind, found.other) == ("related", held)
    assert (found.path, found.meet) == ([side, top, middle, item], top)
    assert (found.distance, found.other_distance) == (1, 2)
    assert (found.overlap.lower, found.overlap.upper) == window(1, 2)
    assert not found.is_hard, "a warning by the default rule"


def test_one_change_lies_in_what_the_other_reaches(cast, held):
    item = held.change_items.get(impact="manual").item
    above = make_item()
    make_relation(source=above, target=item)
    change = make_change(items=[above], window=window(0, 1))
    [found] = collisions_of(change, change.window)
    assert (found.kind, found.path, found.distance, found.other_distance) == ("related", [above, item], 0, 1)


def test_what_lies_further_than_the_rule_says_is_not_related(cast, held):
    below = held.change_items.get(impact="manual").item
    for _step in range(4):
        above = make_item()
        make_relation(source=above, target=below)
        below = above
    change = make_change(items=[below], window=window(0, 1))
    assert kinds(change) == []
    CollisionRule.objects.filter(kind="related").update(depth=4)
    assert kinds(change) == [("related", held.number)]


def test_windows_that_touch_and_empty_ones_do_not_collide(cast, held):
    item = held.change_items.get(impact="manual").item
    assert kinds(make_change(items=[item], window=window(2, 3))) == []
    assert kinds(make_change(items=[item], window=window(-1, 0))) == []
    assert kinds(make_change(items=[item], window=window(1, 1))) == []
    assert kinds(make_change(items=[item], window=window(1, 3))) == [("same_item", held.number)]


def test_a_change_that_overruns_is_in_the_way_until_it_is_done(cast):
    now = timezone.now()
    late = draft(cast, window=(now - timedelta(hours=2), now + timedelta(seconds=30)))
    to_implementing(cast, late)
    item = late.change_items.get(impact="manual").item
    change = make_change(items=[item], window=(now, now + timedelta(hours=1)))
    assert kinds(change) == [("same_item", late.number)]
    emergency_ = emergency(cast, item=make_item())
    assert kinds(emergency_) == [], "an emergency has no window: nothing is compared"


def test_a_change_that_is_only_asked_for_is_a_warning(cast, held):
    waiting = draft(cast, item=make_item(), window=window(0, 1))
    to_approving(cast, waiting)
    change = make_change(items=[waiting.change_items.get(impact="manual").item], window=window(0, 1))
    [found] = collisions_of(change, change.window)
    assert (found.other, found.is_hard, found.is_reserved) == (waiting, False, False)
    assert {kind for kind, _number in kinds(waiting)} == {"person"}, "drafts are nobody's business yet"


def test_the_same_person_in_two_windows(cast, held):
    change = make_change(window=window(1, 3))
    make_assignment(change=change, user=cast.implementer)
    [found] = collisions_of(change, change.window)
    assert (found.kind, found.person, found.is_hard) == ("person", cast.implementer, False)


def test_redundancy_is_lost_together(cast, cluster):
    service, one, two = cluster
    first = draft(cast, item=one, window=window(0, 2))
    to_scheduled(cast, first)
    change = make_change(items=[two], window=window(1, 3))
    found = {each.kind: each for each in collisions_of(change, change.window)}
    assert set(found) == {"redundancy", "related"}
    lost = found["redundancy"]
    assert (lost.is_hard, lost.meet, lost.path) == (True, service, [two, service, one])
    assert codes("no_hard_conflict", change) == {"no_hard_conflict"}
    assert kinds(make_change(items=[two], window=window(2, 3))) == []


def test_three_changes_together(cast):
    service, nodes = make_item(), [make_item() for _ in range(3)]
    group = make_group(item=service, min_up=1)
    for node in nodes:
        make_relation(source=service, target=node, group=group)
    first, second = (draft(cast, item=node, window=window(0, 2)) for node in nodes[:2])
    for each in (first, second):
        to_scheduled(cast, each)
    third = make_change(items=nodes[2:], window=window(1, 3))
    lost = [each for each in collisions_of(third, third.window) if each.kind == "redundancy"]
    assert [(each.other, each.together) for each in lost] == [(first, (second,)), (second, (first,))]


def test_the_order_of_changes(cast, held):
    change = make_change(window=window(1, 3))
    link = make_change_link(change=change, other=held)
    [found] = collisions_of(change, change.window)
    assert (found.kind, found.key, found.blocks) == ("upstream", "first", True)
    assert [(each.kind, each.key, each.blocks) for each in collisions_of(held, held.window)] == [], (
        "a draft that follows is not told of yet"
    )
    ChangeRequest.objects.filter(pk=change.pk).update(window=window(2, 3))
    assert kinds(change) == []
    assert link.nature == "follows"


def test_statements_do_not_grow_with_changes_and_items(cast, held, django_assert_max_num_queries):
    item = held.change_items.get(impact="manual").item
    for _ in range(3):
        more = draft(cast, item=make_item(), window=window(0, 2))
        make_relation(source=more.change_items.get().item, target=item)
        to_approving(cast, more)
    change = make_change(items=[item, *(make_item() for _ in range(20))], window=window(0, 2))
    with django_assert_max_num_queries(14):
        assert len(collisions_of(change, change.window)) == 4


# who accepts


def colliding(cast, held, **more):
    item = held.change_items.get(impact="manual").item
    return make_change(items=[item], window=window(1, 3), **more)


def test_both_sides_accept_the_same_item(cast, held):
    change = colliding(cast, held)
    accept_collision(change, held, "same_item", by=held.requester, comment="after my step")
    assert codes("no_hard_conflict", change) == {"no_hard_conflict"}, "one side is not enough"
    accept_collision(change, held, "same_item", by=change.requester, comment="fine")
    assert codes("no_hard_conflict", change) == set()
    assert {row.other_id for row in CollisionAcknowledgement.objects.all()} == {change.pk, held.pk}


def test_an_acceptance_is_void_when_a_window_moves(cast, held):
    change = colliding(cast, held)
    decide_collision(change, held, "same_item", by=cast.manager, comment="together")
    assert codes("no_hard_conflict", change) == set()
    ChangeRequest.objects.filter(pk=change.pk).update(window=window(1, 4))
    assert codes("no_hard_conflict", change) == {"no_hard_conflict"}


def test_the_other_owner_accepts_lost_redundancy_and_both_go_on(cast, cluster):
    _service, one, two = cluster
    first = draft(cast, item=one, window=window(0, 2))
    to_scheduled(cast, first)
    asker = make_user("requester")
    change = make_change(items=[two], window=window(1, 3), requester=asker)
    with pytest.raises(StepRefused):
        accept_collision(change, first, "redundancy", by=asker, comment="my own")
    with pytest.raises(StepRefused):
        accept_collision(change, first, "redundancy", by=cast.manager, comment="stranger")
    with pytest.raises(StepRefused):
        accept_collision(change, first, "redundancy", by=first.requester, comment=" ")
    accept_collision(change, first, "redundancy", by=first.requester, comment="the night shift knows")
    assert codes("no_hard_conflict", change) == set()


def test_who_only_asks_cannot_accept_for_the_one_who_holds_the_time(cast, cluster):
    """On the page of the scheduled change the asker is "the other": that does not count for the asker."""
    _service, one, two = cluster
    first = draft(cast, item=one, window=window(0, 2))
    to_scheduled(cast, first)
    late = draft(cast, item=two, window=window(2, 3))
    ChangeRequest.objects.filter(pk=late.pk).update(window=window(1, 3), requester=cast.requester)
    owner = make_user("requester")
    ChangeRequest.objects.filter(pk=late.pk).update(owner=owner)
    CollisionAcknowledgement.objects.create(
        change=first, other=late, kind="redundancy", keys=[str(cluster[0].pk)], by=owner, comment="me"
    )
    assert codes("no_hard_conflict", late) == {"no_hard_conflict"}


def test_upstream_order_is_kept_not_agreed_on(cast, held):
    change = make_change(window=window(1, 3))
    make_change_link(change=change, other=held)
    with pytest.raises(StepRefused):
        accept_collision(change, held, "upstream", by=held.requester, comment="ok")


def refused(code, **fields):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        CollisionAcknowledgement.objects.create(**fields)
    assert error.value.__cause__.diag.message_hint == code


def test_postgresql_guards_acceptances(cast, held):
    change = colliding(cast, held)
    given = {"change": change, "other": held, "kind": "same_item", "keys": ["1"], "comment": "yes"}
    refused("other_owner", by=change.requester, **given)
    refused("other_owner", by=cast.board[0], **given)
    refused("comment_required", by=held.requester, **given | {"comment": "  "})
    refused("not_acceptable", by=held.requester, **given | {"kind": "upstream"})
    refused("not_acceptable", by=held.requester, **given | {"keys": []})
    refused("override_apart", by=held.requester, is_override=True, **given)
    refused("override_apart", by=cast.implementer, is_override=True, **given)
    refused("no_collision", by=cast.requester, **given | {"other": make_change(requester=cast.requester)})
    row = CollisionAcknowledgement.objects.create(by=held.requester, **given)
    for deed in (
        lambda: CollisionAcknowledgement.objects.filter(pk=row.pk).update(comment="no"),
        lambda: CollisionAcknowledgement.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            deed()


# PostgreSQL: no item is held twice


def code_of(error):
    return error.value.__cause__.diag.message_hint


def test_a_window_moved_past_every_guard_is_met_again_at_submission(cast, held):
    item = held.change_items.get(impact="manual").item
    change = draft(cast, item=item, window=window(3, 4))
    to_approving(cast, change)
    ChangeRequest.objects.filter(pk=change.pk).update(window=window(1, 2))
    take_step(change, "rework", by=cast.manager, comment="moved past every guard")
    with pytest.raises(StepRefused) as refused_:
        take_step(change, "submit", by=cast.requester)
    assert {each.code for each in refused_.value.refusals} == {"no_hard_conflict"}


@pytest.mark.parametrize("accepted", [False, True])
def test_a_raw_start_is_refused_while_another_change_holds_the_item(cast, accepted):
    now = timezone.now()
    item = make_item(serial="OLD")
    change = draft(cast, item=item, window=(now - timedelta(minutes=5), now + timedelta(hours=1)))
    to_scheduled(cast, change)
    # An emergency came in between: it is not stopped by collisions, and stops this one.
    other = emergency(cast, item=item)
    for member in cast.emergency[:2]:
        take_vote(other, member)
    other.refresh_from_db()
    assert other.state == "implementing"
    assert codes("fresh_conflict_check", change) == {"no_hard_conflict"}
    if accepted:
        decide_collision(change, other, "same_item", by=make_user("change_manager"), comment="one after one")
        assert codes("fresh_conflict_check", change) == set()
        ChangeEvent.objects.create(change=change, event="start", actor=cast.implementer)
    else:
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            ChangeEvent.objects.create(change=change, event="start", actor=cast.implementer)
        assert code_of(error) == "double_booked"


def take_vote(change, member):
    cast_vote(change.rounds.get(closed_at=None), by=member, choice="approve")


def test_a_raw_reschedule_is_refused_onto_a_held_window(cast, held):
    item = held.change_items.get(impact="manual").item
    change = draft(cast, item=item, window=window(2, 4))
    to_scheduled(cast, change)
    data = {"window_start": window(1, 3)[0].isoformat(), "window_end": window(1, 3)[1].isoformat()}
    with pytest.raises(StepRefused) as refused_:
        take_step(change, "reschedule", by=cast.manager, comment="earlier", data=data)
    assert "no_hard_conflict" in {each.code for each in refused_.value.refusals}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(
            change=change, event="reschedule", actor=cast.manager, comment="x", data=data
        )
    assert code_of(error) == "double_booked"


# freezes and maintenance


def test_a_freeze_on_a_service_covers_what_it_depends_on(cast):
    service, app, db, elsewhere = (make_item() for _ in range(4))
    make_relation(source=service, target=app)
    make_relation(source=app, target=db)
    freeze = make_freeze(service=service, window=window(-1, 5))
    change = make_change(items=[db, elsewhere], window=window(0, 1))
    [hit] = freezes_on(change, change.window)
    assert (hit.freeze, hit.item, hit.path) == (freeze, db, [db, app, service])
    assert codes("no_hard_freeze", change) == {"no_hard_freeze"}


@pytest.mark.parametrize(
    ("scope", "hit"),
    [
        ({"environment": "production"}, True),
        ({"environment": "test"}, False),
        ({"criticality_from": 4}, True),
        ({"conditions": {"name__startswith": "front"}}, True),
        ({"conditions": {"name__startswith": "back"}}, False),
        ({"conditions": {"name__startswith": "front"}, "environment": "test"}, False),
    ],
)
def test_a_freeze_by_filter(scope, hit):
    item = make_item(name="front-1", environment="production", criticality=4)
    make_freeze(window=window(0, 2), **scope)
    change = make_change(items=[item], window=window(1, 3))
    assert bool(freezes_on(change, change.window)) == hit


def test_a_freeze_made_after_approval_blocks_the_start(cast):
    change = draft(cast)
    to_scheduled(cast, change)
    freeze = make_freeze(item=change.change_items.get(impact="manual").item)
    with pytest.raises(StepRefused) as refused_:
        take_step(change, "start", by=cast.implementer)
    (refusal,) = refused_.value.refusals
    assert refusal.code == "no_hard_freeze"
    assert "It covers" in refusal.message, "told with its items before PostgreSQL is asked"
    with pytest.raises(StepRefused):
        override_freeze(change, freeze, by=make_user("change_manager"), reason=" ")
    override_freeze(change, freeze, by=make_user("change_manager"), reason="Patients wait")
    take_step(change, "start", by=cast.implementer)


def test_who_has_a_part_in_the_change_overrides_no_freeze(cast):
    boss = make_user("change_manager")
    change = make_change(requester=boss)
    with pytest.raises(StepRefused) as refused_:
        override_freeze(change, make_freeze(), by=boss, reason="mine")
    assert refused_.value.refusals[0].code == "override_apart"


def test_an_override_is_void_when_the_freeze_moves(cast):
    change, freeze = make_change(), make_freeze()
    override_freeze(change, freeze, by=make_user("change_manager"), reason="agreed")
    assert codes("no_hard_freeze", change) == set()
    now = timezone.now()
    type(freeze).objects.filter(pk=freeze.pk).update(
        window=(now - timedelta(hours=1), now + timedelta(hours=5))
    )
    assert codes("no_hard_freeze", change) == {"no_hard_freeze"}


def test_an_emergency_in_a_freeze_also_takes_an_owner_of_the_item(cast):
    owner = make_user("board_member")
    team = make_team()
    make_member(team=team, user=owner)
    item = make_item(serial="OLD", owner_team=team)
    make_freeze(item=item)
    with pytest.raises(StepRefused) as refused_:
        emergency(cast, item=item)
    assert "freeze_override_if_frozen" in {each.code for each in refused_.value.refusals}
    change = emergency(cast, item=item, freeze_override="Patients wait")
    round_ = change.rounds.get()
    assert set(round_.steps.values_list("relation", flat=True)) == {"", "ci_owners"}
    for member in cast.emergency[:2]:
        take_vote(change, member)
    change.refresh_from_db()
    assert change.state == "approving", "the owner has not voted"
    take_vote(change, owner)
    change.refresh_from_db()
    assert change.state == "implementing"


def test_outside_a_maintenance_window():
    item = make_item()
    sunday = datetime(2027, 1, 3, 1, tzinfo=UTC)
    make_maintenance(item=item, starts_at=time(1), duration_minutes=240)
    inside = make_change(items=[item], window=(sunday, sunday + timedelta(hours=4)))
    assert maintenance_misses(inside, inside.window) == []
    late = make_change(items=[item], window=(sunday, sunday + timedelta(hours=5)))
    [miss] = maintenance_misses(late, late.window)
    assert (miss.item, miss.opens[0]) == (item, (sunday, sunday + timedelta(hours=4)))
    assert codes("no_hard_conflict", late) == set(), "soft by the default rule"
    CollisionRule.objects.filter(kind="maintenance").update(is_hard=True)
    assert codes("no_hard_conflict", late) == {"outside_maintenance"}


# when nothing is in the way


def test_the_next_free_slots(cast, held):
    item = held.change_items.get(impact="manual").item
    change = make_change(items=[item], window=window(1, 3))
    make_assignment(change=change, user=cast.tester)
    make_freeze(item=item, window=window(2, 5))
    slots = next_free_slots(change, timedelta(hours=2), NIGHT, 3)
    assert len(slots) == 3
    assert slots[0].lower == NIGHT + timedelta(hours=5)
    assert all(slot.lower.time() == change.window.lower.time() for slot in slots[1:])
    busy = [span_of(held.window), window(2, 5)]
    assert not any(overlap((slot.lower, slot.upper), each) for slot in slots for each in busy)
    for slot in slots:
        assert collisions_of(change, slot) == freezes_on(change, slot) == []


def test_a_free_slot_lies_in_the_maintenance_window():
    item = make_item()
    make_maintenance(item=item)
    change = make_change(items=[item])
    for slot in next_free_slots(change, timedelta(hours=3), timezone.now()):
        assert (slot.lower.weekday(), slot.lower.hour) == (6, 1)
        assert maintenance_misses(change, slot) == []
    assert next_free_slots(change, timedelta(hours=5), timezone.now()) == []


def test_a_free_slot_keeps_redundancy(cast, cluster):
    _service, one, two = cluster
    CollisionRule.objects.filter(kind="related").update(depth=1)
    first = draft(cast, item=one, window=window(0, 2))
    to_scheduled(cast, first)
    change = make_change(items=[two], window=window(0, 2))
    [slot] = next_free_slots(change, timedelta(hours=2), NIGHT, 1)
    assert slot.lower == NIGHT + timedelta(hours=2)
