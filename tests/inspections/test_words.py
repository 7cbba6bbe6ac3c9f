"""What a reader meets on pages: labels instead of keys, people instead of programs, a reason said once."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from accounts.querysets import holders_of, without_programs
from accounts.roles import Right
from inspections.actions import import_checklist, publish_version
from inspections.forms import FiguresForm
from inspections.forms.conditions import ConditionForm
from inspections.forms.reports import ReportScheduleForm
from inspections.forms.templates import ItemForm, verified_fields
from inspections.interchange import as_workbook, as_yaml, read
from inspections.models import ChecklistTemplate
from tests.factories import (
    make_attribute,
    make_checklist_item,
    make_finding,
    make_grant,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    user = make_user("reviewer")
    client.force_login(user)
    return user


def test_a_program_is_no_recipient_and_nobody_whose_punctuality_is_counted():
    program, person = make_user("integration"), make_user("engineer")
    both = make_user("integration")
    make_grant(user=both, role="auditor")
    assert set(holders_of(Right.VIEW)) >= {program, person, both}
    assert set(without_programs(holders_of(Right.VIEW))) == {person, both}
    recipients = ReportScheduleForm().fields["recipients"]
    assert (program in recipients.queryset, person in recipients.queryset) == (False, True)
    assert not ReportScheduleForm({"recipients": [program.pk]}).is_valid()
    people = FiguresForm({}).fields["assignee"].queryset
    assert (program in people, person in people, both in people) == (False, True, True)


def test_attributes_are_chosen_by_what_people_call_them():
    make_attribute(key="zz_cores", label="Cores", label_zh="核数")
    make_attribute(key="zz_cores", label="Other words")
    assert ("zz_cores", "Cores (zz_cores)") in ConditionForm().fields["attribute"].choices
    with translation.override("zh-hans"):
        assert ("attributes.zz_cores", "核数 (zz_cores)") in verified_fields()
    item = make_checklist_item(kind="text", attribute="attributes.gone")
    offered = ItemForm(instance=item).fields["attribute"].widget.choices
    assert {"", "serial", "attributes.zz_cores", "attributes.gone"} <= {value for value, _label in offered}


def test_a_line_of_a_check_list_names_the_field_it_verifies(client, chief):
    make_attribute(key="zz_cores", label="Cores")
    item = make_checklist_item(kind="number", attribute="attributes.zz_cores")
    page = client.get(reverse("inspections:checklist", args=[item.version.template.key])).content.decode()
    assert "verifies Cores (zz_cores)" in page


@pytest.mark.parametrize("write", [as_yaml, as_workbook])
def test_a_description_goes_out_and_comes_back_in_both_languages(write, client, chief):
    template = make_checklist_item().version.template
    ChecklistTemplate.objects.filter(pk=template.pk).update(description="Daily.", description_zh="每日。")
    template.refresh_from_db()
    content = write(template, list(template.versions.get().items.all()))
    assert import_checklist(read(content), by=chief).is_unchanged
    ChecklistTemplate.objects.filter(pk=template.pk).update(description_zh="旧")
    done = import_checklist(read(content), by=chief)
    assert [(each.before, each.after) for each in done.head] == [("旧", "每日。")]
    address = reverse("inspections:checklist", args=[template.key])
    assert "Daily." in client.get(address).content.decode()
    assert "每日。" in client.get(address, headers={"Accept-Language": "zh-hans"}).content.decode()


def test_a_description_is_no_part_of_what_was_published(chief):
    version = publish_version(make_checklist_item().version, by=chief)
    ChecklistTemplate.objects.filter(pk=version.template_id).update(description_zh="每日。")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(sha256(convert_to(inspections_version_record_v1(%s), 'UTF8')), 'hex')",
            [version.pk],
        )
        assert cursor.fetchone() == (version.sha256,)


def test_the_description_is_edited_in_both_languages(client, chief):
    template = make_version().template
    sent = {"label": "Rooms", "description": "Daily.", "description_zh": "每日。"}
    assert client.post(reverse("inspections:checklist-edit", args=[template.key]), sent).status_code == 302
    template.refresh_from_db()
    assert (template.description, template.description_zh) == ("Daily.", "每日。")


def test_one_reason_against_several_deeds_is_said_once(client):
    client.force_login(make_user("requester"))
    page = client.get(reverse("inspections:finding", args=[make_finding().number])).content.decode()
    assert page.count("You need the right to log inspections.") <= 2  # once a group of buttons
    assert page.count("You need the right to sign inspections off.") <= 2
    assert "Take it on · Start the fix · Mark as fixed" in page
    assert page.count('id="why-steps"') == page.count('id="why-deeds"') == 1
