"""People in real browsers: one context each, logged in through the form."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import RoleGrant, User
from changes.models import Board, BoardSeat

PASSWORD = "Correct-horse-9"


@pytest.fixture
def person(live_server, browser):
    """`person("anna", "engineer")` is a page of anna's own browser, logged in."""
    contexts = []

    def log_in(name, *roles, language="en-US", **context):
        user, created = User.objects.get_or_create(username=name)
        if created:
            user.set_password(PASSWORD)
            user.save()
            RoleGrant.objects.bulk_create(RoleGrant(user=user, role=role) for role in roles)
        opened = browser.new_context(base_url=live_server.url, locale=language, **context)
        opened.set_default_timeout(15_000)
        contexts.append(opened)
        page = opened.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda line: page.errors.append(line.text) if line.type == "error" else None)
        page.goto("/accounts/login/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("form:has(input[name=password]) button[type=submit]")
        page.wait_for_url("**/")
        page.user = user
        return page

    yield log_in
    for context in contexts:
        context.close()


@pytest.fixture
def seat():
    """`seat("cab", page)` puts the page's person on a board."""

    def take(board, page, **fields):
        return BoardSeat.objects.create(board=Board.objects.get(key=board), user=page.user, **fields)

    return take


@pytest.fixture
def imported(transactional_db, tmp_path):
    """Items that came out of a file, as a configuration manager brings them in."""
    ledger, mapping = tmp_path / "台账.csv", tmp_path / "map.yaml"
    ledger.write_text("资产,序列号\nhost:his-db-01,SN-OLD-1\nhost:his-db-02,SN-OLD-2\n", encoding="gbk")
    mapping.write_text("encoding: gbk\nitems: {address: 资产, fields: {serial: 序列号}}\n", encoding="utf-8")
    call_command("import_items", str(ledger), map=str(mapping), summary=True)
    return timezone.now()
