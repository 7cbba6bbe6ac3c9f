"""The bell, the list of notices and the choice of mail in Chromium, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from accounts.actions import notify
from changes import notices
from tests.factories import make_change

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}])
def test_a_notice_is_heard_opened_and_gone_from_the_bell(person, look):
    page = person("anna", "engineer", "board_member", **look)
    change = make_change(title="Replace the core switch")
    path = f"/changes/{change.number}/"
    for number in range(2):
        notify(
            [page.user],
            notices.VOTE,
            subject="Your vote is asked for: %(change)s",
            text="Until noon.",
            words={"change": change},
            path=path,
            key=f"seat:{number}",
        )
    page.goto("/")
    bell = page.locator("a.bell")
    expect(bell).to_contain_text("2")
    bell.click()
    expect(page.locator(".notice.is-unread")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.get_by_role("button", name="Your vote is asked for").first.click()
    page.wait_for_url(f"**{path}")
    expect(page.locator("a.bell")).to_contain_text("1")
    page.goto("/accounts/notices/")
    page.get_by_role("button", name="Mark as read").first.click()
    expect(page.get_by_text("You have read everything.")).to_be_visible()
    expect(page.locator(".bell-count")).to_have_count(0)
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".notice")).to_have_count(2)
    assert page.errors == []


@pytest.mark.parametrize("look", [{}, {"viewport": {"width": 390, "height": 844}}])
def test_the_choice_of_mail_is_kept(person, look):
    page = person("anna", "engineer", **look)
    page.goto("/accounts/notices/settings/")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.locator("input[name='changes.moved'][value='off']").check()
    expect(page.locator("input[name='changes.vote'][value='off']")).to_have_count(0)
    page.get_by_label("The daily mail comes at").select_option("17")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your choice is kept")).to_be_visible()
    expect(page.locator("input[name='changes.moved'][value='off']")).to_be_checked()
    expect(page.get_by_label("The daily mail comes at")).to_have_value("17")
    expect(page.get_by_role("button", name="Send me a test mail")).to_be_disabled()
    assert page.errors == []
