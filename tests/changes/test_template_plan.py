"""A template carries a whole plan; a change raised from it keeps to every row, in PostgreSQL too."""

import copy
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from changes.actions import (
    Gap,
    StepRefused,
    add_stage,
    edit_row,
    raise_from_template,
    remove_row,
    skeleton_of,
    take_step,
    template_from,
    values_in,
)
from changes.models import ChangeEvent, StandardTemplate
from changes.models.plan import OperationKind
from tests.changes.journey import draft, to_verifying, verify
from tests.factories import (
    make_item,
    make_relation,
    make_standard_template,
)

SKELETON = {
    "title": "Node {name}", "reason": "{db} needs {name}.", "downtime_minutes": 4, "rollback_minutes": 5,
    "stages": [
        {"label": "Pilot", "share_percent": 5},
        {"label": "All of {items}", "share_percent": 100, "is_point_of_no_return": True},
    ],
    "operations": [
        {"stage": 1, "on": "items", "after": {"serial": "{name}"}},
        {"kind": "create", "stage": 2, "after": {"type": "host", "name": "{name}", "environment": "test"}},
        {"kind": "relate", "stage": 2, "relation": "depends_on", "source": "items", "target": "db"},
        {"kind": "unrelate", "stage": 2, "relation": "depends_on", "source": "db", "target": "host:old-node"},
    ],
    "tasks": [{"label": "Look at {db}", "stage": 2, "is_dual": True, "duration_minutes": 3}],
    "criteria": [{"metric": "Alarms of {items}", "threshold": 0, "observation_minutes": 0, "unit": "1"}],
    "rollback_steps": [{"label": "Back to {items}", "duration_minutes": 2}, "Look again"],
    "test_cases": [{"label": "{name} answers", "steps": "ping", "expected": "an answer"}],
}  # fmt: skip
PARAMETERS = {
    "name": {"kind": "text", "required": True, "max_length": 12},
    "db": {"kind": "item", "required": True, "types": ["host"]},
    "count": {"kind": "number", "min": 1, "max": 9},
    "rack": {"kind": "choice", "choices": ["A", "B"]},
}


@pytest.fixture
def world(cast):
    """A template with a row of everything, and the draft that was raised from it."""
    item, db, old = make_item(serial="OLD"), make_item(name="db-7"), make_item(name="old-node")
    make_relation(source=db, target=old)
    row = make_standard_template(skeleton=SKELETON, parameters=PARAMETERS, scope_types=["host"])
    now = timezone.now()
    return raise_from_template(
        row, by=cast.requester, items=[item], parameters={"name": "node-9", "db": db.pk},
        window=(now - timedelta(minutes=5), now + timedelta(hours=1)),
        people={"implementer": [cast.implementer], "verifier": [cast.verifier]},
    )  # fmt: skip


def off(change):
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_off_template_v1(%s)", [change.pk])
        return cursor.fetchone()[0]


def test_every_row_of_the_skeleton_stands_in_the_change(world):
    assert off(world) is None
    assert list(world.stages.values_list("label", flat=True)) == [
        "Pilot", f"All of {world.change_items.first().item.name}"
    ]  # fmt: skip
    kinds = list(world.operations.order_by("id").values_list("kind", "stage__position"))
    assert kinds == [("update", 1), ("create", 2), ("relate", 2), ("unrelate", 2)]
    assert world.operations.get(kind=OperationKind.CREATE).after["name"] == "node-9"
    assert world.tasks.get().label == "Look at host:db-7"
    assert world.test_cases.get().label == "node-9 answers"
    assert world.reason == "host:db-7 needs node-9."


