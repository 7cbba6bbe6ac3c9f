"""Check lists on their own pages: written, published with a hash, compared, discarded and retired."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.roles import RightMissing
from inspections.actions import (
    copy_item,
    draft_version,
    move_item,
    publish_version,
    remove_item,
    retire_version,
    save_item,
)
from inspections.guards import Refused
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion
from tests.factories import make_checklist_item, make_item, make_plan, make_template, make_user, make_version

pytestmark = pytest.mark.django_db
ROWS = {"choice-TOTAL_FORMS": "3", "choice-INITIAL_FORMS": "0"}
COMMON = {"label": "Disk", "label_zh": "磁盘", "finding": "finding", "is_required": "on"}
NUMBER = COMMON | {"unit": "%", "decimals": "1", "warn_high": "85", "crit_high": "95", "comment_at": "warn"}
MACHINE = NUMBER | {
    "reading_source": "push", "metric": "disk_used", "max_age_minutes": "30", "confirm": "manual",
    "bad_readings": "2", "good_readings": "3",
}  # fmt: skip


@pytest.fixture
def chief(client):
    user = make_user("reviewer")
    client.force_login(user)
    return user


def at(name, version, *more):
    return reverse(f"inspections:{name}", args=[version.template.key, version.number, *more])


def new_item(client, version, kind, data):
    return client.post(at("checklist-item-new", version) + f"?kind={kind}", data)


def test_a_check_list_is_written_published_and_retired_on_its_pages(client, chief):
    given = {"label": "Rack", "label_zh": "机柜", "key": "rack", "description": "One rack."}
    assert client.post(reverse("inspections:checklist-new"), given).status_code == 302
    version = TemplateVersion.objects.get(template__key="rack")
    page = client.get(at("checklist-version", version)).content.decode()
    assert "Add an item" in page
    assert "A version without items cannot be published." in page
    assert new_item(client, version, "number", NUMBER | {"section": "Space"}).status_code == 302
    deed = reverse("inspections:checklist-deed", args=["rack", "publish"])
    assert client.post(deed, {"version": 1}).status_code == 409
    assert client.post(deed, {"version": 1, "changelog": "First"}).status_code == 302
    version.refresh_from_db()
    assert (version.state, version.published_by, version.changelog) == ("published", chief, "First")
    page = client.get(reverse("inspections:checklist", args=["rack"])).content.decode()
    assert version.sha256 in page
    assert str(chief) in page
    assert "Add an item" not in page
    retire = reverse("inspections:checklist-deed", args=["rack", "retire"])
    assert client.post(retire, {"version": 1, "reason": "No racks"}).status_code == 302
    version.refresh_from_db()
    assert version.state == "retired"


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("pass_fail", COMMON | {"fail_severity": "warn"}, {"fail_severity": "warn", "comment_at": ""}),
        ("number", NUMBER, {"warn_high": Decimal(85), "crit_high": Decimal(95), "comment_at": "warn"}),
        ("text", COMMON, {"comment_at": "", "photo_at": ""}),
        ("photo", COMMON, {"comment_at": "", "warn_high": None}),
        ("machine", MACHINE, {"metric": "disk_used", "bad_readings": 2, "max_age_minutes": 30}),
        (
            "choice",
            COMMON | ROWS | {
                "choice-0-value": "up", "choice-0-label": "Up", "choice-0-severity": "ok",
                "choice-1-value": "down", "choice-1-label": "Down", "choice-1-label_zh": "中断",
                "choice-1-severity": "crit",
            },
            {"choices": [{"value": "up", "label": "Up", "severity": "ok"},
                         {"value": "down", "label": "Down", "label_zh": "中断", "severity": "crit"}]},
        ),
    ],
)  # fmt: skip
def test_each_kind_of_item_is_written_in_its_form(client, chief, kind, data, said):
    version = make_version()
    page = client.get(at("checklist-item-new", version) + f"?kind={kind}")
    assert page.status_code == 200
    assert "[{" not in page.content.decode()
    assert new_item(client, version, kind, data).status_code == 302
    item = version.items.get()
    assert (item.kind, item.key, item.label_zh) == (kind, "disk", "磁盘")
    assert {name: getattr(item, name) for name in said} == said
    again = client.get(at("checklist-item", version, item.pk)).content.decode()
    assert all(str(value) in again for value in ("Disk", "磁盘"))
    assert client.get(at("checklist-version", version)).status_code == 200


@pytest.mark.parametrize(
    ("kind", "over", "words"),
    [
        ("number", {"warn_high": "96"}, "must be above"), ("number", {"crit_low": "85"}, "must be above"),
        ("number", {"warn_high": "many"}, "Enter a number"), ("number", {"label": ""}, "required"),
        ("machine", {"metric": ""}, "Name the metric"),
        ("machine", {"reading_source": "prometheus"}, "query"),
        ("number", {"attribute": "owner"}, "Write serial"), ("number", {"runbook_url": "wiki"}, "valid URL"),
        ("number", {"if-attribute": "os"}, "needs the value"),
        ("choice", ROWS | {"choice-0-value": "up", "choice-0-severity": "ok"}, "at least two different"),
        ("choice", ROWS | {"choice-0-label": "Up"}, "Fill this in"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_in_the_form_and_nothing_is_lost(client, chief, kind, over, words):
    version = make_version()
    typed = (MACHINE if kind == "machine" else NUMBER if kind == "number" else COMMON) | {
        "help_text": "Look well"
    }
    answer = new_item(client, version, kind, typed | over)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words in page
    assert "Look well" in page
    assert not version.items.exists()


def test_a_condition_is_chosen_counted_and_kept(client, chief):
    version = make_version()
    for _each in range(3):
        make_item(criticality=4)
    make_item(criticality=1)
    data = NUMBER | {"if-types": "host", "if-criticality_from": "4"}
    tried = new_item(client, version, "number", data | {"try": "1"})
    assert tried.status_code == 200
    assert "3 configuration items match" in tried.content.decode()
    assert not version.items.exists()
    new_item(client, version, "number", data)
    item = version.items.get()
    assert item.applies_if == {"type": "host", "criticality__gte": 4}
    item.applies_if |= {"serial__startswith": "X"}
    item.save()
    client.post(at("checklist-item", version, item.pk), data)
    item.refresh_from_db()
    assert item.applies_if == {"type": "host", "criticality__gte": 4, "serial__startswith": "X"}


def test_two_people_do_not_overwrite_each_other(client, chief):
    item = make_checklist_item(kind="number", warn_high=85)
    url = at("checklist-item", item.version, item.pk)
    opened = item.row_version
    assert client.post(url, NUMBER | {"key": item.key, "row_version": opened}).status_code == 302
    late = client.post(url, NUMBER | {"key": item.key, "row_version": opened, "label": "Mine"})
    assert late.status_code == 400
    assert "Somebody edited this item meanwhile" in late.content.decode()
    assert "Mine" in late.content.decode()
    item.refresh_from_db()
    assert item.label == "Disk"


def test_items_are_moved_copied_and_taken_away(client, chief):
    version = make_version()
    for n, (key, section) in enumerate([("a", "One"), ("b", "Two"), ("c", "One"), ("d", "Two")]):
        make_checklist_item(version=version, key=key, section=section, position=n * 10)

    def order():
        return "".join(version.items.values_list("key", flat=True))

    def take(key, deed):
        url = at("checklist-item-deed", version, version.items.get(key=key).pk, deed)
        assert client.get(url).status_code == 405
        assert client.post(url).status_code == 302

    take("c", "up")
    assert order() == "cabd"
    take("c", "up")
    assert order() == "cabd"
    take("b", "section-up")
    assert order() == "bdca"
    take("b", "down")
    assert order() == "dbca"
    take("c", "copy")
    assert [item.key for item in version.items.all()] == ["d", "b", "c", "c-2", "a"]
    take("c", "remove")
    assert [item.key for item in version.items.all()] == ["d", "b", "c-2", "a"]


def test_the_key_of_a_published_item_stays(client, chief):
    template = make_plan().template
    draft = draft_version(template, by=chief)
    item = draft.items.get()
    client.post(at("checklist-item", draft, item.pk), NUMBER | {"key": "other", "label": "Better words"})
    kept = draft.items.get()
    assert (kept.key, kept.label) == (item.key, "Better words")


ITEMS = [{"key": "a", "label": "Fan"}, {"key": "b", "kind": "number", "warn_high": 85}]


def test_two_versions_are_compared_field_by_field(client, chief):
    template = make_plan(
        items=[{"key": "a", "label": "Fan"}, {"key": "b", "kind": "number", "warn_high": 85}]
    ).template
    draft = draft_version(template, by=chief)
    draft.items.filter(key="a").delete()
    TemplateItem.objects.filter(version=draft, key="b").update(
        warn_high=80, runbook_url="https://wiki.example"
    )
    make_checklist_item(version=draft, key="c", label="Dust")
    page = client.get(reverse("inspections:checklist-compare", args=[template.key])).content.decode()
    for words in (
        "1 item added",
        "Dust",
        "1 item taken away",
        "Fan",
        "1 item changed",
        "85",
        "80",
        "wiki.example",
    ):
        assert words in page
    draft_page = client.get(at("checklist-version", draft)).content.decode()
    assert "1 item added, 1 item taken away, 1 item changed" in draft_page
    for asked in ("?old=x&new=99", "?old=1&new=1"):
        assert (
            client.get(reverse("inspections:checklist-compare", args=[template.key]) + asked).status_code
            == 200
        )


def test_a_draft_is_discarded_and_the_only_version_is_not(client, chief):
    template = make_plan().template
    draft_version(template, by=chief)
    deed = reverse("inspections:checklist-deed", args=[template.key, "discard"])
    assert client.post(deed, {"version": 2}).status_code == 302
    assert [version.state for version in template.versions.all()] == ["published"]
    assert client.post(deed, {"version": 1}).status_code == 409
    only = make_version()
    deed = reverse("inspections:checklist-deed", args=[only.template.key, "discard"])
    assert client.post(deed, {"version": 1}).status_code == 409
    assert TemplateVersion.objects.filter(pk=only.pk).exists()


def test_a_list_that_plans_use_is_not_retired():
    plan, chief = make_plan(), make_user("reviewer")
    version = plan.template.versions.get()
    with pytest.raises(Refused) as refused:
        retire_version(version, by=chief, reason="old")
    assert str(plan) in str(refused.value)
    with pytest.raises(Refused):
        retire_version(make_version(), by=chief, reason="old")


def test_what_cannot_be_asked_is_not_published():
    chief, version = make_user("reviewer"), make_version()
    make_checklist_item(version=version, label="Odd", applies_if={"moon": "full"})
    with pytest.raises(Refused) as refused:
        publish_version(version, by=chief)
    assert "Odd" in str(refused.value)
    assert "moon" in str(refused.value)


def test_published_versions_are_edited_by_no_action():
    chief = make_user("reviewer")
    item = make_plan().template.versions.get().items.get()
    for deed in (
        lambda: save_item(item, by=chief), lambda: copy_item(item, by=chief),
        lambda: move_item(item, 1, by=chief), lambda: remove_item(item, by=chief),
        lambda: publish_version(item.version, by=chief),
    ):  # fmt: skip
        with pytest.raises(Refused):
            deed()


@pytest.mark.parametrize("role", ["engineer", "auditor", "board_member", "requester", "system_administrator"])
def test_others_read_and_change_nothing(client, role):
    client.force_login(make_user(role))
    item = make_checklist_item()
    version = item.version
    for name in ("checklists", "overrides"):
        assert client.get(reverse(f"inspections:{name}")).status_code == 200
    page = client.get(at("checklist-version", version))
    assert page.status_code == 200
    assert b"Add an item" not in page.content
    assert (
        client.get(reverse("inspections:checklist-compare", args=[version.template.key])).status_code == 200
    )
    for url in (
        reverse("inspections:checklist-new"), reverse("inspections:checklist-import"),
        reverse("inspections:checklist-edit", args=[version.template.key]),
        at("checklist-item", version, item.pk),
        at("checklist-item-new", version) + "?kind=text",
    ):  # fmt: skip
        assert client.get(url).status_code == 403
        assert client.post(url, COMMON).status_code == 403
    for deed in ("draft", "publish", "discard", "retire"):
        url = reverse("inspections:checklist-deed", args=[version.template.key, deed])
        assert client.post(url, {"version": 1, "changelog": "x", "reason": "x"}).status_code == 403
    for deed in ("copy", "up", "down", "section-up", "section-down", "remove"):
        assert client.post(at("checklist-item-deed", version, item.pk, deed)).status_code == 403
    assert list(version.items.values_list("pk", flat=True)) == [item.pk]
    with pytest.raises(RightMissing):
        save_item(item, by=make_user(role))


def test_strangers_are_sent_to_log_in(client):
    version = make_version()
    for url in (
        reverse("inspections:checklists"),
        at("checklist-version", version),
        reverse("inspections:overrides"),
    ):
        assert client.get(url).status_code == 302


def test_the_pages_cost_the_same_for_many_lists_and_items(client, chief, django_assert_max_num_queries):
    version = make_version()

    def cost(url):
        with django_assert_max_num_queries(60) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    make_checklist_item(version=version, kind="number", warn_high=1)
    urls = [reverse("inspections:checklists"), at("checklist-version", version)]
    for url in urls:
        cost(url)
    before = [cost(url) for url in urls]
    for _n in range(6):
        make_template()
        make_checklist_item(version=version, kind="number", warn_high=1, section="S")
    assert [cost(url) for url in urls] <= before


def test_lists_are_found_by_word_and_state(client, chief):
    make_plan(template=None)
    make_version(template=make_template(label="Racks", label_zh="机柜"))
    url = reverse("inspections:checklists")
    assert "Racks" in client.get(url, {"q": "机柜"}).content.decode()
    assert "Racks" not in client.get(url, {"show": "published"}).content.decode()
    assert "Racks" in client.get(url, {"show": "draft"}).content.decode()
    assert "No check list here" in client.get(url, {"q": "nothing"}).content.decode()
    assert ChecklistTemplate.objects.count() == 2
