"""The application shell of the phone (手机巡检): one document and its files, kept on the phone by a worker.

There is no data of any person in it. Its version is the hash of everything in it.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation

from inspections.shell.words import WORDS

LANGUAGES = ("en", "zh-hans")
MODULES = (
    "account", "app", "card", "db", "decimal", "dom", "fields", "finish", "frame", "index", "list", "lock",
    "outbox", "photo", "photos", "press", "run", "sync", "thumb", "trend", "view", "waiting", "wake",
    "words", "worker",
)  # fmt: skip
FILES = (
    *(f"inspections/phone/{name}.js" for name in MODULES),
    "inspections/phone/phone.css",
    "inspections/phone/icon-192.png",
    "inspections/phone/icon-512.png",
    "config/frame.js",
    "config/theme.js",
    "config/house.css",
    "config/logo.svg",
    "vendor/idb.js",
    "unfold/fonts/inter/styles.css",
    *(f"unfold/fonts/inter/Inter-{weight}.woff2" for weight in ("Regular", "Medium", "SemiBold", "Bold")),
    "unfold/fonts/material-symbols/styles.css",
    "unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2",
)


def words() -> dict[str, dict[str, str]]:
    """What the page says, by language and key."""
    spoken = {}
    for language in LANGUAGES:
        with translation.override(language):
            spoken[language] = {key: str(text) for key, text in WORDS.items()}
    return spoken


def urls() -> list[str]:
    """The addresses of the shell's files."""
    return [static(name) for name in FILES]


def document() -> str:
    """The shell itself, the same for everybody."""
    with translation.override("en"):  # not the reader's: the worker keeps one document for both languages
        return render_to_string("inspections/phone.html", {"words": words(), "version": version()})


def version() -> str:
    """Changes with every file, word and line of the shell. Cheap where files have been collected."""
    return _version_of(tuple(urls())) if hasattr(staticfiles_storage, "manifest_strict") else _fresh_version()


def _fresh_version() -> str:
    """Plain names say nothing about what is in the files: they are read."""
    paths = [finders.find(name) for name in FILES]
    contents = [Path(path).read_bytes() for path in paths if path]
    return _digest([hashlib.sha256(content).hexdigest() for content in contents])


@cache
def _version_of(names: tuple[str, ...]) -> str:
    return _digest(list(names))


def _digest(parts: list[str]) -> str:
    page = render_to_string("inspections/phone.html", {"words": words(), "version": ""})
    worker = render_to_string("inspections/phone_worker.js", {"version": "", "files": "[]"})
    return hashlib.sha256(json.dumps([*parts, page, worker]).encode()).hexdigest()[:16]
