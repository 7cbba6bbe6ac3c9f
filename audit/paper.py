"""Documents as PDF: set by WeasyPrint with our own Chinese fonts, the same bytes each time it is asked.

Where the system lacks Pango there is no printer, and a document stays the page that it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import datetime
from functools import cache
from importlib import import_module
from io import BytesIO, StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

PDF, PAGE = "application/pdf", "text/html; charset=utf-8"
#: The libraries that WeasyPrint loads, as Debian, Ubuntu and Fedora name them.
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu), pango (Fedora)"
#: What every document's own style names first; characters that our subset lacks come from the system.
FAMILY = '"OpsLedger Sans", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif'
FONTS = {"regular": ("NotoSansSC-Regular.ttf", 400), "bold": ("NotoSansSC-Bold.ttf", 700)}
FACES = "".join(
    f'@font-face {{ font-family: "OpsLedger Sans"; font-weight: {weight}; src: url(kept:{name}); }}'
    for name, (_file, weight) in FONTS.items()
)


@cache
def printer() -> ModuleType | None:
    """WeasyPrint, or None where the system's text libraries are missing: importing it loads them."""
    try:
        with redirect_stdout(StringIO()):  # it prints how sorry it is
            return import_module("weasyprint")  # here: it asks for C libraries that a machine may lack
    except OSError:
        return None


def reason_for_no_pdf() -> str:
    """Why documents are pages here, and what to install; empty where they are PDF."""
    if printer() is not None:
        return ""
    words = _("This server has no Pango, so this is a page to print. Install %(packages)s for PDF.")
    return words % {"packages": PACKAGES}


def as_pdf(
    page: str,
    *,
    identity: str = "",
    created: datetime | None = None,
    attached: Mapping[str, bytes] | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> bytes:
    """The page as PDF, PDF/A-3u where something is attached to it.

    With an `identity` and a moment of creation (also as `dcterms.created` in the page) a second call gives
    the same bytes, in another process too. `pictures` are what the page shows as `kept:<name>`: nothing else
    is loaded, whatever people wrote into it. Raises LookupError where there is no printer.
    """
    weasyprint: Any = printer()
    if weasyprint is None:
        raise LookupError(reason_for_no_pdf())
    fetcher = _fetcher(weasyprint, pictures or {})
    fonts = import_module("weasyprint.text.fonts").FontConfiguration()
    attachments = [
        weasyprint.Attachment(
            file_obj=BytesIO(content), name=name, created=created, modified=created,
            relationship="Source", url_fetcher=fetcher,
        )
        for name, content in (attached or {}).items()
    ]  # fmt: skip
    faces = weasyprint.CSS(string=FACES, font_config=fonts, url_fetcher=fetcher)
    return weasyprint.HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[faces],
        font_config=fonts,
        pdf_identifier=identity.encode() or None,
        pdf_variant="pdf/a-3u" if attachments else None,
        attachments=attachments or None,
        dpi=150,
        jpeg_quality=80,
        optimize_images=bool(pictures),
    )


def _fetcher(weasyprint: Any, pictures: Mapping[str, bytes]) -> Any:
    """Hands out our fonts and the given pictures, by name; refuses every address."""
    urls = import_module("weasyprint.urls")

    class Kept(urls.URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            kind, _colon, name = url.partition(":")
            if kind == "kept" and name in FONTS:
                return urls.URLFetcherResponse(url, _font(name), {"Content-Type": "font/ttf"})
            if kind == "kept" and name in pictures:
                return urls.URLFetcherResponse(url, pictures[name])
            raise ValueError(f"documents load nothing: {url}")

    return Kept()


@cache
def _font(name: str) -> bytes:
    return (Path(settings.BASE_DIR) / "static" / "fonts" / FONTS[name][0]).read_bytes()
