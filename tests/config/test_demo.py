"""The demonstration organisation: whole, made once, by people, and never among other people's data."""

import json
import stat
import time
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client, override_settings

from accounts.models import Notice, User
from accounts.roles import ROLES
from assets.models import Asset, Contract
from audit.models import SecurityEvent
from changes.models import (
    ChangeEvent,
    ChangeItem,
    ChangeRequest,
    DriftDecision,
    GateAnswer,
    StoppedLine,
    UnauthorisedWrite,
    Vote,
)
from changes.workflow import Kind, State
from cmdb.impact import impact_of
from cmdb.models import CIType, ConfigurationItem, DependencyGroup, Relation
from config.demo import DemoRefused, ensure_demo, people
from config.demo.logins import NAME
from config.demo.people import DOMAIN, PEOPLE
from inspections.models import (
    Alert,
    Amendment,
    Answer,
    CorrectionProposal,
    Evidence,
    Finding,
    InspectionRun,
    MachineReading,
    ReportIssue,
    ReportSchedule,
    TemplateVersion,
    ThresholdOverride,
)
from inspections.workflow import FindingState, OverrideState, RunState
from tests.factories import make_item, make_user


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the log-ins are kept, instead of the developer's own var/."""
    place = tmp_path_factory.mktemp("demo")
    with override_settings(VAR_DIR=place):
        yield place


