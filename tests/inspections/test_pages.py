"""The pages: the way to the phone, signing, following up; and the shell that phones keep."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import Client
from django.urls import reverse

from changes.models import ChangeRequest
from inspections import shell
from inspections.actions import submit_run
from inspections.models import Finding
from tests.factories import make_answer, make_finding, make_item, make_plan, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.fixture
def run():
    items = [
        {"key": "disk", "kind": "number", "decimals": 1, "warn_high": 85, "crit_high": 95},
        {"key": "lamp", "kind": "pass_fail", "is_na_allowed": True},
    ]
    return make_run(items=items)


def page_of(run):
    return reverse("inspections:run", args=[run.number])


def answer(run, value="20", key="disk", *, by, **more):
    return make_answer(value, target=run.targets.get(), item=run.version.items.get(key=key), by=by, **more)


def submitted(run, by):
    answer(run, "96", comment="full", by=by)
    answer(run, "pass", "lamp", by=by)
    submit_run(run, by=by)
    run.refresh_from_db()


@pytest.mark.parametrize("name", ["list", "findings"])
def test_lists_open_for_who_may_see(client, engineer, name):
    make_finding()
    assert client.get(reverse(f"inspections:{name}")).status_code == 200


def test_strangers_are_sent_to_log_in_and_role_less_people_refused(client, run):
    assert client.get(page_of(run)).status_code == 302
    assert client.post(page_of(run), {"step": "submit"}).status_code == 302
    client.force_login(make_user())
    assert client.get(page_of(run)).status_code == 403


def test_an_open_run_leads_its_inspector_to_the_phone_page_and_others_to_the_record(client, engineer, run):
    phone = f"{reverse('inspections:phone')}#/run/{run.number}"
    assert client.get(page_of(run))["Location"] == phone
    assert phone in client.get(page_of(run), {"read": "1"}).content.decode()
    client.force_login(make_user("auditor"))
    page = client.get(page_of(run))
    assert page.status_code == 200
    assert phone not in page.content.decode()


def test_the_inspector_sees_why_they_cannot_sign_and_a_forged_post_is_refused(client, engineer, run):
    engineer.is_superuser = True
    engineer.save()
    submitted(run, engineer)
    page = client.get(page_of(run)).content.decode()
    assert "You took part in this inspection" in page
    client.post(page_of(run), {"step": "sign"})
    run.refresh_from_db()
    assert run.state == "submitted"


def test_a_reviewer_returns_and_then_signs_what_they_saw(client, engineer, run):
    submitted(run, engineer)
    reviewer = make_user("reviewer")
    client.force_login(reviewer)
    client.post(page_of(run), {"step": "return", "comment": "look again"})
    client.force_login(engineer)
    assert "look again" in client.get(page_of(run), {"read": "1"}).content.decode()
    answer(run, "50", comment="cleaned", by=engineer)
    submit_run(run, by=engineer)
    client.force_login(reviewer)
    client.post(page_of(run), {"step": "sign", "seen": "0" * 64})
    run.refresh_from_db()
    assert run.state == "submitted"  # not the record that they saw
    client.post(page_of(run), {"step": "sign", "seen": run.record_sha256, "comment": "fine"})
    run.refresh_from_db()
    assert run.state == "signed"
    assert client.get(reverse("inspections:report", args=[run.number])).status_code == 200


def test_a_finding_is_followed_up_on_its_page(client, engineer):
    finding = make_finding()
    url = reverse("inspections:finding", args=[finding.number])
    assert "Take it on" in client.get(url).content.decode()
    client.post(url, {"step": "acknowledge"})
    client.post(url, {"step": "mark_fixed", "comment": " "})
    finding.refresh_from_db()
    assert (finding.state, finding.owner) == ("acknowledged", engineer)
    client.post(url, {"step": "mark_fixed", "comment": "cleaned"})
    client.post(url, {"step": "accept_risk", "comment": "x", "until": "2099-01-01"})
    finding.refresh_from_db()
    assert (finding.state, finding.fixed_by) == ("fixed", engineer)
    client.post(url, {"step": "link", "change": "CHG-999999"})
    assert Finding.objects.get(pk=finding.pk).change is None
    client.post(url, {"step": "raise"})
    client.post(url, {"step": "raise"})
    change = Finding.objects.get(pk=finding.pk).change
    assert change.change_items.get().item == finding.ci
    assert "full" in change.reason
    assert ChangeRequest.objects.count() == 1
    assert change.number in client.get(url).content.decode()


def test_board_costs_the_same_for_one_and_for_many_runs(client, engineer, django_assert_max_num_queries):
    make_answer()
    with django_assert_max_num_queries(16):
        client.get(reverse("inspections:list"))
    for _each in range(5):
        make_answer()
    make_plan()
    with django_assert_max_num_queries(16):
        client.get(reverse("inspections:list"))


def test_record_costs_the_same_for_one_and_for_many_targets(client, engineer, django_assert_max_num_queries):
    items = [{"key": f"k{n}", "kind": "number"} for n in range(9)]
    few, many = page_of(make_run()), page_of(make_run(items=items, cis=[make_item() for _each in range(5)]))
    for url in (few, many):
        with django_assert_max_num_queries(16):
            client.get(url, {"read": "1"})


def test_the_page_of_a_ci_shows_its_findings_and_last_values(client, engineer):
    finding = make_finding()
    page = client.get(reverse("cmdb:item", args=[finding.ci_id])).content.decode()
    assert finding.number in page
    assert "96" in page


def test_the_shell_is_the_same_for_everybody_and_holds_nobodys_data(client, engineer, run):
    mine = client.get(reverse("inspections:phone")).content.decode()
    theirs = Client(headers={"accept-language": "zh-CN"}).get(reverse("inspections:phone")).content.decode()
    assert mine == theirs
    assert engineer.username not in mine
    assert run.number not in mine
    assert "csrf" not in mine
    assert not re.search(
        r"<script(?![^>]*(src|application/json))|<style|\sstyle=|\son\w+=", mine
    )  # the policy holds


def test_the_worker_keeps_every_file_of_the_shell(client):
    folder = Path(project.BASE_DIR) / "static/inspections/phone"
    assert {name for name in shell.FILES if "/phone/" in name} == {
        f"inspections/phone/{file.name}" for file in folder.iterdir()
    }
    answer = client.get(reverse("worker"))
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"].startswith("max-age=0")
    worker = answer.content.decode()
    files = json.loads(re.search(r"FILES = (\[.*?\]);", worker)[1])
    assert files == shell.urls()
    page = client.get(reverse("inspections:phone")).content.decode()
    asked = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    assert asked <= set(files)
    imported = {
        (folder / name).resolve().relative_to(folder.parents[1]).as_posix()
        for file in folder.glob("*.js")
        for name in re.findall(r'from "(\.[^"]+)"', file.read_text())
    }
    assert imported <= set(shell.FILES)
    assert shell.version() in worker
    assert (
        "import "
        not in client.get(reverse("worker"), {"classic": ""}).content.decode().split("const CACHE")[0]
    )


def test_the_version_changes_with_any_file_and_any_word(monkeypatch):
    first = shell.version()
    assert shell.version() == first
    monkeypatch.setitem(shell.WORDS, "list", "Other words")
    assert shell.version() != first
    monkeypatch.undo()
    monkeypatch.setattr(shell, "FILES", shell.FILES[1:])
    assert shell.version() != first


def test_the_page_asks_for_no_word_that_is_missing():
    folder = Path(project.BASE_DIR) / "static/inspections/phone"
    text = "".join(file.read_text() for file in folder.glob("*.js"))
    page = (Path(project.BASE_DIR) / "templates/inspections/phone.html").read_text()
    asked = set(re.findall(r'\bt\("(\w+)"', text)) | set(re.findall(r'data-(?:word|label)="(\w+)"', page))
    assert asked <= set(shell.WORDS)
    assert {f"gap_{gap}" for gap in ("unanswered", "comment", "photo")} <= set(shell.WORDS)


def test_the_manifest_says_how_the_page_is_installed(client):
    manifest = client.get(reverse("inspections:manifest"))
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json()["start_url"] == manifest.json()["scope"] == reverse("inspections:phone")
    assert {icon["sizes"] for icon in manifest.json()["icons"]} == {"192x192", "512x512"}
