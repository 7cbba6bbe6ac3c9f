"""The report of a day, a month or another period (日报、月报), of everything, a client, a site or a plan."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.bodies import FIRST, LAST
from cmdb.models import ConfigurationItem
from inspections.kpi import Punctuality, punctuality, punctuality_by
from inspections.models import (
    Answer,
    Finding,
    InspectionPlan,
    InspectionRun,
    RunTarget,
    Signature,
    TemplateVersion,
)
from inspections.querysets import AnswerQuerySet, RunQuerySet
from inspections.reports.conclusion import TONE, conclusion
from inspections.reports.devices import devices, items_of
from inspections.reports.findings import finding_rows
from inspections.reports.rooms import climate
from inspections.reports.rows import base_row
from inspections.reports.shape import Record, Report, basis, fact, header, moment, offset_of
from inspections.workflow import FINDING_CLOSED

LONGEST = 366
MOST_ROWS, MOST_RUNS, MOST_DEVICES = 5000, 2000, 500
RESULTS = ("ok", "warn", "crit", "unknown", "na")


@dataclass(frozen=True)
class Period:
    """From one day to another, both included, narrowed to a client, a site or a plan."""

    start: date
    end: date
    client: str = ""
    site: int | None = None
    plan: int | None = None
    has_all_rows: bool = False

    @classmethod
    def parsed(cls, given: Mapping[str, Any]) -> Period:
        """A period from what somebody asked: from and to, or day, or month. Raises ValidationError."""
        start, end = _days(given)
        if start is None or end is None:
            raise ValidationError(_("Give a day as 2026-11-22, or a month as 2026-11."))
        if not (FIRST.date() <= start and end <= LAST.date()):
            raise ValidationError(_("Give a day as 2026-11-22, or a month as 2026-11."))
        if end < start:
            raise ValidationError(_("The period ends before it begins."))
        if (end - start).days >= LONGEST:
            raise ValidationError(_("A report covers a year at most."))
        site, plan = (_key(given.get(name, "")) for name in ("site", "plan"))
        if site and not ConfigurationItem.objects.filter(pk=site).exists():
            raise ValidationError(_("There is no such site."))
        if plan and not InspectionPlan.objects.filter(pk=plan).exists():
            raise ValidationError(_("There is no such plan."))
        client = str(given.get("client") or "").replace("\x00", "").strip()[:120]
        return cls(start, end, client, site, plan, given.get("rows") == "all")

    @property
    def parameters(self) -> dict[str, Any]:
        """As the ledger and addresses name it."""
        given = {"from": self.start.isoformat(), "to": self.end.isoformat(), "client": self.client}
        given |= {"site": self.site, "plan": self.plan, "rows": "all" if self.has_all_rows else ""}
        return {name: value for name, value in given.items() if value}

    @property
    def title(self) -> str:
        if self.client:
            return _("Inspection report for the client")
        if self.site:
            return _("Inspection report of the site")
        if self.start == self.end:
            return _("Daily inspection report")
        if self.is_month:
            return _("Monthly inspection report")
        if (self.end - self.start).days == 6:
            return _("Weekly inspection report")
        return _("Inspection report")

    @property
    def is_month(self) -> bool:
        last = calendar.monthrange(self.start.year, self.start.month)[1]
        return self.start.day == 1 and self.end == self.start.replace(day=last)

    @property
    def span(self) -> str:
        if self.start == self.end:
            return self.start.isoformat()
        return f"{self.start:%Y-%m}" if self.is_month else f"{self.start} – {self.end}"

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The period as moments in the site's zone, the end excluded."""
        zone = ZoneInfo(settings.TIME_ZONE)
        start = datetime.combine(self.start, time(), zone)
        return start, datetime.combine(self.end + timedelta(days=1), time(), zone)

    def runs(self) -> RunQuerySet:
        """The runs whose slots lie in it."""
        start, end = self.bounds
        runs = InspectionRun.objects.filter(slot_at__gte=start, slot_at__lt=end)
        if self.client:
            runs = runs.filter(plan__client=self.client)
        if self.plan:
            runs = runs.filter(plan=self.plan)
        if self.site:
            runs = runs.filter(Exists(RunTarget.objects.filter(run=OuterRef("pk"), ci__in=self.place())))
        return runs

    def place(self) -> Any:
        """The items of its site."""
        return ConfigurationItem.objects.inside(self.site or 0)

    def answers(self) -> AnswerQuerySet:
        """The answers that count, of its runs and inside its site."""
        answers = Answer.objects.current().filter(target__run__in=self.runs())
        return answers.filter(ci__in=self.place()) if self.site else answers

    def told(self) -> AnswerQuerySet:
        """The answers that have a row: what was not normal, or all."""
        answers = self.answers()
        return answers if self.has_all_rows else answers.filter(severity__in=["crit", "warn", "unknown"])

    def findings(self) -> Any:
        """Findings opened in it, and those that were open before and still are."""
        start, end = self.bounds
        found = Finding.objects.filter(
            Q(opened_at__gte=start) | ~Q(state__in=FINDING_CLOSED) | Q(closed_at__gte=start),
            opened_at__lt=end,
        )
        if self.site:
            found = found.filter(ci__in=self.place())
        if self.client or self.plan:
            found = found.filter(last_answer__target__run__plan__in=self.runs().values("plan"))
        return found


