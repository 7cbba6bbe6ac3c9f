"""Past changes imported in the browser, shown as ended records, and their lead time."""

import json
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from changes.actions import begin_import, check_import, import_changes, run_import, take_step
from changes.actions import imports as importing
from changes.imports.mapping import parse_change_mapping
from changes.lead import breaches, counted
from changes.models import ChangeImport, ChangeRequest
from tests.changes.test_imports import DATA, HEADER, MAP, real_data, registry, row
from tests.factories import make_change, make_item, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer(client):
    make_item(name="db01")
    client.force_login(make_user("change_manager"))
    return client


def upload(client, *rows, **more):
    text = "\n".join((HEADER, *rows))
    sent = {"file": SimpleUploadedFile("old.csv", text.encode()), "map": "", "encoding": ""} | more
    return client.post(reverse("changes:import"), sent)


ANSWERS = {
    "source": "Old ledger", "key": "nr", "title": "what", "start": "from", "end": "to", "created": "made",
    "items": "hosts", "type": "host", "split": ";", "unknown": "refuse", "dates": "%d/%m/%Y %H:%M",
    "zone": "Asia/Shanghai",
}  # fmt: skip


def test_a_file_is_uploaded_explained_checked_and_recorded(importer):
    page = upload(importer, row("A1"), row("A2", hosts="nobody")).url
    asked = importer.get(page)
    assert list(asked.context["form"].fields["key"].choices)[1] == ("nr", "nr")
    assert importer.post(f"{page}?columns", ANSWERS | {"zone": "Mars"}).status_code == 400
    assert importer.post(f"{page}?columns", ANSWERS).status_code == 302
    checked = importer.get(page)
    assert (checked.context["report"].counts["error"], checked.context["may_apply"]) == (1, False)
    assert not ChangeRequest.objects.exists()
    importer.post(page)
    assert not ChangeRequest.objects.exists()
    assert importer.get(f"{page}?skip_errors").context["may_apply"]
    importer.post(page, {"skip_errors": "1"})
    batch = ChangeImport.objects.get()
    assert (batch.state, batch.written, batch.skips_errors) == ("done", 1, True)
    assert b"1 changes were recorded" in importer.get(page).content
    importer.post(page, {"skip_errors": "1"})
    assert ChangeRequest.objects.count() == 1
    assert importer.get(reverse("changes:import")).context["page"].object_list[0] == batch


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04zip", "é".encode("latin-1") + b",b\n1,2\n"])
def test_a_file_that_is_none_is_refused_in_words(importer, content):
    sent = {"file": SimpleUploadedFile("x.csv", content), "map": "osg_changes"}
    answer = importer.post(reverse("changes:import"), sent, follow=True)
    assert answer.status_code == 400
    assert not ChangeRequest.objects.exists()


def test_who_may_not_import_sees_nothing_of_it(client):
    client.force_login(make_user("engineer"))
    assert client.get(reverse("changes:import")).status_code == 403
    batch = ChangeImport.objects.create(name="x", sha256="0" * 64)
    assert client.get(reverse("changes:import-batch", args=[batch.pk])).status_code == 403
    assert client.post(reverse("changes:import-batch", args=[batch.pk])).status_code == 403


def test_many_rows_are_written_by_a_job_that_goes_on_where_it_was_cut_short(importer, monkeypatch):
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    monkeypatch.setattr(importing, "BATCH", 2)
    page = upload(importer, *(row(f"A{number}") for number in range(5))).url
    importer.post(f"{page}?columns", ANSWERS)
    importer.post(page)
    batch = ChangeImport.objects.get()
    assert batch.state == "queued"
    assert b"<progress" in importer.get(page).content
    # A worker that died after the first part leaves two changes and a running import.
    mapping = parse_change_mapping(batch.mapping_text)
    part = "\n".join((HEADER, row("A0"), row("A1"))).encode()
    import_changes(BytesIO(part), mapping, by=None, name="x")
    run_import(batch)
    assert (batch.state, batch.written, ChangeRequest.objects.count()) == ("done", 5, 5)


def test_a_kept_file_is_checked_as_often_as_asked(importer):
    by = make_user("change_manager")
    content = "\n".join((HEADER, row())).encode()
    batch = begin_import(SimpleUploadedFile("o.csv", content), by=by)
    batch.mapping_text = MAP
    for _again in range(2):
        assert check_import(batch, by=by).counts["create"] == 1
    assert not ChangeRequest.objects.exists()


def test_the_page_of_an_imported_change_shows_what_is_known_and_no_empty_cards(importer):
    text = "\n".join((HEADER, row("A1", to="01/02/2020 08:00", made="02/02/2020 08:00"))).encode()
    import_changes(BytesIO(text), parse_change_mapping(MAP), by=None, name="old.csv")
    change = ChangeRequest.objects.get()
    said = importer.get(reverse("changes:change", args=[change.number])).content.decode()
    for words in (
        "Old ledger",
        "A1",
        "db01",
        "North",
        "The window is empty",
        "created after its start",
        "Outage",
    ):
        assert words in said
    assert "Criteria" not in said
    ended = importer.get(reverse("changes:queue"), {"tab": "decided"})
    assert [each.number for each in ended.context["rows"]] == [change.number]


# Lead time


def test_lead_time_is_counted_from_the_first_submission_to_the_start(importer, cast):
    now = timezone.now()
    late = make_change(window=(now + timedelta(hours=47), now + timedelta(hours=49)))
    early = make_change(window=(now + timedelta(hours=49), now + timedelta(hours=50)))
    make_change(window=(now + timedelta(hours=1), now + timedelta(hours=2)))
    for change in (late, early):
        take_step(change, "submit", by=change.requester)
    assert [change.pk for change in breaches(ChangeRequest.objects.all())] == [late.pk]
    assert counted(ChangeRequest.objects.all()) == {"late": 1, "in_time": 1, "unknown": 1}
    page = importer.get(reverse("changes:lead-times"))
    assert [change.pk for change in page.context["page"].object_list] == [late.pk]
    for wanted, count in (
        ({"q": late.number}, 1), ({"q": "nothing"}, 0), ({"imported": "yes"}, 0), ({"team": "nobody"}, 0),
        ({"since": "2999-01-01"}, 0), ({"until": "rubbish"}, 1),
    ):  # fmt: skip
        found = importer.get(reverse("changes:lead-times"), wanted)
        assert len(found.context["page"].object_list) == count, wanted


@pytest.mark.parametrize("_real", [pytest.param(None, marks=real_data)])
def test_lead_times_of_the_grid_equal_the_truth(_real):
    truth = json.loads((DATA / "truth" / "osg_changes.json").read_text())
    registry()
    path = str(DATA / "osg/osg_changes.csv")
    call_command("import_changes", path, "--map", "osg_changes", "--summary", stdout=StringIO())
    found = counted(ChangeRequest.objects.all())
    assert found["late"] == truth["SCHEDULED_lead_under_48h"]
    assert found["in_time"] == truth["SCHEDULED_lead_48h_or_more"]
    assert ChangeRequest.objects.filter(import_created_at=None).count() == truth["no_created"]
