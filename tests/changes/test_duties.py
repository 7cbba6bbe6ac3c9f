"""Duties apart: everybody who has a part in a change against every deed of another part, in PostgreSQL.

Each person is given the other part past the actions, by a plain INSERT, and then tries its deed.
"""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from changes.models import RoundSeat
from tests.changes.journey import draft, to_approving, to_implementing, to_testing, to_verifying, verify
from tests.changes.test_gate import code_of, insert_event
from tests.factories import make_grant, make_seat, make_vote

PART = {"assess": "assessor", "test": "tester", "start": "implementer", "verify": "verifier"}
#: Who, the deed, and the code of the refusal; without one the deed is theirs to do.
MATRIX = [
    ("requester", "assess", "requester_apart"),
    ("requester", "test", "requester_apart"),
    ("requester", "vote", "requester_apart"),
    ("requester", "start", ""),
    ("requester", "verify", "requester_apart"),
    ("implementer", "assess", ""),
    ("implementer", "test", ""),
    ("implementer", "vote", "requester_apart"),
    ("implementer", "start", ""),
    ("implementer", "verify", "people_apart"),
    ("verifier", "assess", ""),
    ("verifier", "test", ""),
    ("verifier", "vote", ""),
    ("verifier", "start", "people_apart"),
    ("verifier", "verify", ""),
]


def forced(cast, change, person, deed):
    """The deed as a plain INSERT, everything before it done properly by others."""
    if deed == "assess":
        insert_event(change, "submit", cast.requester)
        insert_event(change, "assessed", person)
    elif deed == "test":
        to_testing(cast, change)
        insert_event(change, "tested", person)
    elif deed == "vote":
        to_approving(cast, change)
        ballot = change.rounds.get()
        make_vote(round=ballot, seat=RoundSeat.objects.get(step__round=ballot, user=person))
    elif (
        change.assignments.filter(role="implementer")
        .values("user")
        .intersection(change.assignments.filter(role="verifier").values("user"))
    ):
        to_approving(cast, change)
        make_vote(round=change.rounds.get())
        insert_event(change, "approve", None)  # it comes no further
    else:
        to_verifying(cast, change)
        verify(cast, change)
        insert_event(change, "verified", person)


def done(cast, change, person, deed):
    """The deed on the ordinary way."""
    if deed == "vote":
        to_approving(cast, change)
        ballot = change.rounds.get()
        make_vote(round=ballot, seat=RoundSeat.objects.get(step__round=ballot, user=person))
        return "approving"
    setattr(cast, PART[deed], person)
    go, state = {
        "assess": (to_testing, "testing"), "test": (to_approving, "approving"),
        "start": (to_implementing, "implementing"), "verify": (to_verifying, "verifying"),
    }[deed]  # fmt: skip
    go(cast, change)
    if deed == "verify":
        verify(cast, change)
        insert_event(change, "verified", person)
        state = "closed"
    return state


@pytest.mark.parametrize(("who", "deed", "code"), MATRIX)
def test_everybody_with_a_part_against_every_deed(cast, who, deed, code):
    change, person = draft(cast), getattr(cast, who)
    if who == "requester":  # who asked knows the trade too
        make_grant(user=person, role="engineer")
        person = User.objects.get(pk=person.pk)
    if deed == "vote":
        make_seat("tech_owner", user=person)
    else:
        change.assignments.get_or_create(user=person, role=PART[deed])
    if code:
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            forced(cast, change, person, deed)
        assert code_of(error) == code
    else:
        state = done(cast, change, person, deed)
        change.refresh_from_db()
        assert change.state == state


def test_every_pair_stands_in_the_matrix():
    people = {who for who, _deed, _code in MATRIX}
    assert {(who, deed) for who, deed, _code in MATRIX} == {
        (who, deed) for who in people for deed in [*PART, "vote"]
    }
