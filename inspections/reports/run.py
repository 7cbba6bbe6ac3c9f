"""The report of one inspection (巡检报告) with the fields of the Chinese forms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from inspections.models import Answer, Finding, FindingEvent, InspectionRun, RunTarget
from inspections.reports.annex import photo_rows
from inspections.reports.conclusion import TONE, conclusion, tally
from inspections.reports.devices import devices, items_of
from inspections.reports.findings import finding_rows
from inspections.reports.rooms import environment
from inspections.reports.rows import row_of
from inspections.reports.shape import Record, Report, basis, fact, header, moment, offset_of
from inspections.sheet import Sheet, sheet_of

FREQUENCIES = {
    "HOURLY": gettext_lazy("hourly"), "DAILY": gettext_lazy("daily"), "WEEKLY": gettext_lazy("weekly"),
    "MONTHLY": gettext_lazy("monthly"), "YEARLY": gettext_lazy("yearly"),
}  # fmt: skip


def run_report(run: InspectionRun, *, now: datetime | None = None) -> Report:
    """The run's report in the active language, times in its plan's zone. About a dozen statements."""
    now = now or timezone.now()
    zone = run.plan.zone
    sheet = sheet_of(run)
    told = dict(FindingEvent.objects.filter(answer__target__run=run).values_list("answer", "finding"))
    findings = finding_rows(Finding.objects.filter(pk__in=set(told.values())), zone)
    by_number = {each["id"]: each for each in findings}
    by_answer = {answer: by_number[key] for answer, key in told.items() if key in by_number}
    items = items_of(each.target.ci_id for each in sheet.targets)
    blocks = devices(items, _day(run, zone))
    targets = [
        _target(each.target, each.cells, blocks[each.target.ci_id], by_answer, zone) for each in sheet.targets
    ]
    rows = [row for target in targets for row in target["rows"]]
    for number, row in enumerate(rows, 1):
        row["no"] = number
    photos = photo_rows(run, rows, zone)
    record = header("run", _("Inspection report"), run.number, zone, now) | {
        "facts": _facts(run, sheet, zone),
        "targets": targets,
        "environment": environment(items.values(), run, zone),
        "conclusion": conclusion(
            tally(row["result"] or ("" if row["is_missing"] else "na") for row in rows),
            open_findings=sum(1 for each in findings if not each["is_closed"]),
        ),
        "findings": findings,
        "photos": photos,
        "amendments": _amendments(rows),
        "signatures": _signatures(run, zone),
        "hashes": _hashes(run),
        "basis": basis_of_run(run),
        "is_final": run.state == "signed",
        "state": {"code": run.state, "word": str(run.get_state_display())},
    }
    return Report(run.number, record, run.record_sha256, tuple(each["sha256"] for each in photos))


def basis_of_run(run: InspectionRun) -> str:
    """What the report of this run rests on: another hash means that the record was amended since."""
    amended = Answer.objects.filter(target__run=run, amendment__isnull=False).count()
    return basis([(run.number, run.record_sha256 or run.state, amended)])


def _day(run: InspectionRun, zone: ZoneInfo) -> date:
    return (run.completed_at or run.slot_at).astimezone(zone).date()


def _facts(run: InspectionRun, sheet: Sheet, zone: ZoneInfo) -> list[Record]:
    """The head (基础信息)."""
    frequency = run.plan.rrule.upper().partition("FREQ=")[2].partition(";")[0]
    places = sorted({each.target.snapshot.get("location", "") for each in sheet.targets} - {""})
    start, end = moment(run.started_at, zone), moment(run.completed_at, zone)
    people = {str(a.answered_by) for t in sheet.targets for c in t.cells if (a := c.answer)}
    inspectors = sorted(people | ({str(run.submitted_by)} if run.submitted_by else set()))
    return [
        fact("client", _("Client"), run.plan.client),
        fact("plan", _("Inspection"), run.plan),
        fact("kind", _("Kind"), FREQUENCIES.get(frequency, "")),
        fact("check_list", _("Check list"), run.version),
        fact("scope", pgettext("inspection", "Scope"), run.group_label or ", ".join(places[:6])),
        fact("from", _("Begun"), start and start["text"]),
        fact("to", _("Completed"), end and end["text"]),
        fact("due", _("Due at"), (moment(run.due_at, zone) or {}).get("text")),
        fact("inspectors", _("Inspected by"), ", ".join(inspectors) or run.assignee or run.team),
        fact("state", _("State"), run.get_state_display() + (f" · {_('late')}" if run.is_late else "")),
        fact("time_zone", _("Time zone"), offset_of(zone, run.slot_at)),
        *([fact("reason", _("Reason"), run.state_reason)] if run.state_reason else []),
    ]


def _target(
    target: RunTarget, cells: list, block: dict[str, Any], findings: dict[int, Record], zone: ZoneInfo
) -> Record:
    snapshot = target.snapshot
    block |= {name: snapshot[name] for name in ("name", "serial", "ip") if snapshot.get(name)}
    rows = [row_of(cell, findings, zone) for cell in cells]
    return {
        "device": block,
        "result": {"code": target.result, "word": str(target.get_result_display())},
        "reason": target.reason,
        "rows": rows,
        "tone": TONE[max((row["result"] for row in rows), key=_badness, default="")],
    }


def _badness(result: str) -> int:
    return ("na", "ok", "", "unknown", "warn", "crit").index(result)


def _amendments(rows: list[Record]) -> list[Record]:
    return [
        {
            "no": row["no"],
            "device": row["device"],
            "item": row["item"],
            "after": row["shown"],
            **row["amended"],
        }
        for row in rows
        if row["amended"]
    ]


def _signatures(run: InspectionRun, zone: ZoneInfo) -> list[Record]:
    """The sign table: inspector and reviewer as they signed, manager and client left for ink."""
    words = {"inspector": _("Inspector"), "reviewer": _("Reviewer")}
    lines = [
        {
            "role": words.get(each.role, each.get_role_display()),
            "name": str(each.by),
            "at": moment(each.signed_at, zone),
            "method": str(each.get_method_display()),
            "comment": each.comment,
            "sha256": each.record_sha256,
            "is_valid": each.record_sha256 == run.record_sha256,
        }
        for each in run.signatures.select_related("by")
    ]
    blank = {"name": "", "at": None, "method": "", "comment": "", "sha256": "", "is_valid": None}
    present = {line["role"] for line in lines}
    missing = [word for word in words.values() if word not in present]
    return lines + [blank | {"role": role} for role in (*missing, _("Manager"), _("Client"))]


def _hashes(run: InspectionRun) -> list[Record]:
    return [
        fact("version_sha256", _("SHA-256 of the check list version"), run.version_sha256),
        fact("record_sha256", _("SHA-256 of the record"), run.record_sha256 or _("not handed in yet")),
    ]
