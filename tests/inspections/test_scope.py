"""Items that apply to some CIs only: what is not asked of a CI is known when the run is made."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inspections.actions import submit_run
from inspections.models import Answer, RunTarget
from inspections.scope import skipped_items_of
from inspections.sheet import sheet_of
from tests.factories import (
    make_answer,
    make_checklist_item,
    make_item,
    make_plan,
    make_run,
    make_type,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


def items_for(one):
    return [
        {"key": "all"},
        {"key": "mine", "applies_if": {"type": one.type.key}},
        {"key": "grave", "applies_if": {"criticality__gte": 4}},
        {"key": "mine-too", "applies_if": {"type": one.type.key}},
    ]


def test_a_run_asks_each_ci_for_what_applies_to_it():
    one, other = make_item(type=make_type()), make_item(type=make_type(), criticality=4)
    run = make_run(items=items_for(one), cis=[one, other])
    skipped = {target.ci_id: target.skipped_items for target in run.targets.all()}
    assert skipped == {one.pk: ["grave"], other.pk: ["mine", "mine-too"]}
    asked = {sheet.target.ci_id: [cell.item.key for cell in sheet.cells] for sheet in sheet_of(run).targets}
    assert asked == {one.pk: ["all", "mine", "mine-too"], other.pk: ["all", "grave"]}


def test_what_is_not_asked_is_neither_missing_nor_answered():
    one = make_item(type=make_type())
    run = make_run(items=items_for(one), cis=[one])
    target, by = run.targets.get(), make_user("engineer")
    items = {item.key: item for item in run.version.items.all()}
    for key in ("all", "mine", "mine-too"):
        make_answer("pass", target=target, item=items[key], by=by)
    assert make_answer("pass", target=target, item=items["grave"], by=by) is None
    given = {"ci": target.ci, "item_key": "grave", "value_choice": "pass", "answered_by": by}
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.create(target=target, item=items["grave"], **given)
    run.refresh_from_db()
    assert submit_run(run, by=by).state == "submitted"


def test_what_applies_is_fixed_when_the_run_is_made():
    one = make_item(type=make_type())
    run = make_run(items=items_for(one), cis=[one])
    with pytest.raises(IntegrityError), transaction.atomic():
        RunTarget.objects.filter(run=run).update(skipped_items=[])


def test_the_cost_does_not_grow_with_conditions_or_cis():
    def cost(conditions, cis):
        plan = make_plan(items=[{"key": f"i{n}", "applies_if": {"criticality__gte": n}} for n in conditions])
        items = plan.template.versions.get().items.all()
        with CaptureQueriesContext(connection) as queries:
            skipped = skipped_items_of(items, [make.pk for make in cis])
        return len(queries), skipped

    few, _skipped = cost([2], [make_item()])
    many, skipped = cost([1, 2, 3, 4], [make_item(criticality=2) for _each in range(6)])
    assert few == many == 2
    assert set(map(tuple, skipped.values())) == {("i3", "i4")}


def test_a_condition_that_can_no_longer_be_read_skips_nothing(caplog):
    version = make_version()  # a condition may lose its meaning after it was published
    make_checklist_item(version=version, key="odd", applies_if={"moon": "full"})
    make_checklist_item(version=version, key="x", applies_if={"id": 0})
    ci = make_item()
    assert skipped_items_of(version.items.all(), [ci.pk]) == {ci.pk: ["x"]}
    assert "cannot be read" in caplog.text
