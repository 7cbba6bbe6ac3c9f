"""Signatures with a fresh proof, many at once, and whether what was signed still stands."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.step_up import Proof
from inspections.actions import sign_all_good, sign_run, submit_run
from inspections.guards import Refused
from inspections.models import Signature
from inspections.review import signs_of
from inspections.sheet import sheet_of
from inspections.verification import verify_run
from tests.factories import make_amendment, make_answer, make_plan, make_run, make_signature, make_user
from tests.inspections.test_attacks import refused

pytestmark = pytest.mark.django_db


def submitted(value="20", **over):
    answer = make_answer(value, comment="x", target=make_run(**over).targets.get())
    return submit_run(answer.target.run, by=answer.answered_by)


def codes(refusals):
    return {each.code for each in refusals}


STRICT = {"signoff": "step_up"}
SIGN = """INSERT INTO inspections_signature
    (row_version, run_id, role, by_id, method, proved_at, comment, signed_at, record_sha256, is_bulk)
    VALUES (1, %s, 'reviewer', %s, %s, %s, '', now(), '', %s)"""


def test_a_strict_plan_asks_who_signs():
    run, reviewer = submitted(**STRICT), make_user("reviewer")
    stale = Proof("session", timezone.now() - timedelta(hours=1))
    for proof in (None, stale, Proof("token", timezone.now(), token_id=1)):
        with pytest.raises(Refused) as refusal:
            sign_run(run, by=reviewer, proof=proof)
        assert codes(refusal.value.refusals) == {"step_up"}
    assert refused(SIGN, run.pk, reviewer.pk, "session", timezone.now(), False)
    assert refused(SIGN, run.pk, reviewer.pk, "step_up", timezone.now() - timedelta(minutes=11), False)
    sign_run(run, by=reviewer, proof=Proof.now())
    signature = Signature.objects.get(run=run, role="reviewer")
    assert (signature.method, signature.proved_at is not None) == ("step_up", True)


def test_the_page_leads_to_the_proof_and_back_with_what_was_typed(client):
    run = submitted(**STRICT)
    client.force_login(make_user("reviewer"))
    url = reverse("inspections:run", args=[run.number])
    answer = client.post(url, {"step": "sign", "seen": run.record_sha256, "comment": "read it all"})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    page = client.get(f"{url}?resume=sign").content.decode()
    assert "read it all" in page
    assert "data-open" in page


def test_whoever_took_part_is_refused_with_a_fresh_proof_too():
    root = make_user(is_superuser=True)
    answer = make_answer("20", target=make_run(**STRICT).targets.get(), by=root)
    run = submit_run(answer.target.run, by=root)
    with pytest.raises(Refused) as refusal:
        sign_run(run, by=root, proof=Proof.now())
    assert codes(refusal.value.refusals) == {"took_part"}
    assert refused(SIGN, run.pk, root.pk, "step_up", timezone.now(), False)


def test_many_good_runs_are_signed_each_by_itself():
    good, bad, other = submitted(), submitted("90"), submitted()
    reviewer = make_user("reviewer")
    seen = {good.number: good.record_sha256, bad.number: bad.record_sha256, other.number: "0" * 64}
    results = {each.run.number: codes(each.refusals) for each in sign_all_good(seen, by=reviewer)}
    assert results == {good.number: set(), bad.number: {"not_all_good"}, other.number: {"changed"}}
    assert Signature.objects.get(run=good, role="reviewer").is_bulk
    assert refused(SIGN, bad.pk, reviewer.pk, "session", None, True)
    assert not refused(SIGN, bad.pk, reviewer.pk, "session", None, False)
    with pytest.raises(Refused):  # a hash that was not seen at all
        raise Refused(sign_all_good({other.number: ""}, by=reviewer)[0].refusals)


def test_the_list_signs_what_was_chosen_and_offers_nothing_bad(client):
    good, bad = submitted(), submitted("90")
    client.force_login(make_user("reviewer"))
    url = reverse("inspections:sign-offs")
    page = client.get(url).content.decode()
    assert f'value="{good.number}"' in page
    assert f'value="{bad.number}"' not in page
    chosen = {"run": [good.number, bad.number], f"seen-{good.number}": good.record_sha256}
    answer = client.post(url, chosen, follow=True).content.decode()
    assert bad.number in answer
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == ("signed", "submitted")


@pytest.mark.parametrize("role", ["engineer", "auditor", ""])
def test_others_sign_nothing(client, role):
    run = submitted()
    client.force_login(make_user(role))
    client.post(
        reverse("inspections:sign-offs"), {"run": [run.number], f"seen-{run.number}": run.record_sha256}
    )
    run.refresh_from_db()
    assert run.state == "submitted"


def test_the_list_costs_the_same_for_one_run_and_for_six(client, django_assert_max_num_queries):
    client.force_login(make_user("reviewer"))
    for count in (1, 5):
        for _each in range(count):
            submitted()
        with django_assert_max_num_queries(14):
            assert client.get(reverse("inspections:sign-offs")).status_code == 200


# Verification


def signed():
    return sign_run(make_signature().run, by=make_user("reviewer"))


def test_a_signed_run_verifies_and_one_written_past_us_does_not(client, owner_sql):
    run = signed()
    assert verify_run(run).verdict == "valid"
    out = StringIO()
    call_command("verify_inspections", stdout=out)
    assert out.getvalue().startswith("1 signed inspections are what was signed")
    owner_sql.execute("ALTER TABLE inspections_answer DISABLE TRIGGER inspections_20_guard")
    owner_sql.execute("UPDATE inspections_answer SET value_number = 1")
    owner_sql.execute("ALTER TABLE inspections_answer ENABLE TRIGGER inspections_20_guard")
    owner_sql.commit()
    assert verify_run(run).verdict == "changed"
    with pytest.raises(CommandError, match="1 of 1 changed"):
        call_command("verify_inspections", stderr=StringIO())
    client.force_login(make_user("auditor"))
    assert client.get(f"/api/inspection-runs/{run.number}/verify/").json()["verdict"] == "changed"
    page = client.get(reverse("inspections:verify", args=[run.number])).content.decode()
    assert "Changed since it was signed" in page


def test_an_amended_run_still_verifies_and_says_that_it_was_amended():
    run = make_amendment().answer.target.run
    found = verify_run(run)
    assert (found.verdict, found.amendments) == ("valid", 1)


def test_what_is_not_signed_is_not_verified():
    assert verify_run(submitted()).verdict == "unsigned"
    with pytest.raises(CommandError, match="Not signed"):
        call_command("verify_inspections", "XJ-1", stdout=StringIO())


# Signs of a filled-in form


def test_signs_count_haste_and_values_that_did_not_move():
    items = [{"key": f"n{n}", "kind": "number"} for n in range(3)]
    plan = make_plan(items=items, starts_on=timezone.localdate() - timedelta(days=1), expires_minutes=2880)
    user = make_user("engineer")
    signs = None
    make_run(plan=plan)
    for run in plan.runs.order_by("slot_at"):
        for item in run.version.items.all():
            make_answer("20", target=run.targets.get(), item=item, by=user, dwell_seconds=1)
        signs = signs_of(run, sheet_of(run))
    assert (signs.numbers, signs.equal, signs.hasty, signs.seconds_each) == (3, 3, 3, 1)
    assert signs.is_all_equal
    assert signs.is_hasty
    assert signs.are_remarkable


def test_the_record_shows_the_signs_to_a_reviewer():
    run, client = submitted(), Client()
    client.force_login(make_user("reviewer"))
    page = client.get(reverse("inspections:run", args=[run.number])).content.decode()
    assert "How it was filled in" in page
