"""Questionnaire, confirmed impact, owners, test cases: by actions, by forged POST and by raw SQL."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice
from changes.actions import (
    StepRefused,
    acknowledge_impact,
    add_affected,
    assess,
    confirm_impact,
    consult_owner,
    judge_not_affected,
    overrule_owner,
    record_test_run,
    take_step,
)
from changes.assessed import risk_lines
from changes.models import ChangeEvent, Consultation, ImpactConfirmation, RiskAnswer, RiskQuestion, TestRun
from tests.changes.journey import (
    HIGH,
    LOW,
    MEDIUM,
    draft,
    run_tests,
    to_assessing,
    to_scheduled,
    to_testing,
)
from tests.factories import make_item, make_maintenance, make_member, make_relation, make_team, make_user


def codes(refused):
    return {each.code for each in refused.value.refusals}


def hint(deed):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        deed()
    return error.value.__cause__.diag.message_hint


@pytest.fixture
def assessing(cast):
    """A submitted change whose item a critical one, of another team, depends on."""
    item = make_item(serial="OLD")
    user = make_item(criticality=4, owner_team=make_member(user=make_user("engineer")).team)
    make_relation(source=user, target=item)
    change = draft(cast, item=item)
    take_step(change, "submit", by=cast.requester)
    return change


def test_a_later_edit_of_the_questionnaire_changes_no_past_assessment(cast):
    change = draft(cast)
    to_testing(cast, change)
    before = change.risk_inputs
    RiskQuestion.objects.filter(key="novelty").update(label="Another question?")
    RiskAnswer.objects.filter(key="before").update(level="very_high")
    change.refresh_from_db()
    assert change.risk_inputs == before
    assert "How often have we done this?" in {line.label for line in risk_lines(change.risk_inputs)}


def test_precedents_and_failures_are_told_in_words(cast):
    change = draft(cast)
    to_testing(cast, change, LOW)
    lines = {line.key: line for line in risk_lines(change.risk_inputs)}
    assert lines["precedents"].level == "low"
    assert lines["failures"].why == "no change on these items failed in 90 days"


def test_an_unanswered_new_question_stops_the_assessment_also_in_postgresql(cast):
    change = draft(cast)
    to_assessing(cast, change)
    asked = RiskQuestion.objects.create(key="season", label="Is it the busy season?")
    RiskAnswer.objects.create(question=asked, key="no", label="no", level="low")
    with pytest.raises(StepRefused) as refused:
        take_step(change, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM})
    assert codes(refused) == {"risk_answered"}
    assert hint(lambda: ChangeEvent.objects.create(change=change, event="assessed", actor=cast.assessor)) == (
        "risk_answered"
    )
    take_step(change, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM | {"season": "no"}})
    assert change.risk_inputs["inputs"]["season"]["level"] == "low"


def test_the_list_that_was_read_is_confirmed_and_no_other(cast, assessing):
    with pytest.raises(StepRefused) as refused:
        confirm_impact(assessing, by=cast.assessor, seen="another list")
    assert codes(refused) == {"list_moved"}
    with pytest.raises(StepRefused) as refused:
        confirm_impact(assessing, by=cast.tester)
    assert codes(refused) == {"who"}
    row = confirm_impact(assessing, by=cast.assessor)
    assert len(row.list_hash) == 64
    assert [each["effect"] for each in row.rows] == ["down"]
    assert assessing.consultations.count() == 1, "the owner of the critical item is asked"


def test_a_veto_needs_a_reason_and_an_added_item_counts(cast, assessing):
    hit = assessing.change_items.get(impact="computed").item
    for reason in ("", "N/A", "无"):
        with pytest.raises(StepRefused):
            judge_not_affected(assessing, hit, by=cast.assessor, reason=reason)
    before = assessing.plan_hash
    judge_not_affected(assessing, hit, by=cast.assessor, reason="Reads from its own replica.")
    assert assessing.plan_hash != before, "the reason is voted on"
    other = make_item(criticality=4)
    add_affected(assessing, other, by=cast.assessor, effect="down")
    row = confirm_impact(assessing, by=cast.assessor)
    assert (list(row.known), row.vetoed[0]["item"]) == ([str(other.pk)], hit.pk)


def test_a_new_critical_dependent_stops_the_start_until_it_is_named(cast):
    item = make_item(serial="OLD")
    change = draft(cast, item=item)
    to_scheduled(cast, change)
    grown = make_item(criticality=4)
    make_relation(source=grown, target=item)
    make_relation(source=make_item(criticality=1), target=item)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "start", by=cast.implementer)
    assert codes(refused) == {"impact_still_true"}
    with pytest.raises(StepRefused) as refused:
        acknowledge_impact(change, by=cast.assessor, items=[])
    assert codes(refused) == {"name_each"}
    with pytest.raises(StepRefused):
        acknowledge_impact(change, by=cast.peer, items=[grown.address])
    row = acknowledge_impact(change, by=cast.assessor, items=[grown.address])
    assert row.acknowledged == [grown.address]
    take_step(change, "start", by=cast.implementer)
    assert change.state == "implementing"


def test_raw_sql_confirms_nothing_for_others(cast, assessing):
    row = {"change": assessing, "changed": [], "confirmed_by": cast.tester}
    assert hint(lambda: ImpactConfirmation.objects.create(**row)) == "assessor_confirms"
    assert hint(lambda: ImpactConfirmation.objects.create(**row | {"purpose": "acknowledged"})) == (
        "owner_or_assessor"
    )
    kept = confirm_impact(assessing, by=cast.assessor)
    with pytest.raises(Exception), transaction.atomic():  # noqa: B017, PT011
        ImpactConfirmation.objects.filter(pk=kept.pk).update(comment="other")


def test_an_objection_blocks_until_it_is_overruled_with_a_reason(cast, assessing):
    confirm_impact(assessing, by=cast.assessor)
    asked = assessing.consultations.select_related("team").get()
    member = asked.team.members.get().user
    with pytest.raises(StepRefused) as refused:
        consult_owner(assessing, asked.team, by=cast.manager, answer="agreed")
    assert codes(refused) == {"team_member"}
    with pytest.raises(StepRefused) as refused:
        take_step(assessing, "assessed", by=cast.assessor, data={"risk_answers": HIGH})
    assert codes(refused) == {"ci_owners_consulted"}
    consult_owner(assessing, asked.team, by=member, answer="objected", comment="Not before the month's end.")
    with pytest.raises(StepRefused) as refused:
        take_step(assessing, "assessed", by=cast.assessor, data={"risk_answers": HIGH})
    assert codes(refused) == {"owner_objects"}
    with pytest.raises(StepRefused):
        overrule_owner(asked, by=cast.assessor, because="ok")
    with pytest.raises(StepRefused):
        overrule_owner(asked, by=member, because="We changed our mind about it.")
    overrule_owner(asked, by=cast.assessor, because="The settlement was moved to Friday.")
    take_step(assessing, "assessed", by=cast.assessor, data={"risk_answers": HIGH})
    assert assessing.state == "testing"


def test_silence_never_agrees_and_is_overruled_only_when_late(cast, assessing):
    confirm_impact(assessing, by=cast.assessor)
    asked = assessing.consultations.get()
    with pytest.raises(StepRefused) as refused:
        overrule_owner(asked, by=cast.assessor, because="Nobody is there this week.")
    assert codes(refused) == {"nothing_to_overrule"}
    Consultation.objects.filter(pk=asked.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    asked.refresh_from_db()
    assert (asked.is_late, asked.is_settled) == (True, False)
    overrule_owner(asked, by=cast.assessor, because="Nobody is there this week.")
    asked.refresh_from_db()
    assert (asked.answer, asked.is_settled) == ("asked", True)


def test_raw_sql_answers_for_no_team_of_others(cast, assessing):
    confirm_impact(assessing, by=cast.assessor)
    rows = Consultation.objects.filter(change=assessing)
    stranger = make_user("engineer")
    assert hint(lambda: rows.update(answer="agreed", answered_by=stranger)) == "team_member"
    assert (
        hint(lambda: rows.update(overruled_by=cast.assessor, overruled_because="x")) == "nothing_to_overrule"
    )
    make_member(team=rows.get().team, user=cast.requester)
    assert hint(lambda: rows.update(answer="agreed", answered_by=cast.requester)) == "requester_apart"
    assert hint(lambda: rows.delete()) == "append_only"


def test_a_case_that_is_missing_or_failed_is_named(cast):
    change = draft(cast)
    to_testing(cast, change)
    case = change.test_cases.get()
    run = record_test_run(change, by=cast.tester, environment="lab", cases=[])
    assert run.has_passed is False
    with pytest.raises(StepRefused) as refused:
        take_step(change, "tested", by=cast.tester)
    assert codes(refused) == {"case_not_run"}
    assert case.label in str(refused.value)
    record_test_run(
        change, by=cast.tester, environment="lab", cases=[{"case": case.pk, "result": "failed", "note": "no"}]
    )
    with pytest.raises(StepRefused) as refused:
        take_step(change, "tested", by=cast.tester)
    assert codes(refused) == {"case_not_passed"}
    assert hint(lambda: ChangeEvent.objects.create(change=change, event="tested", actor=cast.tester)) == (
        "all_cases_passed"
    )


def test_files_of_a_run_are_kept_and_sent_as_downloads(cast, client):
    change = draft(cast)
    to_testing(cast, change)
    log = SimpleUploadedFile("run.log", b"all good", content_type="text/html")
    run = record_test_run(change, by=cast.tester, environment="lab", cases=[], uploads=[log])
    client.force_login(cast.peer)
    answer = client.get(f"/changes/{change.number}/tests/{run.pk}/{run.files[0]['sha256']}/")
    assert (answer.status_code, answer.content) == (200, b"all good")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert client.get(f"/changes/{change.number}/tests/{run.pk}/{'f' * 64}/").status_code == 404


def test_raw_sql_records_no_test_of_a_stranger_and_no_pass_of_its_own(cast):
    change = draft(cast)
    to_testing(cast, change)
    given = {"change": change, "environment": "x", "has_passed": True}
    assert hint(lambda: TestRun.objects.create(tester=cast.peer, **given)) == "tester"
    lost = [{"name": "x", "sha256": "f" * 64}]
    assert hint(lambda: TestRun.objects.create(tester=cast.tester, files=lost, **given)) == "file_kept"
    run = TestRun.objects.create(tester=cast.tester, **given)
    run.refresh_from_db()
    assert run.has_passed is False, "the planned case was not run"


def test_at_high_risk_a_slow_rehearsal_does_not_count(cast):
    change = draft(cast)
    to_testing(cast, change, HIGH)
    run_tests(cast, change)
    slow = {"purpose": "rehearsal", "measured_minutes": change.rollback_minutes + 1}
    record_test_run(change, by=cast.tester, environment="lab", **slow)
    with pytest.raises(StepRefused) as refused:
        take_step(change, "tested", by=cast.tester)
    assert codes(refused) == {"rehearsal_too_slow"}
    assert hint(lambda: ChangeEvent.objects.create(change=change, event="tested", actor=cast.tester)) == (
        "rollback_rehearsed_if_high"
    )


def test_forged_posts_of_strangers_change_nothing(cast, assessing, client):
    client.force_login(cast.peer)
    for path in ("confirm", "not-affected", "affected", "acknowledge"):
        client.post(f"/changes/{assessing.number}/assess/{path}/", {"veto-item": "host:x", "mark": "x"})
    asked = assessing.consultations.first()
    client.post(f"/changes/asked/{asked.pk}/", {"answer": "agreed"})
    asked.refresh_from_db()
    assert (asked.answer, assessing.confirmations.count()) == ("asked", 0)


@pytest.mark.parametrize("path", ["asked/", "questionnaire/", "questionnaire/?try=1&risk.reach=everybody"])
def test_pages_open_for_readers_and_for_nobody_else(cast, client, path):
    client.force_login(cast.peer)
    assert client.get(f"/changes/{path}").status_code == 200
    client.force_login(make_user())
    assert client.get(f"/changes/{path}").status_code == 403


def test_the_assessment_and_test_pages_open(cast, assessing, client):
    make_team()
    for person in (cast.assessor, cast.tester, cast.peer):
        client.force_login(person)
        assert client.get(f"/changes/{assessing.number}/assess/").status_code == 200
        assert client.get(f"/changes/{assessing.number}/tests/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_window_outside_the_maintenance_windows_is_a_risk_with_its_reason(cast):
    item = make_item(serial="OLD")
    change = draft(cast, item=item)
    assert assess(change, LOW)["inputs"]["outside_maintenance"] == {
        "value": 0, "level": "low", "about": {"has_window": True}
    }  # fmt: skip
    begins = (
        timezone.localtime(change.window.upper + timedelta(hours=3)).time().replace(second=0, microsecond=0)
    )
    make_maintenance(item=item, starts_at=begins, duration_minutes=30)
    found = assess(change, LOW)
    entry = found["inputs"]["outside_maintenance"]
    assert (entry["value"], entry["level"], entry["about"]["item"]) == (1, "medium", item.address)
    (line,) = [each for each in risk_lines(found) if each.key == "outside_maintenance"]
    assert line.why.startswith(f"outside the maintenance windows of {item.address}; next opening 20")


def told(person):
    return list(Notice.objects.filter(person=person).values_list("kind", flat=True))


def test_an_answer_an_objection_and_an_overruling_are_told(cast, assessing):
    confirm_impact(assessing, by=cast.assessor)
    asked = assessing.consultations.select_related("team").get()
    member = asked.team.members.get().user
    consult_owner(assessing, asked.team, by=member, answer="objected", comment="Not before the month's end.")
    for person in (cast.requester, cast.assessor):
        assert told(person).count("changes.objected") == 1
    assert "changes.objected" not in told(member), "its author knows it"
    asked.refresh_from_db()
    overrule_owner(asked, by=cast.assessor, because="The settlement was moved to Friday.")
    for person in (cast.requester, member):
        assert told(person).count("changes.overruled") == 1
    assert "changes.overruled" not in told(cast.assessor)
    consult_owner(assessing, asked.team, by=member, answer="agreed")
    assert told(cast.requester).count("changes.owner_answered") == 1
