"""PostgreSQL has the last word: raw SQL as the application role, and two people at once."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.utils import timezone

from changes.actions import StepRefused, cast_vote, confirm_impact, edit_change, take_step, void_confirmed
from changes.models import (
    ApprovalRound,
    ChangeEvent,
    ChangeItem,
    ChangeRequest,
    RoundSeat,
    TestRun,
    VoteConfirmation,
    VoteDelegation,
)
from tests.changes.journey import (
    HIGH,
    MEDIUM,
    Cast,
    do_the_work,
    draft,
    emergency,
    to_approving,
    to_implementing,
    to_scheduled,
    to_testing,
    to_verifying,
    verify,
)
from tests.factories import (
    make_assignment,
    make_change,
    make_item,
    make_member,
    make_rollback_step,
    make_round,
    make_seat,
    make_team,
    make_user,
    make_vote,
)


def sql(statement, *params):
    """Raw SQL, as psql in the hands of the application role would send it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def refused(code, statement, *params):
    with pytest.raises(IntegrityError) as error:
        sql(statement, *params)
    assert error.value.__cause__.diag.message_hint == code


def insert_event(change, event, actor, **more):
    return ChangeEvent.objects.create(change=change, event=event, actor=actor, **more)


def code_of(error):
    return error.value.__cause__.diag.message_hint


@pytest.fixture
def voting(cast):
    """An open round with three seats of the emergency board."""
    return emergency(cast).rounds.get()


# states


@pytest.mark.parametrize(
    "assignment",
    [
        "state = 'closed'",
        "on_hold = true",
        "outcome = 'successful'",
        "approved_hash = plan_hash",
        "is_break_glass = true",
        "ratify_due_at = now()",
        "actual_end_at = now()",
    ],
)
def test_raw_update_of_what_only_an_event_moves_is_refused(db, assignment):
    change = make_change()
    refused("only_by_event", f"UPDATE changes_changerequest SET {assignment} WHERE id = %s", change.pk)


def test_queryset_update_of_a_state_is_refused(db):
    change = make_change()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeRequest.objects.filter(pk=change.pk).update(state="approved")
    assert code_of(error) == "only_by_event"


def test_a_trigger_on_a_temporary_table_does_not_open_the_gate(db):
    """The depth of triggers can be had by anybody; the owner's name cannot."""
    change = make_change()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bait (x int)")
        cursor.execute(
            f"""CREATE FUNCTION pg_temp.bite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE public.changes_changerequest SET state = 'closed' WHERE id = {change.pk};
                RETURN NEW; END $$"""
        )
        cursor.execute(
            "CREATE TRIGGER bite BEFORE INSERT ON bait FOR EACH ROW EXECUTE FUNCTION pg_temp.bite()"
        )
    refused("only_by_event", "INSERT INTO bait VALUES (1)")


def test_a_change_is_born_as_a_draft(db):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeRequest.objects.create(title="x", requester=make_user("requester"), state="scheduled")
    assert code_of(error) == "only_by_event"


@pytest.mark.parametrize("assignment", ["requester_id = %s", "number = 'CHG-' || %s"])
def test_requester_and_number_never_change(db, assignment):
    refused(
        "fixed",
        f"UPDATE changes_changerequest SET {assignment} WHERE id = %s",
        make_user().pk,
        make_change().pk,
    )


def test_a_change_is_never_deleted_and_a_forged_hash_is_put_right(db):
    change = make_change()
    refused("append_only", "DELETE FROM changes_changerequest WHERE id = %s", change.pk)
    before = change.plan_hash
    sql("UPDATE changes_changerequest SET plan_hash = repeat('0', 64) WHERE id = %s", change.pk)
    change.refresh_from_db()
    assert change.plan_hash == before


# events


def test_an_illegal_event_is_refused(db):
    change = make_change()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "approve", None)
    assert code_of(error) == "no_such_step"


