"""Four broken versions of the product that must not survive the offline journey."""

import uuid
from dataclasses import replace
from importlib import import_module

import pytest
from playwright.sync_api import Error as PlaywrightError

from inspections.api import sync as sync_api
from tests.browser.offline import ITEMS, MANY, a_lost_answer, a_round_without_signal, two_tabs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def no_lock(newer, monkeypatch):
    newer(
        "inspections/phone/lock.js",
        ("if (navigator.locks) return", "return work();\n  if (navigator.locks) return"),
    )


def no_cache(newer, monkeypatch):
    """A worker that keeps nothing."""
    phone_views = import_module("inspections.views.phone")  # the package gives the view of the same name
    drawn = phone_views.render

    def broken(*args, **kwargs):
        response = drawn(*args, **kwargs)
        response.content = response.content.replace(b"await cache.addAll(", b"void (")
        return response

    monkeypatch.setattr(phone_views, "render", broken)


def deleted_before_answered(newer, monkeypatch):
    """An outbox that forgets an entry when it leaves."""
    newer(
        "inspections/phone/outbox.js",
        (
            '  return change(store, op, { status: "saved", error',
            '  return store.remove("ops", op.seq, { error',
        ),
    )


def key_ignored(newer, monkeypatch):
    """A server for which every request is a new one."""
    real = sync_api.operation_in
    monkeypatch.setattr(sync_api, "operation_in", lambda request: replace(real(request), key=uuid.uuid4()))


@pytest.mark.parametrize(
    ("mutant", "part", "items", "why"),
    [
        (no_lock, two_tabs, MANY, r"\d\d == 20"),  # more requests than entries; the key alone saved the rows
        (no_cache, a_round_without_signal, ITEMS, "net::ERR_"),
        (deleted_before_answered, a_lost_answer, ITEMS, "did not come to pass"),
        (key_ignored, a_lost_answer, ITEMS, "expected to have count"),
    ],
)
def test_a_mutant_does_not_survive(mutant, part, items, why, phone, proxy, ready, newer, monkeypatch):
    mutant(newer, monkeypatch)
    run = ready(items)
    phone.patience = 5000
    with pytest.raises((AssertionError, PlaywrightError), match=why):
        part(phone, proxy, run)
