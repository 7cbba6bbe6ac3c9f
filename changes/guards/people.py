"""Who may take a step, and who must stay apart."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from accounts.step_up import FRESH_FOR, Proof, Strength
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, RoundSeat
from changes.models.request import AssignmentRole
from changes.workflow import Relation, Step

# The right that a relation needs beside it; change_manager, oncall and importer are the right alone.
RIGHT_FOR = {
    Relation.REQUESTER: (Right.CHANGE_REQUEST,),
    Relation.OWNER: (Right.CHANGE_REQUEST,),
    Relation.ASSESSOR: (Right.CHANGE_ASSESS,),
    Relation.TESTER: (Right.CHANGE_TEST,),
    Relation.IMPLEMENTER: (Right.CHANGE_IMPLEMENT,),
    Relation.VERIFIER: (Right.CHANGE_VERIFY,),
    Relation.VOTER: (Right.CHANGE_VOTE, Right.CHANGE_ASSESS),
    Relation.ONCALL: (Right.CHANGE_ONCALL,),
    Relation.CHANGE_MANAGER: (Right.CHANGE_MANAGE,),
    Relation.IMPORTER: (Right.CHANGE_IMPORT,),
}


def relations_of(change: ChangeRequest, by: User) -> set[str]:
    """What the person is to the change, rights aside. Two queries."""
    found: set[str] = set(change.assignments.filter(user=by).values_list("role", flat=True))
    if change.requester_id == by.pk:
        found.add(Relation.REQUESTER)
    if change.owner_id == by.pk:
        found.add(Relation.OWNER)
    if RoundSeat.objects.filter(
        step__round__change=change, step__round__closed_at=None, user=by, is_barred=False
    ).exists():
        found.add(Relation.VOTER)
    return found | {Relation.CHANGE_MANAGER, Relation.ONCALL, Relation.IMPORTER}


def who_may(change: ChangeRequest, step: Step, by: User | None) -> list[Refusal]:
    """Refuses the wrong part in the change, the missing right, and every clash of duties."""
    if by is None:
        return unless(Relation.SYSTEM in step.who, "who", _("This step is taken by a person."))
    held = relations_of(change, by)
    able = [
        name for name in step.who if name in held and any(has_right(by, r) for r in RIGHT_FOR[Relation(name)])
    ]
    refusals = []
    if not able:
        people = ", ".join(str(Relation(name).label) for name in step.who if name != Relation.SYSTEM)
        refusals = unless(
            False,
            "who",
            _("This step is for: %(people)s.") % {"people": people or Relation.SYSTEM.label},
            _("Ask one of them, or have yourself assigned where that is allowed."),
        )
    apart = (*step.apart, *(step.apart_if_high if change.is_high_risk else ()))
    return refusals + [clash for name in apart for clash in must_not_be(change, name, by)]


def must_not_be(change: ChangeRequest, relation: str, by: User) -> list[Refusal]:
    """Refuses who is or acted as `relation` in the change (separation of duties)."""
    people = {
        Relation.REQUESTER: lambda: {change.requester_id},
        Relation.IMPLEMENTER: lambda: implementers_of(change),
        Relation.VERIFIER: lambda: verifiers_of(change),
        Relation.ASSESSOR: lambda: assessors_of(change),
    }[Relation(relation)]()
    return unless(
        by.pk not in people,
        f"{relation}_apart",
        _("You are the %(part)s of this change; this step is for somebody else.")
        % {"part": Relation(relation).label},
        _("Ask a colleague who has no part in it."),
    )


def implementers_of(change: ChangeRequest) -> set[int]:
    """Whoever is named as implementer, and whoever really did any of it. Four queries."""
    return {
        *change.assignments.filter(role=AssignmentRole.IMPLEMENTER).values_list("user_id", flat=True),
        *change.events.filter(event__in=["start", "finish", "rolled_back"])
        .exclude(actor=None)
        .values_list("actor_id", flat=True),
        *(pk for row in change.tasks.values_list("done_by_id", "second_by_id") for pk in row if pk),
        *change.stages.exclude(applied_by=None).values_list("applied_by_id", flat=True),
    }


def verifiers_of(change: ChangeRequest) -> set[int]:
    """Whoever is named to verify it."""
    return set(change.assignments.filter(role=AssignmentRole.VERIFIER).values_list("user_id", flat=True))


def assessors_of(change: ChangeRequest) -> set[int]:
    """Whoever is named as assessor or assessed it."""
    return {
        *change.assignments.filter(role=AssignmentRole.ASSESSOR).values_list("user_id", flat=True),
        *change.events.filter(event__in=["assessed", "assessed_low"])
        .exclude(actor=None)
        .values_list("actor_id", flat=True),
    }


def implementers_named(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.assignments.filter(role=AssignmentRole.IMPLEMENTER).exists(),
        "implementers_named",
        _("Nobody is named to implement it."),
        _("Assign an implementer."),
    )


def verifier_named(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.assignments.filter(role=AssignmentRole.VERIFIER).exists(),
        "verifier_named",
        _("Nobody is named to verify the effect."),
        _("Assign a verifier."),
    )


def people_apart(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Implementer and verifier are two people, and for a normal change the verifier is not the requester."""
    parts = change.assignments.filter(role=AssignmentRole.VERIFIER)
    doers = change.assignments.filter(role=AssignmentRole.IMPLEMENTER).values("user")
    clash = parts.filter(user__in=doers).exists()
    own = change.kind == "normal" and not parts.exclude(user=change.requester_id).exists() and parts.exists()
    return unless(
        not clash,
        "people_apart",
        _("One person is named both to implement and to verify."),
        _("Name another verifier."),
    ) + unless(
        not own,
        "verifier_is_requester",
        _("The requester is the only verifier of this change."),
        _("Name another verifier."),
    )


