"""The pages and endpoints of threshold overrides and corrections: who sees, who decides, what is said."""

import pytest
from django.urls import reverse
from django.utils import timezone

from inspections.models import CorrectionProposal, ThresholdOverride
from tests.factories import make_correction, make_override, make_plan, make_target, make_user

pytestmark = pytest.mark.django_db


def log_in(client, role):
    user = make_user(role)
    client.force_login(user)
    return user


def test_an_override_is_asked_for_and_decided_on_its_pages(client):
    asker = log_in(client, "engineer")
    target = make_target()
    version = target.run.version
    data = {
        "item": f"{version.template.key}/{version.items.get().key}", "ci": target.ci.address,
        "warn_high": "90", "crit_high": "97", "reason": "Big volume",
    }  # fmt: skip
    data |= {"valid_from_on": f"{timezone.localdate()}"}
    data |= {"valid_until_on": f"{timezone.localdate() + timezone.timedelta(days=9)}"}
    new = reverse("inspections:override-new")
    for wrong, words in (
        ({"ci": "host:nowhere"}, "There is no item"), ({"warn_high": "99"}, "must be above"),
        ({"reason": ""}, "required"), ({"item": "x/y"}, "valid choice"),
        ({"valid_until_on": "2020-01-01"}, "ends"),
    ):  # fmt: skip
        answer = client.post(new, data | wrong)
        assert answer.status_code == 400
        assert words in answer.content.decode()
        assert "Big volume" in answer.content.decode() or "reason" in wrong
    assert client.post(new, data).status_code == 302
    override = ThresholdOverride.objects.get()
    assert (override.requested_by, override.state) == (asker, "waiting")
    page = reverse("inspections:override", args=[override.pk])
    assert "You asked for it yourself." in client.get(page).content.decode()
    approve = reverse("inspections:override-deed", args=[override.pk, "approve"])
    assert client.get(approve).status_code == 405
    assert client.post(approve).status_code == 409
    log_in(client, "reviewer")
    refuse = reverse("inspections:override-deed", args=[override.pk, "refuse"])
    assert "Say why it is refused." in client.post(refuse).content.decode()
    assert client.post(approve, {"comment": "fine"}).status_code == 302
    assert "In force" in client.get(page).content.decode()
    withdraw = reverse("inspections:override-deed", args=[override.pk, "withdraw"])
    assert client.post(withdraw, {"comment": "Grown"}).status_code == 302
    assert "Withdrawn" in client.get(page).content.decode()


def test_overrides_are_listed_by_state_list_and_word(client):
    log_in(client, "auditor")
    waiting, active = make_override(), make_override(approved_by=make_user("reviewer"))
    url = reverse("inspections:overrides")

    def shown(**asked):
        return {row.pk for row in client.get(url, asked).context["page"]}

    assert shown() == {waiting.pk, active.pk}
    assert shown(state="waiting") == {waiting.pk}
    assert shown(state="active") == {active.pk}
    assert shown(state="expired") == set()
    assert shown(q=active.ci.name) == {active.pk}
    assert shown(list=waiting.template.key) == {waiting.pk}
    assert "No override here" in client.get(url, {"q": "nothing"}).content.decode()


@pytest.mark.parametrize("role", ["auditor", "board_member", "requester"])
def test_who_neither_inspects_nor_defines_asks_for_nothing(client, role):
    log_in(client, role)
    override = make_override()
    assert client.get(reverse("inspections:override", args=[override.pk])).status_code == 200
    assert client.get(reverse("inspections:override-new")).status_code == 403
    for deed in ("approve", "refuse", "withdraw"):
        url = reverse("inspections:override-deed", args=[override.pk, deed])
        assert client.post(url, {"comment": "x"}).status_code == 409
    override.refresh_from_db()
    assert override.state == "waiting"


def test_a_correction_is_decided_on_its_page_and_shown_on_the_cis(client):
    proposal = make_correction()
    log_in(client, "configuration_manager")
    listing = reverse("inspections:corrections")
    assert "SN-NEW" in client.get(listing).content.decode()
    assert "No correction here" in client.get(listing, {"q": "nothing"}).content.decode()
    ci_page = reverse("cmdb:item", args=[proposal.ci_id])
    assert "SN-NEW" in client.get(ci_page).content.decode()
    page = reverse("inspections:correction", args=[proposal.pk])
    assert proposal.answer.target.run.number in client.get(page).content.decode()
    refuse = reverse("inspections:correction-deed", args=[proposal.pk, "refuse"])
    assert client.get(refuse).status_code == 405
    assert "Say why the record is right." in client.post(refuse).content.decode()
    accept = reverse("inspections:correction-deed", args=[proposal.pk, "accept"])
    assert client.post(accept).status_code == 302
    proposal.refresh_from_db()
    proposal.ci.refresh_from_db()
    assert (proposal.state, proposal.ci.serial) == ("accepted", "SN-NEW")
    assert "SN-NEW" not in client.get(listing).content.decode()
    assert "SN-NEW" in client.get(listing, {"state": "all"}).content.decode()


def test_who_answered_reads_why_they_do_not_decide(client):
    engineer = log_in(client, "engineer")
    proposal = make_correction(by=engineer)
    page = client.get(reverse("inspections:correction", args=[proposal.pk])).content.decode()
    assert "You gave the answer that proposes it." in page
    accept = reverse("inspections:correction-deed", args=[proposal.pk, "accept"])
    assert client.post(accept).status_code == 409
    assert CorrectionProposal.objects.proposed().count() == 1


def test_corrections_over_the_api(client):
    proposal = make_correction()
    url = f"/api/correction-proposals/{proposal.pk}/"
    log_in(client, "auditor")
    assert client.get("/api/correction-proposals/?state=proposed").json()["results"][0]["seen"] == "SN-NEW"
    assert client.post(f"{url}accept/", {}, content_type="application/json").status_code == 409
    log_in(client, "configuration_manager")
    assert client.post(f"{url}refuse/", {}, content_type="application/json").status_code == 400
    done = client.post(f"{url}accept/", {"comment": "ok"}, content_type="application/json").json()
    assert (done["state"], done["comment"]) == ("accepted", "ok")


def test_the_lists_cost_the_same_for_many_rows(client, django_assert_max_num_queries):
    log_in(client, "reviewer")
    make_plan()

    def cost(name):
        with django_assert_max_num_queries(40) as captured:
            assert client.get(reverse(f"inspections:{name}")).status_code == 200
        return len(captured)

    def more():
        make_override()
        make_correction()

    more()
    names = ["overrides", "corrections"]
    for name in names:
        cost(name)
    before = [cost(name) for name in names]
    for _n in range(4):
        more()
    assert [cost(name) for name in names] <= before
