"""A phone: a browser with a profile of its own, that can be killed and switched on again."""

import contextlib
import os
import signal
from pathlib import Path

PASSWORD = "Correct-horse-9"
LOOK = {
    "viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
}  # fmt: skip
QUEUE = """async () => {
  const { Store, lastUser } = await import("/static/inspections/phone/db.js");
  const ops = await new Store(await lastUser()).all("ops");
  return ops.map(({ key, kind, status, attempts }) => ({ key, kind, status, attempts }));
}"""
VERSION = """async () => {
  const { Store, lastUser } = await import("/static/inspections/phone/db.js");
  return (await new Store(await lastUser()).open()).version;
}"""
PHOTO = """async () => {
  const { Store, lastUser } = await import("/static/inspections/phone/db.js");
  const [photo] = await new Store(await lastUser()).all("photos");
  const hash = await crypto.subtle.digest("SHA-256", photo.bytes);
  return [...new Uint8Array(hash)].map((each) => each.toString(16).padStart(2, "0")).join("");
}"""


class Phone:
    """One device of one person; `page` is its first tab, `patience` how long what waits may take."""

    patience = 20_000

    def __init__(self, playwright, folder, base, options):
        self.playwright, self.folder, self.base = playwright, Path(folder), base
        self.options = options | {
            "args": [*options["args"], "--host-resolver-rules=MAP plain.test 127.0.0.1"]
        }
        self.context = self.page = None

    def switch_on(self, path="/inspections/phone/"):
        self.context = self.playwright.chromium.launch_persistent_context(
            self.folder, base_url=self.base, **self.options, **LOOK
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.pages[0]
        self.page.set_default_timeout(15_000)
        self.page.goto(path)
        return self.page

    def log_in(self, name, page=None):
        """Through the form, back to where the form was asked for."""
        page = page or self.page
        if "/accounts/login/?next=" not in page.url:
            page.goto("/accounts/login/?next=/inspections/phone/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("form:has(input[name=password]) button[type=submit]")
        page.wait_for_url("**/inspections/phone/**")
        page.locator("#connection[data-state=here]").wait_for()

    def kept_by_worker(self, page=None):
        """The shell is on the phone."""
        (page or self.page).evaluate("navigator.serviceWorker.ready.then(() => true)")

    def queue(self, page=None):
        """What waits on the phone, read from its database."""
        return (page or self.page).evaluate(QUEUE)

    def version(self):
        """Which version the phone's database has."""
        return self.page.evaluate(VERSION)

    def photo(self):
        """SHA-256 of the photo that is kept on the phone."""
        return self.page.evaluate(PHOTO)

    def kill(self):
        """As if the battery had died: no process of this browser gets a chance to write anything."""
        mine = f"--user-data-dir={self.folder}".encode()
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if mine in (process / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(process.name), signal.SIGKILL)
        with contextlib.suppress(Exception):
            self.context.close()
        for lock in self.folder.glob("Singleton*"):
            lock.unlink(missing_ok=True)

    def switch_off(self):
        with contextlib.suppress(Exception):
            self.context.close()
