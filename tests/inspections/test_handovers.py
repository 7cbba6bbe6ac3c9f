"""Runs change hands: taken, given back, handed over, each with its row, and in no other way."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice, TeamMember
from inspections.actions import (
    cancel_run,
    claim_run,
    generate_runs,
    reassign_run,
    release_run,
    set_members,
    start_run,
)
from inspections.guards import Refused
from inspections.models import InspectionRun, RunHandover
from tests.factories import make_handover, make_plan, make_run, make_team, make_user


def claimable(**over):
    team = make_team()
    member = make_user("engineer")
    TeamMember.objects.create(team=team, user=member)
    plan = make_plan(assign="claim", team=team, **over)
    generate_runs(until=timezone.now())
    return plan.runs.get(), member


def codes(refused):
    return {refusal.code for refusal in refused.value.refusals}


@pytest.mark.django_db
def test_anybody_of_the_team_takes_a_run_and_gives_it_back_for_a_reason():
    run, member = claimable()
    run = claim_run(run, by=member)
    assert run.assignee == member
    for wrong, code in (
        ({"by": member, "reason": " "}, "reason"),
        ({"by": make_user("engineer"), "reason": "x"}, "not_yours"),
    ):
        with pytest.raises(Refused) as refused:
            release_run(run, **wrong)
        assert code in codes(refused)
    run = release_run(run, by=member, reason="called away")
    assert run.assignee is None
    kinds = list(run.handovers.order_by("id").values_list("kind", "former", "taken_by", "reason"))
    assert kinds == [("claim", None, member.pk, ""), ("release", member.pk, None, "called away")]


@pytest.mark.django_db
def test_strangers_and_late_comers_take_nothing():
    run, member = claimable()
    for who, code in ((make_user("engineer"), "not_of_team"), (make_user("auditor"), "right")):
        with pytest.raises(Refused) as refused:
            claim_run(run, by=who)
        assert code in codes(refused)
    claim_run(run, by=member)
    with pytest.raises(Refused) as refused:
        claim_run(run, by=member)
    assert codes(refused) == {"taken"}
    others = make_run()
    cancel_run(others, by=make_user("reviewer"), reason="drill")
    with pytest.raises(Refused) as refused:
        claim_run(others, by=make_user("engineer"))
    assert "state" in codes(refused)


@pytest.mark.django_db
def test_the_members_of_a_plan_may_take_its_runs():
    plan, member = make_plan(assign="claim"), make_user("engineer")
    set_members(plan, [member])
    generate_runs(until=timezone.now())
    assert claim_run(plan.runs.get(), by=member).assignee == member


@pytest.mark.django_db(transaction=True)
def test_of_two_who_reach_out_at_once_one_has_it():
    run, member = claimable()
    other = make_user("engineer")
    TeamMember.objects.create(team=run.team, user=other)
    start, taken = threading.Barrier(2), []

    def reach(user):
        try:
            start.wait()
            claim_run(run, by=user)
            taken.append(user)
        except Refused:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=reach, args=[user]) for user in (member, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == RunHandover.objects.count() == 1
    assert InspectionRun.objects.get(pk=run.pk).assignee == taken[0]


@pytest.mark.django_db
def test_a_run_is_handed_over_by_who_has_it_its_deputy_or_a_manager():
    run, to = make_run(), make_user("engineer")
    with pytest.raises(Refused) as refused:
        reassign_run(run, to=to, by=to, reason="mine")
    assert "right" in codes(refused)
    run = reassign_run(run, to=to, by=make_user("reviewer"), reason="ill")
    assert run.assignee == to
    deputy = make_user("engineer")
    run = reassign_run(run, to=deputy, by=to, reason="second pair of eyes", role="B")
    assert (run.assignee, run.deputy) == (to, deputy)
    start_run(run, by=to)
    run = reassign_run(run, to=deputy, by=deputy, reason="called away in the middle")
    assert run.assignee == deputy
    told = Notice.objects.filter(kind="inspections.reassigned").order_by("id")
    assert {notice.person for notice in told} == {to, deputy}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "reason", "code"),
    [("auditor", "x", "cannot"), ("engineer", " ", "reason"), ("same", "x", "same")],
)
def test_a_run_goes_to_somebody_who_can_make_it_and_for_a_reason(who, reason, code):
    run, manager = make_run(), make_user("reviewer")
    holder = make_user("engineer")
    run = reassign_run(run, to=holder, by=manager, reason="first")
    with pytest.raises(Refused) as refused:
        reassign_run(run, to=holder if who == "same" else make_user(who), by=manager, reason=reason)
    assert code in codes(refused)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE inspections_inspectionrun SET assignee_id = %(other)s WHERE id = %(run)s",
        "UPDATE inspections_inspectionrun SET assignee_id = NULL WHERE id = %(run)s",
        "UPDATE inspections_inspectionrun SET deputy_id = %(other)s WHERE id = %(run)s",
        "UPDATE inspections_inspectionrun SET client = 'somebody else' WHERE id = %(run)s",
        "UPDATE inspections_runhandover SET reason = 'better' WHERE run_id = %(run)s",
        "DELETE FROM inspections_runhandover WHERE run_id = %(run)s",
        # a hand-over without a reason, one that robs, one that gives back what others have
        (
            "INSERT INTO inspections_runhandover (run_id, kind, role, taken_by_id, by_id, reason,"
            " row_version) VALUES (%(run)s, 'reassign', 'A', %(other)s, %(other)s, ' ', 1)"
        ),
        (
            "INSERT INTO inspections_runhandover (run_id, kind, role, taken_by_id, by_id, reason,"
            " row_version) VALUES (%(run)s, 'claim', 'A', %(other)s, %(other)s, '', 1)"
        ),
        (
            "INSERT INTO inspections_runhandover (run_id, kind, role, taken_by_id, by_id, reason,"
            " row_version) VALUES (%(run)s, 'release', 'A', NULL, %(other)s, 'x', 1)"
        ),
        (
            "INSERT INTO inspections_runhandover (run_id, kind, role, taken_by_id, by_id, reason,"
            " row_version) VALUES (%(run)s, 'reassign', 'A', %(other)s, NULL, 'x', 1)"
        ),
    ],
)
def test_postgresql_lets_a_run_change_hands_in_no_other_way(attack):
    handover, other = make_handover(), make_user("engineer")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack, {"run": handover.run_id, "other": other.pk})


@pytest.mark.django_db
def test_an_ended_run_stays_in_its_hands():
    run = make_run()
    cancel_run(run, by=make_user("reviewer"), reason="drill")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_handover(run=run)


@pytest.mark.django_db
def test_the_history_names_who_handed_over_and_why():
    run, manager, to = make_run(), make_user("reviewer"), make_user("engineer")
    run = reassign_run(run, to=to, by=manager, reason="ill")
    version = run.history.first()
    assert (version.assignee, version.history_user, version.history_change_reason) == (to, manager, "ill")
