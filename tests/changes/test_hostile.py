"""Hostile input at the edges of changes: posted values, files of past changes, cells of a table."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from changes.models import ChangeRequest, CriterionResult
from cmdb.imports.reading import FileRefused
from tests.changes.test_imports import given, row
from tests.changes.test_observations import planned
from tests.changes.test_pipeline_gate import secret_of
from tests.factories import make_change, make_item, make_user

pytestmark = pytest.mark.django_db


def post(change, who, content):
    bearer = {"Authorization": f"Bearer {secret_of(who)}"}
    path = f"/api/changes/{change.number}/observations/"
    return Client().post(path, content, content_type="application/json", headers=bearer)


ONE = '{"metric": "error_rate", "value": %s}'


@pytest.mark.parametrize(
    "content",
    [
        ONE % "NaN", ONE % '"NaN"', ONE % "Infinity", ONE % "1e400", ONE % '"1e400"', ONE % '"-1e400"',
        ONE % '"sNaN"', ONE % "true", ONE % "[]", "[" + ",".join([ONE % "1"] * 1001) + "]", "[]", "{", "7",
        '{"metric": "error_rate", "value": 1, "measured_at": "99999-01-01T00:00:00Z"}',
        '{"metric": "error_rate", "value": 1, "key": "\\u0000"}',
    ],
    ids=lambda content: content[:60],
)  # fmt: skip
def test_what_is_no_value_is_a_400_and_nothing_is_stored(cast, content):
    assert post(planned(cast), make_user("integration"), content).status_code == 400
    assert not CriterionResult.objects.exists()


def test_a_program_repeats_itself_and_does_not_take_it_back(cast):
    change, program = planned(cast), make_user("integration")
    keyed = '{"metric": "error_rate", "value": %s, "key": "run-1"}'
    assert [post(change, program, keyed % "0.05").status_code for _ in range(2)] == [201, 200]
    assert post(change, program, keyed % "0.06").status_code == 409
    ahead = (timezone.now() + timedelta(minutes=9)).isoformat()
    body = f'{{"metric": "error_rate", "value": 1, "measured_at": "{ahead}"}}'
    assert post(change, program, body).status_code == 409
    assert CriterionResult.objects.count() == 1


@pytest.mark.parametrize("role", ["", "requester", "change_manager", "auditor"])
def test_a_stranger_measures_nothing(cast, role):
    change = planned(cast)
    assert post(change, make_user(role), ONE % "0.05").status_code in (403, 404)
    assert not CriterionResult.objects.exists()


def test_a_file_of_past_changes_tries_everything():
    make_item(name="db01")
    report = given(
        row("A1", what="=cmd|' /C calc'!A0"), row("A3"), row("A3"),
        row("A4", what="\u202egnp.exe"), row("A5", who="\u202eroot"), row("=A6"),
    )  # fmt: skip
    assert report.rows[2].errors == ["The same key stands on line 3 already."]
    assert not report.is_applied
    with pytest.raises(FileRefused, match="Line 2: field larger"):
        given(row("A2", what="x" * 1_000_000))
    with pytest.raises(FileRefused):
        given(row("A2", what="\x00"))
    assert not ChangeRequest.objects.exists()


def test_names_compute_nothing_in_the_list_of_collisions():
    item = make_item(name="=HYPERLINK(1)")
    now = timezone.now()
    for _ in range(2):
        make_change(items=[item], window=(now, now + timedelta(hours=1)))
    out = StringIO()
    call_command("collisions", "--format", "csv", "--same-ci", stdout=out)
    _head, *rows = csv.reader(StringIO(out.getvalue()))
    assert "'=HYPERLINK(1)" in rows[0]
