"""The ledger of issued reports: the list, one of them, and whether a file or a hash is one of ours."""

import hashlib
import re
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Right, has_right
from cmdb.models import ConfigurationItem
from inspections.actions import has_changed_since, remade, take_again
from inspections.guards import Refused, may_take_again
from inspections.models import InspectionPlan, InspectionRun, ReportIssue, ReportOrder, TemplateVersion
from inspections.models.reports import Format
from inspections.reports.document import made_with
from inspections.views.access import page
from inspections.views.reports import as_response

PAGE = 50
LARGEST_LOOKED_AT = 50 * 1024 * 1024
SEES_ALL = (Right.AUDIT_READ, Right.INSPECT_MANAGE, Right.INSPECT_REVIEW)


def visible_to(user):
    """One's own; all of them for auditors and who signs inspections off."""
    issues = ReportIssue.objects.select_related("issued_by", "run", "schedule")
    return issues if any(has_right(user, right) for right in SEES_ALL) else issues.filter(issued_by=user)


@page
def reports(request):
    """Choose a report; see what was taken out."""
    word, file_format = request.GET.get("q", "").strip()[:80], request.GET.get("format", "")
    issues = visible_to(request.user)
    if word:
        issues = issues.filter(
            Q(number__icontains=word) | Q(subject__icontains=word) | Q(watermark__icontains=word)
        )
    if file_format in Format.values:
        issues = issues.filter(format=file_format)
    offset = request.GET.get("start", "0")
    offset = int(offset[:7]) if offset.isascii() and offset.isdigit() else 0
    rows = list(issues[offset : offset + PAGE + 1])
    waiting = ReportOrder.objects.filter(ordered_by=request.user, issue=None).exclude(state="failed")
    context = {
        "issues": rows[:PAGE],
        "next_start": offset + PAGE if len(rows) > PAGE else None,
        "previous_start": max(offset - PAGE, 0) if offset else None,
        "word": word,
        "format": file_format,
        "formats": Format.choices,
        "orders": waiting[:10],
        "sees_all": any(has_right(request.user, right) for right in SEES_ALL),
    }
    return render(request, "inspections/reports.html", context | choices())


def choices():
    """What a report can be asked of."""
    today = timezone.localdate()
    return {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "month_start": today.replace(day=1),
        "last_month": today.replace(day=1) - timedelta(days=1),
        "clients": clients(),
        "plans": InspectionPlan.objects.order_by("key"),
        "sites": ConfigurationItem.objects.live().of_type("site", "room").order_by("name")[:200],
    }


def clients():
    """The clients that plans name."""
    named = InspectionPlan.objects.exclude(client="").order_by("client")
    return list(named.values_list("client", flat=True).distinct()[:200])


@page
def issue_page(request, number):
    """One issued report: who, when, its hashes, and whether it still tells the whole story."""
    issue = get_object_or_404(visible_to(request.user).select_related("data", "file"), number=number)
    checked = None
    if request.method == "POST":
        digest = hashlib.sha256(remade(issue)).hexdigest()
        checked = {"is_same": digest == issue.file_sha256, "sha256": digest}
    return render(
        request,
        "inspections/report_issue.html",
        {
            "issue": issue, "checked": checked, "has_changed": has_changed_since(issue),
            "is_made_with_the_same": issue.made_with == made_with(),
            "may_take": may_take_again(issue, request.user),
        },
    )  # fmt: skip


@page
def issue_file(request, number):
    """The same file once more, for whom it names."""
    issue = get_object_or_404(visible_to(request.user).select_related("data", "file"), number=number)
    try:
        content = take_again(issue, by=request.user)
    except (PermissionDenied, Refused) as refused:
        messages.error(request, str(refused))
        return redirect("inspections:report-issue", number)
    return as_response(issue, content)


@page
def check(request):
    """A file is dropped or a hash typed: who took it out when, unchanged; or nobody did."""
    digest, name = "", ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is not None and upload.size > LARGEST_LOOKED_AT:
            messages.error(request, _("The file is larger than any report. Choose another one."))
        elif upload is not None:
            digest, name = hashed(upload), upload.name
        else:
            digest = typed(request.POST.get("sha256", ""))
            if not digest:
                messages.error(request, _("Choose a file, or type the 64 digits of its SHA-256."))
    return render(request, "inspections/report_check.html", {"digest": digest, "name": name} | found(digest))


def hashed(upload):
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def typed(text):
    """The hash in what was typed or pasted; empty where there is none."""
    plain = re.sub(r"[\s:]+", "", text).lower().removeprefix("sha256")
    return plain if re.fullmatch(r"[0-9a-f]{64}", plain) else ""


def found(digest):
    """What this is the hash of: an issued file, the record inside one, a signed run, a check list."""
    if not digest:
        return {}
    issues = ReportIssue.objects.select_related("issued_by", "run")
    return {
        "issues": list(issues.filter(file_sha256=digest)[:20]),
        "records": list(issues.filter(data__sha256=digest)[:20]),
        "runs": list(InspectionRun.objects.filter(record_sha256=digest).select_related("plan")[:20]),
        "versions": list(TemplateVersion.objects.filter(sha256=digest).select_related("template")[:20]),
    }
