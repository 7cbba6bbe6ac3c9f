"""Thresholds of one CI that differ from the list's: who may, when they hold, what PostgreSQL refuses."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Notice
from inspections.actions import (
    approve_override,
    refuse_override,
    remind_of_overrides,
    request_override,
    withdraw_override,
)
from inspections.bounds import Bounds, bounds_of, used_bounds
from inspections.guards import Refused
from inspections.models import Answer, ThresholdOverride
from inspections.sheet import sheet_of
from tests.factories import (
    make_answer,
    make_checklist_item,
    make_item,
    make_override,
    make_plan,
    make_run,
    make_target,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def wanted(target, **over):
    """An unsaved request for the only item of the target's list (85/95): 90/97."""
    version = target.run.version
    given = {"template": version.template, "item_key": version.items.get().key, "ci": target.ci}
    given |= {"warn_high": 90, "crit_high": 97, "reason": "A volume of 100 TB"}
    return ThresholdOverride(**given | {"valid_until_on": timezone.localdate() + 30 * DAY} | over)


def graded(target, value):
    return make_answer(value, target=target, item=target.run.version.items.get())


def test_a_request_changes_nothing_until_somebody_else_approves_it():
    target, asker, chief = make_target(), make_user("engineer"), make_user("reviewer")
    override = request_override(wanted(target), by=asker)
    assert graded(target, "88").severity == "warn"
    with pytest.raises(Refused):
        approve_override(override, by=asker)
    override = approve_override(override, by=chief, comment="as measured")
    assert (override.state, override.approved_by) == ("active", chief)
    answer = Answer.objects.current().get()
    again = make_answer("88.0", target=target, comment="looked again")
    assert (answer.severity, again.severity) == ("warn", "ok")
    assert answer.bounds_used == {"warn_high": "85", "crit_high": "95"}
    assert again.bounds_used == {"warn_high": "90", "crit_high": "97", "override": override.pk}


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("-5", "crit"), ("0", "crit"), ("1", "warn"), ("10", "warn"), ("11", "ok"), ("85", "ok"),
        ("89", "ok"),
        ("90", "warn"), ("90.0", "warn"), ("96", "warn"), ("97", "crit"), ("97.0", "crit"), ("98", "crit"),
    ],
)  # fmt: skip
def test_boundaries_of_an_override_in_force(value, severity):
    target = make_target()
    override = request_override(wanted(target, warn_low=10, crit_low=0), by=make_user("engineer"))
    approve_override(override, by=make_user("reviewer"))
    answer = graded(target, value)
    assert answer.severity == severity
    assert used_bounds(answer) == Bounds(Decimal(0), Decimal(10), Decimal(90), Decimal(97), override.pk)


@pytest.mark.parametrize(
    ("state", "severity"),
    [("waiting", "warn"), ("active", "ok"), ("coming", "warn"), ("expired", "warn"), ("withdrawn", "warn"),
     ("refused", "warn")],
)  # fmt: skip
def test_only_an_override_in_force_grades(state, severity, owner_sql):
    target = make_target()
    override = request_override(wanted(target), by=make_user("engineer"))
    chief, today = make_user("reviewer"), timezone.localdate()
    if state == "refused":
        override = refuse_override(override, by=chief, comment="No reason given")
    elif state != "waiting":
        override = approve_override(override, by=chief)
    if state == "withdrawn":
        override = withdraw_override(override, by=chief, reason="The volume was grown")
    elif state in ("expired", "coming"):
        past = (today - 9 * DAY, today - DAY) if state == "expired" else (today + DAY, today + 9 * DAY)
        move(override, *past, owner_sql)
    override.refresh_from_db()
    assert override.state == state
    assert list(ThresholdOverride.objects.of_state(state, today)) == [override]
    answer = graded(target, "88")
    assert answer.severity == severity
    assert ("override" in answer.bounds_used) == (state == "active")
    bounds = bounds_of(target.run.version.items.all(), [target.ci], today)
    assert bounds[target.ci_id, override.item_key].grade(Decimal(88)) == severity


