"""The administration of the CMDB: a widget per attribute, refusals at their field, lists that stay cheap."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from audit.context import because
from cmdb.models import CIAttribute, CIType, ConfigurationItem, Relation, RelationType
from tests.factories import (
    make_attribute,
    make_group,
    make_identity_rule,
    make_item,
    make_relation,
    make_relation_rule,
    make_team,
    make_type,
    make_user,
)

pytestmark = pytest.mark.django_db
ADMIN = "/admin/cmdb/"


@pytest.fixture
def browser():
    client = Client()
    client.force_login(make_user("configuration_manager", is_staff=True))
    return client


def page_of(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def posted(page):
    """What a browser would send back from the page's form."""
    form = page.context["adminform"].form
    fields = list(form)
    for inline in page.context["inline_admin_formsets"]:
        fields += list(inline.formset.management_form)
        for each in inline.formset:
            fields += list(each)
    sent = {}
    for bound in fields:
        value = bound.value()
        widget = bound.field.widget
        if value is None or value is False:
            continue
        if hasattr(widget, "widgets"):
            for suffix, part in zip(("_0", "_1"), widget.decompress(value), strict=True):
                sent[bound.html_name + suffix] = "" if part is None else str(part)
        else:
            sent[bound.html_name] = widget.format_value(value) if not hasattr(widget, "choices") else value
    return {
        name: value[0] if isinstance(value, list) else value
        for name, value in sent.items()
        if value is not None
    }


def errors_of(response):
    assert response.status_code == 200, "it was saved"
    return response.context["adminform"].form.errors


def saved(response):
    if response.status_code == 200:
        raise AssertionError([response.context["errors"], response.context["adminform"].form.errors])
    assert response.status_code == 302


def test_each_attribute_has_a_proper_widget_labelled_in_the_readers_language(browser):
    item = make_item("network_device", attributes={"role": "core", "port_count": 48})
    url = f"{ADMIN}configurationitem/{item.pk}/change/"
    html = page_of(browser.get(url))
    assert re.search(
        r'<select name="attribute__role"[^>]*>.*?<option value="core" selected>\s*Core switch', html, re.S
    )
    assert re.search(r'<input type="number" name="attribute__port_count" value="48"[^>]*min="0"', html)
    assert 'name="attributes"' not in html
    browser.cookies["django_language"] = "zh-hans"
    with translation.override("zh-hans"):
        html = page_of(browser.get(url))
    assert "核心交换机" in html
    assert "端口数" in html


def test_attributes_are_edited_and_faults_stand_at_their_field(browser):
    item = make_item("host", attributes={"cpu_cores": 4, "os": "Linux"})
    url = f"{ADMIN}configurationitem/{item.pk}/change/"
    sent = posted(browser.get(url))
    saved(
        browser.post(
            url, sent | {"attribute__cpu_cores": "8", "attribute__os": "", "attribute__memory_gib": "1.5"}
        )
    )
    item.refresh_from_db()
    assert item.attributes == {"cpu_cores": 8, "memory_gib": 1.5}
    assert item.history.count() == 2
    errors = errors_of(browser.post(url, sent | {"attribute__cpu_cores": "many"}))
    assert errors == {"attribute__cpu_cores": ["CPU cores must be a whole number."]}


def test_what_postgresql_alone_sees_stands_in_the_form_too(browser):
    make_item("host", serial="CN-1", name="first")
    site = make_item("site")
    room = make_item("room", location=site)
    url = f"{ADMIN}configurationitem/{site.pk}/change/"
    errors = errors_of(browser.post(url, posted(browser.get(url)) | {"location": room.pk}))
    assert list(errors) == ["location"]
    other = make_item("host")
    url = f"{ADMIN}configurationitem/{other.pk}/change/"
    errors = errors_of(browser.post(url, posted(browser.get(url)) | {"serial": "cn1"}))
    assert "host:first" in str(errors["__all__"])
    other.refresh_from_db()
    assert (other.serial, other.row_version) == ("", 1)