def verifier_apart(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return [] if by is None else must_not_be(change, Relation.IMPLEMENTER, by)


def second_person_if_dual(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    named = set(
        change.assignments.filter(role=AssignmentRole.IMPLEMENTER, user__is_active=True).values_list(
            "user_id", flat=True
        )
    )
    two = len(named) >= 2
    second = (data or {}).get("second_operator")
    wrong = second and (second not in named or (by is not None and second == by.pk))
    return unless(
        not wrong,
        "second_operator",
        _("The second operator must be another implementer of this change."),
        _("Name somebody who is assigned to implement it."),
    ) + unless(
        two or not change.tasks.filter(is_dual=True).exists(),
        "second_person_if_dual",
        _("Some tasks take two people, and one implementer is named."),
        _("Assign a second implementer."),
    )


def second_person_present(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Breaking the glass takes a second person, named, active and somebody else."""
    if data is None:
        return []
    second = User.objects.filter(pk=data.get("second_person") or 0, is_active=True).first()
    return unless(
        second is not None and by is not None and second.pk != by.pk,
        "second_person_present",
        _("A second person must be present, and must be somebody else."),
        _("Name a colleague who is with you."),
    )


def fresh_proof(proof: Proof | None) -> list[Refusal]:
    """Refuses a deed that asks for a proof given within the last minutes; a token can give none."""
    if proof is not None and proof.strength == Strength.TOKEN:
        return unless(
            False,
            "step_up",
            _("A program cannot confirm that it is you: this deed is not done with an API token."),
            _("Do it on the page of the change."),
        )
    return unless(
        proof is not None and proof.is_fresh,
        "step_up",
        _("This deed asks you to confirm that it is you; that counts for %(minutes)d minutes.")
        % {"minutes": FRESH_FOR.total_seconds() // 60},
        _("Confirm it is you; what you typed is kept."),
    )


def step_up_auth(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """`data["proof"]` is fresh; while the step is only offered, its dialog has still to ask for it."""
    return [] if data is None or by is None else fresh_proof(data.get("proof"))


def step_up_auth_if_high(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return step_up_auth(change, by, data) if change.is_high_risk else []
