"""People in real browsers: one context each, logged in through the form."""

from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.staticfiles.finders import get_finder
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import RoleGrant, User
from changes.models import Board, BoardSeat
from tests.browser.chaos import ChaosProxy
from tests.browser.device import PASSWORD, Phone
from tests.browser.offline import ITEMS
from tests.browser.offline import person as inspector
from tests.factories import make_item, make_run

expect.set_options(timeout=15_000)  # a busy machine is no fault


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


@pytest.fixture
def proxy(live_server):
    made = ChaosProxy((live_server.thread.host, live_server.thread.port))
    yield made
    made.close()


@pytest.fixture
def phone(browser_type_launch_args, playwright, proxy, tmp_path):
    options = browser_type_launch_args
    made = Phone(playwright, tmp_path / "profile", f"http://127.0.0.1:{proxy.port}", options)
    yield made
    made.switch_off()


@pytest.fixture
def ready(phone):
    """The phone of wang, logged in, its shell kept, with the number of a run of `items`."""

    def prepare(items=ITEMS):
        inspector("wang")
        run = make_run(items=items, cis=[make_item(name="db01")])
        page = phone.switch_on()
        phone.log_in("wang")
        phone.kept_by_worker()
        expect(page.locator(f"[data-run='{run.number}']")).to_be_visible()
        return run

    return prepare


@pytest.fixture
def newer(settings, tmp_path):
    """`newer(name, old, new)`: a static file as a later or a broken version would have it."""

    def replace(name, *pairs):
        text = (Path(project.BASE_DIR) / "static" / name).read_text()
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        target = tmp_path / "newer" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        settings.STATICFILES_DIRS = [tmp_path / "newer", *project.STATICFILES_DIRS]
        get_finder.cache_clear()

    yield replace
    get_finder.cache_clear()
