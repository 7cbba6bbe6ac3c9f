"""What the votes say, and whether a round could come to a decision at all."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.labelled import in_active_language
from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ApprovalRound, ChangeRequest, SeatRelation, Vote
from changes.workflow import Kind


def open_round(change: ChangeRequest) -> ApprovalRound | None:
    """The round that is open on the change, if any."""
    return change.rounds.filter(closed_at=None).first()


def result_of(round_: ApprovalRound) -> str:
    """open, approved or rejected, as PostgreSQL counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_round_result_v1(%s)", [round_.pk])
        return str(cursor.fetchone()[0])


def quorum_met_every_step(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    current = open_round(change)
    return unless(
        current is not None and result_of(current) == "approved",
        "quorum_met_every_step",
        _("Not every body has approved with its quorum yet."),
        _("Wait for the votes; silence never approves."),
    )


def reject_threshold_reached(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    current = open_round(change)
    return unless(
        current is not None and result_of(current) == "rejected",
        "reject_threshold_reached",
        _("The votes do not reject it: approval can still be reached."),
        _("Wait for the votes."),
    )


def plan_voted_on(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    current = open_round(change)
    return unless(
        current is not None and current.plan_hash == change.plan_hash,
        "plan_voted_on",
        _("The plan is not the one that is voted on: it was edited, which voided the round."),
        _("Open a new round."),
    )


def vote_overdue(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """A step of the open round is past its time, undecided, and was not escalated yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM changes_overdue_steps_v1(%s))", [change.pk])
        is_overdue = cursor.fetchone()[0]
    return unless(is_overdue, "vote_overdue", _("No step of the vote is overdue."), _("Wait for the votes."))


def no_open_round(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        open_round(change) is None,
        "no_open_round",
        _("A round is open already."),
        _("Vote in it, or edit the plan, which voids it."),
    )


def seats_reachable(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The policy for the change's risk exists, and each of its steps has enough people who may vote.

    A person on several boards counts once, for the board that needs them.
    """
    if not change.risk and change.kind == Kind.NORMAL:
        return []  # the step computes the risk first; PostgreSQL refuses a round that cannot decide
    return _seats(change, "approve")


def ratify_seats_reachable(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return _seats(change, "ratify")


def _seats(change: ChangeRequest, purpose: str) -> list[Refusal]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT b.label, b.label_zh, p.relation, greatest(p.need, p.quorum),
                      (SELECT count(*) FROM changes_allot_seats_v1(c.id, p.policy_id) s
                        WHERE s.step_id = p.id AND s.barred_as = '')
                 FROM changes_changerequest c,
                      changes_policy_steps_v1(c.id, changes_policy_v1(c, %s)) p
                 LEFT JOIN changes_board b ON b.id = p.board_id WHERE c.id = %s""",
            [purpose, change.pk],
        )
        steps = cursor.fetchall()
    if not steps:
        return unless(
            False,
            "policy_missing",
            _("No approval policy fits this kind and risk."),
            _("A change manager adds one."),
        )
    return [
        Refusal(
            "seats_reachable",
            _("%(board)s needs %(need)d votes and has %(able)d people who may vote.")
            % {
                "board": in_active_language(label, label_zh) if label else SeatRelation(relation).label,
                "need": need,
                "able": able,
            },
            _(
                "A change manager adds seats; requester and implementers do not count, and a person on "
                "several boards counts once."
            ),
        )
        for label, label_zh, relation, need, able in steps
        if able < need
    ]


def no_ecab_answer_within_minutes(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The emergency board had its minutes and nobody approved or rejected."""
    last = change.rounds.first()
    waited = last is not None and timezone.now() >= last.opened_at + _patience(last)
    answered = last is not None and last.votes.exclude(choice=Vote.Choice.ABSTAIN).exists()
    return unless(
        waited and not answered,
        "no_ecab_answer_within_minutes",
        _("The emergency board has answered, or still has time to."),
        _("Wait until its time is up."),
    )


def _patience(round_: ApprovalRound) -> timedelta:
    due = [step.due_at for step in round_.steps.all()]
    return (min(due) - round_.opened_at) if due else timedelta(0)


def no_prior_reject(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        not Vote.objects.filter(round__change=change, choice=Vote.Choice.REJECT).exists(),
        "no_prior_reject",
        _("Somebody has voted against it."),
        _("Convince them; the glass cannot be broken against a vote."),
    )


def incident_is_p1(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.incident_priority == "p1",
        "incident_is_p1",
        _("Only an incident of priority 1 allows this."),
        _("Wait for the emergency board."),
    )


def verbal_votes_confirmed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    open_votes = Vote.objects.filter(round__change=change, channel=Vote.Channel.VERBAL, confirmation=None)
    return [
        Refusal(
            "verbal_votes_confirmed",
            _("%(voter)s has not confirmed the vote given by word of mouth.") % {"voter": vote.voter},
            _("Ask them to confirm it."),
        )
        for vote in open_votes.select_related("voter")
    ]


def assessment_completed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    text = (data or {}).get("retro_assessment") or change.retro_assessment
    return unless(
        change.risk and (text or data is None),
        "assessment_completed",
        _("The assessment has not been made up for."),
        _("Write the assessment."),
    )


def ratification_overdue(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.ratify_due_at and change.ratify_due_at <= timezone.now(),
        "ratification_overdue",
        _("Ratification is not overdue."),
    )
