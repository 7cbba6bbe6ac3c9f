"""Unauthorised writes explained: on pages, over the API, by whom, and as a change recorded afterwards."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from audit.context import because
from changes.actions import StepRefused, accept_write, assign, link_write, open_retrospective, take_step
from changes.models import ChangeRequest, UnauthorisedWrite
from cmdb.models import CIType, ConfigurationItem, Relation
from tests.factories import (
    make_change,
    make_item,
    make_relation_rule,
    make_relation_type,
    make_unauthorised_write,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def write():
    return make_unauthorised_write()


@pytest.fixture
def keeper(client):
    user = make_user("configuration_manager")
    client.force_login(user)
    return client


def test_a_write_is_linked_to_a_change_that_lists_its_items(write):
    by = make_user("engineer")
    item = write.rows.get().item
    for other in (make_change(), ended(make_change(items=[item]))):
        with pytest.raises(StepRefused):
            link_write(write, other, by=by)
    change = make_change(items=[item])
    link_write(write, change, by=by)
    write.refresh_from_db()
    assert (write.state, write.change, write.decided_by) == ("linked", change, by)
    assert not UnauthorisedWrite.objects.unexplained().exists()


def ended(change):
    take_step(change, "withdraw", by=change.requester, comment="No")
    return change


def test_a_link_to_a_change_that_comes_to_nothing_explains_nothing(write):
    change = make_change(items=[write.rows.get().item])
    link_write(write, change, by=make_user("engineer"))
    ended(change)
    assert UnauthorisedWrite.objects.unexplained().get() == write
    accept_write(write, by=make_user("configuration_manager"), comment="A spelling mistake")


def test_it_is_accepted_by_a_configuration_manager_who_did_not_write_it(write):
    with pytest.raises(PermissionDenied):
        accept_write(write, by=make_user("engineer"), comment="fine")
    writer = make_user("configuration_manager")
    own = make_unauthorised_write(writer=writer)
    with pytest.raises(StepRefused, match="yourself"):
        accept_write(own, by=writer, comment="fine")
    manager = make_user("configuration_manager")
    with pytest.raises(StepRefused, match="why"):
        accept_write(write, by=manager, comment=" ")
    accept_write(write, by=manager, comment="A spelling mistake")
    write.refresh_from_db()
    assert write.state == "accepted"
    with pytest.raises(StepRefused, match="explained"):
        accept_write(write, by=manager, comment="again")


def test_a_retrospective_change_says_what_was_done_and_is_recorded_without_writing(cast):
    way = make_relation_type(impact="source_needs_target")
    item, other = make_item(serial="ONE"), make_item()
    make_relation_rule(relation_type=way, source_type=item.type, target_type=item.type)
    CIType.objects.filter(pk=item.type_id).update(control="recorded")
    with because(user=cast.oncall):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="TWO")
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="THREE", description="Moved")
        Relation.objects.create(relation_type=way, source=item, target=other)
        fresh = make_item(type=item.type, name="fresh", serial="S7")
    write = UnauthorisedWrite.objects.get()
    change = open_retrospective(write, by=cast.oncall)
    assert (change.kind, change.state) == ("emergency", "draft")
    kinds = dict(change.operations.values_list("kind", "after"))
    assert set(kinds) == {"update", "relate", "create"}
    update = change.operations.get(kind="update")
    assert update.before == {"serial": "ONE", "description": ""}
    assert update.after == {"serial": "THREE", "description": "Moved"}
    for person, role in ((cast.implementer, "implementer"), (cast.verifier, "verifier")):
        assign(change, person, role, by=cast.oncall)
    ChangeRequest.objects.filter(pk=change.pk).update(
        incident_ref="INC-9", reason="The power supply had failed.", title="Replace a power supply"
    )
    change.refresh_from_db()
    versions = [each.row_version for each in ConfigurationItem.objects.order_by("pk")]
    now = timezone.now()
    take_step(
        change,
        "record_retro",
        by=cast.oncall,
        comment="At night",
        data={"actual_start": now - timedelta(hours=2), "actual_end": now - timedelta(hours=1)},
    )
    assert change.state == "verifying"
    assert not change.operations.filter(applied_at=None).exists()
    assert change.operations.get(kind="create").item == fresh
    assert [each.row_version for each in ConfigurationItem.objects.order_by("pk")] == versions
    assert UnauthorisedWrite.objects.count() == 1
    assert not UnauthorisedWrite.objects.unexplained().exists()


# Pages


def test_the_list_shows_one_line_a_transaction_and_filters(keeper, write):
    page = keeper.get(reverse("changes:unauthorised"))
    assert [row.pk for row in page.context["rows"]] == [write.pk]
    for wanted, count in (
        ({"type": write.type.key}, 1),
        ({"type": "nothing"}, 0),
        ({"person": str(write.writer_id)}, 1),
        ({"person": "0"}, 0),
        ({"team": "nobody"}, 0),
        ({"since": "2999-01-01"}, 0),
        ({"since": "rubbish", "until": "2020-99-99"}, 1),
        ({"state": "accepted"}, 0),
        ({"state": "all"}, 1),
    ):
        found = keeper.get(reverse("changes:unauthorised"), wanted)
        assert len(found.context["rows"]) == count, wanted


def test_the_page_of_a_write_explains_it(keeper, write):
    url = reverse("changes:unauthorised-write", args=[write.pk])
    assert b"It needs no change" in keeper.get(url).content
    for way, data, status in (
        ("link", {"change": "CHG-9"}, 400),
        ("link", {"change": make_change().number}, 409),
        ("accept", {"comment": ""}, 409),
    ):
        assert keeper.post(reverse("changes:explain", args=[write.pk, way]), data).status_code == status
    done = keeper.post(reverse("changes:explain", args=[write.pk, "accept"]), {"comment": "A typing mistake"})
    assert done.status_code == 302
    assert b"A typing mistake" in keeper.get(url).content


def test_a_retrospective_change_opens_from_the_page(keeper, write):
    answer = keeper.post(reverse("changes:explain", args=[write.pk, "retrospective"]))
    assert answer.url == reverse("changes:edit", args=[ChangeRequest.objects.get().number])


def test_who_only_reads_explains_nothing(client, write):
    client.force_login(make_user("auditor"))
    assert client.get(reverse("changes:unauthorised-write", args=[write.pk])).status_code == 200
    for way in ("link", "accept", "retrospective"):
        assert client.post(reverse("changes:explain", args=[write.pk, way])).status_code in (400, 403)
    write.refresh_from_db()
    assert write.state == "open"


def test_the_item_and_home_show_it(keeper, write):
    item = write.rows.get().item
    assert "Written without a change" in keeper.get(reverse("cmdb:item", args=[item.pk])).content.decode()
    assert "Written without a change" in keeper.get(reverse("home")).content.decode()


def test_the_api_lists_and_explains(keeper, write):
    listed = keeper.get("/api/unauthorised-writes/", {"is_explained": "false"}).json()["results"]
    assert [each["id"] for each in listed] == [write.pk]
    one = keeper.get(f"/api/unauthorised-writes/{write.pk}/").json()
    assert one["rows"][0]["fields"]["serial"][0] == ""
    url = f"/api/unauthorised-writes/{write.pk}/explain/"
    refused = keeper.post(url, {"way": "accept"}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["refusals"][0]["code"]) == (409, "comment_required")
    done = keeper.post(url, {"way": "accept", "comment": "typing"}, content_type="application/json")
    assert done.json()["state"] == "accepted"


def test_a_refused_edit_leads_to_a_plan_with_the_difference(keeper):
    item = make_item(serial="OLD")
    CIType.objects.filter(pk=item.type_id).update(control="controlled")
    answer = keeper.patch(f"/api/items/{item.pk}/", {"serial": "NEW"}, content_type="application/json")
    said = answer.json()["error"]["message"]
    assert "controlled: plan a change" in said
    url = said.partition(": /")[2]
    page = keeper.get("/" + url)
    assert b"NEW" in page.content
    data = {
        "item": item.pk,
        "after": '{"serial": "NEW"}',
        "title": "New number",
        "reason": "It was replaced.",
    }
    raised = keeper.post("/" + url, data)
    change = ChangeRequest.objects.get()
    assert raised.url == reverse("changes:edit", args=[change.number])
    assert change.operations.get().after == {"serial": "NEW"}
    assert keeper.post("/" + url, data | {"after": '{"colour": 1}'}).status_code == 400
    assert keeper.get(reverse("changes:plan-instead"), {"item": "x"}).status_code == 400


def test_the_administration_says_it_too(client):
    item = make_item(serial="OLD")
    CIType.objects.filter(pk=item.type_id).update(control="controlled")
    client.force_login(make_user(is_superuser=True))
    url = reverse("admin:cmdb_configurationitem_change", args=[item.pk])
    form = client.get(url).context["adminform"].form
    data = {name: "" if (value := form.get_initial_for_field(field, name)) is None else value
            for name, field in form.fields.items()}  # fmt: skip
    answer = client.post(url, data | {"serial": "NEW"})
    assert answer.status_code == 200
    assert f'<a href="/changes/plan-instead/?item={item.pk}' in answer.content.decode()
