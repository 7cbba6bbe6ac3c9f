"""Who is told of which round, once; who looks after a plan hears of what was missed and of trouble."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core.checks import run_checks
from django.utils import timezone

from accounts.models import Notice, TeamMember
from inspections.actions import (
    generate_runs,
    set_members,
    tell_of_rounds,
    tell_of_trouble,
    warn_of_calendars,
)
from inspections.models import InspectionPlan
from inspections.working_hours import uncovered_years
from tests.factories import (
    make_calendar,
    make_calendar_day,
    make_item,
    make_plan,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def told(kind):
    return {notice.person for notice in Notice.objects.filter(kind=f"inspections.{kind}")}


def around_now(minutes, **over):
    """A plan whose round begins so many minutes from now."""
    begins = timezone.localtime() + timedelta(minutes=minutes)
    given = {"starts_on": begins.date(), "shift_start": begins.time().replace(microsecond=0)}
    return make_plan(**given | {"opens_minutes": 0, "due_minutes": 30, "expires_minutes": 120} | over)


def test_a_round_that_opens_is_told_once_to_who_makes_it():
    engineer = make_user("engineer")
    around_now(10, assignee=engineer)
    around_now(300, assignee=make_user("engineer"))
    generate_runs()
    assert tell_of_rounds() == 1
    assert told("opening") == {engineer}
    assert tell_of_rounds() == 0
    assert "XJ-" in Notice.objects.get().subject


def test_nobodys_round_is_told_to_its_team_and_members():
    team, of_team, member = make_team(), make_user("engineer"), make_user("engineer")
    TeamMember.objects.create(team=team, user=of_team)
    plan = around_now(5, assign="claim", team=team)
    set_members(plan, [member])
    generate_runs()
    tell_of_rounds()
    assert told("opening") == {of_team, member}


def test_a_late_round_is_told_to_who_makes_it():
    engineer = make_user("engineer")
    around_now(-45, assignee=engineer)
    generate_runs(now=timezone.now() - timedelta(minutes=45))
    tell_of_rounds()
    assert told("due") == {engineer}


@pytest.mark.django_db(transaction=True)
def test_a_missed_round_goes_up_to_the_owner_at_once(owner_sql):
    engineer, owner = make_user("engineer"), make_user("reviewer")
    make_user("reviewer")
    around_now(-150, assignee=engineer, owner=owner)
    generate_runs()
    # As if the run had been made in time; only the owner of the tables can say so.
    owner_sql.execute("ALTER TABLE inspections_inspectionrun DISABLE TRIGGER inspections_20_guard")
    owner_sql.execute("UPDATE inspections_inspectionrun SET created_at = opens_at")
    owner_sql.execute("ALTER TABLE inspections_inspectionrun ENABLE TRIGGER inspections_20_guard")
    tell_of_rounds()
    assert (told("missed"), told("escalated")) == ({engineer}, {owner})


def test_a_month_without_the_scheduler_is_one_notice_to_who_looks_after_the_plan():
    owner = make_user("reviewer")
    cis = [make_item(), make_item()]
    plan = make_plan(
        starts_on=timezone.localdate() - timedelta(days=30), shift_start=time(0, 1), cis=cis, group_by="ci",
        expires_minutes=720, owner=owner, assignee=make_user("engineer"),
    )  # fmt: skip
    generate_runs(until=timezone.now() - timedelta(days=2))
    tell_of_rounds()
    notice = Notice.objects.get()
    assert (notice.person, notice.kind) == (owner, "inspections.escalated")
    assert str(plan.runs.count()) in notice.subject
    tell_of_rounds()
    assert Notice.objects.count() == 1


def test_without_an_owner_everybody_who_defines_inspections_hears_of_trouble_daily():
    managers = {make_user("reviewer"), make_user("reviewer")}
    broken, good = make_plan(), make_plan()
    InspectionPlan.objects.filter(pk=broken.pk).update(scope={"colour": "red"})
    generate_runs(until=timezone.now())
    broken.refresh_from_db()
    assert (broken.trouble, good.runs.count()) == ("scope", 1)
    assert "colour" in broken.trouble_detail
    assert broken.is_enabled, "a plan never disables itself"
    assert tell_of_trouble() == 2
    assert told("plan_trouble") == managers
    assert tell_of_trouble() == 0
    assert tell_of_trouble(now=timezone.now() + timedelta(days=1)) == 2
    versions = broken.history.count()
    generate_runs(until=timezone.now())
    assert broken.history.count() == versions, "the same trouble writes nothing"
    InspectionPlan.objects.filter(pk=broken.pk).update(scope={})
    generate_runs(until=timezone.now())
    broken.refresh_from_db()
    assert (broken.trouble, broken.trouble_since_at) == ("", None)


def test_whatever_breaks_one_plan_the_others_go_on():
    broken, good = make_plan(), make_plan()
    InspectionPlan.objects.filter(pk=broken.pk).update(rrule="FREQ=SECONDLY")
    zoneless = make_plan()
    InspectionPlan.objects.filter(pk=zoneless.pk).update(time_zone="Mars/Base")
    generate_runs(until=timezone.now())
    troubles = dict(InspectionPlan.objects.values_list("pk", "trouble"))
    assert troubles == {broken.pk: "rule", zoneless.pk: "rule", good.pk: ""}
    assert good.runs.count() == 1


def test_the_calendar_warns_before_the_year_ends():
    calendar = make_calendar(key="office")
    make_calendar_day(calendar=calendar, on=date(2026, 10, 1))
    make_calendar(key="always", weekdays=[1, 2, 3, 4, 5, 6, 7])
    assert uncovered_years(date(2026, 11, 1)) == []
    assert uncovered_years(date(2026, 11, 2)) == [(calendar, [2027])], "the sixtieth day is in it"
    assert uncovered_years(date(2026, 11, 22)) == [(calendar, [2027])]
    assert uncovered_years(date(2027, 6, 1)) == [(calendar, [2027])]
    manager = make_user("reviewer")
    at = datetime(2026, 11, 22, 8, tzinfo=timezone.get_default_timezone())
    assert warn_of_calendars(now=at) == 1
    assert warn_of_calendars(now=at + timedelta(hours=3)) == 0
    assert warn_of_calendars(now=at + timedelta(days=7)) == 1
    assert told("calendar_gap") == {manager}
    make_calendar_day(calendar=calendar, on=date(2027, 1, 1))
    assert warn_of_calendars(now=at + timedelta(days=14)) == 0


def test_check_deploy_names_the_calendar():
    make_calendar(key="office")
    found = [each for each in run_checks(include_deployment_checks=True) if each.id == "inspections.W001"]
    assert "office" in found[0].msg
