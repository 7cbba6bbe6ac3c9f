"""Check lists and plans in the administration: dialogs that act by POST only, versions compared."""

import pytest

from inspections.models import InspectionPlan, TemplateVersion
from tests.factories import make_checklist_item, make_plan, make_user, make_version

pytestmark = pytest.mark.django_db
SUBMITTED = {"_form_submitted": "on"}


@pytest.fixture
def reviewer(client):
    client.force_login(make_user("reviewer"))
    return client


def version_url(version, deed="change"):
    return f"/admin/inspections/templateversion/{version.pk}/{deed}/"


def test_a_draft_is_published_by_post_only(reviewer):
    version = make_version()
    empty = reviewer.post(version_url(version, "publish"), SUBMITTED)
    assert "without items" in empty.content.decode()
    make_checklist_item(version=version)
    assert reviewer.get(version_url(version, "publish")).status_code == 200
    assert TemplateVersion.objects.get().state == "draft"
    answer = reviewer.post(version_url(version, "publish"), SUBMITTED | {"changelog": "first"})
    assert answer.headers["HX-Redirect"] == version_url(version)
    version.refresh_from_db()
    assert (version.state, version.changelog, len(version.sha256)) == ("published", "first", 64)
    assert reviewer.post(version_url(version, "publish"), SUBMITTED).status_code == 403


def test_a_new_version_is_drafted_and_leads_to_its_own_page(reviewer):
    plan = make_plan()
    reviewer.post(f"/admin/inspections/checklisttemplate/{plan.template_id}/draft/", SUBMITTED)
    draft = TemplateVersion.objects.get(state="draft")
    page = reviewer.get(version_url(draft)).content.decode()
    assert f"/inspections/lists/{plan.template.key}/v{draft.number}/" in page


def test_a_published_version_shows_no_fields_to_edit(reviewer):
    version = make_plan().template.versions.get()
    page = reviewer.get(version_url(version)).content.decode()
    assert 'name="changelog"' not in page
    assert 'name="items-0-label"' not in page


def test_a_plan_is_disabled_for_a_reason_and_enabled_again(reviewer):
    plan = make_plan()
    url = f"/admin/inspections/inspectionplan/{plan.pk}/"
    reviewer.post(f"{url}disable/", SUBMITTED | {"reason": " "})
    assert InspectionPlan.objects.get().is_enabled
    reviewer.post(f"{url}disable/", SUBMITTED | {"reason": "moved house"})
    plan.refresh_from_db()
    assert (plan.is_enabled, plan.disabled_reason) == (False, "moved house")
    assert reviewer.post(f"{url}disable/", SUBMITTED | {"reason": "again"}).status_code == 403
    reviewer.post(f"{url}enable/", SUBMITTED)
    assert InspectionPlan.objects.get().is_enabled


def test_a_plan_is_edited_with_messages_at_its_fields(reviewer):
    plan = make_plan()
    url = f"/admin/inspections/inspectionplan/{plan.pk}/change/"
    form = {
        "key": plan.key, "label": plan.label, "label_zh": "", "template": plan.template_id,
        "scope": '{"colour": 1}', "group_by": "ci", "rrule": "FREQ=SECONDLY", "time_zone": "Asia/Shanghai",
        "starts_on": "2026-01-01", "shift_start": "08:00", "opens_minutes": "-60", "due_minutes": "60",
        "expires_minutes": "480", "assignee": "", "team": "", "signoff": "reviewer", "off_day": "run",
        "assign": "fixed", "must_complete": "one", "client": "", "owner": "", "calendar": "", "shift": "",
        "members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert "colour" in reviewer.post(url, form).content.decode()
    form["scope"] = '{"type": "host"}'
    assert "at most hourly" in reviewer.post(url, form).content.decode()
    assert reviewer.post(url, form | {"rrule": "FREQ=WEEKLY;BYDAY=MO"}).status_code == 302
    plan.refresh_from_db()
    assert plan.rrule == "FREQ=WEEKLY;BYDAY=MO"


@pytest.mark.parametrize("role", ["engineer", "auditor", "requester"])
def test_others_only_look(client, role):
    client.force_login(make_user(role))
    plan = make_plan()
    assert client.get(f"/admin/inspections/inspectionplan/{plan.pk}/change/").status_code == 200
    assert client.post(f"/admin/inspections/inspectionplan/{plan.pk}/disable/", SUBMITTED).status_code == 403
    version = plan.template.versions.get()
    assert client.post(version_url(version, "publish"), SUBMITTED).status_code == 403