def test_a_new_item_shows_its_attributes_on_the_next_page(browser):
    host = CIType.objects.get(key="host")
    url = f"{ADMIN}configurationitem/add/"
    sent = posted(browser.get(url)) | {"type": host.pk, "name": "new"}
    answer = browser.post(url, sent)
    item = ConfigurationItem.objects.get(name="new")
    assert answer["Location"].startswith(f"{ADMIN}configurationitem/{item.pk}/change/")
    html = page_of(browser.get(f"{url}?type={host.pk}"))
    assert 'name="attribute__cpu_cores"' in html
    assert item.history.count() == 1


def test_a_required_attribute_is_asked_for_when_the_item_is_made(browser):
    kind = make_type()
    make_attribute(type=kind, key="need", label="Need", required=True)
    url = f"{ADMIN}configurationitem/add/"
    sent = posted(browser.get(url)) | {"type": kind.pk, "name": "new"}
    assert errors_of(browser.post(url, sent)) == {"attribute__need": ["Need is required."]}
    saved(browser.post(url, sent | {"attribute__need": "x"}))


def test_values_that_no_longer_fit_are_kept_until_somebody_changes_them(browser):
    kind = make_type()
    level = make_attribute(type=kind, key="level", kind="choice", choices=["a", "b"])
    gone = make_attribute(type=kind, key="gone")
    item = make_item(type=kind, attributes={"level": "a", "gone": "kept"})
    level.choices = ["b"]
    level.save()
    CIAttribute.objects.filter(pk=gone.pk).delete()
    assert list(ConfigurationItem.objects.unfit()) == [item]
    url = f"{ADMIN}configurationitem/{item.pk}/change/"
    page = browser.get(url)
    assert "gone = kept" in page_of(page)
    saved(browser.post(url, posted(page) | {"description": "edited"}))
    item.refresh_from_db()
    assert (item.description, item.attributes) == ("edited", {"level": "a", "gone": "kept"})


def test_a_value_of_another_kind_is_not_converted_behind_the_editors_back(browser):
    kind = make_type()
    number = make_attribute(type=kind, key="number")
    item = make_item(type=kind, attributes={"number": "007"})
    number.kind = "integer"
    number.save()
    url = f"{ADMIN}configurationitem/{item.pk}/change/"
    saved(browser.post(url, posted(browser.get(url)) | {"description": "edited"}))
    item.refresh_from_db()
    assert item.attributes == {"number": "007"}


def test_the_list_shows_labels_and_not_keys(browser):
    make_item(lifecycle_stage="in_stock", criticality=2)
    make_item(lifecycle_stage="planned", criticality=4)
    listed = page_of(browser.get(f"{ADMIN}configurationitem/"))
    assert "in stock" in listed
    assert re.search(r">\s*medium\s*<", listed)


def test_tightening_a_type_says_beforehand_what_becomes_invalid(browser):
    kind = make_type()
    make_attribute(type=kind, key="size", kind="integer", label="Size")
    items = [make_item(type=kind, name=f"i{n}", attributes={"size": n}) for n in range(3)]
    url = f"{ADMIN}citype/{kind.pk}/change/"
    sent = posted(browser.get(url)) | {"own_attributes-0-minimum": "2"}
    html = page_of(browser.post(url, sent))
    assert "2 items would become invalid: i0, i1." in html
    kind.refresh_from_db()
    assert "minimum" not in kind.compiled_schema["size"]
    saved(browser.post(url, sent | {"accept_unfit": "on"}))
    kind.refresh_from_db()
    assert kind.compiled_schema["size"]["minimum"] == 2
    listed = page_of(browser.get(f"{ADMIN}configurationitem/?type_key={kind.key}&unfit=1"))
    assert [item.name in listed for item in items] == [True, True, False]
    assert "unfit=1" in page_of(browser.get(url))


