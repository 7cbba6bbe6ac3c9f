"""Amendments: two people, one current answer, and everything that was refused stays."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from inspections.actions import decide_amendment, propose_amendment, sign_run, withdraw_amendment
from inspections.guards import Refused
from inspections.models import Amendment, Answer
from tests.factories import make_amendment, make_answer, make_signature, make_user
from tests.inspections.test_attacks import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer():
    """The answer of a signed run."""
    run = sign_run(make_signature().run, by=make_user("reviewer"))
    return Answer.objects.get(target__run=run)


def codes(refusal):
    return {each.code for each in refusal.value.refusals}


def propose(answer, by=None, value="97", **over):
    return propose_amendment(
        answer, by=by or make_user("reviewer"), value=value, reason="misread", comment="full", **over
    )


def test_only_a_signed_run_is_amended_for_a_reason():
    running = make_answer("20")
    with pytest.raises(Refused) as refusal:
        propose(running)
    assert codes(refusal) == {"state"}
    with pytest.raises(Refused) as refusal:
        propose_amendment(running, by=make_user("auditor"), value="97", reason=" ")
    assert codes(refusal) == {"right", "comment", "state"}


def test_a_value_that_does_not_fit_is_refused(answer):
    with pytest.raises(ValidationError):
        propose(answer, value="full")
    assert not Amendment.objects.exists()


def test_proposer_and_inspector_do_not_decide_not_even_as_superusers(answer):
    proposer, inspector = make_user(is_superuser=True), answer.answered_by
    type(inspector).objects.filter(pk=inspector.pk).update(is_superuser=True)
    inspector.refresh_from_db()
    amendment = propose(answer, by=proposer)
    for person, code in ((proposer, "proposer"), (inspector, "took_part")):
        for approve in (True, False):
            with pytest.raises(Refused) as refusal:
                decide_amendment(amendment, by=person, approve=approve, comment="fine")
            assert codes(refusal) == {code}
        attack = """UPDATE inspections_amendment SET state = 'approved', decided_by_id = %s,
                    decided_at = now(), decision_comment = 'x' WHERE id = %s"""
        assert refused(attack, person.pk, amendment.pk)
    assert decide_amendment(amendment, by=make_user("reviewer"), approve=True).state == "approved"


def test_the_original_stays_and_the_chain_shows_both(answer):
    proposer, decider = make_user("engineer"), make_user("reviewer")
    decided = decide_amendment(propose(answer, by=proposer), by=decider, approve=True)
    new = Answer.objects.get(supersedes=answer)
    assert (new.is_current, new.answered_by, new.severity) == (True, proposer, "crit")
    assert new.amendment == decided
    answer.refresh_from_db()
    assert (answer.is_current, str(answer.value_number)) == (False, "20.000000")
    assert new.findings_opened.get().opened_at >= decided.at, "its clocks start now"


def test_the_second_of_two_proposals_meets_409(answer, client):
    first = propose(answer)
    with pytest.raises(Refused) as refusal:
        propose(answer, value="96")
    assert codes(refusal) == {"waiting"}
    decide_amendment(first, by=make_user("reviewer"), approve=True)
    client.force_login(make_user("reviewer"))
    body = {"answer": answer.pk, "value": "95", "reason": "later", "comment": "x"}
    late = client.post("/api/amendments/", body, content_type="application/json")
    assert late.status_code == 409
    assert {each["code"] for each in late.json()["error"]["refusals"]} == {"not_current"}
    body["answer"] = Answer.objects.get(supersedes=answer).pk
    assert client.post("/api/amendments/", body, content_type="application/json").status_code == 201


def test_what_is_refused_or_withdrawn_stays(answer):
    proposer, reviewer = make_user("engineer"), make_user("reviewer")
    first = propose(answer, by=proposer)
    with pytest.raises(Refused) as refusal:
        decide_amendment(first, by=reviewer, approve=False)
    assert codes(refusal) == {"comment"}
    decide_amendment(first, by=reviewer, approve=False, comment="the photo shows 20")
    with pytest.raises(Refused) as refusal:
        decide_amendment(first, by=reviewer, approve=True)
    assert "decided" in codes(refusal)
    second = propose(answer, by=proposer)
    with pytest.raises(Refused):
        withdraw_amendment(second, by=reviewer, comment="not mine")
    withdraw_amendment(second, by=proposer, comment="found the sheet")
    assert sorted(Amendment.objects.values_list("state", flat=True)) == ["refused", "withdrawn"]
    answer.refresh_from_db()
    assert answer.is_current


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_amendment SET value_number = 1 WHERE id = %s",
        "UPDATE inspections_amendment SET reason = 'x' WHERE id = %s",
        "UPDATE inspections_amendment SET state = 'proposed', decided_by_id = NULL WHERE id = %s",
        "UPDATE inspections_amendment SET decided_by_id = by_id WHERE id = %s",
        "DELETE FROM inspections_amendment WHERE id = %s",
    ],
)  # fmt: skip
def test_a_decision_is_never_rewritten(sql):
    assert refused(sql, make_amendment().pk)


APPROVE = """UPDATE inspections_amendment SET state = 'approved', decided_by_id = %s, decided_at = now()
             WHERE id = %s"""
ANSWER = """INSERT INTO inspections_answer
    (row_version, target_id, item_id, ci_id, item_key, is_current, value_number, value_choice, value_text,
     is_na, severity, bounds_used, source, comment, answered_by_id, observed_at, device, op, op_sha256,
     supersedes_id, amendment_id)
  SELECT 1, target_id, item_id, ci_id, item_key, true, %s, '', '', false,
     '', '{}', 'human', 'full', %s, observed_at, '', gen_random_uuid(), '', id, %s
    FROM inspections_answer WHERE id = %s"""


def test_an_approval_alone_or_another_value_is_refused(answer):
    amendment, reviewer = propose(answer), make_user("reviewer")
    assert refused(APPROVE, reviewer.pk, amendment.pk), "no answer follows"
    assert refused("UPDATE inspections_answer SET is_current = false WHERE id = %s", answer.pk)
    assert refused(ANSWER, 97, amendment.by_id, amendment.pk, answer.pk), "not approved"


def test_pages_list_decide_and_keep_what_was_typed(client, answer):
    proposer, reviewer = make_user("engineer"), make_user("reviewer")
    client.force_login(proposer)
    run = answer.target.run
    url = reverse("inspections:amend", args=[run.number, answer.pk])
    assert "Amend" in client.get(reverse("inspections:run", args=[run.number])).content.decode()
    wrong = client.post(url, {"value": "full", "reason": "I misread it"})
    assert wrong.status_code == 409
    assert "I misread it" in wrong.content.decode()
    client.post(url, {"value": "97", "reason": "I misread it", "comment": "full"})
    amendment = Amendment.objects.get()
    assert "I misread it" in client.get(reverse("inspections:amendments")).content.decode()
    page = reverse("inspections:amendment", args=[amendment.pk])
    assert client.post(page, {"decision": "approve", "comment": "sure"}).status_code == 409
    client.force_login(reviewer)
    assert client.post(page, {"decision": "refuse", "comment": ""}).status_code == 409
    client.post(page, {"decision": "approve", "comment": "photo agrees"})
    decided = client.get(reverse("inspections:amendments"), {"tab": "decided"}).content.decode()
    assert "photo agrees" in decided
    record = client.get(reverse("inspections:run", args=[run.number])).content.decode()
    assert "the record is what was signed" in record
    assert "photo agrees" in record


def test_who_only_reads_proposes_nothing(client, answer):
    client.force_login(make_user("auditor"))
    body = {"answer": answer.pk, "value": "97", "reason": "x"}
    with transaction.atomic():
        assert client.post("/api/amendments/", body, content_type="application/json").status_code == 409
    assert not Amendment.objects.exists()
