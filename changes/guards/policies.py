"""Whether an approval policy could ever be met, and what a change would need, before anybody is asked."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from accounts.labelled import in_active_language
from changes.guards.refusal import Refusal
from changes.models import ApprovalPolicy, BoardSeat, ChangeRequest, SeatRelation


class Body(NamedTuple):
    """One body that a change would need: approvals, votes, and the people who could give them now."""

    label: str
    need: int
    quorum: int
    able: int

    @property
    def is_short(self) -> bool:
        return self.able < max(self.need, self.quorum)


def reasons_never_met(policy: ApprovalPolicy) -> list[Refusal]:
    """Boards of the policy with too few people, one person counted for one board. Two queries.

    The owners of items follow from each change: whether they are enough shows in its preview.
    """
    steps = [step for step in policy.steps.select_related("board") if step.board_id]
    seats = BoardSeat.objects.filter(
        board__in=[step.board_id for step in steps], is_active=True, user__is_active=True
    )
    people: dict[int, list[int]] = {}
    for board, user in seats.values_list("board_id", "user_id"):
        people.setdefault(board, []).append(user)
    chairs = [(step, n) for step in steps for n in range(max(step.need, step.quorum))]
    taken: dict[int, int] = {}  # person → number of the chair they fill
    empty = {
        step.pk
        for number, (step, _n) in enumerate(chairs)
        if not _seated(number, chairs, people, taken, set())
    }
    return [
        Refusal(
            "never_met",
            _("%(board)s needs %(need)d people who are not needed elsewhere, and has %(able)d in all.")
            % {
                "board": step.board,
                "need": max(step.need, step.quorum),
                "able": len(people.get(step.board_id, [])),
            },
            _("Give seats to more people, or ask for fewer votes."),
        )
        for step in steps
        if step.pk in empty
    ]


def _seated(number: int, chairs: list, people: dict, taken: dict[int, int], tried: set[int]) -> bool:
    """The chair has a person, others moving where they can; `taken` says who sits where."""
    for person in people.get(chairs[number][0].board_id, []):
        if person in tried:
            continue
        tried.add(person)
        if person not in taken or _seated(taken[person], chairs, people, taken, tried):
            taken[person] = number
            return True
    return False


def bodies_needed(change: ChangeRequest) -> list[Body]:
    """Every body that a vote on the change as it stands would ask, with who could vote. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT b.label, b.label_zh, p.relation, p.need, p.quorum,
                      (SELECT count(*) FROM changes_allot_seats_v1(c.id, p.policy_id) s
                        WHERE s.step_id = p.id AND s.barred_as = '')
                 FROM changes_changerequest c,
                      changes_policy_steps_v1(c.id, changes_policy_v1(c, 'approve')) p
                 LEFT JOIN changes_board b ON b.id = p.board_id WHERE c.id = %s""",
            [change.pk],
        )
        return [
            Body(
                in_active_language(label, label_zh) if label else str(SeatRelation(relation).label),
                need,
                quorum,
                able,
            )
            for label, label_zh, relation, need, quorum, able in cursor.fetchall()
        ]