def move(override, first, last, owner_sql):
    """As if it had been asked for earlier; only the owner of the table can pretend so."""
    owner_sql.execute("ALTER TABLE inspections_thresholdoverride DISABLE TRIGGER inspections_20_guard")
    ThresholdOverride.objects.filter(pk=override.pk).update(valid_from_on=first, valid_until_on=last)
    owner_sql.execute("ALTER TABLE inspections_thresholdoverride ENABLE TRIGGER inspections_20_guard")


def test_an_observation_of_before_the_approval_keeps_the_bounds_of_the_list():
    run = make_run(opens_minutes=-3 * 24 * 60)
    target = run.targets.get()
    approve_override(request_override(wanted(target), by=make_user("engineer")), by=make_user("reviewer"))
    before = timezone.now() - 2 * DAY
    answer = make_answer("88", target=target, observed_at=before)
    assert (answer.severity, answer.observed_at) == ("warn", before)


def test_the_override_approved_last_counts():
    target, asker, chief = make_target(), make_user("engineer"), make_user("reviewer")
    for bound in (86, 90):
        approve_override(request_override(wanted(target, warn_high=bound), by=asker), by=chief)
    assert graded(target, "88").severity == "ok"
    bounds = bounds_of(target.run.version.items.all(), [target.ci_id], timezone.localdate())
    assert [each.warn_high for each in bounds.values()] == [90]


def test_an_override_is_of_one_ci_one_item_and_one_list_only(django_assert_num_queries):
    version = make_version()
    for key in ("disk", "cpu"):
        make_checklist_item(version=version, key=key, kind="number", warn_high=85)
    make_checklist_item(version=version, key="lamp")
    here, there = make_item(), make_item()
    other = make_version()
    make_checklist_item(version=other, key="disk", kind="number", warn_high=50)
    chief = make_user("reviewer")
    mine = {"item_key": "disk", "ci": here, "approved_by": chief}
    override = make_override(template=version.template, **mine)
    make_override(template=other.template, **mine)
    with django_assert_num_queries(2):  # the items, and the overrides
        bounds = bounds_of(version.items.all(), [here, there], timezone.localdate())
    assert {pair: each.override for pair, each in bounds.items()} == {
        (here.pk, "disk"): override.pk, (there.pk, "disk"): None,
        (here.pk, "cpu"): None, (there.pk, "cpu"): None,
    }  # fmt: skip
    assert bounds[here.pk, "disk"].as_json() == {"warn_high": "90", "crit_high": "97"}
    assert bounds[there.pk, "disk"].grade(None) == bounds[there.pk, "disk"].grade(Decimal("NaN")) == "unknown"


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"item_key": "lamp"}, "item_key"), ({"warn_high": 99}, "crit_high"), ({"reason": " "}, "reason"),
        ({"warn_high": None, "crit_high": None}, "warn_high"),
        ({"valid_until_on": timezone.localdate() - DAY}, "valid_until_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused_at_its_field(over, field):
    version = make_version()
    make_checklist_item(version=version, key="lamp")
    make_checklist_item(version=version, key="disk", kind="number", warn_high=85)
    given = {"template": version.template, "item_key": "disk", "ci": make_item(), "reason": "x"}
    given |= {"warn_high": 90, "crit_high": 97, "valid_until_on": timezone.localdate()}
    with pytest.raises(ValidationError) as refused:
        request_override(ThresholdOverride(**given | over), by=make_user("engineer"))
    assert field in refused.value.message_dict
    assert not ThresholdOverride.objects.exists()


def test_the_wrong_roles_neither_ask_nor_decide_nor_withdraw():
    target = make_target()
    for role in ("auditor", "board_member", "requester"):
        with pytest.raises(Refused):
            request_override(wanted(target), by=make_user(role))
    override = request_override(wanted(target), by=make_user("engineer"))
    for role in ("engineer", "auditor", "configuration_manager"):
        person = make_user(role)
        with pytest.raises(Refused):
            approve_override(override, by=person)
        with pytest.raises(Refused):
            refuse_override(override, by=person, comment="no")
        with pytest.raises(Refused):
            withdraw_override(override, by=person, reason="no")
    chief = make_user("reviewer")
    with pytest.raises(Refused):
        refuse_override(override, by=chief, comment=" ")
    assert withdraw_override(override, by=override.requested_by, reason="Not needed").state == "withdrawn"
    with pytest.raises(Refused):
        approve_override(override, by=chief)


def test_superusers_do_not_approve_their_own():
    root = make_user(is_superuser=True)
    override = request_override(wanted(make_target()), by=root)
    with pytest.raises(Refused):
        approve_override(override, by=root)
    with pytest.raises(IntegrityError), transaction.atomic():
        ThresholdOverride.objects.filter(pk=override.pk).update(approved_by=root, approved_at=timezone.now())


ATTACKS = {
    "own": "approved_by_id = requested_by_id, approved_at = now()",
    "nobody": "approved_at = now()",
    "other bounds": "approved_by_id = {chief}, approved_at = now(), warn_high = 99",
    "earlier": "approved_by_id = {chief}, approved_at = now(), valid_from_on = current_date - 30",
    "longer": "approved_by_id = {chief}, approved_at = now(), valid_until_on = current_date + 3000",
    "both": "approved_by_id = {chief}, approved_at = now(), refused_by_id = {chief}, refused_at = now(),"
    " decision_comment = 'x'",
    "refused by who asked": "refused_by_id = requested_by_id, refused_at = now(), decision_comment = 'x'",
    "refused without a word": "refused_by_id = {chief}, refused_at = now()",
    "long ago": "withdrawn_by_id = {chief}, withdrawn_reason = 'x', withdrawn_on = current_date - 9",
    "withdrawn without a word": "withdrawn_by_id = {chief}, withdrawn_on = current_date",
    "moved start": "valid_from_on = valid_from_on + 1",
    "other ci": "ci_id = (SELECT max(id) FROM cmdb_configurationitem)",
    "other reason": "reason = 'because'",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_raw_sql_does_not_get_around_the_approval(attack):
    override, chief = make_override(), make_user("reviewer")
    make_item()
    statement = f"UPDATE inspections_thresholdoverride SET {attack} WHERE id = {override.pk}"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.replace("{chief}", str(chief.pk)))


@pytest.mark.parametrize(
    "attack",
    ["approved_by_id = {chief}", "approved_at = now() + interval '1 day'", "valid_from_on = current_date + 3",
     "decision_comment = 'x'", "withdrawn_on = NULL, withdrawn_by_id = NULL", "crit_high = 1000"],
)  # fmt: skip
def test_raw_sql_changes_nothing_that_is_decided(attack):
    chief, other = make_user("reviewer"), make_user("reviewer")
    override = make_override(approved_by=chief)
    if "withdrawn" in attack:
        withdraw_override(override, by=chief, reason="over")
    statement = f"UPDATE inspections_thresholdoverride SET {attack} WHERE id = {override.pk}"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.replace("{chief}", str(other.pk)))
    with pytest.raises(IntegrityError), transaction.atomic():
        ThresholdOverride.objects.filter(pk=override.pk)._raw_delete("default")