@pytest.fixture(scope="module")
def demo(folder, django_db_setup, django_db_blocker):
    """The organisation, made once for this module and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        started = time.process_time()  # its own work: how busy the machine is says nothing about it
        made = ensure_demo()
        yield {"made": made, "seconds": time.process_time() - started, "folder": folder}
        transaction.set_rollback(True)


def history_rows():
    """How many rows of history there are, by recorded model."""
    recorded = [model for model in apps.get_models() if hasattr(model, "history")]
    return {model._meta.label: model.history.count() for model in recorded}


def test_it_is_made_in_parts_within_a_minute(demo):
    assert demo["made"] == [
        "people",
        "items",
        "assets",
        "boards",
        "past changes",
        "duty",
        "inspections",
        "reports",
        "changes",
        "machines",
        "papers",
        "pipelines",
        "meetings",
        "notices",
        "control",
    ]
    assert demo["seconds"] < 60


def test_a_second_time_nothing_changes(demo):
    before = history_rows()
    assert ensure_demo() == []
    assert history_rows() == before


def test_every_state_and_kind_of_change_is_there(demo):
    found = set(ChangeRequest.objects.filter(is_imported=False).values_list("state", flat=True))
    assert found == set(State.values)
    assert set(ChangeRequest.objects.values_list("kind", flat=True)) == set(Kind.values)
    flags = ChangeRequest.objects
    assert flags.filter(on_hold=True).exists()
    assert flags.filter(is_break_glass=True, state=State.RATIFYING).exists()
    assert flags.filter(is_retrospective=True).exists()
    assert flags.filter(is_imported=True).count() == 12
    assert DriftDecision.objects.exists()


def test_pipelines_were_allowed_and_denied_and_the_line_stood_still(demo):
    assert set(GateAnswer.objects.values_list("decision", flat=True)) == {"allow", "deny"}
    codes = {reason["code"] for answer in GateAnswer.objects.all() for reason in answer.reasons}
    assert {"no_change", "not_covered", "unknown_item", "artifact", "line_not_stopped"} <= codes
    assert "error" not in codes
    assert StoppedLine.objects.count() == 2
    assert not StoppedLine.objects.live().exists()


def test_one_pair_of_changes_collides(demo):
    refusal = SecurityEvent.objects.filter(kind="refusal", detail__deed="approve", actor="").latest("pk")
    assert "no_hard_conflict" in [reason["code"] for reason in refusal.detail["reasons"]]
    waiting = ChangeRequest.objects.get(number=refusal.target)
    assert waiting.state == State.APPROVING
    assert ChangeRequest.objects.overlapping(waiting.window).filter(
        change_items__item__in=ChangeItem.objects.filter(change=waiting).values("item"), state=State.SCHEDULED
    )


def test_changes_move_by_events_of_different_people(demo):
    for change in ChangeRequest.objects.exclude(state=State.DRAFT):
        assert change.events.exists(), change.number
    actors = set(ChangeEvent.objects.exclude(actor=None).values_list("actor__username", flat=True))
    assert {"requester", "engineer", "engineer2", "engineer3", "manager"} <= actors
    assert {"board1", "board4"} <= set(Vote.objects.values_list("voter__username", flat=True))


def test_every_state_of_runs_and_findings_is_there(demo):
    assert set(InspectionRun.objects.values_list("state", flat=True)) == set(RunState.values)
    states = set(Finding.objects.values_list("state", flat=True))
    assert states == set(FindingState.values)
    assert any(finding.is_overdue for finding in Finding.objects.all())
    assert Finding.objects.exclude(change=None).exists()


def test_answers_came_in_now_and_were_seen_before(demo):
    month = Answer.objects.earliest("observed_at")
    assert (month.received_at - month.observed_at).days >= 28
    assert not Answer.objects.filter(received_at__lt=demo_started()).exists()


def test_machines_report_freshly_and_no_longer_and_their_alerts_are_matched_or_wait(demo):
    newest = MachineReading.objects.order_by("ci_id", "-observed_at").distinct("ci_id")
    ages = [reading.received_at - reading.observed_at for reading in newest]
    assert min(ages) < timedelta(minutes=30) < max(ages)
    assert set(Alert.objects.values_list("status", flat=True)) == {"firing", "resolved"}
    assert Alert.objects.filter(ci=None).exists()
    assert Alert.objects.exclude(matched_by=None).exists()
    assert Finding.objects.exclude(first_reading=None).exists()


def test_exceptions_amendments_corrections_and_reports_show_every_end(demo):
    assert {each.state for each in ThresholdOverride.objects.all()} >= {
        OverrideState.WAITING,
        OverrideState.ACTIVE,
        OverrideState.EXPIRED,
        OverrideState.WITHDRAWN,
    }
    assert set(Amendment.objects.values_list("state", flat=True)) == {
        "proposed",
        "approved",
        "refused",
        "withdrawn",
    }
    assert set(CorrectionProposal.objects.values_list("state", flat=True)) == {"proposed", "accepted"}
    assert Evidence.objects.filter(run__state=RunState.SUBMITTED).exists()
    assert ReportIssue.objects.count() >= 2
    assert ReportSchedule.objects.filter(is_enabled=True).exists()
    versions = TemplateVersion.objects.filter(template__key="network-device")
    assert set(versions.values_list("state", flat=True)) == {"published", "retired"}


def test_a_problem_that_was_verified_came_back(demo):
    seen = Finding.objects.filter(ci__name="his-db-01", item_key="log-errors").with_recurrence()
    assert sorted(finding.recurrence for finding in seen) == [1, 2]


def demo_started():
    return User.objects.get(username="security").date_joined


def test_about_three_hundred_items_in_two_sites(demo):
    assert 280 <= ConfigurationItem.objects.count() <= 320
    assert ConfigurationItem.objects.of_type("site").count() == 2
    assert Relation.objects.count() > 500
    assert all(group.is_satisfiable for group in DependencyGroup.objects.all())


@pytest.mark.parametrize(
    ("address", "down", "degraded", "informed"),
    [
        ("host:virt-01", False, True, True),
        ("power:ups-a-a", True, True, True),
        ("database:his-db", True, False, False),
    ],
)
def test_impact_shows_what_redundancy_saves(demo, address, down, degraded, informed):
    impact = impact_of([ConfigurationItem.objects.by_address(address)])
    assert (bool(impact.down), bool(impact.degraded), bool(impact.informed)) == (down, degraded, informed)


def test_warranties_and_contracts_end_soon_or_are_over(demo):
    for days in (30, 90):
        assert Asset.objects.ending_within(days).exists()
        assert Contract.objects.ending_within(days).exists()
    assert Asset.objects.expired().exists()
    assert Contract.objects.expired().exists()


def test_switches_change_by_plan_only_and_a_write_without_one_waits_for_its_explanation(demo):
    assert CIType.objects.get(key="network_device").control == "controlled"
    with pytest.raises(IntegrityError, match="controlled"), transaction.atomic():
        ConfigurationItem.objects.of_type("network_device").update(description="by the way")
    write = UnauthorisedWrite.objects.get()
    assert (write.state, write.type.key, write.writer.username) == ("open", "storage", "engineer")


def test_every_role_logs_in(demo):
    logins = json.loads((demo["folder"] / NAME).read_text())
    assert {person.role for person in PEOPLE} == set(ROLES) - {"integration"}  # a program
    for person in PEOPLE:
        with transaction.atomic():
            client = Client()
            form = {"login": person.username, "password": logins[person.username][0]}
            assert client.post("/accounts/login/", form).status_code == 302, person
            assert person.name in client.get("/").content.decode()
            transaction.set_rollback(True)


def test_logins_are_for_the_owner_of_the_machine_alone(demo):
    assert stat.S_IMODE((demo["folder"] / NAME).stat().st_mode) == 0o600


def test_logins_are_printed_until_they_are_changed(demo, capsys):
    password = json.loads((demo["folder"] / NAME).read_text())["engineer"][0]
    call_command("ensure_demo", "--print-logins")
    assert password in capsys.readouterr().out
    with transaction.atomic():
        user = User.objects.get(username="engineer")
        user.set_password("another one entirely")
        user.save()
        call_command("ensure_demo", "--print-logins")
        transaction.set_rollback(True)
    assert password not in capsys.readouterr().out


def test_history_says_who_and_why(demo):
    item = ConfigurationItem.objects.by_address("virtual_machine:oa-app-01")
    newest = item.history.first()
    change = ChangeRequest.objects.get(title__startswith="More memory for the office server")
    assert (newest.history_change_reason, newest.history_change_ref) == ("apply_stage", change.pk)
    assert newest.history_user_id == User.objects.get(username="engineer").pk
    reasons = set(ConfigurationItem.history.values_list("history_change_reason", flat=True))
    assert "" not in reasons
    assert None not in reasons


def test_people_have_a_few_notices_left_to_read(demo):
    board = people.cast()["board1"]
    unread = Notice.objects.of(board).unread().count()
    assert 1 <= unread <= 6
    assert Notice.objects.filter(read_at__isnull=False).exists()
    assert all("%(" not in notice.subject + notice.text for notice in Notice.objects.all())


def test_nobody_and_nothing_of_other_organisations(demo):
    assert not User.objects.exclude(email__endswith=DOMAIN).exists()


def test_other_peoples_data_are_left_alone(db, folder):
    make_user()
    with pytest.raises(DemoRefused):
        ensure_demo()
    with pytest.raises(CommandError):
        call_command("ensure_demo")
    assert not User.objects.filter(email__endswith=DOMAIN).exists()


def test_a_database_with_items_is_left_alone(db, folder):
    make_item()
    with pytest.raises(DemoRefused):
        ensure_demo()
