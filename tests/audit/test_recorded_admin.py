"""The history page of the admin: who, when, what, why, from where; and no way to write through it."""

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Team
from audit.context import because
from audit.recorded.admin import RecordedAdmin
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    client.force_login(make_user(is_superuser=True))
    return client


def history_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_history", args=[row.pk])


def test_it_tells_who_what_and_why(chief, monkeypatch):
    user, team = make_user(username="li.wei"), make_team(label="Storage")
    with because("renamed after the merger", change_ref=7, user=user):
        Team.objects.filter(pk=team.pk).update(label="Data")
    monkeypatch.setattr(
        RecordedAdmin, "change_links", staticmethod(lambda refs: {7: ("CHG-000007", "/changes/CHG-000007/")})
    )
    page = chief.get(history_of(team)).content.decode()
    for words in (
        "li.wei",
        "renamed after the merger",
        "Storage",
        "Data",
        'href="/changes/CHG-000007/"',
        "Changed",
    ):
        assert words in page


def test_a_page_of_many_versions_is_no_dearer(chief, django_assert_max_num_queries):
    team = make_team()
    for number in range(60):
        Team.objects.filter(pk=team.pk).update(label=f"v{number}")
    chief.get(history_of(team))
    with django_assert_max_num_queries(10):
        page = chief.get(history_of(team)).content.decode()
    assert "v58" in page
    assert "v10" not in page


def test_an_old_version_can_be_seen_and_not_saved(chief):
    team = make_team(label="A")
    Team.objects.filter(pk=team.pk).update(label="B")
    url = reverse("admin:accounts_team_simple_history", args=[team.pk, team.history.last().pk])
    assert b'value="A"' in chief.get(url).content
    assert chief.post(url, {"key": team.key, "label": "A"}).status_code == 403
    team.refresh_from_db()
    assert team.label == "B"


def test_a_deleted_row_keeps_its_page(chief):
    team = make_team(label="Gone")
    url = history_of(team)
    team.delete()
    page = chief.get(url)
    assert page.status_code == 200
    assert b"Deleted" in page.content


def test_an_edit_in_the_admin_is_signed(chief):
    team = make_team(label="A")
    url = reverse("admin:accounts_team_change", args=[team.pk])
    shown = chief.get(url).context
    form, inlines = (
        shown["adminform"].form,
        [inline.formset.prefix for inline in shown["inline_admin_formsets"]],
    )
    values = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    management = {f"{prefix}-{count}_FORMS": 0 for prefix in inlines for count in ("TOTAL", "INITIAL")}
    answer = chief.post(url, values | management | {"label": "B"})
    assert answer.status_code == 302, answer.context["errors"]
    row = team.history.first()
    assert row.label == "B"
    assert row.history_user.is_superuser


def test_security_events_can_be_read_and_nothing_else(chief):
    assert chief.get(reverse("admin:audit_securityevent_changelist")).status_code == 200
    assert chief.get(reverse("admin:audit_securityevent_add")).status_code == 403


def test_it_opens_in_chinese(chief):
    with translation.override("zh-hans"):
        assert chief.get(history_of(make_team()), headers={"accept-language": "zh-hans"}).status_code == 200
