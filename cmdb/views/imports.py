"""Import in the browser: upload, look at every row, confirm exactly what was shown."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.roles import Right, require_right
from audit.actions import record_event
from cmdb.actions import import_items, import_relations
from cmdb.imports.mapping import load_mapping, shipped_mappings
from cmdb.imports.reading import FileRefused
from cmdb.imports.report import Outcome

LARGEST = 20 * 1024 * 1024
PAGE_ROWS = 100
SHA256_DIGITS = 64
KINDS = {"items": import_items, "relations": import_relations}
ENCODINGS = ("", "utf-8", "gbk", "utf-16", "latin-1")
TONES = {"create": "good", "update": "info", "unchanged": "neutral", "skipped": "neutral", "error": "bad"}


@require_http_methods(["GET", "POST"])
@login_required
def import_page(request):
    """Takes the file, keeps it under its hash, and leads to the preview."""
    require_right(request.user, Right.CMDB_IMPORT)
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            error = _("Choose a file.")
        elif upload.size > LARGEST:
            error = _("The file is larger than 20 MB: import it with manage.py import_items.")
        else:
            digest = keep(upload, request.user)
            query = f"?kind={kind_of(request.POST)}&map={map_of(request.POST)}"
            query += f"&encoding={encoding_of(request.POST)}&name={safe_name(upload.name)}"
            return redirect(f"{request.path}{digest}/{query}")
    context = {"mappings": named_mappings(), "encodings": ENCODINGS, "error": error}
    return render(request, "cmdb/import_page.html", context, status=400 if error else 200)


@require_http_methods(["GET", "POST"])
@login_required
def import_preview(request, digest):
    """The dry run of the kept file, page by page; a POST applies the very same bytes and options."""
    require_right(request.user, Right.CMDB_IMPORT)
    path = place(digest, request.user)
    if len(digest) != SHA256_DIGITS or not path.is_file():
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    kind, mapping, encoding = kind_of(asked), map_of(asked), encoding_of(asked)
    name = safe_name(asked.get("name", "")) or digest[:12]
    context = {"kind": kind, "map": mapping, "encoding": encoding, "name": name, "digest": digest}
    try:
        with path.open("rb") as stream:
            report = KINDS[kind](
                stream,
                load_mapping(mapping),
                by=request.user,
                name=name,
                dry_run=request.method == "GET",
                encoding=encoding,
            )
    except FileRefused as fault:
        return render(request, "cmdb/import_preview.html", context | {"refused": str(fault)}, status=400)
    if report.is_applied:
        path.unlink(missing_ok=True)
        detail = {"file": name, "sha256": digest, "mapping": mapping, "summary": report.counts}
        record_event("other", by=request.user, target=f"cmdb.import.{kind}", detail=detail)
        messages.success(
            request, _("Imported %(name)s: %(summary)s.") % {"name": name, "summary": report.summary}
        )
        return redirect("cmdb:list")
    return render(request, "cmdb/import_preview.html", context | shown(report, asked))


def shown(report, asked):
    """The part of the report that one page shows: an outcome, a page of its rows."""
    outcome = asked.get("outcome", "")
    rows = [row for row in report.rows if not outcome or row.outcome == outcome]
    page = Paginator(rows, PAGE_ROWS).get_page(asked.get("page"))
    for row in page.object_list:
        row.tone = TONES[row.outcome]
    tabs = [(str(each), each.label, report.counts[each]) for each in Outcome if report.counts[each]]
    writes = report.counts["create"] + report.counts["update"]
    return {
        "report": report,
        "page": page,
        "outcome": outcome,
        "tabs": tabs,
        "total": len(report.rows),
        "writes": writes,
        "may_apply": writes and not report.has_errors,
    }


def keep(upload, user) -> str:
    """The file's SHA-256, under which it is kept for this person until it is applied."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    path = place(digest.hexdigest(), user)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("wb") as copy:
        for chunk in upload.chunks():
            copy.write(chunk)
    return digest.hexdigest()


def place(digest: str, user) -> Path:
    """Where a person's upload lies: another person's link leads nowhere."""
    return Path(settings.VAR_DIR) / "imports" / f"{user.pk}-{digest}.csv"


def named_mappings():
    return [{"key": name, "label": load_mapping(name).title} for name in shipped_mappings()]


def kind_of(asked) -> str:
    return asked.get("kind") if asked.get("kind") in KINDS else "items"


def map_of(asked) -> str:
    """A shipped mapping's name; a path is for the command line only."""
    if asked.get("map") not in shipped_mappings():
        raise BadRequest("unknown mapping")
    return asked["map"]


def encoding_of(asked) -> str:
    return asked.get("encoding") if asked.get("encoding") in ENCODINGS else ""


def safe_name(name: str) -> str:
    return re.sub(r"[^\w.()\- ]", "_", Path(name).name)[:120]
