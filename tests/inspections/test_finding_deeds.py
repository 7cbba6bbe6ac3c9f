"""Deadlines by policy, deeds beside the steps, reminders: by actions, and by raw SQL against them."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice
from inspections.actions import (
    AnswerInput,
    accept_risk,
    acknowledge_finding,
    comment_finding,
    escalate_findings,
    generate_runs,
    link_change,
    mark_duplicate,
    mark_fixed,
    move_deadline,
    plan_recheck,
    raise_change,
    reassign_finding,
    record_answers,
    reopen_finding,
    send_to_repair,
    submit_run,
)
from inspections.guards import Refused
from inspections.models import Finding, FindingEvent, FindingPolicy
from inspections.working_hours import add_working_minutes
from tests.factories import (
    make_asset,
    make_calendar,
    make_calendar_day,
    make_change,
    make_finding,
    make_member,
    make_plan,
    make_user,
)
from tests.inspections.test_attacks import refused

pytestmark = pytest.mark.django_db


def codes(refusal):
    return {each.code for each in refusal.value.refusals}


def seen(plan, day, value, by):
    """That day's run of the plan is submitted with this value."""
    until = timezone.now() + timedelta(days=day)
    generate_runs(until=until, now=until)
    run = plan.runs.order_by("slot_at").last()
    record_answers(
        run, [AnswerInput(run.targets.get().pk, run.version.items.get().pk, value, comment="x")], by=by
    )
    return submit_run(run, by=by)


# Deadlines


def test_postgresql_counts_working_minutes_as_python_does():
    calendar = make_calendar(weekdays=[1, 2, 3, 4, 5])
    now = timezone.now()
    make_calendar_day(calendar=calendar, on=(now + timedelta(days=2)).date(), kind="holiday")
    make_calendar_day(calendar=calendar, on=(now + timedelta(days=8)).date(), kind="workday")
    for hours in range(0, 24 * 9, 7):
        for minutes in (0, 1, 120, 540, 541, 2000):
            start = now + timedelta(hours=hours)
            with connection.cursor() as cursor:
                sql = "SELECT inspections_add_working_minutes_v1(%s, %s, %s)"
                cursor.execute(sql, [calendar.pk, start, minutes])
                assert cursor.fetchone()[0] == add_working_minutes(calendar, start, minutes)


def test_deadlines_follow_the_policy_and_its_calendar():
    calendar = make_calendar()
    FindingPolicy.objects.filter(severity="crit").update(
        calendar=calendar, response_minutes=90, fix_minutes=600
    )
    finding = make_finding()
    assert finding.response_due_at == add_working_minutes(calendar, finding.opened_at, 90)
    assert finding.due_at == add_working_minutes(calendar, finding.opened_at, 600)
    assert finding.policy_used["calendar"] == calendar.key


def test_a_later_edit_of_the_policy_moves_no_deadline():
    finding = make_finding()
    due = finding.due_at
    FindingPolicy.objects.update(fix_minutes=99999)
    finding.refresh_from_db()
    assert finding.due_at == due
    assert make_finding().due_at > due
    assert refused("DELETE FROM inspections_findingpolicy WHERE id > %s", 0)


def test_a_worse_answer_shortens_the_deadline_and_says_so():
    plan, user = make_plan(starts_on=timezone.localdate()), make_user("engineer")
    seen(plan, 0, "90", user)
    before = Finding.objects.get()
    seen(plan, 1, "97", user)
    after = Finding.objects.get()
    assert (before.severity, after.severity) == ("warn", "crit")
    assert after.due_at < before.due_at
    event = after.events.get(kind="repeat")
    assert event.data["severity"] == ["warn", "crit"]
    assert "due_at" in event.data


