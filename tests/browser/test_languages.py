"""A Chinese page is Chinese: whatever is left in Latin letters is a name, a code or a unit."""

import re

import pytest
from django.urls import reverse

from tests.factories import make_change, make_item, make_run, make_stage, make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = re.compile(
    r"manage\.py \w+|item-\d+|[0-9a-f]{64}|OpsLedger|English|CHG-\d+|XJ-\d+-\d+|db-?\d+|host|IP|CSV"
    r"|API|JSON|HTTPS|YAML|Excel|SLA|SHA-256|test|HIS|UTC|CPU|MAC|RPO|RTO|[0-9a-f]{12}…"
)
VISIBLE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("script, style, noscript, .icon, .avatar")) continue;
    found.push(walker.currentNode.textContent);
  }
  for (const name of ["placeholder", "aria-label", "title", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) found.push(element.getAttribute(name));
  }
  return [...new Set(found.map((text) => text.trim()).filter(Boolean))];
}"""


def english_on(page, *names):
    """Words in Latin letters that are no name, code or unit, on the page that stands open."""
    texts = page.evaluate(VISIBLE)
    assert any(re.search("[\u4e00-\u9fff]", text) for text in texts)
    for name in names:
        texts = [text.replace(name, "") for text in texts]
    return [text for text in texts if re.search("[A-Za-z]{2,}", NAMES.sub("", text))]


@pytest.fixture
def page(person):
    roles = ("engineer", "requester", "board_member", "configuration_manager", "change_manager")
    return person("王静", *roles, language="zh-CN")


@pytest.mark.parametrize("name", ["home", "changes:queue", "cmdb:list", "assets:list", "inspections:list"])
def test_lists_are_chinese(page, name):
    page.goto(reverse(name))
    assert english_on(page) == []


def test_the_page_of_a_change_is_chinese(page):
    item = make_item(name="db01")
    change = make_change(title="扩容", reason="容量不足", requester=page.user)
    change.change_items.create(item=item)
    make_stage(change=change, label="一次性全部")
    make_task(change=change, label="检查备份")
    page.goto(reverse("changes:change", args=[change.number]))
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert english_on(page, str(item.type), change.requester.username, change.plan_hash) == []
    page.goto(reverse("changes:history", args=[change.number]))
    assert english_on(page, change.requester.username) == []
    page.goto(reverse("changes:edit", args=[change.number]))
    page.evaluate("document.querySelectorAll('datalist, .help').forEach((each) => each.remove())")
    assert english_on(page, str(item.type), change.requester.username) == []


def test_the_page_of_the_phone_is_chinese(person):
    page = person("王静", "engineer", language="zh-CN", viewport={"width": 360, "height": 780})
    kinds = (
        {"kind": "number", "unit": "℃", "warn_high": 27, "crit_low": -5, "decimals": 1},
        {"kind": "pass_fail", "photo_at": "crit", "is_na_allowed": True}, {"kind": "text"}, {"kind": "photo"},
    )  # fmt: skip
    items = [
        {"key": f"k{n}", "position": n, "label": "Lights", "label_zh": "指示灯", "section": "Front",
         "section_zh": "前面板"} | kind
        for n, kind in enumerate((*kinds, kinds[1]))
    ]  # fmt: skip
    item = make_item(name="db01")
    run = make_run(items=items, cis=[item, make_item(name="db02")], label="Daily", label_zh="日检")
    page.goto(reverse("inspections:phone"))
    page.locator("[data-run]").wait_for()
    names = (str(item.type), page.user.username)
    assert english_on(page, *names) == []
    page.locator("[data-run]").click()
    target = run.targets.order_by("pk").first()
    for asked in run.version.items.order_by("position"):
        page.locator(f"[data-card='{target.pk}-{asked.pk}']").wait_for()
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert english_on(page, *names) == []
        if page.locator("[data-quick=crit]").count():
            page.locator("[data-quick=crit]").click()
            page.locator("#comment").fill("坏")
            assert english_on(page, *names) == []
        page.locator("[data-next]").click()
    page.goto(f"{reverse('inspections:phone')}#/run/{run.number}/finish")
    page.locator("[data-finish]").wait_for()
    assert english_on(page, *names) == []
    page.context.set_offline(True)
    page.locator("[data-gaps] button").first.click()
    page.locator("input.big").fill("20")
    page.locator("[data-next]").click()
    page.locator("#connection[data-state=away]").wait_for()
    page.locator("#outbox").click()
    page.locator("[data-op]").first.wait_for()
    assert english_on(page, *names) == []


def test_the_switch_stays_switched(person):
    page = person("anna", "engineer")
    page.get_by_role("button", name="简体中文").click()
    page.goto(reverse("changes:queue"))
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    assert page.title().startswith("变更")
    assert page.errors == []
