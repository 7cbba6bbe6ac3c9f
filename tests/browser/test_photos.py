"""Photos of inspections on the pages for the desk."""

import pytest
from django.urls import reverse

from tests.factories import make_evidence, make_file, make_run, make_user
from tests.inspections.pictures import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_photo_of_the_record_is_shown_although_it_is_sent_as_a_download(person):
    run = make_run()
    photo = make_file(jpeg())
    make_evidence(target=run.targets.get(), taken_by=make_user("engineer"), file=photo, width=40, height=30)
    page = person("zhao", "reviewer")
    page.goto(f"{reverse('inspections:run', args=[run.number])}?read=1")
    image = page.locator(".photos img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.photos img').complete")
    assert image.evaluate("each => each.naturalWidth") == 40
    with page.expect_download():
        page.locator(".photos a").click()
    assert page.errors == []
