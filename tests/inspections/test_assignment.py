"""Who makes a round: the same people, in turn, by the rota, all of them, whoever takes it."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import TeamMember
from accounts.roles import RightMissing
from inspections.actions import copy_plan, generate_runs, give_duty, save_plan, set_members
from inspections.models import InspectionPlan, InspectionRun
from tests.factories import (
    make_item,
    make_plan,
    make_roster_entry,
    make_shift,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def today():
    return datetime.now(SHANGHAI).date()


def people(n):
    return [make_user("engineer") for _each in range(n)]


def plan_of(members, days=6, **over):
    plan = make_plan(starts_on=today() - timedelta(days=days), shift_start=time(0, 1), **over)
    set_members(plan, members)
    return plan


def test_a_rotation_goes_by_the_number_of_the_round_whenever_it_is_made():
    three = people(3)
    at_once, bit_by_bit = (plan_of(three, assign="rotation") for _each in range(2))
    generate_runs()
    InspectionPlan.objects.filter(pk=bit_by_bit.pk)
    wanted = [(three[n % 3], three[(n + 1) % 3]) for n in range(6)]
    assert [(run.assignee, run.deputy) for run in at_once.runs.order_by("slot_at")[:6]] == wanted
    late = plan_of(three, assign="rotation")
    for days in (5, 3, 0):  # the worker came by three times
        generate_runs(until=timezone.now() - timedelta(days=days))
    assert [(run.assignee, run.deputy) for run in late.runs.order_by("slot_at")[:6]] == wanted


def test_who_left_is_passed_over():
    gone, here = people(2)
    gone.is_active = False
    gone.save()
    plan = plan_of([gone, here], assign="rotation")
    fixed = make_plan(assignee=gone)
    generate_runs()
    assert {run.assignee for run in plan.runs.all()} == {here}
    assert {run.assignee for run in fixed.runs.all()} == {None}


def test_the_rota_gives_a_and_b_duty_also_past_midnight():
    night = make_shift(starts=time(20), ends=time(8))
    a = make_roster_entry(shift=night, on=today() - timedelta(days=1))
    b = make_roster_entry(shift=night, on=today() - timedelta(days=1), role="B")
    plan = make_plan(starts_on=today(), shift_start=time(2), assign="roster", shift=night, opens_minutes=-120)
    generate_runs()
    run = plan.runs.order_by("slot_at").first()
    assert (run.assignee, run.deputy) == (a.user, b.user)


def test_all_means_a_run_for_each():
    three = people(3)
    plan = plan_of(three, days=0, must_complete="all", group_by="ci", cis=[make_item(), make_item()])
    generate_runs()
    first = plan.runs.order_by("slot_at").first().slot_at
    runs = plan.runs.filter(slot_at=first)
    assert sorted(run.assignee_id for run in runs) == sorted(2 * [user.pk for user in three])
    assert all(run.targets.count() == 1 for run in runs)
    assert all(str(run.assignee) in run.group_label for run in runs)
    assert len({run.group_key for run in runs}) == 6
    assert generate_runs().created == 0


def test_all_of_a_team_and_all_on_duty():
    team = make_team()
    both = people(2)
    for user in both:
        TeamMember.objects.create(team=team, user=user)
    of_team = make_plan(must_complete="all", team=team)
    shift = make_shift(starts=time(0), ends=time(0))
    duties = [make_roster_entry(shift=shift, on=today(), role=role) for role in "AB"]
    on_duty = make_plan(must_complete="all", assign="roster", shift=shift, starts_on=today())
    generate_runs(until=timezone.now())
    assert {run.assignee for run in of_team.runs.all()} == set(both)
    assert {run.assignee for run in on_duty.runs.all()} == {duty.user for duty in duties}


def test_a_gap_in_the_rota_makes_a_run_without_hands_and_says_so():
    shift = make_shift()
    plan = make_plan(assign="roster", shift=shift)
    generate_runs(until=timezone.now())
    plan.refresh_from_db()
    assert plan.trouble == "nobody"
    run = plan.runs.get()
    assert run.assignee is None
    generate_runs(until=timezone.now())
    plan.refresh_from_db()
    assert plan.trouble == "nobody", "still nobody: no new slot says nothing new"


def test_made_runs_follow_the_rota_but_not_against_a_persons_word():
    shift = make_shift(starts=time(0), ends=time(0))
    entry = make_roster_entry(shift=shift, on=today())
    deputy = make_roster_entry(shift=shift, on=today(), role="B")
    plans = [make_plan(assign="roster", shift=shift, group_by="ci", starts_on=today()) for _each in range(2)]
    generate_runs(until=timezone.now())
    other, manager = make_user("engineer"), make_user("reviewer")
    give_duty(entry, to=other, by=manager, reason="ill")
    runs = [plan.runs.get() for plan in plans]
    assert {(run.assignee, run.deputy) for run in runs} == {(other, deputy.user)}
    assert {run.handovers.get().kind for run in runs} == {"rota"}
    give_duty(entry, to=deputy.user, by=manager, reason="they change places")
    runs = [plan.runs.get() for plan in plans]
    assert {(run.assignee, run.deputy) for run in runs} == {(deputy.user, other)}


def test_client_and_sign_off_are_copied_and_stay():
    plan = make_plan(client="第一医院", signoff="none")
    generate_runs(until=timezone.now())
    InspectionPlan.objects.filter(pk=plan.pk).update(client="other", signoff="reviewer")
    run = InspectionRun.objects.get()
    assert (run.client, run.signoff) == ("第一医院", "none")


def test_a_plan_is_saved_with_people_that_its_way_needs():
    manager, engineer = make_user("reviewer"), make_user("engineer")
    plan = make_plan()
    for way, names in (
        ({"assign": "rotation"}, "members"),
        ({"assign": "claim"}, "team"),
        ({"must_complete": "all"}, "members"),
    ):
        wrong = InspectionPlan.objects.get(pk=plan.pk)
        for name, value in way.items():
            setattr(wrong, name, value)
        with pytest.raises(ValidationError) as refused:
            save_plan(wrong, by=manager, members=[])
        assert names in refused.value.message_dict
    plan.refresh_from_db()
    assert plan.assign == "fixed", "nothing of it was written"
    plan.assign = "rotation"
    with pytest.raises(RightMissing):
        save_plan(plan, by=engineer, members=[engineer])
    first, second = people(2)
    save_plan(plan, by=manager, members=[first, second])
    save_plan(plan, by=manager, members=[second, first])
    assert [member.user for member in plan.members.all()] == [second, first]


def test_a_copy_waits_for_somebody_to_enable_it():
    manager, members = make_user("reviewer"), people(2)
    plan = plan_of(members, assign="rotation", client="第一医院")
    copy = copy_plan(plan, by=manager, key="copied", label="Copied")
    assert (copy.is_enabled, copy.client, copy.generated_until_at) == (False, "第一医院", None)
    assert [member.user for member in copy.members.all()] == members
    assert plan.key in copy.disabled_reason
    with pytest.raises(ValidationError):
        copy_plan(plan, by=manager, key="copied", label="Again")


@pytest.mark.parametrize("ways", [1, 7])
def test_the_statements_do_not_grow_with_people_and_days(django_assert_max_num_queries, ways):
    shift = make_shift()
    for day in range(ways):
        for role in "AB":
            make_roster_entry(shift=shift, on=today() - timedelta(days=day), role=role)
    plan_of(people(ways + 1), days=ways, assign="rotation")
    make_plan(assign="roster", shift=shift, starts_on=today() - timedelta(days=ways))
    with django_assert_max_num_queries(34):
        generate_runs()
