"""Every slot exactly once: after a month without the scheduler, with two workers, around disabling."""

import threading
from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import RightMissing
from inspections.actions import disable_plan, enable_plan, generate_runs, publish_version
from inspections.models import InspectionPlan, InspectionRun, RunTarget
from tests.factories import make_checklist_item, make_item, make_plan, make_user, make_version

pytestmark = pytest.mark.django_db


def month_old_plan(**over):
    return make_plan(
        starts_on=timezone.localdate() - timedelta(days=30), shift_start=time(0, 1), opens_minutes=0,
        due_minutes=60, expires_minutes=720, **over,
    )  # fmt: skip


def test_thirty_days_without_the_scheduler_leave_no_slot_out():
    plan = month_old_plan(cis=[make_item(), make_item()], group_by="ci")
    made = generate_runs(until=timezone.now())
    runs = plan.runs.all()
    days = {timezone.localtime(run.slot_at, plan.zone).date() for run in runs}
    assert len(days) in (30, 31)  # today's slot is one minute after midnight
    assert made.created == runs.count() == 2 * len(days)
    expired = runs.filter(expires_at__lte=timezone.now())
    assert expired.count() >= 58
    assert set(expired.values_list("state", flat=True)) == {"missed"}
    assert RunTarget.objects.count() == runs.count()
    again = generate_runs(until=timezone.now())
    assert (again.created, again.missed) == (0, 0)


def test_numbers_count_within_the_day_and_never_repeat():
    month_old_plan(cis=[make_item(), make_item(), make_item()], group_by="ci")
    generate_runs(until=timezone.now())
    month_old_plan()
    generate_runs(until=timezone.now())
    numbers = list(InspectionRun.objects.values_list("number", flat=True))
    assert len(numbers) == len(set(numbers))
    for run in InspectionRun.objects.select_related("plan"):
        assert run.number.startswith(f"XJ-{run.slot_at.astimezone(run.plan.zone):%Y%m%d}-000")


def test_statements_do_not_grow_with_slots_and_items(django_assert_max_num_queries):
    month_old_plan(cis=[make_item() for _each in range(12)], group_by="ci")
    with django_assert_max_num_queries(16):
        assert generate_runs(until=timezone.now()).created >= 360


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_every_slot_once():
    for _each in range(3):
        month_old_plan(cis=[make_item(), make_item()], group_by="ci")
    start, made = threading.Barrier(2), []

    def work():
        try:
            start.wait()
            made.append(generate_runs(until=timezone.now()).created)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    generate_runs(until=timezone.now())
    runs = InspectionRun.objects.values_list("plan", "slot_at", "group_key")
    assert len(runs) == len(set(runs))
    assert len(made) == 2
    assert sum(made) == len(runs) >= 3 * 2 * 30
    assert not InspectionRun.objects.filter(targets=None).exists()


def test_a_filter_that_finds_nothing_leaves_a_record_of_it():
    plan = make_plan(scope={"name": "nothing-is-called-so"})
    generate_runs(until=timezone.now())
    run = plan.runs.get()
    assert run.targets.count() == 0


def test_a_broken_plan_does_not_stop_the_others():
    broken = make_plan()
    InspectionPlan.objects.filter(pk=broken.pk).update(scope={"colour": "red"})
    good = make_plan()
    generate_runs(until=timezone.now())
    assert (broken.runs.count(), good.runs.count()) == (0, 1)


def test_without_a_published_version_slots_wait_for_one():
    version = make_version()
    make_checklist_item(version=version)
    plan = make_plan(template=version.template)
    assert generate_runs(until=timezone.now()).created == 0
    publish_version(version, by=make_user(is_superuser=True))
    assert generate_runs(until=timezone.now()).created == 1
    assert plan.runs.get().version_sha256


def test_a_new_version_leaves_earlier_runs_on_theirs():
    plan = make_plan()
    generate_runs(until=timezone.now())
    first = plan.runs.get().version
    version = make_version(template=plan.template, number=2)
    make_checklist_item(version=version)
    publish_version(version, by=make_user(is_superuser=True))
    generate_runs(until=timezone.now() + timedelta(days=1))
    assert [run.version for run in plan.runs.order_by("slot_at")] == [first, version]
    first.refresh_from_db()
    assert first.state == "retired"


def test_grouping_by_location_and_by_plan():
    hall = make_item()
    cis = [make_item(location=hall), make_item(location=hall), make_item()]
    by_place, at_once = make_plan(cis=cis, group_by="location"), make_plan(cis=cis)
    generate_runs(until=timezone.now())
    assert by_place.runs.count() == 2
    assert by_place.runs.get(group_label=hall.name).targets.count() == 2
    assert at_once.runs.get().targets.count() == 3


def test_a_ci_that_comes_later_has_no_past():
    first = make_item()
    plan = month_old_plan(scope={"type": first.type.key}, group_by="ci")
    generate_runs(until=timezone.now())
    late = make_item(type=first.type)
    generate_runs(until=timezone.now() + timedelta(days=1))
    assert plan.runs.filter(group_key=str(late.pk)).count() == 1


def test_disabling_needs_a_person_and_a_reason_and_is_not_made_up_for():
    plan, manager = month_old_plan(), make_user("reviewer")
    with pytest.raises(RightMissing):
        disable_plan(plan, by=make_user("engineer"), reason="no time")
    with pytest.raises(ValidationError):
        disable_plan(plan, by=manager, reason=" ")
    with pytest.raises(IntegrityError), transaction.atomic():
        InspectionPlan.objects.filter(pk=plan.pk).update(is_enabled=False)
    plan = disable_plan(plan, by=manager, reason="moved house")
    assert generate_runs(until=timezone.now()).created == 0
    plan = enable_plan(plan, by=manager)
    assert (plan.disabled_reason, plan.disabled_by) == ("", None)
    assert generate_runs(until=timezone.now()).created == 0
    assert generate_runs(until=timezone.now() + timedelta(days=1)).created == 1


def test_scope_and_rule_are_checked_where_they_are_edited():
    plan = make_plan()
    for name, value in {
        "scope": {"colour": "red"},
        "rrule": "FREQ=SECONDLY",
        "time_zone": "Mars/Base",
    }.items():
        former = getattr(plan, name)
        setattr(plan, name, value)
        with pytest.raises(ValidationError) as refused:
            plan.full_clean()
        assert name in refused.value.message_dict
        setattr(plan, name, former)


def test_saving_a_plan_never_takes_its_mark_back():
    plan = month_old_plan()
    generate_runs(until=timezone.now())
    made = plan.runs.count()
    plan.save()  # as it was before the worker came by
    plan.refresh_from_db()
    assert plan.generated_until_at is not None
    assert generate_runs(until=timezone.now()).created == 0
    assert plan.runs.count() == made
