"""Answers that keep the CMDB: verified where they agree, proposals where they differ, decided by others."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice
from changes.models import PlannedOperation
from cmdb.models import CIType
from inspections.actions import accept_correction, maintain_cmdb, refuse_correction, return_run, submit_run
from inspections.guards import Refused
from inspections.models import Answer, CorrectionProposal
from tests.factories import (
    make_answer,
    make_correction,
    make_item,
    make_plan,
    make_run,
    make_type,
    make_user,
)

pytestmark = pytest.mark.django_db
SERIAL = {"key": "serial", "kind": "text", "attribute": "serial"}


def handed_in(ci, value, *, item=None, by=None):
    run = make_run(items=[item or SERIAL], cis=[ci])
    answer = make_answer(value, target=run.targets.get(), by=by)
    submit_run(run, by=answer.answered_by)
    return answer


@pytest.mark.parametrize("seen", ["SN-7", " sn-7 ", "SN- 7"])
def test_an_answer_that_agrees_verifies_the_ci(seen):
    ci = make_item(serial="SN-7")
    answer = handed_in(ci, seen)
    ci.refresh_from_db()
    assert ci.last_verified_at == answer.observed_at
    latest = ci.history.latest()
    assert latest.history_user_id in (answer.answered_by_id, str(answer.answered_by_id))
    assert answer.target.run.number in latest.history_change_reason
    assert not CorrectionProposal.objects.exists()


def test_an_older_observation_does_not_take_a_verification_back():
    ci = make_item(serial="SN-7", last_verified_at=timezone.now() + timezone.timedelta(minutes=1))
    before = ci.last_verified_at
    handed_in(ci, "SN-7")
    ci.refresh_from_db()
    assert ci.last_verified_at == before


def test_an_answer_that_differs_proposes_and_changes_nothing():
    ci, keeper = make_item(serial="SN-7"), make_user("configuration_manager")
    answer = handed_in(ci, "SN-8")
    proposal = CorrectionProposal.objects.get()
    said = (proposal.ci, proposal.field, proposal.was, proposal.seen, proposal.state, proposal.answer)
    assert said == (ci, "serial", "SN-7", "SN-8", "proposed", answer)
    ci.refresh_from_db()
    assert (ci.serial, ci.last_verified_at) == ("SN-7", None)
    assert Notice.objects.filter(person=keeper, kind="inspections.correction").count() == 1


def attribute_item(kind, **over):
    item = {"key": "probe", "kind": over.pop("item_kind", "text"), "attribute": "attributes.probe"}
    type_ = make_type()
    type_.own_attributes.create(key="probe", label="Probe", kind=kind, **over)
    return item, type_


@pytest.mark.parametrize(
    ("kind", "item_kind", "recorded", "value", "seen"),
    [
        ("integer", "number", 16, "16", None), ("integer", "number", 16, "32", 32),
        ("integer", "text", 16, "32", 32), ("integer", "text", 16, "1,024", 1024),
        ("number", "number", 1.5, "1.50", None), ("text", "text", "9.1", "9.2", "9.2"),
        ("text", "text", None, "9.2", "9.2"), ("boolean", "pass_fail", True, "pass", None),
        ("boolean", "pass_fail", True, "fail", False), ("boolean", "text", True, "否", False),
        ("mac", "text", "00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", None),
        ("list", "text", ["b", "a"], "a; b", None),
        ("date", "text", "2026-01-02", "2026-01-03", "2026-01-03"), ("integer", "text", 16, "many", "many"),
    ],
)  # fmt: skip
def test_answers_are_read_as_the_cmdb_reads_texts(kind, item_kind, recorded, value, seen):
    item, type_ = attribute_item(kind, item_kind=item_kind)
    more = {"decimals": 2} if item_kind == "number" else {"comment_at": ""}
    ci = make_item(type=type_, attributes={} if recorded is None else {"probe": recorded})
    handed_in(ci, value, item=item | more)
    ci.refresh_from_db()
    if seen is None:
        assert not CorrectionProposal.objects.exists()
        assert ci.last_verified_at
    else:
        assert (CorrectionProposal.objects.get().seen, ci.last_verified_at) == (seen, None)


def test_a_type_without_the_attribute_says_nothing():
    item, _type = attribute_item("text")
    handed_in(make_item(), "x", item=item)
    assert not CorrectionProposal.objects.exists()


def test_a_later_answer_supersedes_the_open_proposal():
    ci = make_item(serial="SN-7")
    first = handed_in(ci, "SN-8").correction
    second = handed_in(ci, "SN-9").correction
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "proposed")
    handed_in(ci, "SN-7")
    second.refresh_from_db()
    assert second.state == "superseded"
    assert not CorrectionProposal.objects.proposed().exists()


def test_asking_twice_makes_one_proposal():
    proposal = make_correction()
    run = proposal.answer.target.run
    return_run(run, by=make_user("reviewer"), comment="Which label?")
    run.refresh_from_db()
    make_answer("SN-NEW", target=proposal.answer.target, by=proposal.answer.answered_by)
    submit_run(run, by=proposal.answer.answered_by)
    assert maintain_cmdb(Answer.objects.filter(pk=proposal.answer_id)) == (0, 0)
    assert [each.state for each in CorrectionProposal.objects.all()] == ["proposed"]


def test_two_items_bound_to_one_field_make_one_proposal():
    ci = make_item(serial="SN-7")
    run = make_run(items=[SERIAL, SERIAL | {"key": "again"}], cis=[ci])
    by = make_user("engineer")
    for item, value in zip(run.version.items.all(), ("SN-8", "SN-9"), strict=True):
        make_answer(value, target=run.targets.get(), item=item, by=by)
    submit_run(run, by=by)
    assert [each.seen for each in CorrectionProposal.objects.all()] == ["SN-9"]


def test_the_cost_does_not_grow_with_answers(django_assert_max_num_queries):
    def cost(n):
        cis = [make_item(serial=f"S{n}-{i}") for i in range(n)]
        run = make_run(items=[SERIAL], cis=cis)
        by = make_user("engineer")
        for target in run.targets.all():
            make_answer("other" if target.ci_id % 2 else target.ci.serial, target=target, by=by)
        with django_assert_max_num_queries(40) as captured:
            maintain_cmdb(Answer.objects.current().filter(target__run=run))
        return len(captured)

    few = cost(2)
    assert cost(9) <= few + 1


def test_accepting_writes_the_record_and_names_the_run():
    proposal, keeper = make_correction(), make_user("configuration_manager")
    done = accept_correction(proposal, by=keeper, comment="Board was replaced")
    ci = done.ci
    ci.refresh_from_db()
    assert (ci.serial, done.state, done.decided_by, done.change) == ("SN-NEW", "accepted", keeper, None)
    assert proposal.answer.target.run.number in ci.history.latest().history_change_reason
    with pytest.raises(Refused):
        accept_correction(done, by=keeper)


def test_a_controlled_type_gets_a_draft_change_instead():
    proposal, keeper = make_correction(), make_user("configuration_manager")
    CIType.objects.filter(pk=proposal.ci.type_id).update(control="controlled")
    done = accept_correction(proposal, by=keeper)
    operation = PlannedOperation.objects.get(change=done.change)
    assert operation.after == {"serial": "SN-NEW"}
    assert operation.before == {"serial": proposal.was}
    assert done.change.state == "draft"
    done.ci.refresh_from_db()
    assert done.ci.serial == proposal.was


def test_who_answered_never_decides_superusers_included():
    root = make_user(is_superuser=True)
    proposal = make_correction(by=root)
    with pytest.raises(Refused):
        accept_correction(proposal, by=root)
    with pytest.raises(Refused):
        refuse_correction(proposal, by=root, comment="mine")
    for role in ("auditor", "reviewer", "board_member"):
        with pytest.raises(Refused):
            accept_correction(proposal, by=make_user(role))
    with pytest.raises(Refused):
        refuse_correction(proposal, by=make_user("engineer"), comment=" ")
    assert refuse_correction(proposal, by=make_user("engineer"), comment="Old label").state == "refused"


def test_a_record_that_moved_on_is_not_overwritten():
    proposal = make_correction()
    type(proposal.ci).objects.filter(pk=proposal.ci_id).update(serial="SN-ELSE")
    with pytest.raises(Refused) as refused:
        accept_correction(proposal, by=make_user("configuration_manager"))
    assert "SN-ELSE" in str(refused.value)
    proposal.ci.refresh_from_db()
    assert proposal.ci.serial == "SN-ELSE"


def test_a_value_that_does_not_fit_is_not_written():
    item, type_ = attribute_item("integer")
    answer = handed_in(make_item(type=type_, attributes={"probe": 16}), "many", item=item)
    with pytest.raises(Refused) as refused:
        accept_correction(answer.correction, by=make_user("configuration_manager"))
    assert "whole number" in str(refused.value)


def test_a_serial_number_that_another_ci_has_is_refused_in_words():
    make_item(serial="SN-TAKEN", name="the-other")
    proposal = make_correction(seen="SN-TAKEN")
    with pytest.raises(Refused) as refused:
        accept_correction(proposal, by=make_user("configuration_manager"))
    assert refused.value.refusals[0].code == "cmdb"
    proposal.refresh_from_db()
    assert proposal.state == "proposed"


ATTACKS = {
    "accepted but not written": "state = 'accepted', decided_by_id = {other}, decided_at = now()",
    "by who answered": "state = 'refused', decided_by_id = {own}, decided_at = now(), comment = 'x'",
    "by nobody": "state = 'refused', comment = 'x'",
    "without a word": "state = 'refused', decided_by_id = {other}, decided_at = now()",
    "other value": "seen = '\"SN-EVIL\"'",
    "other record": "was = '\"SN-EVIL\"'",
    "other ci": "ci_id = {ci}",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_raw_sql_decides_nothing_wrongly(attack):
    proposal, other = make_correction(), make_user("configuration_manager")
    names = {"other": other.pk, "own": proposal.answer.answered_by_id, "ci": make_item().pk}
    for name, value in names.items():
        attack = attack.replace("{" + name + "}", str(value))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE inspections_correctionproposal SET {attack} WHERE id = {proposal.pk}")
    with pytest.raises(IntegrityError), transaction.atomic():
        CorrectionProposal.objects.filter(pk=proposal.pk)._raw_delete("default")


def test_raw_sql_proposes_nothing_without_an_answer_that_says_so():
    answer = make_answer()
    row = CorrectionProposal(answer=answer, ci=answer.ci, field="serial", was="a", seen="b")
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    bound = make_correction().answer
    plan = make_plan()
    forged = CorrectionProposal(answer=bound, ci=make_item(), field="serial", was="a", seen="b")
    with pytest.raises(IntegrityError), transaction.atomic():
        forged.save()
    assert plan.pk


def test_decided_ones_never_change():
    proposal = make_correction()
    refuse_correction(proposal, by=make_user("engineer"), comment="Old label")
    with pytest.raises(IntegrityError), transaction.atomic():
        CorrectionProposal.objects.filter(pk=proposal.pk).update(state="proposed")
