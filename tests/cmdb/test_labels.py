"""QR labels: one token per item for good, a sheet to print."""

import re

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cmdb.labels import code_of
from cmdb.models import ItemLabel
from tests.factories import make_item, make_label, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client):
    user = make_user("configuration_manager")
    client.force_login(user)
    return user


def test_a_code_holds_the_text_it_was_made_of():
    code = code_of("https://ops.example.org/q/ABCDEFGHJKLMNPQR/")
    assert code.size == 33 + 8  # version 4, and the quiet edge that cameras need
    dark = sum(int(width) for width in re.findall(r"h(\d+)v1", code.path))
    assert 0.4 < dark / 33**2 < 0.6
    assert code_of("https://ops.example.org/q/ABCDEFGHJKLMNPQR/") == code
    assert code_of("https://ops.example.org/q/ABCDEFGHJKLMNPQS/") != code


def test_labels_are_made_when_wanted_and_stay_the_same(client, keeper, settings):
    settings.BASE_URL = "https://ops.example.org"
    one, two = make_item(name="db-01"), make_item(name="db-02")
    url = reverse("cmdb:labels") + "?q=db-0"
    assert "<svg" not in client.get(url).content.decode()
    sheet = client.post(url, follow=True).content.decode()
    tokens = {label.item_id: label.token for label in ItemLabel.objects.all()}
    assert set(tokens) == {one.pk, two.pk}
    assert all(f"https://ops.example.org/q/{token}/" in sheet for token in tokens.values())
    client.post(url)
    assert {label.item_id: label.token for label in ItemLabel.objects.all()} == tokens


def test_one_item_has_a_sheet_of_its_own(client, keeper):
    label = make_label()
    make_label()
    sheet = client.get(reverse("cmdb:labels"), {"item": label.item_id}).content.decode()
    assert sheet.count("<path d=") == 1
    assert label.token in sheet


@pytest.mark.parametrize(("role", "status"), [("", 403), ("auditor", 403), ("requester", 403)])
def test_who_keeps_nothing_makes_no_labels(client, role, status):
    make_item()
    client.force_login(make_user(role))
    assert client.post(reverse("cmdb:labels")).status_code == status
    assert not ItemLabel.objects.exists()


def test_an_empty_sheet_says_so(client, keeper):
    assert "No configuration item" in client.get(reverse("cmdb:labels"), {"q": "nothing"}).content.decode()


def test_the_sheet_costs_the_same_for_one_and_for_many(client, keeper):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("cmdb:labels"))
        return len(captured)

    make_label()
    cost()
    one = cost()
    for _each in range(6):
        make_label()
    assert cost() == one


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE cmdb_itemlabel SET token = 'X'",
        "UPDATE cmdb_itemlabel SET item_id = item_id + 1",
        "DELETE FROM cmdb_itemlabel",
        "TRUNCATE cmdb_itemlabel",
    ],
)
def test_a_printed_label_leads_to_its_item_for_good(app_sql, attack):
    make_label()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql.execute(attack)
