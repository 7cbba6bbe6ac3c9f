"""Every address of inspections that takes more than GET, with a body that the right person could send."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Right
from inspections.actions import (
    acknowledge_finding,
    claim_run,
    draft_version,
    mark_fixed,
    publish_version,
    submit_run,
)
from tests.factories import (
    make_alert,
    make_amendment,
    make_answer,
    make_asset,
    make_calendar,
    make_calendar_day,
    make_checklist_item,
    make_correction,
    make_finding,
    make_finding_policy,
    make_item,
    make_override,
    make_plan,
    make_reading_source,
    make_report_issue,
    make_report_recipient,
    make_report_schedule,
    make_roster_entry,
    make_run,
    make_shift,
    make_team,
    make_user,
    make_version,
)

MANAGE, INSPECT, REVIEW = {Right.INSPECT_MANAGE}, {Right.INSPECT}, {Right.INSPECT_REVIEW}
WORK = INSPECT | REVIEW
FINDINGS = {Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_IMPLEMENT, Right.INSPECT_MANAGE}
RAISE = {Right.CHANGE_REQUEST}
LIST = b"key: forged\nlabel: Forged\nitems:\n  - {key: a, label: Dust}\n"


@dataclass(frozen=True)
class Forgery:
    """One request: where, what, which rights it needs (any one of them), and how it is sent."""

    name: str
    args: tuple = ()
    body: dict = field(default_factory=dict)
    rights: frozenset = frozenset()
    method: str = "post"
    is_json: bool = False
    query: str = ""
    is_proved: bool = True  # the right role writes by it; others need more than a role, or write nothing

    def __str__(self):
        return f"{self.method.upper()} {self.name} {sorted(self.body)}"

    def send(self, client):
        url = reverse(self.name, args=self.args) + self.query
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if self.is_json:
            sent = getattr(client, self.method)
            return sent(url, self.body, content_type="application/json", headers=headers)
        body = {
            name: SimpleUploadedFile("list.yaml", value) if isinstance(value, bytes) else value
            for name, value in self.body.items()
        }
        return client.post(url, body, headers=headers)


def world():
    """One of everything, by people who are nobody else in the test."""
    here = SimpleNamespace(engineer=make_user("engineer"), member=make_user("engineer"))
    here.open, here.returned = make_run(), make_answer().target.run
    here.waiting, here.good = make_answer().target.run, make_answer().target.run
    for run in (here.waiting, here.good):
        submit_run(run, by=run.started_by or here.engineer)
        run.refresh_from_db()
    here.amendment = make_amendment(is_open=True)
    here.amended = make_amendment().new_answer
    here.finding, here.other, here.fixed, here.owned = (make_finding() for _each in range(4))
    mark_fixed(here.fixed, by=here.engineer, comment="x")
    acknowledge_finding(here.owned, by=here.engineer, comment="")
    here.asset, here.claimed = make_asset(ci=here.finding.ci), claim_run(make_run(), by=make_user("engineer"))
    here.unused = make_version()
    make_checklist_item(version=here.unused)
    publish_version(here.unused, by=make_user("reviewer"), changelog="x")
    here.override, here.correction, here.plan = make_override(), make_correction(), make_plan()
    here.disabled = make_plan(is_enabled=False, disabled_reason="x", disabled_by=make_user("reviewer"))
    here.draft = draft_version(here.plan.template, by=make_user("reviewer"))
    here.second = make_checklist_item(version=here.draft, position=9)
    here.item = here.draft.items.first()
    here.shift, here.calendar, here.ci = make_shift(), make_calendar(), make_item()
    here.day, here.team = make_calendar_day(calendar=here.calendar), make_team()
    tomorrow = timezone.localdate() + timedelta(days=1)
    here.duty = make_roster_entry(shift=here.shift, on=tomorrow)
    here.later = make_roster_entry(shift=here.shift, on=tomorrow + timedelta(days=1))
    here.source, here.alert = make_reading_source("prometheus"), make_alert()
    here.issue, here.schedule = make_report_issue(), make_report_schedule()
    make_report_recipient(schedule=here.schedule)
    return here


def pages(w):
    """Forms of the site."""
    run, finding, key, draft = w.open.number, w.finding.number, w.plan.template.key, w.draft.number
    soon = timezone.localtime() + timedelta(days=9)
    rota = {"shift": w.shift.key, "days_each": "1", "first": f"{soon:%Y-%m-%d}", "last": f"{soon:%Y-%m-%d}"}
    duties = f"on,role,user\n{soon:%Y-%m-%d},A,{w.member}\n"
    item = {"key": "forged", "label": "Forged", "kind": "pass_fail", "comment_at": "warn"}
    item |= {"finding": "finding", "fail_severity": "warn", "kind": "pass_fail"}
    for rights, name, args, *bodies in (
        (REVIEW, "run", (w.waiting.number,), {"step": "sign"}, {"step": "return", "comment": "again"}),
        (INSPECT, "hands", (run,), {"step": "claim"}),
        (MANAGE, "hands", (run,), {"step": "hand_over", "to": w.member.pk, "reason": "x"}),
        (REVIEW, "sign-offs", (), {"run": w.good.number, f"seen-{w.good.number}": w.good.record_sha256}),
        (WORK, "amend", (w.amended.target.run.number, w.amended.pk), {"value": "22", "reason": "x"}),
        (REVIEW, "amendment", (w.amendment.pk,), {"decision": "approve", "comment": "x"},
         {"decision": "refuse", "comment": "x"}),
        (MANAGE, "checklist-new", (), {"key": "forged", "label": "Forged"}),
        (MANAGE, "checklist-edit", (key,), {"key": key, "label": "Forged"}),
        (MANAGE, "checklist-import", (), {"file": LIST}),
        (MANAGE, "checklist-deed", (key, "publish"), {"version": draft, "changelog": "x"}),
        (MANAGE, "checklist-deed", (key, "discard"), {"version": draft}),
        (MANAGE, "checklist-deed", (w.other.last_answer.item.version.template.key, "draft"), {}),
        (MANAGE, "checklist-deed", (w.unused.template.key, "retire"), {"version": 1, "reason": "x"}),
        (MANAGE, "checklist-item-new", (key, draft), item),
        (MANAGE, "checklist-item", (key, draft, w.second.pk), item),
        *[(MANAGE, "checklist-item-deed", (key, draft, w.second.pk, deed), {})
          for deed in ("copy", "up", "remove")],
        (MANAGE, "plan-new", (), plan_form(w)),
        (MANAGE, "plan-edit", (w.plan.key,), plan_form(w) | {"key": w.plan.key}),
        (MANAGE, "plan-preview", (), plan_form(w)),
        (MANAGE, "plan-deed", (w.plan.key, "disable"), {"reason": "x"}),
        (MANAGE, "plan-deed", (w.disabled.key, "enable"), {}),
        (MANAGE, "plan-deed", (w.plan.key, "copy"), {"key": "forged", "label": "Forged"}),
        (MANAGE, "rota", (), {"fill": "1", **rota, "people": w.member.username},
         {"load": "1", "shift": w.shift.key, "file": duties.encode()}),
        (MANAGE, "duty", (w.duty.pk,), {"step": "give", "to": w.member.pk, "reason": "x"},
         {"step": "swap", "to": w.later.pk, "reason": "x"}, {"step": "remove"}),
        (MANAGE, "calendar", (w.calendar.key,), {"load": "1", "shipped": "cn-2026"}),
        ({Right.CMDB_EDIT}, "correction-deed", (w.correction.pk, "accept"), {"comment": "x"}),
        ({Right.CMDB_EDIT}, "correction-deed", (w.correction.pk, "refuse"), {"comment": "x"}),
        (INSPECT | MANAGE, "override-new", (), override_form(w)),
        (MANAGE, "override-deed", (w.override.pk, "approve"), {"comment": "x"}),
        (MANAGE, "override-deed", (w.override.pk, "refuse"), {"comment": "x"}),
        (MANAGE, "override-deed", (w.override.pk, "withdraw"), {"comment": "x"}),
        (MANAGE, "report-schedule-new", (), schedule_form(w)),
        (MANAGE, "report-schedule-edit", (w.schedule.pk,), schedule_form(w)),
        (MANAGE, "report-schedule", (w.schedule.pk,), {"deed": "send"}, {"deed": "disable", "reason": "x"}),
        (WORK | MANAGE, "alert-match", (w.alert.pk,), {"ci": w.ci.address}),
        (FINDINGS, "finding", (finding,), {"step": "acknowledge"}, {"step": "start_fix", "comment": "x"},
         {"step": "mark_fixed", "comment": "x"}, {"step": "reassign", "owner": w.member.pk, "comment": "x"},
         {"step": "mark_duplicate", "of": w.other.number, "comment": "x"}),
        (FINDINGS | RAISE, "finding", (finding,), {"step": "comment", "comment": "x"}),
        (RAISE, "finding", (finding,), {"step": "raise"}),
        (FINDINGS, "finding", (w.fixed.number,), {"step": "recheck"}),
        (REVIEW | MANAGE, "finding", (w.owned.number,),
         {"step": "accept_risk", "until": f"{soon:%Y-%m-%d}", "comment": "x"},
         {"step": "deadline", "due_at": f"{soon:%Y-%m-%dT%H:%M}", "comment": "x"}),
    ):  # fmt: skip
        for body in bodies:
            query = "?kind=pass_fail" if name == "checklist-item-new" else ""
            yield Forgery(
                f"inspections:{name}",
                args,
                body,
                frozenset(rights),
                query=query,
                is_proved=name != "plan-preview",
            )


def plan_form(w):
    return {
        "key": "forged", "label": "Forged", "template": w.plan.template_id, "group_by": "plan",
        "repeat": "daily", "every": "1",
        "starts_on": "2026-01-01", "shift_start": "08:00", "time_zone": "Asia/Shanghai", "off_day": "run",
        "opens_minutes": "0", "due_minutes": "60", "expires_minutes": "600", "assign": "fixed",
        "must_complete": "one", "signoff": "reviewer", "reason": "x",
    }  # fmt: skip


def override_form(w):
    until = timezone.localdate() + timedelta(days=9)
    template, today = w.finding.last_answer.item.version.template, timezone.localdate()
    return {
        "item": f"{template.key}/disk", "ci": w.finding.ci.address, "warn_high": "90", "crit_high": "97",
        "valid_from_on": f"{today:%Y-%m-%d}", "valid_until_on": f"{until:%Y-%m-%d}", "reason": "x",
    }  # fmt: skip


def schedule_form(w):
    return {
        "label": "Forged", "every": "day", "at": "08:00", "time_zone": "Asia/Shanghai", "covers": "complete",
        "weekday": "1", "monthday": "1", "format": "pdf", "language": "en", "delivery": "attached",
        "recipients": [w.engineer.pk],
    }  # fmt: skip


def endpoints(w):
    """Bodies of the API."""
    run, finding = w.open.number, w.finding.number
    target, item = w.open.targets.get(), w.open.version.items.get()
    soon = (timezone.now() + timedelta(days=9)).isoformat()
    answer = {"op": str(uuid.uuid4()), "target": target.pk, "item": item.pk, "value": "20"}
    now, cell = timezone.now().isoformat(), {"target": target.pk, "item": item.pk, "value": "20"}
    sync = {"kind": "answer", "run": run, "device": "x", "device_at": now, "made_at": now}
    step = {"event": "acknowledge", "comment": "x"}
    override = {"template": w.finding.last_answer.item.version.template_id, "item_key": "disk"}
    override |= {"ci": w.finding.ci_id, "warn_high": "90", "crit_high": "97", "reason": "x"}
    override |= {"valid_until_on": soon[:10]}
    other = {"label": "Forged"}
    for rights, name, args, *bodies in (
        (INSPECT, "inspection-sync", (), sync | {"payload": cell}),
        (INSPECT, "inspection-run-answers", (run,), {"answers": [answer]}),
        (INSPECT, "inspection-run-start", (run,), {}),
        (INSPECT, "inspection-run-submit", (w.returned.number,), {}),
        (REVIEW, "inspection-run-sign", (w.waiting.number,), {"comment": "x"}),
        (REVIEW, "inspection-run-sign-all-good", (), {"seen": {w.good.number: w.good.record_sha256}}),
        (REVIEW, "inspection-run-give-back", (w.waiting.number,), {"comment": "x"}),
        (INSPECT, "inspection-run-claim", (run,), {}),
        (MANAGE, "inspection-run-hand-over", (run,), {"to": w.member.pk, "reason": "x"}),
        (WORK, "amendment-list", (), {"answer": w.amended.pk, "value": "22", "reason": "x"}),
        (REVIEW, "amendment-decide", (w.amendment.pk,), {"approve": True, "comment": "x"}),
        (FINDINGS, "finding-steps", (finding,), step),
        (FINDINGS | RAISE, "finding-comments", (finding,), {"comment": "x"}),
        (FINDINGS, "finding-owner", (finding,), {"owner": w.member.pk, "comment": "x"}),
        (REVIEW | MANAGE, "finding-deadline", (finding,), {"due_at": soon, "comment": "x"}),
        (FINDINGS, "finding-recheck", (w.fixed.number,), {}),
        (RAISE, "finding-change", (finding,), {}),
        ({Right.CMDB_EDIT}, "correction-proposal-accept", (w.correction.pk,), {"comment": "x"}),
        ({Right.CMDB_EDIT}, "correction-proposal-refuse", (w.correction.pk,), {"reason": "x"}),
        (INSPECT | MANAGE, "threshold-override-list", (), override),
        (MANAGE, "threshold-override-approve", (w.override.pk,), {"comment": "x"}),
        (MANAGE, "threshold-override-refuse", (w.override.pk,), {"reason": "x"}),
        (MANAGE, "threshold-override-withdraw", (w.override.pk,), {"reason": "x"}),
        (MANAGE, "check-list-list", (), {"key": "forged", "label": "Forged"}),
        (MANAGE, "check-list-draft", (w.other.last_answer.item.version.template_id,), {}),
        (MANAGE, "check-list-version-publish", (w.draft.pk,), {"comment": "x"}),
        (MANAGE, "check-list-version-discard", (w.draft.pk,), {}),
        (MANAGE, "check-list-version-retire", (w.unused.pk,), {"reason": "x"}),
        (MANAGE, "check-list-item-list", (), {"version": w.draft.pk, "key": "forged", "label": "Forged"}),
        (MANAGE, "inspection-plan-disable", (w.plan.pk,), {"reason": "x"}),
        (MANAGE, "inspection-plan-enable", (w.disabled.pk,), {}),
        (MANAGE, "inspection-plan-copy", (w.plan.pk,), {"key": "forged", "label": "Forged"}),
        (MANAGE, "work-calendar-list", (), {"key": "forged", "label": "Forged"}),
        (MANAGE, "calendar-day-list", (), {"calendar": w.calendar.pk, "on": "2027-01-01", "kind": "holiday"}),
        (MANAGE, "shift-list", (), {"key": "forged", "label": "Forged"}),
        (MANAGE, "roster-entry-list", (), {"shift": w.shift.pk, "on": soon[:10], "user": w.member.pk}),
        (WORK | MANAGE, "alert-match", (w.alert.pk,), {"ci": w.ci.pk}),
        (MANAGE, "reading-source-list", (),
         {"key": "forged", "label": "x", "account": make_user("integration").pk}),
    ):  # fmt: skip
        for body in bodies:
            yield Forgery(name, args, body, frozenset(rights), is_json=True)
    new = {
        "key": "forged",
        "label": "Forged",
        "template": w.plan.template_id,
        "scope": {},
        "rrule": "FREQ=DAILY",
    }
    yield Forgery("inspection-plan-list", (), new | {"shift_start": "08:00"}, frozenset(MANAGE), is_json=True)
    alert = {"status": "firing", "labels": {"alertname": "Forged", "host": w.ci.name}, "startsAt": now}
    reading = {"ci": w.ci.address, "metric": "forged", "value": 1, "observed_at": now}
    for rights, name, args, body in (
        ({Right.READINGS_POST}, "alertmanager-list", (), {"version": "4", "alerts": [alert]}),
        ({Right.READINGS_POST}, "reading-list", (), {"readings": [reading]}),
        (set(), "amendment-withdraw", (w.amendment.pk,), {"comment": "x"}),
        (set(), "inspection-run-release", (w.claimed.number,), {"reason": "x"}),
        (FINDINGS | {Right.ASSET_EDIT}, "finding-repair", (finding,), {"asset": w.asset.tag, "comment": "x"}),
    ):
        yield Forgery(name, args, body, frozenset(rights), is_json=True, is_proved=False)
    yield Forgery("check-list-import-file", (), {"file": LIST}, frozenset(MANAGE))
    for name, row, body in (
        ("check-list", w.plan.template, other), ("check-list-item", w.second, other),
        ("inspection-plan", w.plan, other), ("work-calendar", w.calendar, other),
        ("calendar-day", w.day, other), ("shift", w.shift, other), ("reading-source", w.source, other),
        ("roster-entry", w.later, {"user": w.member.pk, "reason": "x"}),
        ("findingpolicy", make_finding_policy(), {"response_minutes": 7}),
    ):  # fmt: skip
        yield Forgery(f"{name}-detail", (row.pk,), body, frozenset(MANAGE), "patch", is_json=True)