FORGED = """INSERT INTO inspections_findingevent
    (row_version, finding_id, source_state, target_state, kind, comment, data, by_id)
    SELECT 1, %%s, 'open', 'open', %s"""


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_finding SET due_at = due_at + interval '1 year' WHERE id = %s",
        "UPDATE inspections_finding SET response_due_at = now() + interval '1 year' WHERE id = %s",
        "UPDATE inspections_finding SET fix_soon_at = NULL WHERE id = %s",
        "UPDATE inspections_finding SET policy_used = '{}' WHERE id = %s",
        "UPDATE inspections_finding SET owner_id = (SELECT max(id) FROM accounts_user) WHERE id = %s",
        "UPDATE inspections_finding SET severity = 'warn' WHERE id = %s",
        "UPDATE inspections_finding SET acknowledged_at = now() WHERE id = %s",
        "UPDATE inspections_finding SET change_id = 1 WHERE id = %s",
        FORGED % "'repeat', '', '{}', NULL",
        FORGED % "'comment', 'nobody said it', '{}', NULL",
        FORGED % """'deadline', '', '{"due_at": "2099-01-01"}', (SELECT max(id) FROM accounts_user)""",
    ],
)  # fmt: skip
def test_nothing_of_a_finding_moves_silently(sql):
    assert refused(sql, make_finding().pk)


@pytest.mark.parametrize(
    "function", ["inspections_write_finding_event_v1", "inspections_carry_out_finding_event_v1"]
)
def test_a_writer_of_events_is_lent_to_no_other_table(function):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE lure (LIKE public.inspections_finding)")
    assert refused(
        f"CREATE TRIGGER lure AFTER INSERT ON lure FOR EACH ROW EXECUTE FUNCTION public.{function}()"
    )


def test_another_deadline_is_granted_by_somebody_else_for_a_reason():
    owner, reviewer = make_user(is_superuser=True), make_user("reviewer")
    finding = acknowledge_finding(make_finding(), by=owner)
    later = timezone.now() + timedelta(days=9)
    with pytest.raises(Refused) as refusal:
        move_deadline(finding, by=owner, due_at=later, comment="busy")
    assert codes(refusal) == {"own_deadline"}
    with pytest.raises(Refused) as refusal:
        move_deadline(finding, by=reviewer, due_at=timezone.now() - timedelta(1), comment=" ")
    assert codes(refusal) == {"comment", "due_at"}
    former = finding.due_at
    finding = move_deadline(finding, by=reviewer, due_at=later, comment="the part comes on Monday")
    assert finding.due_at == later
    event = finding.events.get(kind="deadline")
    assert (event.by, event.comment) == (reviewer, "the part comes on Monday")
    assert event.data["due_at"][0].startswith(f"{former:%Y-%m-%d}")
    own = """INSERT INTO inspections_findingevent
        (row_version, finding_id, kind, source_state, target_state, comment, data, by_id)
        VALUES (1, %s, 'deadline', '', '', 'x', '{"due_at": "2099-01-01T00:00:00Z"}', %s)"""
    assert refused(own, finding.pk, owner.pk)


# People


def test_an_owner_is_named_told_and_changed_for_a_reason():
    boss, first, second = make_user("reviewer"), make_user("engineer"), make_user("engineer")
    finding = acknowledge_finding(make_finding(), by=boss, owner=first)
    assert finding.owner == first
    assert Notice.objects.filter(person=first, kind="inspections.finding_owned").count() == 1
    with pytest.raises(Refused) as refusal:
        reassign_finding(finding, by=second, owner=second, comment="mine")
    assert codes(refusal) == {"right"}
    with pytest.raises(Refused) as refusal:
        reassign_finding(finding, by=boss, owner=make_user("board_member"), comment="try")
    assert codes(refusal) == {"owner"}
    finding = reassign_finding(finding, by=first, owner=second, comment="on leave")
    assert finding.owner == second
    assert finding.events.get(kind="owner").data["owner"] == [first.pk, second.pk]