def test_a_forged_target_is_refused_and_forged_facts_are_overwritten(db):
    change = make_change()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "submit", change.requester, target="closed")
    assert code_of(error) == "no_such_step"
    event = insert_event(change, "submit", change.requester, seq=77, plan_hash="forged", kind="standard")
    event.refresh_from_db()
    assert (event.seq, event.kind, event.plan_hash) == (1, "normal", change.plan_hash)


def test_an_ended_change_is_not_reopened(db):
    change = make_change()
    insert_event(change, "withdraw", change.requester, comment="no")
    for event in ("submit", "rework", "to_normal", "record_import"):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            insert_event(change, event, change.requester, comment="again")
        assert code_of(error) == "no_such_step"


def test_the_system_takes_no_step_of_a_person_and_a_stranger_none_of_an_assessor(cast):
    change = draft(cast)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "submit", None)
    assert code_of(error) == "who"
    insert_event(change, "submit", cast.requester)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "assessed", cast.tester)
    assert code_of(error) == "who"


@pytest.mark.parametrize("table", ["changeevent", "vote", "testrun", "criterionresult"])
@pytest.mark.parametrize(
    "deed", ["UPDATE changes_{} SET row_version = 9", "DELETE FROM changes_{}", "TRUNCATE changes_{}"]
)
def test_append_only_rows_are_neither_edited_nor_removed(db, table, deed):
    with pytest.raises(Exception, match=r"permission denied|refused"), transaction.atomic():
        sql(deed.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO changes_approvalround (row_version, change_id, purpose, plan_hash, opened_at, result)
           SELECT 1, id, 'approve', plan_hash, now(), '' FROM changes_changerequest""",
        "UPDATE changes_roundstep SET need = 0",
        "UPDATE changes_roundseat SET is_barred = false",
        "UPDATE changes_approvalround SET result = 'approved', closed_at = now()",
        "DELETE FROM changes_roundseat",
    ],
)
def test_rounds_are_written_by_the_gate_alone(voting, statement):
    refused("only_by_gate", statement)


def test_the_rules_are_written_by_migrations_alone(db):
    refused("only_by_migration", "UPDATE changes_steprule SET who = '{system}'")
    refused("only_by_migration", "DELETE FROM changes_steprule")


# votes


def test_approval_without_votes_is_refused(cast):
    change = draft(cast)
    to_approving(cast, change)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "approve", cast.manager)
    assert code_of(error) == "votes"


def test_rejection_without_votes_is_refused(cast):
    change = draft(cast)
    to_approving(cast, change)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "reject", cast.manager)
    assert code_of(error) == "votes"


@pytest.mark.parametrize("part", ["requester", "implementer"])
def test_requester_and_implementer_have_no_vote(cast, part):
    make_seat("ecab", user=getattr(cast, part))
    round_ = emergency(cast).rounds.get()
    seat = RoundSeat.objects.get(step__round=round_, user=getattr(cast, part))
    assert seat.is_barred
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=round_, seat=seat)
    assert code_of(error) == "requester_apart"
    with pytest.raises(StepRefused) as refusal:
        cast_vote(round_, by=getattr(cast, part), choice="approve")
    assert f"{part}_apart" in {r.code for r in refusal.value.refusals}


def test_a_superuser_has_no_vote_on_their_own_change_either(cast):
    cast.requester.is_superuser = True
    cast.requester.save()
    make_seat("ecab", user=cast.requester)
    round_ = emergency(cast).rounds.get()
    with pytest.raises(StepRefused):
        cast_vote(round_, by=cast.requester, choice="approve")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_vote(round=round_, seat=RoundSeat.objects.get(step__round=round_, user=cast.requester))


def test_one_person_has_one_vote(voting):
    vote = make_vote(round=voting)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=vote.seat)
    assert code_of(error) == "voted"
    free = RoundSeat.objects.filter(step__round=voting, vote=None).first()
    now = timezone.now()
    VoteDelegation.objects.create(
        person=free.user, deputy=vote.voter, starts_at=now, ends_at=now + timedelta(1)
    )
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=free, voter=vote.voter, on_behalf_of=free.user)
    assert code_of(error) == "voted"


def test_principal_and_deputy_do_not_both_vote(cast, voting):
    principal, deputy = cast.emergency[0], make_user("board_member")
    now = timezone.now()
    VoteDelegation.objects.create(person=principal, deputy=deputy, starts_at=now, ends_at=now + timedelta(1))
    vote = cast_vote(voting, by=deputy, choice="approve", on_behalf_of=principal)
    assert (vote.voter, vote.on_behalf_of) == (deputy, principal)
    with pytest.raises(StepRefused) as refusal:
        cast_vote(voting, by=principal, choice="reject", comment="no")
    assert "voted" in {r.code for r in refusal.value.refusals}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=vote.seat, choice="reject", comment="no")
    assert code_of(error) == "voted"


@pytest.mark.parametrize("days", [(-2, -1), (1, 2)])
def test_a_deputy_votes_only_in_the_days_of_the_delegation(cast, voting, days):
    principal, deputy = cast.emergency[0], make_user("board_member")
    starts_at, ends_at = (timezone.now() + timedelta(day) for day in days)
    VoteDelegation.objects.create(person=principal, deputy=deputy, starts_at=starts_at, ends_at=ends_at)
    with pytest.raises(StepRefused) as refusal:
        cast_vote(voting, by=deputy, choice="approve", on_behalf_of=principal)
    assert {r.code for r in refusal.value.refusals} == {"no_seat"}
    seat = RoundSeat.objects.get(step__round=voting, user=principal)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=seat, voter=deputy, on_behalf_of=principal)
    assert code_of(error) == "no_seat"


def test_a_seat_of_another_round_takes_no_vote(cast, voting):
    elsewhere = emergency(cast, item=make_item(serial="ELSE")).rounds.get()
    seat = RoundSeat.objects.get(step__round=elsewhere, user=cast.emergency[0])
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=seat)
    assert code_of(error) == "no_seat"


def test_nobody_votes_for_another_in_a_seat_of_their_own(cast, voting):
    seat = RoundSeat.objects.get(step__round=voting, user=cast.emergency[0])
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=seat, on_behalf_of=cast.emergency[1])
    assert code_of(error) == "no_seat"


def test_nobody_votes_on_a_change_that_is_on_hold(cast, voting):
    take_step(voting.change, "hold", by=cast.manager, comment="Wait.")
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting)
    assert code_of(error) == "not_voting"
    with pytest.raises(StepRefused) as refusal:
        cast_vote(voting, by=cast.emergency[0], choice="approve")
    assert "hold" in {r.code for r in refusal.value.refusals}


def test_a_rejection_says_why(voting):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, choice="reject", comment="  ")
    assert code_of(error) == "comment_required"


@pytest.mark.parametrize("clerk", [None, "voter"])
def test_a_vote_by_word_of_mouth_is_taken_down_by_another(cast, voting, clerk):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, channel="verbal", recorded_by=cast.emergency[0] if clerk else None)
    assert code_of(error) == "verbal_only_in_emergency"


def test_a_vote_by_word_of_mouth_is_for_emergencies(cast):
    change = draft(cast)
    to_approving(cast, change)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=change.rounds.get(), channel="verbal", recorded_by=cast.oncall)
    assert code_of(error) == "verbal_only_in_emergency"


def test_a_vote_by_word_of_mouth_is_confirmed_by_its_voter(cast, voting):
    spoken = make_vote(round=voting, channel="verbal", recorded_by=cast.oncall)
    clicked = make_vote(round=voting)
    for vote, person in ((spoken, cast.oncall), (clicked, clicked.voter)):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            VoteConfirmation.objects.create(vote=vote, confirmed_by=person)
        assert code_of(error) == "not_the_voter"
    VoteConfirmation.objects.create(vote=spoken, confirmed_by=spoken.voter)


def test_a_stranger_does_not_vote(cast, voting):
    seat = RoundSeat.objects.filter(step__round=voting).first()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, seat=seat, voter=cast.peer)
    assert code_of(error) == "no_seat"


def test_a_vote_on_an_edited_plan_is_refused(cast, voting):
    with void_confirmed():
        edit_change(voting.change, by=cast.requester, description="more")
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting)
    assert code_of(error) == "round_closed"
    with pytest.raises(StepRefused) as refusal:
        cast_vote(voting, by=cast.emergency[0], choice="approve")
    assert "round_closed" in {r.code for r in refusal.value.refusals}


def test_a_vote_with_the_hash_of_another_plan_is_refused(voting):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting, plan_hash="0" * 64)
    assert code_of(error) == "plan_edited"


def test_a_late_vote_is_refused(cast, voting):
    for member in cast.emergency[:2]:
        cast_vote(voting, by=member, choice="approve")
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(round=voting)
    assert code_of(error) == "round_closed"


def test_a_member_who_joins_or_leaves_in_the_middle_changes_nothing(cast, voting):
    cast.emergency[0].board_seats.update(is_active=False)
    late = make_seat("ecab").user
    cast_vote(voting, by=cast.emergency[0], choice="approve")
    with pytest.raises(StepRefused):
        cast_vote(voting, by=late, choice="approve")
    cast_vote(voting, by=cast.emergency[1], choice="approve")
    voting.refresh_from_db()
    assert voting.result == "approved"


def test_abstaining_counts_for_the_quorum_alone(cast, voting):
    cast_vote(voting, by=cast.emergency[0], choice="abstain")
    cast_vote(voting, by=cast.emergency[1], choice="approve")
    voting.refresh_from_db()
    assert voting.closed_at is None
    cast_vote(voting, by=cast.emergency[2], choice="abstain")
    voting.refresh_from_db()
    assert voting.result == "rejected", "two approvals cannot be reached any more"


def test_a_veto_rejects_at_once(cast):
    cast.emergency[0].board_seats.update(has_veto=True)
    round_ = emergency(cast).rounds.get()
    cast_vote(round_, by=cast.emergency[0], choice="reject", comment="not safe")
    round_.refresh_from_db()
    assert round_.result == "rejected"


def test_owners_of_the_items_vote_side_by_side_with_the_technical_owner(cast):
    team = make_team()
    member = make_member(team=team, user=make_user("engineer")).user
    make_member(team=team, user=cast.requester)
    change = draft(cast, item=make_item(serial="OLD", owner_team=team))
    to_approving(cast, change)
    round_ = change.rounds.get()
    assert round_.steps.count() == 2
    cast_vote(round_, by=cast.owner, choice="approve")
    change.refresh_from_db()
    assert change.state == "approving"
    cast_vote(round_, by=member, choice="approve")
    change.refresh_from_db()
    assert change.state == "scheduled"


# separation of duties


def test_requester_neither_assesses_nor_tests_nor_closes_the_vote(cast):
    change = draft(cast)
    for role in ("assessor", "tester"):
        change.assignments.create(user=cast.requester, role=role)
    insert_event(change, "submit", cast.requester)
    for event in ("assessed", "reject"):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            insert_event(change, event, cast.requester, comment="mine")
        assert code_of(error) == "requester_apart"
    change.refresh_from_db()
    confirm_impact(change, by=cast.assessor)
    take_step(change, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM})
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "tested", cast.requester)
    assert code_of(error) == "requester_apart"


def test_at_high_risk_the_assessor_does_not_test(cast):
    change = draft(cast)
    change.assignments.create(user=cast.assessor, role="tester")
    to_testing(cast, change, HIGH)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "tested", cast.assessor)
    assert code_of(error) == "assessor_apart"


def test_one_person_named_to_implement_and_to_verify_stops_the_approval(cast):
    change = draft(cast)
    change.assignments.create(user=cast.implementer, role="verifier")
    to_approving(cast, change)
    make_vote(round=change.rounds.get())
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "approve", None)
    assert code_of(error) == "people_apart"


def test_who_did_the_work_does_not_verify_and_the_manager_who_did_does_not_close(cast):
    change = draft(cast)
    to_verifying(cast, change)
    for event, more in (("verified", {}), ("verified_review", {})):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            insert_event(change, event, cast.implementer, **more)
        assert code_of(error) in {"who", "implementer_apart"}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "verified", cast.second)
    assert code_of(error) in {"who", "implementer_apart"}
    verify(cast, change)
    insert_event(change, "verified_review", cast.verifier)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "close", cast.implementer)
    assert code_of(error) == "implementer_apart"


# the plan


def test_the_plan_is_locked_once_scheduled(cast):
    change = draft(cast)
    to_scheduled(cast, change)
    refused("plan_locked", "UPDATE changes_changerequest SET title = 'other' WHERE id = %s", change.pk)
    refused("plan_locked", 'UPDATE changes_plannedoperation SET after = \'{"serial": "EVIL"}\'')
    refused("plan_locked", "DELETE FROM changes_criterion WHERE change_id = %s", change.pk)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeItem.objects.create(change=change, item=make_item())
    assert code_of(error) == "plan_locked"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change.assignments.create(user=cast.manager, role="verifier")
    assert code_of(error) == "plan_locked"


def test_a_row_of_a_plan_does_not_move_to_another_change(cast):
    change, other = draft(cast), make_change()
    refused("fixed", "UPDATE changes_plantask SET change_id = %s WHERE change_id = %s", other.pk, change.pk)


def test_an_item_added_after_the_round_opened_voids_it(cast):
    change = draft(cast)
    to_approving(cast, change)
    ChangeItem.objects.create(change=change, item=make_item())
    assert change.rounds.get().result == "void"
    change.refresh_from_db()
    assert change.plan_hash != change.rounds.get().plan_hash


@pytest.mark.parametrize(
    "row", ["tasks", "criteria", "rollback_steps", "stages", "operations", "assignments", "change_items"]
)
def test_every_part_of_the_plan_is_in_its_hash(cast, row):
    change = draft(cast)
    before = change.plan_hash
    if row == "stages":
        change.operations.all().delete()
        change.refresh_from_db()
        before = change.plan_hash
    getattr(change, row).all().delete()
    change.refresh_from_db()
    assert change.plan_hash != before


@pytest.mark.parametrize(
    ("rows", "fields"),
    [
        ("criteria", {"threshold": 5}),
        ("criteria", {"observation_minutes": 5}),
        ("tasks", {"label": "other"}),
        ("tasks", {"is_dual": True}),
        ("rollback_steps", {"label": "other"}),
        ("stages", {"share_percent": 5}),
        ("operations", {"after": {"serial": "EVIL"}}),
        ("operations", {"before": {"serial": "EVIL"}}),
    ],
)
def test_every_word_of_the_plan_is_in_its_hash(cast, rows, fields):
    change = draft(cast)
    before = change.plan_hash
    getattr(change, rows).update(**fields)
    change.refresh_from_db()
    assert change.plan_hash != before


def test_doing_the_work_does_not_touch_the_hash(cast):
    change = draft(cast)
    to_scheduled(cast, change)
    before = change.plan_hash
    take_step(change, "start", by=cast.implementer)
    do_the_work(cast, change)
    change.refresh_from_db()
    assert change.plan_hash == before == change.approved_hash


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "t"},
        {"reason": "r"},
        {"description": "d"},
        {"downtime_minutes": 7},
        {"test_plan": "t"},
        {"rollback_trigger": "t"},
        {"rollback_minutes": 99},
        {"window": None},
        {"freeze_override": "x"},
        {"incident_ref": "x"},
        {"parameters": {"a": 1}},
    ],
)
def test_every_field_that_is_voted_on_is_in_the_hash(cast, fields):
    change = draft(cast)
    before = change.plan_hash
    edit_change(change, by=cast.requester, **fields)
    assert change.plan_hash != before


def test_the_hash_is_the_same_whatever_the_session_calls_its_time(cast):
    change = draft(cast)
    with connection.cursor() as cursor:
        for zone in ("UTC", "Asia/Shanghai"):
            cursor.execute(f"SET LOCAL TimeZone = '{zone}'; SET LOCAL DateStyle = 'German'")
            cursor.execute(
                "SELECT changes_plan_hash_v1(c) FROM changes_changerequest c WHERE id = %s", [change.pk]
            )
            assert cursor.fetchone()[0] == change.plan_hash


def test_replanning_takes_the_approval_away(cast):
    change = draft(cast)
    to_scheduled(cast, change)
    assert change.approved_hash == change.plan_hash
    take_step(change, "replan", by=cast.manager, comment="more")
    assert change.approved_hash == ""


def test_a_test_run_carries_the_plan_of_its_time_whatever_was_sent(cast):
    change = draft(cast)
    run = TestRun.objects.create(
        change=change, environment="x", has_passed=True, tester=cast.tester, plan_hash="f" * 64
    )
    run.refresh_from_db()
    assert run.plan_hash == change.plan_hash


def test_finishing_without_applying_is_refused(cast):
    change = draft(cast)
    to_implementing(cast, change)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "finish", cast.implementer)
    assert code_of(error) == "ci_ops_all_applied"


def test_a_round_that_cannot_decide_is_not_opened(db):
    change = make_change(kind="emergency", incident_ref="INC-1")
    make_rollback_step(change=change)
    make_assignment(change=change)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        insert_event(change, "submit", change.requester)
    assert code_of(error) == "seats_reachable"


# two at once


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_quorum_make_one_transition():
    cast = Cast()
    change = emergency(cast)
    round_ = change.rounds.get()
    cast_vote(round_, by=cast.emergency[0], choice="approve")
    start, done = threading.Barrier(2), []

    def vote(member):
        close_old_connections()
        start.wait()
        try:
            cast_vote(ApprovalRound.objects.get(pk=round_.pk), by=member, choice="approve")
            done.append("cast")
        except StepRefused as refusal:
            done.append(refusal.refusals[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=vote, args=[member]) for member in cast.emergency[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    change.refresh_from_db()
    assert change.state == "implementing"
    assert change.events.filter(event="approve").count() == 1
    assert sorted(done) in (["cast", "round_closed"], ["cast", "cast"])
    assert round_.votes.count() == 1 + done.count("cast")


def test_psql_as_the_application_role_is_refused_what_must_not_be(app_sql):
    round_ = make_round()
    make_vote(round=round_)
    attacks = [
        ("UPDATE changes_changerequest SET state = 'closed'", "moves only by inserting an event"),
        ("DELETE FROM changes_historicalchangerequest", "permission denied"),
        ("UPDATE changes_vote SET choice = 'reject'", "permission denied"),
        ("DELETE FROM changes_changeevent", "permission denied"),
        (
            """INSERT INTO changes_changeevent (row_version, change_id, event, source, target, actor_id, seq,
               kind, comment, outcome, data, guard_results, plan_hash)
               SELECT 1, id, 'approve', '', '', NULL, 0, '', '', '', '{}', '{}', ''
               FROM changes_changerequest""",
            "the votes do not say so",
        ),
        ("ALTER TABLE changes_vote DISABLE TRIGGER ALL", "must be owner"),
        ("SET session_replication_role = replica", "permission denied"),
    ]
    for statement, words in attacks:
        with pytest.raises(psycopg.Error, match=words):
            app_sql.execute(statement)
