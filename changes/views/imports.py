"""Importing past changes in the browser: upload, say what the columns are, look at every row, apply."""

from __future__ import annotations

from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Right, require_right
from changes.actions import StepRefused, begin_import, check_import, queue_or_run_import, use_mapping
from changes.forms.imports import MappingForm, UploadForm
from changes.imports.made import mapping_text
from changes.imports.report import Outcome
from changes.models import ChangeImport
from cmdb.imports.reading import FileRefused, rows_of

PAGE_ROWS = 100
TONES = {"create": "good", "unchanged": "neutral", "conflict": "warn", "skipped": "neutral", "error": "bad"}
STATE_TONES = {"checking": "neutral", "queued": "info", "running": "info", "done": "good", "failed": "bad"}


@require_http_methods(["GET", "POST"])
@login_required
def import_list(request):
    """The imports so far, and a form for the next one."""
    require_right(request.user, Right.CHANGE_IMPORT)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = begin_import(
                form.cleaned_data["file"],
                by=request.user,
                mapping=form.cleaned_data["map"],
                encoding=form.cleaned_data["encoding"],
            )
            return redirect("changes:import-batch", batch.pk)
        except ValidationError as fault:
            form.add_error("file", fault)
    batches = Paginator(ChangeImport.objects.select_related("imported_by"), 25).get_page(
        request.GET.get("page")
    )
    for batch in batches.object_list:
        batch.tone = STATE_TONES[batch.state]
    status = 400 if request.method == "POST" else 200
    return render(request, "changes/imports.html", {"form": form, "page": batches}, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def import_batch(request, pk):
    """One import: which column is what, then every row's answer, then what became of it."""
    require_right(request.user, Right.CHANGE_IMPORT)
    batch = get_object_or_404(ChangeImport.objects.select_related("imported_by", "file"), pk=pk)
    batch.tone = STATE_TONES[batch.state]
    if batch.state != ChangeImport.State.CHECKING or batch.file is None:
        return render(request, "changes/import_batch.html", {"batch": batch, "tabs": _tabs(batch.counts)})
    if not batch.mapping_text or "columns" in request.GET:
        return _ask_columns(request, batch)
    skips = "skip_errors" in request.POST or "skip_errors" in request.GET
    if request.method == "POST":
        return _apply(request, batch, skips)
    return _preview(request, batch, skips)


def _ask_columns(request, batch):
    try:
        header = next(rows_of(BytesIO(bytes(batch.file.content)), encoding=batch.encoding))
    except FileRefused as fault:
        return render(
            request, "changes/import_batch.html", {"batch": batch, "refused": str(fault)}, status=400
        )
    form = MappingForm(list(header.cells), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            use_mapping(batch, mapping_text(form.cleaned_data), by=request.user)
            return redirect("changes:import-batch", batch.pk)
        except FileRefused as fault:
            form.add_error(None, str(fault))
    status = 400 if request.method == "POST" else 200
    return render(request, "changes/import_batch.html", {"batch": batch, "form": form}, status=status)


def _preview(request, batch, skips, *, status=200):
    try:
        report = check_import(batch, by=request.user, skip_errors=skips)
    except FileRefused as fault:
        return render(
            request, "changes/import_batch.html", {"batch": batch, "refused": str(fault)}, status=400
        )
    outcome = request.GET.get("outcome", "")
    rows = [
        row
        for row in report.rows
        if not outcome or (row.warnings if outcome == "warned" else row.outcome == outcome)
    ]
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    for row in page.object_list:
        row.tone = TONES[row.outcome]
    context = {
        "batch": batch,
        "report": report,
        "page": page,
        "outcome": outcome,
        "tabs": _tabs(report.counts),
        "warnings": [(about.label, count) for about, count in report.warning_counts.items()],
        "total": len(report.rows),
        "writes": report.counts["create"],
        "skips": skips,
        "may_apply": report.counts["create"] and not report.is_stopped,
    }
    return render(request, "changes/import_batch.html", context, status=status)


def _tabs(counts):
    words = {str(each): each.label for each in Outcome} | {"warned": _("with a warning")}
    return [(key, words[key], count) for key, count in counts.items() if count and key in words]


def _apply(request, batch, skips):
    try:
        batch = queue_or_run_import(batch, by=request.user, skip_errors=skips)
    except StepRefused as refused:
        messages.error(request, str(refused))
    else:
        if batch.state == ChangeImport.State.DONE:
            messages.success(request, _("Recorded: %(count)d changes.") % {"count": batch.written})
    return redirect("changes:import-batch", batch.pk)
