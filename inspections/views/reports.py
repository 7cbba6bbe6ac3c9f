"""Reports: read in the site, taken out as files, long ones made by the worker."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from audit import paper
from inspections.actions import Wanted, issue_report, order_report
from inspections.guards import Refused
from inspections.models import InspectionRun, ReportOrder
from inspections.models.reports import LANGUAGES, Format
from inspections.reports import Period, period_report, run_report
from inspections.reports.document import context_of
from inspections.views.access import page

TAKEN_OUT = (Format.PDF, Format.XLSX, Format.JSON)
TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: paper.PDF, Format.JSON: "application/json", Format.PAGE: paper.PAGE,
}  # fmt: skip
#: A page to print loads nothing but its own style and pictures.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def found_run(number):
    runs = InspectionRun.objects.select_related(
        "plan", "version__template", "assignee", "started_by", "submitted_by", "team", "state_by"
    )
    return get_object_or_404(runs, number=number)


def chosen_language(request):
    """The language that was asked for, else the reader's."""
    asked = request.GET.get("language", "")
    return asked if asked in dict(LANGUAGES) else (get_language() or "en")


@page
def report(request, number):
    """The report of one run, to read and to print."""
    run = found_run(number)
    made = run_report(run)
    sources = {
        each["sha256"]: reverse("inspections:photo", args=[each["op"]]) for each in made.record["photos"]
    }
    return shown(request, made, sources, {"run": run, "file_base": f"/inspections/runs/{run.number}/report"})


@page
def period_page(request):
    """The report of a period; without one, yesterday's."""
    given = request.GET.dict()
    if not {"from", "day", "month"} & set(given):
        given["day"] = timezone.localdate().isoformat()
    try:
        period = Period.parsed(given)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("inspections:reports")
    query = "&".join(f"{name}={value}" for name, value in period.parameters.items())
    context = {"period": period, "file_base": "/inspections/reports/period", "query": query}
    return shown(request, period_report(period), {}, context)


def shown(request, made, sources, context):
    return render(
        request,
        "inspections/report.html",
        context_of(made.record, sources) | context | {"no_pdf": paper.reason_for_no_pdf()},
    )


@page
@require_GET
def run_file(request, number, extension):
    """The report of one run as a file for this person."""
    run = found_run(number)
    return taken_out(request, extension, {"run": run}, reverse("inspections:report", args=[run.number]))


@page
@require_GET
def period_file(request, extension):
    """The report of a period as a file for this person."""
    try:
        period = Period.parsed(request.GET.dict())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("inspections:reports")
    return taken_out(request, extension, {"period": period}, reverse("inspections:reports"))


def taken_out(request, extension, about, back):
    """The issued file; long ones are ordered, refusals are told where the person came from."""
    if extension not in TAKEN_OUT:
        raise Http404
    wanted = Wanted(extension, chosen_language(request), **about)
    try:
        if wanted.is_long and extension != Format.JSON:
            order = order_report(wanted, by=request.user)
            return redirect("inspections:report-order", order.number)
        issue, content = issue_report(wanted, by=request.user)
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}".strip())
        return redirect(back)
    return as_response(issue, content)


def as_response(issue, content):
    """The file as a download; a page to print opens, because it is there to be printed."""
    is_page = issue.format == Format.PAGE
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
    if is_page:
        headers["Content-Security-Policy"] = PAGE_POLICY
    else:
        subject = issue.run.number if issue.run else "-".join(
            str(issue.parameters[name]) for name in ("from", "to") if issue.parameters.get(name)
        )  # fmt: skip
        headers["Content-Disposition"] = f'attachment; filename="{issue.number}-{subject}.{issue.format}"'
    return HttpResponse(content, content_type=TYPES[issue.format], headers=headers)


@page
def order_page(request, number):
    """How far an ordered report is; ready, it leads to the file. Others' orders are nobody's business."""
    orders = ReportOrder.objects.select_related("issue", "run")
    order = get_object_or_404(orders, number=number, ordered_by=request.user)
    return render(request, "inspections/report_order.html", {"order": order})
