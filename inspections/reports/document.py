"""A report as a document: one self-contained page, printed by a browser or set as PDF/A with its record."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from audit import paper
from inspections.reports.shape import Record, canonical

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Imprint:
    """What is printed on every page of an issued report: its number, and who took it out when."""

    number: str
    watermark: str
    issued_at: datetime

    @property
    def across(self) -> str:
        """The watermark without its zone, for the middle of the page."""
        return self.watermark.rsplit(" ", 2)[0][:60]


def as_data(data: bytes, imprint: Imprint) -> bytes:
    """The record as a file for programs, with whom it was issued to."""
    issued = {
        "number": imprint.number, "watermark": imprint.watermark,
        "issued_at": imprint.issued_at.isoformat(), "record_sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    return canonical({"issued": issued, "record": json.loads(data)})


def as_page(data: bytes, imprint: Imprint, photos: Mapping[str, bytes]) -> bytes:
    """The report as a page to print, with why it is no PDF where there is none."""
    shown = {
        sha256: f"data:image;base64,{base64.b64encode(each).decode()}" for sha256, each in photos.items()
    }
    return _drawn(data, imprint, shown, paper.reason_for_no_pdf()).encode()


def as_pdf(data: bytes, imprint: Imprint, photos: Mapping[str, bytes]) -> bytes:
    """The report as PDF/A-3u, the record attached: the same arguments give the same bytes, in any process."""
    page = _drawn(data, imprint, {sha256: f"kept:{sha256}" for sha256 in photos}, "")
    return paper.as_pdf(
        page,
        identity=imprint.number,
        created=imprint.issued_at,
        attached={"record.json": data},
        pictures=photos,
    )


def _drawn(data: bytes, imprint: Imprint, sources: Mapping[str, str], no_pdf: str) -> str:
    record = json.loads(data)
    words = context_of(record, sources) | {
        "imprint": imprint, "no_pdf": no_pdf, "style": style(), "family": paper.FAMILY,
        "data_sha256": hashlib.sha256(data).hexdigest(), "created": imprint.issued_at.isoformat(),
    }  # fmt: skip
    with override(record["language"]):
        words["page_number"] = page_number()
        return render_to_string("inspections/reports/document.html", words)


def page_number() -> str:
    """“Page 1 of 2” as the content of a margin box."""
    words = _("Page %(page)s of %(pages)s") % {
        "page": "\x00counter(page)\x00",
        "pages": "\x00counter(pages)\x00",
    }
    parts = words.split("\x00")
    quoted = [
        part if part.startswith("counter(") else json.dumps(part, ensure_ascii=False)
        for part in parts
        if part
    ]
    return " ".join(quoted)


def context_of(record: Record, sources: Mapping[str, str]) -> dict[str, Any]:
    """What the body of a report is drawn from, in the site and on paper."""
    photos = [
        photo | {"source": sources[photo["sha256"]]}
        for photo in record.get("photos", [])
        if photo["sha256"] in sources
    ]
    return {"record": record, "photos": photos}


@cache
def style() -> str:
    """The style sheet that the site's page of a report has too."""
    return (Path(settings.BASE_DIR) / "static" / "inspections" / "report.css").read_text()


@cache
def made_with() -> str:
    """The versions on which the bytes depend: another text means that a re-made file may differ."""
    root = Path(settings.BASE_DIR)
    parts = [
        *sorted((root / "templates" / "inspections" / "reports").glob("*.html")),
        *sorted(FOLDER.glob("*.py")),
        root / "static" / "inspections" / "report.css",
        root / "static" / "fonts" / "fonts.lock.json",
        *sorted((root / "locale").rglob("*.mo")),
    ]
    layout = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]
    return f"layout {layout} · weasyprint {version('weasyprint')} · xlsxwriter {version('xlsxwriter')}"
