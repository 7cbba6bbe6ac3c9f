"""Raw SQL as the application role against what the gate asks about plan, time and freezes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from changes.actions import cast_vote, complete_task, record_criterion, take_step
from changes.actions.risk import compute_risk
from changes.models import ChangeEvent, PolicyStep
from tests.changes.journey import (
    HIGH,
    MEDIUM,
    do_the_work,
    draft,
    emergency,
    to_approving,
    to_assessing,
    to_implementing,
    to_scheduled,
    to_verifying,
    verify,
)
from tests.factories import (
    make_change,
    make_change_link,
    make_freeze,
    make_freeze_override,
    make_item,
    make_relation,
    make_standard_template,
    make_user,
    make_vote,
)


def refused(change, event, actor, **more):
    """The code with which PostgreSQL refuses the event; '' where it lets it through."""
    try:
        with transaction.atomic():
            ChangeEvent.objects.create(change=change, event=event, actor=actor, comment="Raw.", **more)
            raise LetThrough
    except LetThrough:
        return ""
    except IntegrityError as error:
        return error.__cause__.diag.message_hint


class LetThrough(Exception):  # noqa: N818  it takes the event back again
    pass


def soon(hours=9):
    return (timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=hours))


def move(change, **fields):
    type(change).objects.filter(pk=change.pk).update(**fields)
    change.refresh_from_db()


def test_a_draft_is_no_past_change_without_its_source(cast):
    change = draft(cast)
    assert refused(change, "record_import", cast.requester, outcome="successful") == "import_source_named"
    move(change, import_source="ledger", import_key="7")
    assert refused(change, "record_import", cast.requester, outcome="successful") == ""


def test_an_empty_application_is_not_submitted(cast):
    change = draft(cast)
    assert refused(change, "submit", cast.requester) == ""
    move(change, window=None)
    assert refused(change, "submit", cast.requester) == "window"
    change.operations.all().delete()
    change.change_items.all().delete()
    assert refused(change, "submit", cast.requester) == "cis_listed"


def test_an_operation_touches_listed_items_alone(cast):
    change = draft(cast)
    change.operations.update(item=make_item())
    assert refused(change, "submit", cast.requester) == "cis_listed"


@pytest.mark.parametrize(
    ("rows", "code"), [("rollback_steps", "rollback_plan_present"), ("criteria", "verify_plan_measurable")]
)
def test_an_assessment_without_way_back_or_criterion_is_refused(cast, rows, code):
    change = draft(cast)
    to_assessing(cast, change)
    compute_risk(change, cast.assessor, {"risk_answers": MEDIUM})
    getattr(change, rows).all().delete()
    assert refused(change, "assessed", cast.assessor) == code


def test_another_round_does_not_go_round_the_test(cast):
    change = draft(cast)
    to_approving(cast, change)
    assert refused(change, "new_round", cast.requester) == "no_open_round"
    move(change, description="Another plan.")
    assert change.rounds.first().result == "void"
    assert refused(change, "new_round", cast.requester) == "evidence_bound_to_plan"


def test_who_asked_does_not_throw_a_rejection_away_with_a_new_round(cast):
    change = emergency(cast)
    cast_vote(change.rounds.get(), by=cast.emergency[0], choice="reject", comment="Too risky.")
    assert refused(change, "new_round", cast.requester) == "no_open_round"
    assert change.rounds.get().votes.count() == 1


@pytest.mark.parametrize("role", ["implementer", "verifier"])
def test_nothing_is_approved_for_nobody(cast, role):
    change = draft(cast)
    change.assignments.filter(role=role).delete()
    to_approving(cast, change)
    make_vote(round=change.rounds.get())
    assert refused(change, "approve", None) == f"{role}s_named".replace("verifiers", "verifier")


def test_a_freeze_made_after_the_votes_stops_the_approval_and_the_start(cast):
    change, other = draft(cast), draft(cast, item=make_item(serial="ELSE"))
    to_approving(cast, change)
    make_vote(round=change.rounds.get())
    to_scheduled(cast, other)
    assert refused(change, "approve", None) == ""
    assert refused(other, "start", cast.implementer) == ""
    make_freeze(window=soon())
    assert refused(change, "approve", None) == "no_hard_freeze"
    assert refused(other, "start", cast.implementer) == "no_hard_freeze"


@pytest.mark.parametrize(
    "scope",
    ["item", "service", "type", "environment", "criticality_from", "is_hard", "is_active", "window"],
)
def test_a_freeze_covers_what_its_scope_says_and_nothing_else(cast, scope):
    item = make_item(serial="OLD", environment="production", criticality=3)
    change = draft(cast, item=item)
    to_scheduled(cast, change)
    service, elsewhere = make_item("service"), make_item("service")
    ahead = (timezone.now() + timedelta(hours=3), timezone.now() + timedelta(hours=4))
    make_relation(source=service, target=item)
    fits, fits_not = {
        "item": ({"item": item}, {"item": make_item()}),
        "service": ({"service": service}, {"service": elsewhere}),
        "type": ({"type": item.type}, {"type": service.type}),
        "environment": ({"environment": "production"}, {"environment": "test"}),
        "criticality_from": ({"criticality_from": 3}, {"criticality_from": 4}),
        "is_hard": ({}, {"is_hard": False}),
        "is_active": ({}, {"is_active": False}),
        "window": ({}, {"window": ahead}),
    }[scope]  # fmt: skip
    make_freeze(**{"window": soon()} | fits_not)
    assert refused(change, "start", cast.implementer) == ""
    freeze = make_freeze(**{"window": soon()} | fits)
    assert refused(change, "start", cast.implementer) == "no_hard_freeze"
    make_freeze_override(change=change, freeze=freeze)
    assert refused(change, "start", cast.implementer) == ""


def test_an_emergency_in_a_freeze_says_why(cast):
    change = draft(cast, kind="emergency", incident_ref="INC-7", incident_priority="p1", window=None)
    make_freeze(window=soon())
    assert refused(change, "submit", cast.requester) == "no_hard_freeze"
    move(change, freeze_override="Patients wait.")
    assert refused(change, "submit", cast.requester) == ""


def test_nothing_starts_outside_its_window(cast):
    start = timezone.now() + timedelta(hours=2)
    change = draft(cast, window=(start, start + timedelta(hours=2)))
    to_scheduled(cast, change)
    assert refused(change, "start", cast.implementer) == "inside_window"


def test_nothing_is_approved_for_a_window_that_has_passed(cast):
    change = draft(cast)
    end = timezone.now() - timedelta(hours=1)
    move(change, window=(end - timedelta(hours=2), end))
    to_approving(cast, change)
    make_vote(round=change.rounds.get())
    assert refused(change, "approve", None) == "window_reserved"


def test_what_must_come_first_is_done_first(cast):
    change = draft(cast)
    other = make_change(window=(timezone.now() - timedelta(hours=3), timezone.now() - timedelta(hours=2)))
    make_change_link(change=change, other=other)
    to_scheduled(cast, change)
    assert refused(change, "start", cast.implementer) == "upstream_changes_done"


def test_tasks_for_two_take_two(cast):
    change = draft(cast)
    change.assignments.filter(user=cast.second).delete()
    to_scheduled(cast, change)
    assert refused(change, "start", cast.implementer) == "second_person_if_dual"


def test_a_reservation_does_not_expire_before_its_time(cast):
    change = draft(cast)
    to_scheduled(cast, change)
    assert refused(change, "expire", None) == "window_passed_plus_grace"


def test_the_board_has_its_minutes_before_the_glass_is_broken(cast):
    change = emergency(cast)
    glass = {
        "proof": "step_up", "proved_at": timezone.now(), "data": {"second_person": cast.second.pk},
    }  # fmt: skip
    assert refused(change, "break_glass", cast.oncall, **glass) == "no_ecab_answer_within_minutes"
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    silent = emergency(cast, item=make_item(serial="FIRE"))
    assert refused(silent, "break_glass", cast.oncall, **glass) == ""
    cast_vote(silent.rounds.get(), by=cast.emergency[0], choice="approve")
    assert refused(silent, "break_glass", cast.oncall, **glass) == "no_ecab_answer_within_minutes"


def test_work_that_has_begun_is_not_aborted(cast):
    change = draft(cast)
    to_implementing(cast, change)
    assert refused(change, "abort", cast.implementer) == ""
    complete_task(change.tasks.first(), by=cast.implementer)
    assert refused(change, "abort", cast.implementer) == "no_ci_op_applied"


def test_an_applied_operation_is_not_left_behind_by_aborting(cast):
    change = draft(cast)
    change.tasks.all().delete()
    to_implementing(cast, change)
    do_the_work(cast, change)
    assert refused(change, "abort", cast.implementer) == "no_ci_op_applied"


def test_high_risk_is_closed_through_a_review_alone(cast):
    change = draft(cast)
    to_verifying(cast, change, answers=HIGH)
    verify(cast, change)
    assert refused(change, "verified", cast.verifier) == "no_pir_needed"
    assert refused(change, "verified_review", cast.verifier) == ""
    take_step(change, "verified_review", by=cast.verifier)
    assert refused(change, "close", cast.manager) == "pir_complete"


def test_a_machine_does_not_verify_what_its_template_leaves_to_people(cast):
    change = draft(cast, kind="standard", template=make_standard_template())
    take_step(change, "submit", by=cast.requester)
    take_step(change, "start", by=cast.implementer)
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    record_criterion(change.criteria.get(), value=0, by=cast.verifier)
    assert refused(change, "auto_verified", None) == "template_auto_verify"


def test_a_failed_rollback_names_its_incident_and_a_restored_state_its_check(cast):
    change = draft(cast)
    to_verifying(cast, change)
    take_step(change, "rollback", by=cast.implementer, comment="It went wrong.")
    assert refused(change, "rollback_failed", cast.implementer) == "incident_linked"


def test_who_left_takes_no_step(cast):
    change = draft(cast)
    cast.requester.is_active = False
    cast.requester.save()
    assert refused(change, "submit", cast.requester) == "who"
    assert refused(change, "withdraw", make_user("engineer")) == "who"


def test_work_recorded_afterwards_has_times_that_are_past(cast):
    change = draft(cast, kind="emergency", incident_ref="INC-7", incident_priority="p1", window=None)
    now = timezone.now()
    for start, end in ((None, None), (now, now - timedelta(hours=1)), (now, now + timedelta(hours=1))):
        data = {"actual_start": start and start.isoformat(), "actual_end": end and end.isoformat()}
        assert refused(change, "record_retro", cast.oncall, data=data) == "actual_times_given"


def test_work_recorded_afterwards_has_an_implementer_and_another_verifier(cast):
    change = draft(cast, kind="emergency", incident_ref="INC-7", incident_priority="p1", window=None)
    now = timezone.now()
    ran = {"actual_start": (now - timedelta(hours=2)).isoformat(), "actual_end": now.isoformat()}
    assert refused(change, "record_retro", cast.oncall, data=ran) == ""
    change.assignments.create(user=cast.implementer, role="verifier")
    assert refused(change, "record_retro", cast.oncall, data=ran) == "people_apart"
