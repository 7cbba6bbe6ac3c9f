"""What a verified change touched is inspected next, where a check list fits."""

import pytest

from changes.actions import take_step
from cmdb.models import CIType
from config.after_changes import inspect_afterwards, key_of
from inspections.actions import fitting_template, inspect_once
from inspections.models import InspectionPlan, InspectionRun
from inspections.panels import after_panel
from tests.changes.journey import Cast, draft, to_verifying, verify
from tests.factories import make_item, make_plan, make_type


@pytest.fixture
def hosts_are_checked(db):
    """One published check list, for hosts."""
    template = make_plan().template
    type(template).objects.filter(pk=template.pk).update(ci_type=CIType.objects.get(key="host"))
    return template


def verified():
    cast = Cast()
    change = draft(cast, item=make_item(serial="OLD"))
    to_verifying(cast, change)
    verify(cast, change)
    take_step(change, "verified", by=cast.verifier)
    return change


def test_the_items_of_a_verified_change_stand_in_one_run(hosts_are_checked):
    change = verified()
    for _ in range(2):  # told twice, made once
        inspect_afterwards(change.events.get(event="verified"))
    runs = InspectionRun.objects.filter(plan__key__startswith=key_of(change))
    (run,) = runs
    assert run.version.template_id == hosts_are_checked.pk
    assert [target.ci_id for target in run.targets.all()] == [change.change_items.get().item_id]
    panel = after_panel(change, change.requester)
    assert [line.text for line in panel.lines] == [run.number]


def test_without_a_fitting_check_list_the_page_says_so(db):
    change = verified()
    inspect_afterwards(change.events.get(event="verified"))
    assert not InspectionPlan.objects.filter(key__startswith=key_of(change)).exists()
    panel = after_panel(change, change.requester)
    assert [line.detail for line in panel.lines] == ["no published check list fits its type"]


def test_the_check_list_of_the_nearest_type_above_fits(hosts_are_checked):
    host = CIType.objects.get(key="host")
    blade = make_type(parent=host)
    assert fitting_template(blade) == hosts_are_checked
    other = make_item(type=make_type())
    made = inspect_once([make_item(), other], key="after-x", label="x", label_zh="x")
    assert len(made.runs) == 1
    assert made.without == [other]
