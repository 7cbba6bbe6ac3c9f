"""The offline journey in parts, which tests and mutants take (reference/inspections.md §3.3, §7.1)."""

import hashlib
import io
from datetime import timedelta

from PIL import Image
from playwright.sync_api import expect

from inspections.models import Answer, Evidence, SyncOp
from tests.browser.device import PASSWORD
from tests.factories import make_user

ITEMS = [
    {"key": "disk", "kind": "number", "position": 1, "decimals": 1, "warn_high": 85, "crit_high": 95,
     "unit": "%", "label": "Disk", "label_zh": "磁盘"},
    {"key": "lamp", "kind": "pass_fail", "position": 2, "label": "Lights", "label_zh": "指示灯"},
]  # fmt: skip
MANY = [{"key": f"k{n}", "kind": "pass_fail", "position": n, "label": f"Lamp {n}"} for n in range(20)]


def person(name):
    """Somebody who may inspect, with the password of the tests."""
    user = make_user("engineer", username=name)
    user.set_password(PASSWORD)
    user.save()
    return user


def open_run(page, run):
    page.goto(f"/inspections/phone/#/run/{run.number}")
    expect(page.locator("[data-card]")).to_be_visible()


def fill_number(page, value):
    page.locator("input.big").fill(value)
    page.locator("[data-next]").click()


def photo_file():
    """A picture as a phone takes it: large, lying on its side, with the place where it was taken."""
    picture = Image.effect_noise((2400, 1800), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    content = io.BytesIO()
    picture.save(content, "JPEG", exif=exif, quality=80)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


def arrived(phone, page=None):
    """Everything that waited has been answered."""
    expect((page or phone.page).locator("#outbox .count")).to_have_count(0, timeout=phone.patience)


def a_round_without_signal(phone, proxy, run):
    """Reload, draft, two entries, a dead battery, a new log-in: all of it arrives, to the byte."""
    page = phone.page
    open_run(page, run)
    phone.context.set_offline(True)
    page.reload()
    expect(page.locator("[data-card] h2")).to_have_text("磁盘")  # from the worker, in aeroplane mode
    phone.context.set_offline(False)
    proxy.set("refuse")
    page.reload()
    expect(page.locator("[data-card] h2")).to_have_text("磁盘")  # and with a dead server, which looks on-line
    assert page.evaluate("navigator.onLine") is True
    page.locator("input.big").fill("87.5")
    expect(page.locator("[data-severity]")).to_contain_text("警告")
    page.reload()
    expect(page.locator("input.big")).to_have_value("87.5")  # the draft
    page.locator("#comment").fill("日志")
    page.locator("[data-camera]").set_input_files(photo_file())
    expect(page.locator("[data-photo]")).to_have_count(1)
    page.locator("[data-next]").click()
    expect(page.locator("#outbox .count")).to_have_text("2")
    waiting = phone.queue()
    assert sorted(each["kind"] for each in waiting) == ["answer", "photo"]
    kept = phone.photo()
    phone.kill()
    page = phone.switch_on()
    expect(page.locator("#outbox .count")).to_have_text("2")
    assert {each["key"] for each in phone.queue()} == {each["key"] for each in waiting}
    proxy.set("up")
    page.reload()
    expect(page.locator("[data-login]")).to_be_visible()  # the session died with the browser
    phone.log_in("wang")
    arrived(phone)
    answer, photo = Answer.objects.get(), Evidence.objects.get()
    assert (str(answer.value_number.normalize()), answer.severity, answer.comment) == ("87.5", "warn", "日志")
    assert photo.file.sha256 == kept == hashlib.sha256(photo.file.content).hexdigest()
    shown = Image.open(io.BytesIO(photo.file.content))
    assert shown.size == (1200, 1600)  # upright, shrunk
    assert not shown.getexif()  # and nothing of the place
    assert answer.received_at - answer.observed_at > timedelta(seconds=1)  # both times are kept
    assert answer.device.startswith("phone-")
    assert answer.device_at is not None


def a_lost_answer(phone, proxy, run):
    """The server has it, the phone never hears of it: tried again, answered again, one row."""
    page = phone.page
    open_run(page, run)
    proxy.set("lose_response")
    fill_number(page, "42")
    # Not by the requests: Chromium itself repeats one whose connection ended.
    wait_for(lambda: any(each["attempts"] >= 3 for each in phone.queue()), page)
    expect(page.locator("#outbox .count")).to_have_text("1")
    proxy.set("up")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    arrived(phone)
    assert Answer.objects.get().value_number == 42
    assert SyncOp.objects.count() == 1
    assert proxy.hits >= 4
    assert phone.queue() == []


def wait_for(is_so, page, seconds=15):
    for _turn in range(seconds * 20):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to pass")


def two_tabs(phone, proxy, run):
    """Twenty entries, two tabs that both want to send them: twenty requests."""
    page = phone.page
    open_run(page, run)
    proxy.set("refuse")
    for number in range(20):
        expect(page.locator("[data-card] h2")).to_have_text(f"Lamp {number}")
        page.locator("[data-quick=ok]").click()
    expect(page.locator("#outbox .count")).to_have_text("20")
    other = phone.context.new_page()
    other.goto("/inspections/phone/#/outbox")
    expect(other.locator("[data-op]")).to_have_count(20)
    proxy.set("up")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    other.evaluate("window.dispatchEvent(new Event('online'))")
    wait_for(lambda: Answer.objects.count() == 20, page)
    assert proxy.hits == 20
    arrived(phone)
    arrived(phone, other)
    assert proxy.hits == 20
