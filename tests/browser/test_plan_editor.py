"""A requester builds a whole plan in a browser; an edit after the vote is warned about."""

import pytest

from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem
from tests.changes import journey
from tests.factories import make_item, make_type

pytestmark = pytest.mark.browser


def test_a_plan_with_a_filter_three_stages_and_a_document(person, live_server, tmp_path):
    kind = make_type(key="probe_kind", label="Probe")
    for n in range(6):
        make_item(type=kind, name=f"probe-{n}", environment="test")
    page = person("anna", "requester")
    page.goto("/changes/new/")
    page.fill("[name=title]", "Probes to staging")
    page.fill("[name=downtime_minutes]", "0")
    page.click("form:has([name=title]) button[type=submit]")
    page.wait_for_url("**/edit/")
    for label, share in (("Pilot", "5"), ("Widen", "40"), ("Full", "100")):
        page.fill("[name=stages-label]", label)
        page.fill("[name=stages-share_percent]", share)
        page.click("#stages .plan-add button[type=submit]")
        page.wait_for_selector(f"#stages .plan-text:has-text('{label}')")
    page.click("text=Many items by filter")
    page.select_option("[name=type]", "probe_kind")
    page.select_option("[name=field]", "environment")
    page.fill("[name=after]", "staging")
    page.click("text=Show before → after")
    page.wait_for_selector("#preview")
    assert page.locator("#preview tbody tr").count() == 6
    page.click("text=Plan 6 operations")
    page.wait_for_url("**/edit/**")
    assert page.locator("#operations .folds > li").count() == 1
    assert "6 items" in page.inner_text("#operations")
    page.click("#operations details.fold-items summary")
    assert page.locator("#operations .chip").count() == 6
    file = tmp_path / "做法.txt"
    file.write_text("steps", encoding="utf-8")
    page.fill("[name=documents-label]", "Procedure")
    page.set_input_files("[name=documents-file]", str(file))
    page.click("#documents .plan-add button[type=submit]")
    page.wait_for_selector("#documents a:has-text('Procedure')")
    with page.expect_download() as download:
        page.click("#documents a:has-text('Procedure')")
    assert download.value.suggested_filename == "做法.txt"
    page.click("#operations button:has-text('Dry run')")
    page.wait_for_selector("text=all can be applied")
    change = ChangeRequest.objects.get(title="Probes to staging")
    assert (change.operations.count(), change.stages.count(), change.documents.count()) == (6, 3, 1)
    assert not ConfigurationItem.objects.filter(type=kind, environment="staging").exists()
    assert page.errors == []


def test_an_edit_after_the_vote_is_warned_about_and_asked_for(person, transactional_db):
    cast = journey.Cast()
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    page = person("mara", "change_manager")
    page.goto(f"/changes/{change.number}/edit/")
    assert "An edit of this plan makes void" in page.inner_text("#voids")
    page.fill("[name=rollback-label]", "One step more")
    page.click("#rollback .plan-add button[type=submit]")
    assert page.locator("#rollback [name=confirm_void]:invalid").count() >= 1, "the browser asks first"
    page.check("#rollback .plan-add [name=confirm_void]")
    page.click("#rollback .plan-add button[type=submit]")
    page.wait_for_selector("#rollback .plan-text:has-text('One step more')")
    assert not change.rounds.filter(closed_at=None).exists()
    assert page.errors == []