def test_nobody_accepts_their_own_risk_nor_one_that_was_theirs():
    root, other, reviewer = make_user(is_superuser=True), make_user("engineer"), make_user("reviewer")
    finding, until = make_finding(), timezone.localdate() + timedelta(days=10)
    with pytest.raises(Refused) as refusal:
        accept_risk(finding, by=reviewer, until=until, comment="x")
    assert codes(refusal) == {"no_owner"}
    finding = acknowledge_finding(finding, by=root)
    take = """UPDATE inspections_finding SET state = 'accepted_risk', state_by_id = %s, state_comment = 'x',
              accepted_until_on = current_date + 5 WHERE id = %s"""
    for _each in range(2):  # first its owner, then who gave it away
        with pytest.raises(Refused) as refusal:
            accept_risk(finding, by=root, until=until, comment="x")
        assert codes(refusal) == {"own_risk"}
        assert refused(take, root.pk, finding.pk)
        if finding.owner == root:
            finding = reassign_finding(finding, by=root, owner=other, comment="so that I may accept it")
    with pytest.raises(Refused) as refusal:
        accept_risk(finding, by=reviewer, until=until + timedelta(days=900), comment="x")
    assert codes(refusal) == {"until"}
    forever = take.replace("+ 5", "+ 900")
    assert refused(forever, reviewer.pk, finding.pk)
    finding = accept_risk(finding, by=reviewer, until=until, comment="replaced next month")
    assert (finding.state, finding.accepted_by) == ("accepted_risk", reviewer)
    finding = reopen_finding(finding, by=reviewer, comment="it smokes")
    assert (finding.state, finding.acknowledged_at) == ("open", None)
    assert finding.response_due_at > timezone.now(), "the clocks start anew"


def test_an_accepted_risk_that_gets_worse_reopens():
    plan, user = make_plan(starts_on=timezone.localdate()), make_user("engineer")
    seen(plan, 0, "90", user)
    finding = acknowledge_finding(Finding.objects.get(), by=user)
    accept_risk(finding, by=make_user("reviewer"), until=timezone.localdate(), comment="small")
    seen(plan, 1, "91", user)
    assert Finding.objects.get().state == "accepted_risk"
    seen(plan, 2, "97", user)
    assert Finding.objects.get().state == "open"


def test_a_duplicate_names_one_that_is_none_itself():
    user = make_user("engineer")
    first, second, third = make_finding(), make_finding(), make_finding()
    mark_duplicate(second, by=user, of=first, comment="same disk")
    for of in (third, second):
        with pytest.raises(Refused) as refusal:
            mark_duplicate(third, by=user, of=of, comment="same")
        assert codes(refusal) == {"duplicate_of"}


def test_comments_keep_photos_and_closed_findings_take_them():
    user, finding = make_user("engineer"), make_finding()
    photo = SimpleUploadedFile("fan.jpg", b"\xff\xd8\xff", "image/jpeg")
    comment_finding(finding, by=user, comment="dusty", file=photo)
    event = finding.events.get(kind="comment")
    assert (event.file_name, bytes(event.file.content)) == ("fan.jpg", b"\xff\xd8\xff")
    mark_duplicate(finding, by=user, of=make_finding(), comment="same")
    comment_finding(finding, by=user, comment="late thought")
    with pytest.raises(Refused):
        comment_finding(finding, by=make_user("auditor"), comment="I only read")


# What follows


def test_a_recheck_is_a_run_of_the_list_that_found_it_once_for_each_fix():
    fixer, other = make_user("engineer"), make_user("engineer")
    finding = make_finding()
    with pytest.raises(Refused) as refusal:
        plan_recheck(finding, by=fixer)
    assert codes(refusal) == {"state"}
    finding = mark_fixed(finding, by=fixer, comment="cleaned")
    run = plan_recheck(finding, by=fixer)
    assert plan_recheck(finding, by=other) == run
    assert finding.events.filter(kind="recheck").count() == 1
    assert run.targets.get().ci == finding.ci
    run.refresh_from_db()
    later = AnswerInput(run.targets.get().pk, run.version.items.get(key="disk").pk, "20")
    record_answers(run, [later], by=other)
    submit_run(run, by=other)
    finding.refresh_from_db()
    assert finding.state == "verified"


def test_a_repair_moves_an_asset_of_the_ci_only():
    finding, keeper = make_finding(), make_user(is_superuser=True)
    asset = make_asset(ci=finding.ci, stage="in_use")
    with pytest.raises(Refused) as refusal:
        send_to_repair(finding, make_asset(), by=keeper)
    assert codes(refusal) == {"asset"}
    finding = send_to_repair(finding, asset, by=keeper, comment="fan")
    asset.refresh_from_db()
    assert (finding.repair, asset.stage) == (asset, "repair")


CHANGE_LIST = [{"key": "disk", "kind": "number", "warn_high": 85, "finding": "change"}]


