"""Taking reports out: each file names a person and a time, and stands in the ledger with its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from audit import paper
from audit.actions import keep_file, record_event
from audit.context import because
from audit.models import SecurityEvent, StoredFile
from inspections import guards, reasons
from inspections.models import InspectionRun, ReportIssue, ReportOrder, ReportSchedule
from inspections.models.reports import Format, Kind
from inspections.reports import LONG, Period, Report, period_report, run_report
from inspections.reports.document import Imprint, as_data, as_page, as_pdf, made_with
from inspections.reports.period import basis_of_period
from inspections.reports.run import basis_of_run
from inspections.reports.shape import offset_of
from inspections.reports.spreadsheet import as_xlsx


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the report of a run, or of a period, as which file in which language."""

    format: str
    language: str
    run: InspectionRun | None = None
    period: Period | None = None

    def report(self) -> Report:
        """The report as it stands now, in the wanted language."""
        with override(self.language):
            if self.run is not None:
                return run_report(self.run)
            assert self.period is not None  # noqa: S101  (one of the two is always given)
            return period_report(self.period)

    @property
    def rows(self) -> int:
        """About how many rows it will have, on which the length of the work depends. Two statements."""
        if self.run is not None:
            return self.run.targets.count() * self.run.version.items.count()
        assert self.period is not None  # noqa: S101
        return self.period.runs().count() + self.period.told().count()

    @property
    def is_long(self) -> bool:
        """Whether it is a matter for the worker."""
        return self.rows > LONG

    @property
    def about(self) -> dict[str, Any]:
        """The fields by which ledger and orders name it."""
        kind = Kind.RUN if self.run is not None else Kind.PERIOD
        parameters = self.period.parameters if self.period else {}
        return {"kind": kind, "run": self.run, "parameters": parameters, "language": self.language}


def wanted_of(asked: ReportIssue | ReportOrder) -> Wanted:
    """What the row asks for, to be made anew."""
    period = Period.parsed(asked.parameters) if asked.kind == Kind.PERIOD else None
    return Wanted(asked.format, asked.language, asked.run, period)


def issue_report(
    wanted: Wanted, *, by: User, schedule: ReportSchedule | None = None, report: Report | None = None
) -> tuple[ReportIssue, bytes]:
    """The file, watermarked for this person and time, and its row in the ledger; the export is an event.

    Raises Refused without the right, and beyond the number of reports one person may take out in a while
    (schedules are not counted). Holds the lock on report numbers until the transaction ends.
    """
    with transaction.atomic(), because(reasons.ISSUED, user=by):
        if schedule is None:
            guards.refuse_if(guards.against_issuing(by), "issue report", by=by, target=wanted.about["kind"])
        now = timezone.now()
        return write_issue(wanted, report or wanted.report(), next_number(now), by, now, schedule=schedule)


def write_issue(  # noqa: PLR0913  each is one part of what is printed
    wanted: Wanted,
    report: Report,
    number: str,
    by: User,
    now: datetime,
    *,
    schedule: ReportSchedule | None = None,
    keep: bool = False,
) -> tuple[ReportIssue, bytes]:
    """The file and its row under this number; `keep` keeps the file itself too. Asks for no right."""
    imprint = Imprint(number, watermark_of(by, now), now)
    data = report.as_json
    content, file_format = drawn(data, imprint, wanted.format, photos_of(report.photos))
    issue = ReportIssue.objects.create(
        **wanted.about, number=number, format=file_format, subject=report.subject[:200],
        record_sha256=report.record_sha256, data=keep_file(data, media_type="application/json"),
        file=keep_file(content) if keep else None, file_sha256=hashlib.sha256(content).hexdigest(),
        size=len(content), made_with=made_with(), watermark=imprint.watermark, issued_by=by, issued_at=now,
        schedule=schedule,
    )  # fmt: skip
    detail = {"subject": issue.subject, "format": file_format, "sha256": issue.file_sha256}
    record_event(SecurityEvent.Kind.EXPORT, by=by, target=f"report {number}", detail=detail)
    return issue, content


