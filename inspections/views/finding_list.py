"""The list of findings, and its export."""

import csv
import io
from collections.abc import Iterator

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import Team
from audit.actions import record_event
from audit.evidence import harmless
from cmdb.models import CIType
from inspections.backlog import (
    AGES,
    COLUMNS,
    FILTERS,
    SORT_LABELS,
    SORTS,
    counts_of,
    export_rows,
    narrowed,
    page_of,
)
from inspections.forms.findings import able_people
from inspections.models import Finding
from inspections.severity import Severity
from inspections.sheet import ICON, TONE
from inspections.views.access import page
from inspections.workflow import FindingState

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATE_TONE = {
    FindingState.OPEN: ("bad", "error"), FindingState.ACKNOWLEDGED: ("serious", "visibility"),
    FindingState.FIXING: ("info", "build"), FindingState.FIXED: ("done", "fact_check"),
    FindingState.VERIFIED: ("good", "verified"), FindingState.ACCEPTED_RISK: ("warn", "shield"),
    FindingState.DUPLICATE: ("neutral", "content_copy"),
}  # fmt: skip


def dressed(finding):
    finding.tone, finding.icon = STATE_TONE[finding.state]
    finding.severity_tone, finding.severity_icon = TONE[finding.severity], ICON[finding.severity]
    return finding


def asked_of(request):
    """The filters and the order that the address asks for."""
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    sort = request.GET.get("sort")
    return wanted, sort if sort in SORTS else "urgent"


@require_GET
@page
def finding_list(request):
    """What is wrong and not yet proved right, the critical and oldest first. A fixed number of statements."""
    wanted, sort = asked_of(request)
    rows, following = page_of(
        narrowed(Finding.objects.all(), wanted, request.user), sort, request.GET.get("after", "")
    )
    asked = {**wanted} | ({"sort": sort} if sort != "urgent" else {})
    return render(
        request,
        "inspections/findings.html",
        {
            "findings": [dressed(finding) for finding in rows], "wanted": wanted, "sort": sort,
            "tiles": tiles(counts_of(request.user), wanted), "states": FindingState.choices,
            "severities": [(each.value, each.label) for each in (Severity.CRIT, Severity.WARN)],
            "ages": [(key, label) for key, label, _low, _high in AGES], "sorts": SORT_LABELS,
            "teams": Team.objects.all(), "types": CIType.objects.order_by("label"), "people": able_people(),
            "next": following and "?" + urlencode({**asked, "after": following}),
            "previous": "?" + urlencode(asked) if request.GET.get("after") else "",
            "query": urlencode(asked),
        },
    )  # fmt: skip


def tiles(counts, wanted):
    """The numbers at the top; each is a filter."""
    entries = [
        ("", _("Not closed"), counts["open"], "info", "report"),
        ("severity=crit", _("Critical"), counts["critical"], "bad", "error"),
        ("overdue=1", _("Overdue"), counts["overdue"], "warn", "timer"),
        ("unowned=1", _("Nobody's"), counts["unowned"], "serious", "person_off"),
        ("state=fixed", _("To re-check"), counts["fixed"], "done", "fact_check"),
        ("mine=1", _("Mine"), counts["mine"], "good", "person"),
    ]
    return [
        {"query": query, "label": label, "count": count, "tone": tone if count else "neutral", "icon": icon,
         "is_on": query == urlencode(wanted)}
        for query, label, count, tone, icon in entries
    ]  # fmt: skip


@require_GET
@page
def finding_export(request, kind):
    """The filtered list as CSV or XLSX, whatever its length; no cell is taken for a formula."""
    wanted, sort = asked_of(request)
    findings = narrowed(Finding.objects.all(), wanted, request.user)
    findings = findings.order_by(*(f"-{name}" if falls else name for name, falls in SORTS[sort]))
    record_event("export", by=request.user, target="inspections.finding", detail={"filters": wanted})
    name = f"opsledger-findings-{timezone.localdate():%Y-%m-%d}.{kind}"
    if kind == "xlsx":
        return FileResponse(
            as_workbook(export_rows(findings)), as_attachment=True, filename=name, content_type=XLSX
        )
    return StreamingHttpResponse(
        as_csv(export_rows(findings)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def as_csv(rows) -> Iterator[str]:
    yield "\ufeff"  # Excel reads UTF-8 only behind this mark
    for row in ([str(label) for label in COLUMNS], *rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([harmless(cell) for cell in row])
        yield line.getvalue()


def as_workbook(rows):
    """One sheet with a head line that stays, and a filter; texts are texts, moments are moments."""
    file = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(
        file, {**plain, "constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    )
    sheet = book.add_worksheet(_("Findings")[:31])
    head = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(COLUMNS) - 1, 16)
    sheet.set_column(1, 2, 28)
    sheet.write_row(0, 0, [str(label) for label in COLUMNS], head)
    last = 0
    for last, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(last, column, cell)
            elif hasattr(cell, "isoformat") and not hasattr(cell, "hour"):
                sheet.write_datetime(last, column, cell, day)
            else:
                sheet.write(last, column, cell)
    sheet.autofilter(0, 0, last, len(COLUMNS) - 1)
    book.close()
    file.seek(0)
    return file
