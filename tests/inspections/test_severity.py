"""Boundaries: where exactly a value becomes a warning or critical, in PostgreSQL."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from inspections.models import Answer, TemplateItem
from inspections.severity import parse_number
from tests.factories import make_answer, make_checklist_item, make_target, make_version

HIGH = {"warn_high": 85, "crit_high": 95}
LOW = {"warn_low": 10, "crit_low": 0}
BOTH = {"crit_low": 15, "warn_low": "17.9", "warn_high": "27.1", "crit_high": 32}
NEGATIVE = {"crit_low": -30, "warn_low": -20, "warn_high": -5, "crit_high": 0}
TABLE = [
    (HIGH, "84.9", "ok"), (HIGH, "85", "warn"), (HIGH, "85.0", "warn"), (HIGH, "94.9", "warn"),
    (HIGH, "95", "crit"), (HIGH, "95.1", "crit"), (HIGH, "-1", "ok"), (HIGH, "0", "ok"),
    (LOW, "10.1", "ok"), (LOW, "10", "warn"), (LOW, "0.1", "warn"), (LOW, "0", "crit"), (LOW, "-0.1", "crit"),
    (BOTH, "15", "crit"), (BOTH, "15.1", "warn"), (BOTH, "17.9", "warn"), (BOTH, "18.0", "ok"),
    (BOTH, "27", "ok"), (BOTH, "27.1", "warn"), (BOTH, "31.9", "warn"), (BOTH, "32", "crit"),
    (NEGATIVE, "-30", "crit"), (NEGATIVE, "-29.9", "warn"), (NEGATIVE, "-20.0", "warn"),
    (NEGATIVE, "-19.9", "ok"),
    (NEGATIVE, "-5.1", "ok"), (NEGATIVE, "-5", "warn"), (NEGATIVE, "0", "crit"), (NEGATIVE, "0.1", "crit"),
    ({"warn_high": 1}, "1", "warn"), ({"warn_high": 1}, "999999", "warn"), ({"crit_high": 1}, "1", "crit"),
    ({"warn_low": 1}, "1", "warn"), ({"crit_low": 1}, "1", "crit"), ({"crit_low": 1}, "1.1", "ok"),
    ({"warn_high": 5, "crit_high": 5}, "5", "crit"), ({}, "123456789", "ok"),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("bounds", "value", "severity"), TABLE)
def test_grade_at_and_beside_each_bound(bounds, value, severity):
    ordered = [bounds.get(name) for name in ("crit_low", "warn_low", "warn_high", "crit_high")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inspections_grade_number_v1(%s::numeric, %s::numeric, %s::numeric, %s::numeric, %s)",
            [value, *ordered],
        )
        assert cursor.fetchone() == (severity,)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["85", "85.0"])
def test_answer_carries_the_severity_and_the_bounds_used(value):
    target = make_target(items=[{"kind": "number", "decimals": 1, **HIGH}])
    answer = make_answer(value, target=target)
    assert answer.severity == "warn"
    assert answer.bounds_used == {"warn_high": "85", "crit_high": "95"}
    assert answer.value_label == "85"


@pytest.mark.django_db
def test_severity_sent_by_a_client_is_overwritten():
    answer = make_answer("96")
    target = make_target()
    forged = Answer(
        target=target, item=target.run.version.items.get(), ci=target.ci, value_number=Decimal(96),
        severity="ok",
        bounds_used={"crit_high": "1000"}, answered_by=answer.answered_by,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        forged.save()  # not running yet
    make_answer("1", target=target)
    Answer.objects.filter(target=target).update(is_current=False)
    forged.supersedes = Answer.objects.get(target=target)
    forged.save()
    forged.refresh_from_db()
    assert (forged.severity, forged.bounds_used) == ("crit", {"warn_high": "85", "crit_high": "95"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("item", "value", "severity"),
    [
        ({"kind": "pass_fail"}, "pass", "ok"),
        ({"kind": "pass_fail"}, "fail", "crit"),
        ({"kind": "pass_fail", "fail_severity": "warn"}, "fail", "warn"),
        ({"kind": "text"}, "dust on the floor", "ok"),
    ],
)
def test_other_kinds_are_graded(item, value, severity):
    assert make_answer(value, target=make_target(items=[item])).severity == severity


@pytest.mark.django_db
def test_choice_is_graded_by_its_choice():
    choices = [{"value": "ok", "severity": "ok"}, {"value": "half", "severity": "warn"}]
    target = make_target(items=[{"kind": "choice", "choices": choices}])
    assert make_answer("half", target=target).severity == "warn"
    assert make_answer("ok", target=target).severity == "ok"


@pytest.mark.parametrize(
    "text", ["NaN", "nan", "sNaN", "Infinity", "-inf", "1e400", "", "  ", "85,5", "８５%", "0x10"]
)
def test_parse_number_refuses_what_is_no_finite_number(text):
    with pytest.raises(ValidationError):
        parse_number(text, 2)


def test_parse_number_refuses_more_places_than_the_item_keeps():
    assert parse_number(" 85.10 ", 1) == Decimal("85.1")
    assert parse_number("-0.5", 1) == Decimal("-0.5")
    assert parse_number("８５", 0) == 85  # full-width digits of a Chinese keyboard
    with pytest.raises(ValidationError):
        parse_number("85.11", 1)


INSERT = """
INSERT INTO inspections_answer (row_version, target_id, item_id, ci_id, item_key, is_current, value_number,
    value_choice, value_text, is_na, severity, bounds_used, source, comment, answered_by_id, observed_at, op,
    op_sha256, device, supersedes_id)
SELECT 1, target_id, item_id, ci_id, item_key, true, %s::numeric, '', '', false, 'ok', '{}', 'human', '',
       answered_by_id, observed_at, gen_random_uuid(), '', '', id
  FROM inspections_answer WHERE id = %s
"""


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["NaN", "85.4", None])
def test_postgresql_refuses_a_value_that_does_not_fit(value):
    answer = make_answer("20")
    Answer.objects.filter(pk=answer.pk).update(is_current=False)
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(INSERT, [value, answer.pk])
        cursor.execute(INSERT, ["85", answer.pk])
    assert Answer.objects.get(supersedes=answer).severity == "warn"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bounds",
    [
        {"warn_high": 95, "crit_high": 85},
        {"warn_low": 5, "crit_low": 6},
        {"warn_low": 20, "warn_high": 10},
        {"crit_low": 20, "crit_high": 10},
    ],
)
def test_bounds_out_of_order_are_refused(bounds):
    version = make_version()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_checklist_item(version=version, kind="number", **bounds)


@pytest.mark.django_db
def test_bounds_belong_to_numbers():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_checklist_item(version=make_version(), kind=TemplateItem.Kind.PASS_FAIL, warn_high=1)