@pytest.mark.parametrize(
    ("table", "assignment", "told"),
    [
        ("planstage", "share_percent = 50", "stage"), ("planstage", "is_point_of_no_return = true", "stage"),
        ("plannedoperation", "after = '{\"serial\": \"other\"}'", "operation"),
        ("plantask", "is_dual = false", "task"), ("plantask", "stage_id = NULL", "task"),
        ("plantask", "duration_minutes = 9", "task"), ("rollbackstep", "label = 'x'", "way back"),
        ("criterion", "observation_minutes = 7", "criterion"), ("criterion", "threshold = 9", "criterion"),
        ("testcase", "expected = 'x'", "test case"),
    ],
)  # fmt: skip
def test_an_edit_of_any_row_is_seen_by_postgresql(world, cast, table, assignment, told):
    update = (
        f"UPDATE changes_{table} SET {assignment} WHERE id = "
        f"(SELECT min(id) FROM changes_{table} WHERE change_id = %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(update, [world.pk])
    assert off(world).startswith(told)
    with pytest.raises(StepRefused) as refused:
        take_step(world, "submit", by=cast.requester)
    assert "plan_from_template" in {each.code for each in refused.value.refusals}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(change=world, event="submit", actor=cast.requester)
    assert error.value.__cause__.diag.message_hint == "plan_from_template"


def test_a_stage_more_and_an_operation_elsewhere_or_left_out_are_seen(world, cast):
    more = add_stage(world, by=cast.requester, label="More")
    assert off(world) == "stage: More"
    remove_row(more, by=cast.requester)
    assert off(world) is None
    created = world.operations.get(kind=OperationKind.CREATE)
    first, second = world.stages.all()
    world.operations.filter(pk=created.pk).update(stage=first)
    assert off(world).startswith("operation: ")
    world.operations.filter(pk=created.pk).update(stage=second)
    assert off(world) is None
    world.operations.filter(kind=OperationKind.RELATE).delete()
    assert off(world).startswith("operation left out: ")


def test_a_longer_downtime_is_not_what_was_approved(world):
    type(world).objects.filter(pk=world.pk).update(downtime_minutes=90)
    assert off(world) == "downtime: 90"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"name": ""}, "missing: name"),
        ({"name": "x" * 13}, "not fitting: name"),
        ({"name": 5}, "not fitting: name"),
        ({"count": 10}, "not fitting: count"),
        ({"count": "5"}, "not fitting: count"),
        ({"rack": "C"}, "not fitting: rack"),
        ({"db": 10**12}, "not fitting: db"),
        ({"more": 1}, "unknown: more"),
    ],
)
def test_postgresql_holds_the_parameters_against_their_kinds(world, cast, values, why):
    type(world).objects.filter(pk=world.pk).update(parameters=world.parameters | values)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(change=world, event="submit", actor=cast.requester)
    assert error.value.__cause__.diag.message_hint == "params_valid"
    assert why in str(error.value)


@pytest.mark.parametrize("wanted", [{"criticality_max": 1}, {"owner_team": "nobody"}, {"name_prefix": "zz-"}])
def test_postgresql_holds_the_items_against_the_filter(cast, wanted):
    row = make_standard_template(scope_types=["host"], scope_filter=wanted)
    change = draft(cast, kind="standard", template=row, item=make_item(serial="OLD", criticality=2))
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(change=change, event="submit", actor=cast.requester)
    assert error.value.__cause__.diag.message_hint == "cis_in_template_scope"


@pytest.mark.parametrize(
    "operation",
    [
        {"kind": "relate", "relation": "depends_on", "source": "items", "target": "items"},
        {"kind": "relate", "relation": "depends_on", "source": "items", "target": "nothing"},
        {"kind": "relate", "source": "items", "target": "db"}, {"kind": "create", "after": {"name": "x"}},
        {"kind": "update", "stage": 3, "after": {"serial": "x"}}, {"kind": "destroy"}, "x",
        {"kind": "update", "stage": 2, "after": {"serial": "x"}}, {"after": {"serial": "{gone}"}},
    ],
)  # fmt: skip
def test_an_operation_that_could_not_be_raised_is_a_fault_of_the_template(db, operation):
    row = make_standard_template(approved_at=None, parameters=PARAMETERS)
    row.skeleton = copy.deepcopy(SKELETON)
    row.full_clean()
    row.skeleton["operations"].append(operation)
    with pytest.raises(Exception, match="skeleton"):
        row.full_clean()


@pytest.fixture
def ended(cast):
    item = make_item(serial="OLD")
    change = draft(cast, item=item, after={"serial": "SN-77"}, reason="The label says SN-77.")
    add_stage(change, by=cast.requester, label="Rest")
    to_verifying(cast, change)
    verify(cast, change)
    take_step(change, "verified", by=cast.verifier)
    return change


