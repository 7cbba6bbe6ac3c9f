"""Who is on duty is seated, the second person confirms, the clock runs, and phantoms are seen."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from accounts.step_up import Proof
from audit.context import because
from changes.actions import (
    AlreadyDone,
    StepRefused,
    cast_vote,
    confirm_presence,
    note_overdue_ratifications,
    take_step,
)
from changes.models import ChangeRequest, DutySpell, PolicyStep, PresenceConfirmation, RoundSeat
from tests.changes.journey import Cast, do_the_work, draft, emergency, to_approving, verify
from tests.factories import make_duty, make_item, make_user


def seated(change):
    seats = RoundSeat.objects.filter(step__round__change=change, step__board__key="ecab", is_barred=False)
    return {seat.user for seat in seats}


def test_who_is_on_duty_is_seated_and_nobody_else_when_they_are_enough(cast):
    on_duty = [make_duty(person=cast.emergency[0]).person, make_duty().person]
    make_duty(starts_at=timezone.now() + timedelta(hours=1))
    assert seated(emergency(cast)) == set(on_duty)


def test_too_few_on_duty_are_seated_beside_the_board(cast):
    guest = make_duty().person
    assert seated(emergency(cast)) == {guest, *cast.emergency}


def test_the_implementer_on_duty_does_not_count(cast):
    make_duty(person=cast.implementer)
    make_duty(person=cast.emergency[0])
    assert seated(emergency(cast)) == set(cast.emergency)


def test_duty_seats_nobody_on_the_board_of_a_normal_change(cast):
    for member in cast.board[:1]:
        make_duty(board="cab", person=member)
    change = draft(cast)
    to_approving(cast, change)
    assert not RoundSeat.objects.filter(step__round__change=change, step__board__key="cab").exists()


def broken(cast, second=None):
    """The glass was broken over a silent board."""
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    change = emergency(cast)
    take_step(
        change, "break_glass", by=cast.oncall, comment="nobody answers", proof=Proof.now(),
        data={"second_person": (second or cast.peer).pk},
    )  # fmt: skip
    return change


def to_ratifying(cast, change):
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    verify(cast, change)
    take_step(change, "verified_emergency", by=cast.verifier)


def test_the_second_person_confirms_from_their_own_log_in(client, cast):
    change = broken(cast)
    assert Notice.objects.filter(kind="changes.presence", person=cast.peer).exists()
    with pytest.raises(StepRefused):
        confirm_presence(change, by=cast.oncall)
    event = change.events.get(event="break_glass")
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        PresenceConfirmation.objects.create(event=event, confirmed_by=cast.oncall)
    assert error.value.__cause__.diag.message_hint == "not_the_second_person"
    client.force_login(cast.peer)
    assert "I was there: confirm" in client.get(reverse("changes:emergencies")).content.decode()
    client.post(reverse("changes:presence", args=[change.number]))
    with pytest.raises(AlreadyDone):
        confirm_presence(change, by=cast.peer)


def test_without_the_second_persons_word_nothing_is_ratified(cast):
    change = broken(cast)
    to_ratifying(cast, change)
    ballot = change.rounds.get(closed_at=None)
    for seat in RoundSeat.objects.filter(step__round=ballot, is_barred=False).select_related("user"):
        cast_vote(ballot, by=seat.user, choice="approve", proof=Proof.now())
    change.refresh_from_db()
    assert change.state == "ratifying"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.events.create(event="ratify", actor=cast.manager)
    assert error.value.__cause__.diag.message_hint == "presence_confirmed"
    confirm_presence(change, by=cast.peer)
    take_step(change, "ratify", by=cast.manager, data={"retro_assessment": "It had to be done."})
    assert change.state == "reviewing"


@pytest.mark.parametrize("second", ["oncall", "gone"])
def test_the_second_person_is_another_active_one_in_postgresql_too(cast, second):
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    change = emergency(cast)
    person = cast.oncall if second == "oncall" else make_user("engineer", is_active=False)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.events.create(
            event="break_glass", actor=cast.oncall, comment="x", proof="step_up", proved_at=timezone.now(),
            data={"second_person": person.pk},
        )  # fmt: skip
    assert error.value.__cause__.diag.message_hint == "second_person_present"


def retro(cast, hours, **more):
    incident = {"incident_ref": "INC-7", "incident_priority": "p1", "window": None}
    change = draft(cast, kind="emergency", **incident, **more)
    begun = timezone.now() - timedelta(hours=hours)
    times = {"actual_start": begun, "actual_end": begun + timedelta(minutes=30)}
    take_step(change, "record_retro", by=cast.oncall, comment="at night", data=times)
    return change


def test_the_clock_of_a_ratification_is_moved_by_nobody(cast):
    change = retro(cast, 2)
    assert change.ratify_due_at - timezone.now() > timedelta(hours=23)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.events.create(event="ratify_overdue")
    assert error.value.__cause__.diag.message_hint == "ratification_overdue"
    assert note_overdue_ratifications() == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeRequest.objects.filter(pk=change.pk).update(is_unauthorised=True)


LATER = """
ALTER TABLE changes_changerequest DISABLE TRIGGER guard_request;
UPDATE changes_changerequest SET ratify_due_at = now() - interval '1 minute' WHERE id = {};
ALTER TABLE changes_changerequest ENABLE TRIGGER guard_request;
"""


def test_a_missed_ratification_counts_as_unauthorised_once(owner_sql):
    change = retro(Cast(), 2)
    owner_sql.execute(LATER.format(change.pk))  # a day later, as only the owner of the tables can make it
    assert note_overdue_ratifications() == 1
    assert note_overdue_ratifications() == 0
    change.refresh_from_db()
    assert change.is_unauthorised
    assert change.events.first().event == "ratify_overdue"
    assert list(ChangeRequest.objects.unauthorised()) == [change]


def test_an_emergency_that_nobody_began_in_four_hours_is_a_phantom(cast):
    change = emergency(cast)
    now = timezone.now()
    phantoms = ChangeRequest.objects.phantom_emergencies
    assert not phantoms(now=now + timedelta(hours=3, minutes=59)).exists()
    assert list(phantoms(now=now + timedelta(hours=4, minutes=1))) == [change]
    retro(cast, 9, item=make_item(serial="OLD-2"), after={"serial": "NEW-2"})
    assert list(phantoms(now=now + timedelta(hours=4, minutes=1))) == [change]


def test_the_page_of_emergencies_shows_the_clock(client, cast):
    change = retro(cast, 2)
    client.force_login(cast.manager)
    shown = client.get(reverse("changes:emergencies")).content.decode()
    assert change.number in shown
    assert "23:5" in shown
    client.force_login(make_user())
    assert client.get(reverse("changes:emergencies")).status_code == 403


def test_nobody_puts_themselves_on_duty(client, cast):
    spell = make_duty(person=cast.peer)
    with because(user=cast.oncall), pytest.raises(IntegrityError) as error, transaction.atomic():
        make_duty(person=cast.oncall)
    assert error.value.__cause__.diag.message_hint == "own_seat_given"
    with because(user=cast.peer), pytest.raises(IntegrityError) as error, transaction.atomic():
        DutySpell.objects.filter(pk=spell.pk).update(ends_at=spell.ends_at + timedelta(days=9))
    assert error.value.__cause__.diag.message_hint == "own_seat_given"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        DutySpell.objects.filter(pk=spell.pk).update(person=cast.oncall)
    assert error.value.__cause__.diag.message_hint == "seat_fixed"
    manager = cast.manager
    manager.is_staff = True
    manager.save()
    client.force_login(manager)
    now = timezone.localtime()
    given = {
        "board": spell.board_id, "person": manager.pk, "note": "",
        "starts_at_0": now.strftime("%Y-%m-%d"), "starts_at_1": "00:00:00",
        "ends_at_0": (now + timedelta(days=1)).strftime("%Y-%m-%d"), "ends_at_1": "00:00:00",
    }  # fmt: skip
    page = client.post(reverse("admin:changes_dutyspell_add"), given).content.decode()
    assert "Nobody puts themselves on duty" in page
    answer = client.post(reverse("admin:changes_dutyspell_add"), given | {"person": cast.peer.pk})
    assert answer.status_code == 302, answer.content.decode()[:3000]