def _days(given: Mapping[str, Any]) -> tuple[date | None, date | None]:
    try:
        if month := given.get("month"):
            start = parse_date(f"{month}-01")
            return start, start and start.replace(day=calendar.monthrange(start.year, start.month)[1])
        if day := given.get("day"):
            return parse_date(str(day)), parse_date(str(day))
        return parse_date(str(given.get("from") or "")), parse_date(str(given.get("to") or ""))
    except (ValueError, TypeError):
        return None, None


def _key(text: Any) -> int | None:
    text = str(text or "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValidationError(_("“%(value)s” is no number of a record."), params={"value": text[:40]})
    return int(text)


def period_report(period: Period, *, now: datetime | None = None) -> Report:
    """The period's report in the active language. About twenty statements, whatever its size."""
    now = now or timezone.now()
    zone = ZoneInfo(settings.TIME_ZONE)
    answers = period.answers()
    findings = finding_rows(period.findings(), zone)
    rows, rows_left_out = _rows(period, findings, zone)
    runs, runs_left_out = _runs(period, answers, zone)
    record = header("period", period.title, period.span, zone, now) | {
        "facts": _facts(period, zone, now),
        "kpi": _kpi(punctuality(period.runs(), now=now)),
        "plans": _plans(period, now),
        "conclusion": _conclusion(answers, findings),
        "runs": runs,
        "runs_left_out": runs_left_out,
        "has_all_rows": period.has_all_rows,
        "rows": rows,
        "rows_left_out": rows_left_out,
        "devices": _devices(period, answers),
        "climate": climate(answers),
        "findings": findings,
        "signatures": _blank_signatures(),
        "hashes": _hashes(period),
        "basis": basis_of_period(period),
        "parameters": period.parameters,
        "is_final": period.bounds[1] <= now,
    }
    return Report(f"{period.title} {period.span}", record)


def basis_of_period(period: Period) -> str:
    """What the report of this period rests on: another hash means that runs went on or were amended since."""
    amended = Count("targets__answers", filter=Q(targets__answers__amendment__isnull=False))
    rows = period.runs().order_by().annotate(amended=amended)
    lines = rows.values_list("number", "record_sha256", "state", "amended")
    return basis([(number, sha256 or state, count) for number, sha256, state, count in lines])


def _facts(period: Period, zone: ZoneInfo, now: datetime) -> list[Record]:
    site = ConfigurationItem.objects.filter(pk=period.site).first() if period.site else None
    plan = InspectionPlan.objects.filter(pk=period.plan).first() if period.plan else None
    return [
        fact("client", _("Client"), period.client),
        fact("period", _("Period"), period.span),
        fact("site", _("Site"), site or _("all")),
        fact("plan", _("Inspection"), plan or _("all")),
        fact("made", _("As of"), f"{now.astimezone(zone):%Y-%m-%d %H:%M}"),
        fact("time_zone", _("Time zone"), offset_of(zone, now)),
    ]


def _kpi(five: Punctuality) -> Record:
    rate = five.rate
    return {
        "due": five.due, "on_time": five.on_time, "late": five.late, "missed": five.missed,
        "cancelled": five.cancelled, "open": five.open, "not_yet_due": five.not_yet_due,
        "rate": "" if rate is None else str(rate),
        "formula": _("on time ÷ (due − cancelled − not yet due)"),
    }  # fmt: skip


def _plans(period: Period, now: datetime) -> list[Record]:
    by_plan = punctuality_by(period.runs(), "plan", now=now)
    plans = InspectionPlan.objects.in_bulk([key for (key,) in by_plan])
    lines = [
        {"plan": str(plans[key]), "key": plans[key].key} | _kpi(five) for (key,), five in by_plan.items()
    ]
    return sorted(lines, key=lambda line: line["key"])


def _conclusion(answers: AnswerQuerySet, findings: list[Record]) -> Record:
    counted = dict.fromkeys((*RESULTS, ""), 0)
    counted |= dict(answers.order_by().values_list("severity").annotate(n=Count("pk")))
    return conclusion(counted, open_findings=sum(1 for each in findings if not each["is_closed"]))


def _runs(period: Period, answers: AnswerQuerySet, zone: ZoneInfo) -> tuple[list[Record], int]:
    """The plan sheet (巡检计划表): planned and actual date, who, result, remark."""
    results = {name: Count("pk", filter=Q(severity=name)) for name in RESULTS}
    counted = {
        row["target__run"]: row for row in answers.order_by().values("target__run").annotate(**results)
    }
    related = ("plan", "version__template", "assignee", "team", "submitted_by")
    found = list(period.runs().select_related(*related).order_by("slot_at", "id")[: MOST_RUNS + 1])
    signed = Signature.objects.filter(run__in=found, role="reviewer").select_related("by")
    reviewers = {each.run_id: str(each.by) for each in signed}
    lines = [
        {
            "number": run.number,
            "plan": str(run.plan),
            "group": run.group_label,
            "slot": moment(run.slot_at, zone),
            "due": moment(run.due_at, zone),
            "completed": moment(run.completed_at, zone),
            "inspector": str(run.submitted_by or run.assignee or run.team or ""),
            "reviewer": reviewers.get(run.pk, ""),
            "state": {"code": run.state, "word": str(run.get_state_display())},
            "is_late": run.is_late,
            "outcome": {
                "code": run.outcome, "word": str(run.get_outcome_display()), "tone": TONE[run.outcome],
            },
            "remark": run.state_reason,
            "sha256": run.record_sha256,
            **{name: counted.get(run.pk, {}).get(name, 0) for name in RESULTS},
        }
        for run in found[:MOST_RUNS]
    ]  # fmt: skip
    return lines, period.runs().count() - len(lines) if len(found) > MOST_RUNS else 0


def _rows(period: Period, findings: list[Record], zone: ZoneInfo) -> tuple[list[Record], int]:
    """What was not normal, or everything; and how many rows found no place."""
    by_answer = {answer: each for each in findings for answer in each["answers"] if answer}
    wanted = period.told()
    related = ("item", "target__run", "answered_by", "ci")
    found = list(
        wanted.select_related(*related).order_by(
            "target__run__slot_at", "target__run", "target__position", "target", "item__position", "item"
        )[: MOST_ROWS + 1]
    )
    lines = [
        base_row(answer.item, answer, by_answer, zone)
        | {"no": number, "device": str(answer.target), "run": answer.target.run.number}
        for number, answer in enumerate(found[:MOST_ROWS], 1)
    ]
    return lines, wanted.count() - len(lines) if len(found) > MOST_ROWS else 0


def _devices(period: Period, answers: AnswerQuerySet) -> list[Record]:
    """Every device with how often it was looked at and how often something was wrong; 500 at most."""
    bad = Count("pk", filter=Q(severity__in=["warn", "crit"]))
    rows = answers.order_by().values("ci").annotate(checks=Count("pk"), abnormal=bad)
    found = {row["ci"]: row for row in rows.order_by("-abnormal", "ci")[:MOST_DEVICES]}
    blocks = devices(items_of(found), period.end)
    lines = [
        blocks[key] | {"checks": row["checks"], "abnormal": row["abnormal"]} for key, row in found.items()
    ]
    return sorted(lines, key=lambda line: (line["location"], line["name"]))


def _blank_signatures() -> list[Record]:
    roles = (_("Prepared by"), _("Reviewer"), _("Manager"), _("Client"))
    empty = {"name": "", "at": None, "method": "", "comment": "", "sha256": "", "is_valid": None}
    return [empty | {"role": role} for role in roles]


def _hashes(period: Period) -> list[Record]:
    used = TemplateVersion.objects.filter(runs__in=period.runs()).select_related("template")
    return [
        fact("version_sha256", str(version), version.sha256)
        for version in used.order_by("template__key", "number").distinct()[:40]
    ]