def test_a_clean_change_becomes_a_template_that_raises_the_same_plan(cast, ended):
    (value,) = values_in(skeleton_of(ended))
    assert (value.value, value.kind, value.where) == ("SN-77", "text", ("update: serial",))
    made = template_from(ended, by=cast.manager, gaps=[Gap("SN-77", "number", "text", "Number", "编号")])
    assert made.parameters["number"]["label_zh"] == "编号"
    assert made.skeleton["reason"] == "The label says {number}."
    assert len(made.skeleton["stages"]) == 2
    assert made.skeleton["test_cases"][0]["expected"] == "The number is the one on the label."
    now = timezone.now()
    again = raise_from_template(
        made, by=cast.requester, items=[make_item(serial="X")], parameters={"number": "SN-5"},
        window=(now, now + timedelta(hours=1)),
    )  # fmt: skip
    assert again.reason == "The label says SN-5."
    assert off(again) is None
    edit_row(again.criteria.get(), by=cast.requester, threshold=3)
    assert off(again) == "criterion: Alarms"


def test_a_template_is_made_of_clean_ended_changes_by_managers_alone(cast, ended, client):
    url = reverse("changes:template-from", args=[ended.number])
    client.force_login(cast.requester)
    assert client.get(url).status_code == 403
    assert client.post(url, {}).status_code == 403
    client.force_login(cast.manager)
    assert b"SN-77" in client.get(url).content
    rows = {"gaps-TOTAL_FORMS": "1", "gaps-INITIAL_FORMS": "1", "gaps-0-kind": "text", "label": "Numbers"}
    refused = client.post(url, rows | {"gaps-0-is_parameter": "on"})
    assert refused.status_code == 400
    answer = client.post(url, rows | {"gaps-0-is_parameter": "on", "gaps-0-name": "number"})
    made = StandardTemplate.objects.get()
    assert answer.url == reverse("changes:template-edit", args=[made.pk])
    assert made.skeleton["operations"][0]["after"] == {"serial": "{number}"}
    other = draft(cast)
    with pytest.raises(StepRefused) as not_clean:
        template_from(other, by=cast.manager)
    assert {each.code for each in not_clean.value.refusals} == {"not_clean"}
    path = reverse("changes:template-from", args=[other.number])
    assert (
        client.post(
            path, {"gaps-TOTAL_FORMS": "1", "gaps-INITIAL_FORMS": "1", "gaps-0-kind": "text"}
        ).status_code
        == 409
    )


def test_parameters_are_edited_as_rows(cast, client):
    row = make_standard_template(approved_at=None, parameters={"number": {"kind": "text", "required": True}})
    client.force_login(cast.manager)
    url = reverse("changes:template-edit", args=[row.pk])
    page = client.get(url)
    assert b'name="parameters-0-name"' in page.content
    body = {
        "label": "L",
        "label_zh": "",
        "description": "",
        "scope_types": ["host"],
        "skeleton": "{}",
        "approvals_needed": "2",
        "suspend_after_failures": "1",
        "suspend_within_days": "90",
        "criticality_max": "2",
        "parameters-TOTAL_FORMS": "3",
        "parameters-INITIAL_FORMS": "1",
        "parameters-0-name": "number",
        "parameters-0-kind": "number",
        "parameters-0-min": "1",
        "parameters-0-max": "5",
        "parameters-0-label_zh": "编号",
        "parameters-1-name": "rack",
        "parameters-1-kind": "choice",
        "parameters-1-choices": "A\nB",
        "parameters-2-kind": "text",
        "parameters-2-is_required": "on",
    }
    wrong = client.post(url, body | {"parameters-0-min": "9"})
    assert (wrong.status_code, "lower bound" in wrong.content.decode()) == (400, True)
    twice = client.post(url, body | {"parameters-1-name": "number"})
    assert (twice.status_code, "same name" in twice.content.decode()) == (400, True)
    assert client.post(url, body).status_code == 302
    row.refresh_from_db()
    assert row.parameters == {
        "number": {"kind": "number", "required": False, "label_zh": "编号", "min": 1, "max": 5},
        "rack": {"kind": "choice", "required": False, "choices": ["A", "B"]},
    }
    assert row.scope_filter == {"criticality_max": 2}
    gone = body | {"parameters-INITIAL_FORMS": "2"}
    gone |= {"parameters-0-DELETE": "on", "parameters-1-DELETE": "on"}
    assert client.post(url, gone).status_code == 302
    row.refresh_from_db()
    assert row.parameters == {}
