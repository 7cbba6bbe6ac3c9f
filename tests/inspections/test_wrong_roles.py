"""Nobody writes by a forged request what their roles do not allow: every address, every role."""

import uuid
from dataclasses import replace
from itertools import cycle

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.roles import ROLES
from config.api import router
from config.urls import inspection_pages
from inspections.models import Answer, Evidence
from tests.factories import make_evidence, make_run, make_user
from tests.inspections.forgeries import Forgery, endpoints, pages, world

pytestmark = pytest.mark.django_db
PAGES = {route.name for route in inspection_pages}
# Forged elsewhere, or they answer a POST as they answer a GET.
SHOWN = """
    list phone manifest report report-file reports report-period report-period-file report-schedules
    report-order report-issue report-issue-file report-check photo checklists checklist
    checklist-compare checklist-version checklist-export plans plan calendars corrections correction
    overrides override figures figures-export heat verify amendments trend trend-export sources
    readings alerts findings findings-export finding-file
"""
READ_ONLY = {f"inspections:{name}" for name in SHOWN.split()}
WRITTEN = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables
 WHERE relname ~ '^(inspections|cmdb|changes|assets|accounts|procrastinate)_' OR relname = 'audit_storedfile'
"""


def written():
    """How many rows this transaction has written so far, what was rolled back included."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])


def rights_of_role(role):
    return ROLES[role].rights if role else frozenset()


@pytest.mark.parametrize("third", range(3))
def test_who_lacks_the_right_writes_nothing(third):
    here, wrong = world(), []
    forgeries = [*pages(here), *endpoints(here)]
    for role in ["", *ROLES][third::3]:
        client = Client()
        client.force_login(make_user(role))
        for forgery in forgeries:
            if forgery.rights & rights_of_role(role):
                continue
            before = written()
            status = forgery.send(client).status_code
            if written() != before or status >= 500 or status == 201:
                wrong.append((role, str(forgery), status, written() - before))
    assert not wrong, "\n".join(map(str, wrong))


def test_who_has_the_right_does_write():
    """The bodies are such as the right person sends: otherwise the test above would prove nothing."""
    here, idle = world(), []
    people = {role: make_user(role) for role in ("engineer", "reviewer", "configuration_manager")}
    for forgery in [*pages(here), *endpoints(here)]:
        if not forgery.is_proved:
            continue
        able = [user for role, user in people.items() if rights_of_role(role) & forgery.rights]
        counts, statuses = [], []
        for user in able:
            client = Client()
            client.force_login(user)
            with transaction.atomic():
                before = written()
                statuses.append(forgery.send(client).status_code)
                counts.append(written() - before)
                transaction.set_rollback(True)
        if not any(counts):
            idle.append((str(forgery), statuses))
    assert not idle, "\n".join(map(str, idle))


def test_every_address_stands_in_the_table():
    """A new view that takes more than GET is forged too, or said here to change nothing."""
    here = world()
    forged = {forgery.name for forgery in [*pages(here), *endpoints(here)]}
    missing = {f"inspections:{name}" for name in PAGES} - forged - READ_ONLY
    for prefix, view, basename in router.registry:
        if view.__module__.startswith("inspections."):
            names = {
                f"{basename}-{deed.url_name}" for deed in view.get_extra_actions() if "post" in deed.mapping
            }
            entries = {"list": ("create", "post"), "detail": ("update", "patch")}
            names |= {
                f"{basename}-{name}"
                for name, (deed, method) in entries.items()
                if hasattr(view, deed) and method in view.http_method_names
            }
            missing |= names - forged - READ_ONLY
            assert not hasattr(view, "destroy"), prefix
    assert not missing


def test_no_page_of_others_sends_in_the_name_of_who_is_logged_in():
    here, wrong = world(), []
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user(is_superuser=True))
    for forgery in [*pages(here), *endpoints(here)]:
        before = written()
        status = forgery.send(browser).status_code
        if status != 403 or written() != before:
            wrong.append((str(forgery), status))
    assert not wrong


NONSENSE = ["9" * 40, "-1", "[]", "\u0661", "x" * 9000]


@pytest.mark.parametrize("garbage", [["\x00"], NONSENSE], ids=["nul", "others"])
def test_nonsense_is_refused_in_words_and_is_never_a_fault(garbage):
    here, wrong, turn = world(), [], cycle(garbage)
    client = Client(raise_request_exception=False)
    client.force_login(make_user(is_superuser=True))
    for forgery in [*pages(here), *endpoints(here)]:
        for name in forgery.body:
            with transaction.atomic():
                bad = replace(forgery, body=forgery.body | {name: next(turn)})
                if (status := bad.send(client).status_code) >= 500:
                    wrong.append((str(bad), name, status))
                transaction.set_rollback(True)
    assert not wrong, "\n".join(map(str, wrong))


def test_what_is_of_another_run_is_not_taken_in_the_name_of_this_one(client):
    here, other = world(), make_run(items=[{"key": "x", "kind": "photo"}])
    run, photo = here.open, make_evidence(target=other.targets.get())
    client.force_login(make_user("engineer"))
    own = {"target": run.targets.get().pk, "item": run.version.items.get().pk, "value": "20"}
    now, before = timezone.now().isoformat(), (Answer.objects.count(), Evidence.objects.kept().count())
    for kind, payload in (
        ("answer", own | {"target": photo.target_id}), ("answer", own | {"item": photo.item_id}),
        ("target", {"target": photo.target_id, "result": "unreachable", "reason": "x"}),
        ("withdraw", {"photo": str(photo.op)}),
    ):  # fmt: skip
        said = {"kind": kind, "run": run.number, "made_at": now, "device_at": now, "payload": payload}
        assert Forgery("inspection-sync", (), said, is_json=True).send(client).status_code == 422, kind
    for wrong in ({"target": photo.target_id}, {"item": photo.item_id}):
        entry = own | {"op": str(uuid.uuid4())} | wrong
        sent = Forgery("inspection-run-answers", (run.number,), {"answers": [entry]}, is_json=True).send(
            client
        )
        assert [each["code"] for each in sent.json()] == ["unknown"]
    assert (Answer.objects.count(), Evidence.objects.kept().count()) == before
    client.force_login(make_user("reviewer"))
    event = here.other.events.first()
    for name, args in (
        ("amend", (run.number, here.amended.pk)), ("finding-file", (here.finding.number, event.pk)),
        ("checklist-item", (here.plan.template.key, here.draft.number, photo.item_id)),
        ("checklist-item-deed", (here.plan.template.key, here.draft.number, photo.item_id, "remove")),
        ("checklist-item-deed", (here.plan.template.key, 1, here.second.pk, "remove")),
    ):  # fmt: skip
        before = written()
        assert Forgery(f"inspections:{name}", args, {"value": "1"}).send(client).status_code in (404, 405), (
            name
        )
        assert written() == before