def test_an_item_that_asks_for_a_change_drafts_it_once_with_the_evidence():
    plan, inspector = make_plan(items=CHANGE_LIST, starts_on=timezone.localdate()), make_user("engineer")
    seen(plan, 0, "90", inspector)
    finding = Finding.objects.get()
    change = finding.change
    assert (change.requester, change.state) == (inspector, "draft")
    assert "90" in change.reason
    assert change.change_items.get().item == finding.ci
    seen(plan, 1, "91", inspector)
    assert Finding.objects.get().change == change
    assert Notice.objects.filter(person=inspector, kind="inspections.finding_drafted").exists()


def test_where_the_inspector_may_not_the_owner_of_the_plan_requests_before_its_assignee(monkeypatch):
    owner, assignee, inspector = (make_user("engineer") for _n in range(3))
    able = "inspections.actions.finding_changes.has_right"
    monkeypatch.setattr(able, lambda user, right: user != inspector)
    today = timezone.localdate()
    plan = make_plan(items=CHANGE_LIST, starts_on=today, owner=owner, assign="fixed", assignee=assignee)
    seen(plan, 0, "90", inspector)
    assert Finding.objects.get().change.requester == owner


def test_where_nobody_may_request_the_finding_stands_without_a_change(monkeypatch, caplog):
    """As when a machine found it on a CI whose team may not raise changes."""
    monkeypatch.setattr("inspections.actions.finding_changes.has_right", lambda user, right: False)
    seen(make_plan(items=CHANGE_LIST, starts_on=timezone.localdate()), 0, "90", make_user("engineer"))
    assert Finding.objects.get().change is None
    assert "its change is not drafted" in caplog.text


def test_a_link_is_an_event_and_a_second_draft_is_refused():
    engineer, finding = make_user("engineer"), make_finding()
    change = make_change()
    finding = link_change(finding, change, by=engineer)
    assert finding.change == change
    assert finding.events.get(kind="change").by == engineer
    with pytest.raises(Refused) as refusal:
        raise_change(finding, by=engineer)
    assert codes(refusal) == {"has_change"}


def test_recurrence_counts_sixty_days():
    finder, fixer = make_user("engineer"), make_user("engineer")
    plan = make_plan(starts_on=timezone.localdate())
    for day in (0, 2, 4):
        seen(plan, day, "97", finder)
        if day < 4:
            mark_fixed(Finding.objects.unclosed().get(), by=fixer, comment="cleaned")
            seen(plan, day + 1, "20", finder)
    assert Finding.objects.with_recurrence().get(state="open").recurrence == 3


# Reminders


def at(finding, share):
    """The moment at which this share of the response clock has passed."""
    return finding.opened_at + share * (finding.response_due_at - finding.opened_at)


def test_each_stage_is_told_once_and_only_the_latest_of_those_missed():
    owner = make_user("engineer")
    finding = make_finding()
    member = make_member(user=owner)
    type(finding.ci).objects.filter(pk=finding.ci_id).update(owner_team=member.team)
    assert escalate_findings(now=at(finding, 0.5)) == []
    assert [(r.clock, r.stage) for r in escalate_findings(now=at(finding, 0.85))] == [("response", "soon")]
    assert escalate_findings(now=at(finding, 0.9)) == []
    assert [r.stage for r in escalate_findings(now=at(finding, 1.01))] == ["breach"]
    stages = {r.stage for r in escalate_findings(now=at(finding, 30))}
    assert stages == {"team"}
    assert escalate_findings(now=at(finding, 31)) == []
    kinds = list(Notice.objects.filter(person=owner).values_list("kind", flat=True))
    assert kinds.count("inspections.finding_soon") == kinds.count("inspections.finding_breach") == 1
    assert finding.events.filter(kind="escalation").count() == 4
    finding.refresh_from_db()
    assert finding.state == "open", "reminding decides nothing"


def test_no_clock_runs_while_a_fix_waits_for_its_recheck():
    finding = mark_fixed(make_finding(), by=make_user("engineer"), comment="done")
    assert escalate_findings(now=finding.due_at + timedelta(days=9)) == []


def test_a_reminder_is_written_once_by_raw_sql_too():
    finding = make_finding()
    escalate_findings(now=at(finding, 1.01))
    event = finding.events.get(kind="escalation")
    with pytest.raises(IntegrityError), transaction.atomic():
        FindingEvent.objects.create(finding=finding, kind="escalation", mark=event.mark)
