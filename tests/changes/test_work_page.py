"""The page of the work: what it offers to whom, what a second press says, what stands after a crash."""

import pytest
from django.urls import reverse

from accounts.step_up import Proof
from changes.actions import apply_stage, complete_task, take_step
from cmdb.models import ConfigurationItem
from tests.changes.journey import do_the_work, draft, to_implementing, to_scheduled, to_verifying
from tests.factories import make_task, make_user


def page(client, user, change, status=200):
    client.force_login(user)
    answer = client.get(reverse("changes:work", args=[change.number]))
    assert answer.status_code == status
    return answer.content.decode()


def do(client, user, change, deed, row=None, **data):
    client.force_login(user)
    where = [change.number, deed] if row is None else [change.number, deed, row]
    return client.post(reverse("changes:work-deed", args=where), data, follow=True)


def test_strangers_see_nothing_and_do_nothing(client, cast):
    change = draft(cast)
    to_implementing(cast, change)
    page(client, make_user(), change, status=403)
    task = change.tasks.order_by("position").first()
    assert do(client, cast.verifier, change, "tick", task.pk).status_code == 409
    task.refresh_from_db()
    assert task.done_at is None


def test_the_start_asks_for_checks_and_backup(client, cast):
    change = draft(cast, downtime_minutes=5)
    make_task(change=change, phase="precheck", label="Look at the backup")
    to_scheduled(cast, change)
    shown = page(client, cast.implementer, change)
    assert "backup required" in shown
    assert "Not checked yet: Look at the backup" in shown
    check = change.tasks.get(phase="precheck")
    do(client, cast.implementer, change, "tick", check.pk, note="fine")
    url = reverse("changes:work-step", args=[change.number, "start"])
    refused = client.post(url, {"start-comment": ""})
    assert refused.status_code == 409
    assert "a backup before the start" in refused.content.decode()
    data = {"start-backup_ref": "NBU-1", "start-second_operator": cast.second.pk}
    assert client.post(url, data, follow=True).status_code == 200
    change.refresh_from_db()
    assert (change.state, change.backup_ref) == ("implementing", "NBU-1")
    assert change.events.first().data["second_operator"] == cast.second.pk
    again = client.post(url, data, follow=True)
    assert "You did this at" in again.content.decode()


def test_a_second_press_says_when_it_was_done(client, cast):
    change = draft(cast)
    to_implementing(cast, change)
    first = change.tasks.order_by("position").first()
    do(client, cast.implementer, change, "tick", first.pk, note="label read")
    again = do(client, cast.implementer, change, "tick", first.pk)
    assert again.status_code == 200
    assert "You ticked this task at" in again.content.decode()
    first.refresh_from_db()
    assert first.note == "label read"
    stage = change.stages.get()
    do(client, cast.implementer, change, "apply", stage.pk)
    assert (
        "You applied this stage at"
        in do(client, cast.implementer, change, "apply", stage.pk).content.decode()
    )
    other = do(client, cast.second, change, "apply", stage.pk)
    assert other.status_code == 409


def test_a_task_for_two_takes_two_log_ins(client, cast):
    change = draft(cast)
    to_implementing(cast, change)
    first, dual = change.tasks.order_by("position")
    complete_task(first, by=cast.implementer)
    do(client, cast.implementer, change, "tick", dual.pk)
    assert (
        "a second person confirms it"
        in do(client, cast.implementer, change, "tick", dual.pk).content.decode()
    )
    assert "Confirm as the second person" in page(client, cast.second, change)
    do(client, cast.second, change, "tick", dual.pk)
    dual.refresh_from_db()
    assert (dual.done_by, dual.second_by) == (cast.implementer, cast.second)
    assert dual.second_at >= dual.done_at


def test_the_red_button_is_always_there(client, cast):
    change = draft(cast)
    change.stages.update(is_point_of_no_return=True)
    to_scheduled(cast, change)
    assert "Roll back" in page(client, cast.implementer, change)
    take_step(change, "start", by=cast.implementer, proof=Proof.now(), data={"backup_ref": "NBU-1"})
    assert 'data-dialog="step-rollback"' in page(client, cast.implementer, change)
    do_the_work(cast, change)
    shown = page(client, cast.implementer, change)
    assert "Forward fix only" in shown
    assert 'data-dialog="step-rollback"' not in shown
    assert "Roll back all the same" in page(client, cast.manager, change)
    do(client, cast.implementer, change, "forward-fix", text="Half the labels are blank")
    assert change.deviation_rows.get().nature == "forward_fix"


@pytest.mark.parametrize(("decision", "serial"), [("keep", "LATER"), ("force", "NEW")])
def test_drift_is_shown_at_any_time_and_settled_by_two(client, cast, decision, serial):
    change = draft(cast)
    to_implementing(cast, change)
    do_the_work(cast, change)
    operation = change.operations.get()
    assert "Not as planned" not in page(client, cast.implementer, change)
    ConfigurationItem.objects.filter(pk=operation.item_id).update(serial="LATER")
    shown = page(client, cast.implementer, change)
    assert "Not as planned" in shown
    refused = client.post(reverse("changes:work-step", args=[change.number, "finish"]), {})
    text = refused.content.decode()
    assert refused.status_code == 409
    for word in (operation.item.address, "serial number", "“NEW”", "“LATER”"):
        assert word in text
    do(
        client,
        cast.implementer,
        change,
        "propose",
        operation.pk,
        field="serial",
        seen='"LATER"',
        decision=decision,
    )
    proposal = operation.decisions.get()
    assert do(client, cast.implementer, change, "confirm", proposal.pk).status_code == 409
    do(client, cast.second, change, "confirm", proposal.pk)
    assert ConfigurationItem.objects.get(pk=operation.item_id).serial == serial
    assert "Not as planned" not in page(client, cast.implementer, change)
    take_step(change, "finish", by=cast.implementer)
    assert change.state == "verifying"


def test_each_stage_says_whether_it_is_applied(client, cast):
    change = draft(cast)
    change.stages.create(position=2, label="Everybody")
    to_implementing(cast, change)
    assert page(client, cast.implementer, change).count("nothing applied") >= 2
    apply_stage(change.stages.get(position=1), by=cast.implementer)
    shown = page(client, cast.implementer, change)
    assert "applied at" in shown
    assert "nothing applied" in shown


def test_the_page_costs_the_same_for_one_operation_and_for_many(client, cast, django_assert_max_num_queries):
    change = draft(cast)
    to_verifying(cast, change)
    client.force_login(cast.verifier)
    url = reverse("changes:work", args=[change.number])
    client.get(url)
    with django_assert_max_num_queries(80):
        assert client.get(url).status_code == 200