def test_an_approved_row_is_not_inserted():
    override, chief = make_override(), make_user("reviewer")
    override.pk = None
    override.approved_by, override.approved_at = chief, timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        override.save(force_insert=True)


def test_people_are_told_what_is_asked_decided_and_about_to_end():
    chief, asker, today = make_user("reviewer"), make_user("engineer"), timezone.localdate()
    override = request_override(wanted(make_target(), valid_until_on=today + 7 * DAY), by=asker)
    assert Notice.objects.filter(person=chief, kind="inspections.override_asked").count() == 1
    approve_override(override, by=chief)
    assert Notice.objects.filter(person=asker, kind="inspections.override_decided").count() == 1
    assert remind_of_overrides(on=today) == 2
    assert remind_of_overrides(on=today) == 0
    assert remind_of_overrides(on=today + 7 * DAY) == 2
    assert remind_of_overrides(on=today + 8 * DAY) == 0


def test_the_sheet_shows_the_bounds_that_hold_and_those_that_graded():
    target, chief = make_target(), make_user("reviewer")
    graded(target, "50")
    approve_override(request_override(wanted(target), by=make_user("engineer")), by=chief)
    cell = sheet_of(target.run).targets[0].cells[0]
    assert "≥ 85" in cell.limits
    fresh = make_run(plan=make_plan(template=target.run.version.template, cis=[target.ci]))
    assert "≥ 90" in sheet_of(fresh).targets[0].cells[0].limits
