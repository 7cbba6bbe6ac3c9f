"""Alertmanager's webhook: each firing once, on the CI that a label names."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.actions import confirm_resolved, mark_fixed, match_alert
from inspections.guards import Refused
from inspections.models import Alert, Finding
from tests.changes.test_pipeline_gate import secret_of
from tests.factories import make_alert, make_item, make_user
from tests.inspections.readings import Program, finding_of

pytestmark = pytest.mark.django_db
PATH = "/api/readings/alertmanager/"
BEGAN = timezone.now() - timedelta(minutes=10)


@pytest.fixture
def manager():
    return Program("alertmanager")


def alert(status="firing", fingerprint="a1", at=BEGAN, **labels):
    """As Alertmanager 0.27 writes it."""
    ends = "0001-01-01T00:00:00Z" if status == "firing" else timezone.now().isoformat()
    return {
        "status": status, "labels": {"alertname": "DiskFull", "severity": "critical"} | labels,
        "annotations": {"summary": "Disk is full"}, "startsAt": at.isoformat(), "endsAt": ends,
        "generatorURL": "http://prometheus.example.org/graph?g0.expr=up", "fingerprint": fingerprint,
    }  # fmt: skip


def post(manager, *alerts, **over):
    body = {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "ops",
            "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am",
            "alerts": list(alerts)} | over  # fmt: skip
    answer = manager.post(body, PATH)
    assert answer.status_code == 200, answer.content
    return [(each["status"], each["ci"]) for each in answer.json()["results"]]


def test_a_firing_alert_makes_a_finding_on_its_ci(manager):
    ci = make_item(name="db-01")
    assert post(manager, alert(instance="db-01:9100")) == [("new", ci.pk)]
    finding = finding_of(ci)
    assert (finding.item_key, finding.severity, finding.label) == ("alert:DiskFull", "crit", "DiskFull")
    assert finding.alert.url.startswith("http://prometheus")
    assert finding.events.get().alert == finding.alert


@pytest.mark.parametrize(
    "labels",
    [{"instance": "web-1"}, {"instance": "web-1:9100"}, {"host": "web-1.example.org"}, {"node": "10.1.2.3"},
     {"instance": "10.1.2.3:443"}, {"serial": "SN-9"}, {"instance": "nobody:9100", "host": "web-1"}],
)  # fmt: skip
def test_the_ci_is_found_by_name_address_or_serial(manager, labels):
    ci = make_item(name="web-1", primary_ip="10.1.2.3", serial="SN-9")
    assert post(manager, alert(**labels)) == [("new", ci.pk)]


def test_which_labels_name_the_ci_is_the_source_s_setting(manager):
    ci = make_item(name="web-1")
    assert post(manager, alert(machine="web-1")) == [("new", None)]
    manager.source.item_labels = ["machine"]
    manager.source.save()
    assert post(manager, alert(machine="web-1", fingerprint="b")) == [("new", ci.pk)]


def test_the_same_firing_again_changes_nothing(manager):
    ci = make_item(name="db-01")
    post(manager, alert(instance="db-01"))
    versions = Alert.objects.get().history.count()
    assert post(manager, alert(instance="db-01")) == [("repeated", ci.pk)]
    assert (Alert.objects.count(), finding_of(ci).count) == (1, 1)
    assert Alert.objects.get().history.count() == versions


def test_a_new_firing_repeats_the_open_finding(manager):
    ci = make_item(name="db-01")
    post(manager, alert(instance="db-01", severity="warning"))
    post(manager, alert(instance="db-01", at=timezone.now()))
    assert (finding_of(ci).count, finding_of(ci).severity, Alert.objects.count()) == (2, "crit", 2)


def test_resolved_closes_nothing_by_itself(manager):
    ci = make_item(name="db-01")
    post(manager, alert(instance="db-01"))
    assert post(manager, alert("resolved", instance="db-01")) == [("resolved", ci.pk)]
    assert post(manager, alert("resolved", instance="db-01")) == [("repeated", ci.pk)]
    assert post(manager, alert(instance="db-01")) == [("repeated", ci.pk)]  # late and out of order
    told = Alert.objects.get()
    assert told.status == "resolved"
    assert told.ends_at > BEGAN
    assert finding_of(ci).state == "open"


def test_one_that_is_known_only_as_resolved_makes_no_finding(manager):
    make_item(name="db-01")
    post(manager, alert("resolved", instance="db-01"), alert(instance="db-01"))
    assert not Finding.objects.exists()


def test_a_fix_is_confirmed_by_somebody_else_when_it_is_resolved(manager):
    ci, engineer = make_item(name="db-01"), make_user("engineer")
    post(manager, alert(instance="db-01"))
    finding = mark_fixed(finding_of(ci), by=engineer, comment="cleaned")
    with pytest.raises(Refused) as refused:
        confirm_resolved(finding, by=engineer)
    assert {each.code for each in refused.value.refusals} == {"own_fix", "firing"}
    with pytest.raises(DatabaseError, match="when its alerts are resolved"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(state="verified", state_by=make_user())
    post(manager, alert("resolved", instance="db-01"))
    with pytest.raises(DatabaseError, match="somebody else"), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(state="verified", state_by=engineer)
    assert confirm_resolved(finding, by=make_user("engineer")).state == "verified"


def test_firing_after_the_fix_reopens_it(manager):
    ci = make_item(name="db-01")
    post(manager, alert(instance="db-01"))
    mark_fixed(finding_of(ci), by=make_user("engineer"), comment="cleaned", at=timezone.now())
    post(manager, alert(instance="db-01", at=timezone.now()))
    assert finding_of(ci).state == "open"


def test_what_names_no_ci_waits_to_be_matched_by_hand(manager):
    assert post(manager, alert(instance="?"), alert(fingerprint="b2")) == [("new", None)] * 2
    told, ci = Alert.objects.first(), make_item()
    with pytest.raises(Refused):
        match_alert(told, ci, by=make_user("auditor"))
    engineer = make_user("engineer")
    match_alert(told, ci, by=engineer)
    assert (finding_of(ci).alert, Alert.objects.get(pk=told.pk).matched_by) == (told, engineer)
    with pytest.raises(Refused):
        match_alert(told, make_item(), by=engineer)


def test_it_is_matched_over_the_api_too(manager):
    told, ci = make_alert(), make_item()
    headers = {"Authorization": f"Bearer {secret_of(make_user('engineer'))}"}
    given = json.dumps({"ci": ci.pk})
    path = f"/api/alerts/{told.pk}/match/"
    answer = Client().post(path, given, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json().get("ci")) == (200, ci.pk)
    assert Client().post(path, given, content_type="application/json", headers=headers).status_code == 409


@pytest.mark.parametrize(
    "sent",
    [7, None, {}, {"labels": {"a": "b"}}, alert() | {"status": "maybe"}, alert() | {"startsAt": "x"},
     alert() | {"startsAt": "0001-01-01T00:00:00Z"}, alert() | {"labels": []},
     alert() | {"fingerprint": "f" * 65}],
)  # fmt: skip
def test_what_cannot_be_read_harms_no_other(manager, sent):
    make_item(name="db-01")
    assert [status for status, _ci in post(manager, sent, alert(instance="db-01"))] == ["error", "new"]


@pytest.mark.parametrize("body", [{}, [], 7, {"version": "3", "alerts": []}, {"version": "4", "alerts": {}}])
def test_what_is_no_webhook_is_refused(manager, body):
    assert manager.post(body, PATH).status_code == 400


def test_a_link_that_is_no_web_address_is_dropped(manager):
    post(manager, alert() | {"generatorURL": "javascript:alert(1)"})
    assert Alert.objects.get().url == ""


def test_statements_do_not_grow_with_the_alerts(manager):
    for n in range(30):
        make_item(name=f"node-{n}")

    def statements(*numbers):
        with CaptureQueriesContext(connection) as captured:
            post(manager, *[alert(instance=f"node-{n}", fingerprint=f"f{n}") for n in numbers])
        return len(captured)

    statements(0)
    few = statements(1)
    assert statements(*range(2, 30)) <= few
    assert Finding.objects.count() == 30


def test_only_the_account_of_an_alertmanager_may_post(manager):
    assert Program().post({"alerts": []}, PATH).status_code == 403
    for user, scope in [(manager.source.account, "read"), (make_user("engineer"), "write")]:
        headers = {"Authorization": f"Bearer {secret_of(user, scope)}"}
        answer = Client().post(PATH, '{"alerts": []}', content_type="application/json", headers=headers)
        assert answer.status_code == 403


def test_postgresql_keeps_what_an_alert_said():
    told = make_alert(ci=make_item(), status="resolved", ends_at=timezone.now())
    for change in [{"name": "x"}, {"status": "firing"}, {"ci": make_item()}, {"ci": None},
                   {"labels": {"a": "b"}},
                   {"starts_at": timezone.now()}]:  # fmt: skip
        with pytest.raises(DatabaseError, match="inspections"), transaction.atomic():
            Alert.objects.filter(pk=told.pk).update(**change)
    with pytest.raises(DatabaseError, match="somebody says"), transaction.atomic():
        Alert.objects.filter(pk=make_alert().pk).update(ci=make_item())
    with pytest.raises(DatabaseError), transaction.atomic():
        told.delete()
