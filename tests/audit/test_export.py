"""audit_export: the history of everything, in order, as JSON lines."""

import io
import json
import os
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team
from audit.context import because
from audit.models import SecurityEvent
from tests.factories import make_member, make_team, make_user

pytestmark = pytest.mark.django_db


def export(capsys, *arguments):
    errors = io.StringIO()
    call_command("audit_export", "--since", "2000-01-01", *arguments, stderr=errors)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()], errors.getvalue()


def test_it_tells_everything_in_order(capsys):
    user, member = make_user(), make_member()
    with because("renamed", change_ref=7, user=user):
        Team.objects.filter(pk=member.team_id).update(label="B")
    found, summary = export(capsys)
    numbers = [row["history_id"] for row in found]
    assert numbers == sorted(numbers)
    assert summary.startswith(f"{len(found)} history rows of ")
    last = found[-1]
    assert (last["model"], last["id"], last["kind"]) == ("accounts.team", str(member.team_id), "changed")
    assert (last["user"], last["username"], last["reason"], last["change_ref"]) == (
        user.pk,
        user.username,
        "renamed",
        7,
    )
    assert (last["row"]["label"], last["row_version"], last["db_user"] != "") == ("B", 2, True)
    assert "history_txid" not in last["row"]


def test_one_model_and_a_span_may_be_chosen(capsys, tmp_path):
    team = make_team()
    make_user()
    found, _ = export(capsys, "--model", "accounts.Team")
    assert {row["model"] for row in found} == {"accounts.team"}
    at = team.history.get().history_date.isoformat()
    assert export(capsys, "--until", at, "--model", "accounts.team")[0] == found[:-1]
    file = tmp_path / "out.jsonl"
    assert export(capsys, "--output", str(file), "--model", "accounts.team")[0] == []
    assert [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] == found


def test_an_export_is_an_event(capsys, tmp_path):
    target = str(tmp_path / "out.jsonl")
    export(capsys, "--output", target)
    event = SecurityEvent.objects.get(kind="export", target=target)
    assert (event.detail["what"], event.detail["status"]) == ("history", "complete")


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--since", "yesterday"], "is no date"),
        (["--since", "2026-02-31"], "is no date"),
        (["--since", "2026-01-01", "--model", "accounts.nothing"], "There is no model"),
        (["--since", "2026-01-01", "--model", "auth.Group"], "is not recorded"),
    ],
)
def test_wrong_arguments_are_answered_in_words(arguments, answer):
    with pytest.raises(CommandError, match=answer):
        call_command("audit_export", *arguments)


def test_a_reader_that_has_seen_enough_ends_it_without_a_traceback(monkeypatch):
    make_team()
    reader, writer = os.pipe()
    os.close(reader)
    errors = io.StringIO()
    with os.fdopen(writer, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        call_command("audit_export", "--since", "2000-01-01", stderr=errors)
    assert errors.getvalue().startswith("Broken off by the reader after ")
    assert SecurityEvent.objects.filter(kind="export").first().detail["status"] == "broken off"