def test_another_mode_of_control_says_beforehand_what_it_means(browser):
    kind = CIType.objects.get(key="network_device")
    program = make_user("integration", username="netscan")
    with because(user=program):
        for _number in range(3):
            make_item(type=kind)
    make_item("host")
    url = f"{ADMIN}citype/{kind.pk}/change/"
    sent = posted(browser.get(url)) | {"control": "controlled"}
    told = " ".join(errors_of(browser.post(url, sent))["control"])
    assert "PostgreSQL refuses every write" in told
    assert "holds for 3 items" in told
    assert "netscan (3)" in told
    kind.refresh_from_db()
    assert kind.control != "controlled"
    saved(browser.post(url, sent | {"accept_control": "on"}))
    kind.refresh_from_db()
    assert kind.control == "controlled"
    saved(browser.post(url, posted(browser.get(url)) | {"icon": "router"}))  # asked once, not ever after


def test_an_attribute_is_added_and_its_faults_are_told(browser):
    kind = make_type()
    url = f"{ADMIN}citype/{kind.pk}/change/"
    sent = posted(browser.get(url)) | {"own_attributes-TOTAL_FORMS": "1", "own_attributes-0-type": kind.pk}
    row = {"key": "size", "label": "Size", "kind": "choice", "choices": "[]", "position": "0"}
    fields = {f"own_attributes-0-{name}": value for name, value in row.items()}
    assert "A choice needs at least one value" in page_of(browser.post(url, sent | fields))
    saved(browser.post(url, sent | fields | {"own_attributes-0-choices": '["s", "m"]'}))
    assert kind.own_attributes.get().choices == ["s", "m"]


def test_a_forbidden_relation_is_refused_at_its_field(browser):
    rack, service = make_item("rack"), make_item("service")
    url = f"{ADMIN}relation/add/"
    sent = posted(browser.get(url)) | {"source": rack.pk, "target": service.pk}
    runs_on, depends_on = (RelationType.objects.get(key=key).pk for key in ("runs_on", "depends_on"))
    assert list(errors_of(browser.post(url, sent | {"relation_type": runs_on}))) == ["target"]
    saved(browser.post(url, sent | {"relation_type": depends_on}))
    assert Relation.objects.get().history.count() == 1


@pytest.mark.parametrize(
    ("model", "maker"),
    [
        ("configurationitem", lambda: make_item(owner_team=make_team(), location=make_item("site"))),
        ("relation", make_relation), ("citype", lambda: make_type(parent=make_type())),
        ("ciattribute", make_attribute), ("relationrule", make_relation_rule),
        ("dependencygroup", make_group),
        ("identityrule", make_identity_rule),
    ],
)  # fmt: skip
def test_a_list_costs_the_same_for_one_row_and_for_six(browser, model, maker):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            page_of(browser.get(f"{ADMIN}{model}/"))
        return len(captured)

    row = maker()
    cost()
    first = cost()
    for _number in range(5):
        maker()
    assert cost() == first
    assert page_of(browser.get(f"{ADMIN}{model}/{row.pk}/change/"))
    assert page_of(browser.get(f"{ADMIN}{model}/{row.pk}/history/"))
    assert page_of(browser.get(f"{ADMIN}{model}/add/"))


def test_search_finds_chinese_in_the_middle_and_the_filter_counts_subtypes(browser):
    make_item("network_device", name="核心交换机一号")
    make_item("rack", name="rack-one")
    assert "核心交换机一号" in page_of(browser.get(f"{ADMIN}configurationitem/?q=交换"))
    listed = page_of(browser.get(f"{ADMIN}configurationitem/?type_key=device"))
    assert "核心交换机一号" in listed
    assert "rack-one" not in listed


def test_the_default_list_is_read_in_the_order_of_an_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN SELECT id FROM cmdb_configurationitem ORDER BY name, id DESC LIMIT 25")
        assert "cmdb_item_by_name" in cursor.fetchone()[0] + str(cursor.fetchall())


def test_readers_see_and_change_nothing():
    client = Client()
    client.force_login(make_user("requester", is_staff=True))
    item = make_item()
    assert client.get(f"{ADMIN}configurationitem/{item.pk}/change/").status_code == 200
    assert client.post(f"{ADMIN}configurationitem/{item.pk}/change/", {"name": "x"}).status_code == 403
    assert client.get(f"{ADMIN}configurationitem/add/").status_code == 403