def drawn(data: bytes, imprint: Imprint, wanted: str, photos: dict[str, bytes]) -> tuple[bytes, str]:
    """The record as the wanted file, and what it has become: a page, where PDF cannot be made."""
    if wanted == Format.JSON:
        return as_data(data, imprint), Format.JSON
    if wanted == Format.XLSX:
        return as_xlsx(data, imprint), Format.XLSX
    if wanted == Format.PAGE or paper.printer() is None:
        return as_page(data, imprint, photos), Format.PAGE
    return as_pdf(data, imprint, photos), Format.PDF


def remade(issue: ReportIssue) -> bytes:
    """The same file again: the kept one, or made of the record that the ledger keeps.

    The same bytes as long as `made_with` names the same versions.
    """
    if issue.file is not None:
        return content_of(issue.file)
    data = content_of(issue.data)
    photos = tuple(each["sha256"] for each in json.loads(data).get("photos", []))
    imprint = Imprint(issue.number, issue.watermark, issue.issued_at)
    return drawn(data, imprint, issue.format, photos_of(photos))[0]


def take_again(issue: ReportIssue, *, by: User) -> bytes:
    """The file that was issued, byte for byte, taken out once more; that is an export.

    Raises PermissionDenied for whom it does not name, Refused where OpsLedger would draw it otherwise now.
    """
    if not guards.may_take_again(issue, by):
        raise PermissionDenied(_("This copy names somebody else. Take out your own."))
    content = remade(issue)
    if hashlib.sha256(content).hexdigest() != issue.file_sha256:
        message = _("OpsLedger has been updated since: the file would have other bytes. Take out a new one.")
        raise guards.Refused([guards.Refusal("updated", message)])
    record_event(SecurityEvent.Kind.EXPORT, by=by, target=f"report {issue.number}", detail={"again": True})
    return content


def has_changed_since(issue: ReportIssue) -> bool:
    """Whether what the report tells was amended, or went on, after it was issued. Two statements."""
    before = _record_of(issue)["basis"]
    if issue.run is not None:
        return basis_of_run(issue.run) != before
    return basis_of_period(Period.parsed(issue.parameters)) != before


def watermark_of(person: User, at: datetime) -> str:
    """Who and when, as it is printed on every page."""
    name = str(person) if str(person) == person.username else f"{person} ({person.username})"
    zone = ZoneInfo(settings.TIME_ZONE)
    return f"{name} · {at.astimezone(zone):%Y-%m-%d %H:%M:%S} {offset_of(zone, at)}"[:200]


def next_number(at: datetime) -> str:
    """RP-YYYYMM-NNNN, the next of the month; holds the lock on report numbers to the transaction's end."""
    month = f"RP-{at.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y%m}-"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inspections_report_number'))")
        cursor.execute(
            "SELECT coalesce(max(substr(number, 11)::bigint), 0) + 1 FROM ("
            " SELECT number FROM inspections_reportissue WHERE number LIKE %(month)s"
            " UNION ALL SELECT number FROM inspections_reportorder WHERE number LIKE %(month)s) AS used",
            {"month": f"{month}%"},
        )
        (serial,) = cursor.fetchone()
    return f"{month}{serial:04d}"


def photos_of(hashes: tuple[str, ...]) -> dict[str, bytes]:
    """The bytes of kept files, by hash. One statement."""
    if not hashes:
        return {}
    kept = StoredFile.objects.filter(sha256__in=hashes).values_list("sha256", "content")
    return {sha256: bytes(content) for sha256, content in kept}


def content_of(stored: StoredFile) -> bytes:
    return bytes(stored.content)


def _record_of(issue: ReportIssue) -> dict[str, Any]:
    return json.loads(content_of(issue.data))
