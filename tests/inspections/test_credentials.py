"""Credentials of the environment go to the address that somebody who knows them named, and nowhere else."""

import pytest
from django.urls import reverse

from audit.models import SecurityEvent
from inspections.models import ReadingSource
from tests.factories import make_reading_source, make_user

pytestmark = pytest.mark.django_db
VARIABLE, SECRET = "OPSLEDGER_READINGS_TEST", "Bearer geheim"
OURS, THEIRS = "https://prometheus.example.org", "https://collector.example.net"


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv(VARIABLE, SECRET)


@pytest.fixture
def source():
    return make_reading_source("prometheus", url=OURS, credentials_variable=VARIABLE)


def over_the_api(client, source, **fields):
    url = reverse("reading-source-detail", args=[source.pk])
    return client.patch(url, fields, content_type="application/json").status_code == 200


def on_the_page(client, source, **fields):
    names = ("key", "label", "label_zh", "kind", "account", "url", "credentials_variable", "is_enabled")
    shown = {name: getattr(source, name) for name in names} | {"account": source.account_id}
    url = reverse("admin:inspections_readingsource_change", args=[source.pk])
    return client.post(url, shown | {"item_labels": '["host"]'} | fields).status_code == 302


WAYS = pytest.mark.parametrize("edit", [over_the_api, on_the_page])


@pytest.fixture
def manager(client):
    client.force_login(make_user("reviewer"))
    return client


@WAYS
@pytest.mark.parametrize(
    "fields",
    [
        {"url": THEIRS}, {"url": THEIRS, "credentials": ""}, {"url": THEIRS, "credentials": "Bearer guess"},
        {"url": OURS.replace("https", "http")}, {"url": f"{OURS}:9090"}, {"url": f"{OURS}/other"},
        {"credentials_variable": "OPSLEDGER_READINGS_UNSET", "credentials": ""},
    ],
)  # fmt: skip
def test_nobody_has_them_sent_elsewhere_without_knowing_them(manager, source, edit, fields):
    assert not edit(manager, source, **fields)
    kept = ReadingSource.objects.get()
    assert (kept.url, kept.credentials_variable) == (OURS, VARIABLE)


@WAYS
def test_the_refusal_stands_in_the_record_without_the_guess(manager, source, edit):
    edit(manager, source, url=THEIRS, credentials="Bearer guess")
    noted = SecurityEvent.objects.filter(kind="refusal", target__contains=source.key).get()
    assert THEIRS in noted.target
    assert "guess" not in str(vars(noted))
    assert SECRET not in str(vars(noted))


@WAYS
def test_no_way_round_leads_over_a_source_without_credentials(manager, source, edit):
    assert edit(manager, source, credentials_variable="", url=THEIRS)
    source.refresh_from_db()
    assert not edit(manager, source, credentials_variable=VARIABLE)
    assert ReadingSource.objects.get().credentials_variable == ""


@WAYS
def test_who_knows_them_moves_them_and_they_are_not_kept(manager, source, edit):
    assert edit(manager, source, url=THEIRS, credentials=f" {SECRET}\n")
    kept = ReadingSource.objects.get()
    assert kept.url == THEIRS
    told = [str(vars(row)) for row in [kept, *kept.history.all(), *SecurityEvent.objects.all()]]
    assert not any("geheim" in each for each in told)


@WAYS
def test_other_fields_are_edited_without_them(manager, source, edit):
    assert edit(manager, source, label="Another name")
    assert ReadingSource.objects.get().label == "Another name"


def test_a_new_source_asks_for_them_too(manager):
    account = make_user("integration")
    fields = {"key": "mine", "label": "Mine", "kind": "prometheus", "url": THEIRS, "account": account.pk}
    fields |= {"credentials_variable": VARIABLE}
    assert manager.post(reverse("reading-source-list"), fields).status_code == 400
    assert manager.post(reverse("reading-source-list"), fields | {"credentials": SECRET}).status_code == 201


def test_they_are_in_no_answer(manager, source):
    for url in (
        reverse("reading-source-detail", args=[source.pk]),
        reverse("reading-source-history", args=[source.pk]),
        reverse("admin:inspections_readingsource_change", args=[source.pk]), reverse("inspections:sources"),
    ):  # fmt: skip
        page = manager.get(url).content.decode()
        assert "geheim" not in page
        assert '"credentials":' not in page
