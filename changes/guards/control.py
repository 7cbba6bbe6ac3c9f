"""The refusal of PostgreSQL that guards controlled items, in words, with a link that leads on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

# Longer differences are not carried along in a link; the page then asks for them.
LONGEST_LINK = 1500


class Linked(str):
    """A sentence with a link: markup on pages, plain text with the path in answers to programs."""

    path: str
    label: str
    words: str

    def __new__(cls, words: str, label: str, path: str) -> Linked:
        made = super().__new__(cls, f"{words} {label}: {path}")
        made.words, made.label, made.path = words, label, path
        return made

    def __str__(self) -> Linked:
        return self

    def __html__(self) -> SafeString:
        return format_html('{} <a href="{}">{}</a>', self.words, self.path, self.label)


def controlled_in_words(detail: Mapping[str, Any]) -> Linked:
    """What to do where a write was refused because its type is controlled."""
    known = {"type": detail.get("type", "")}
    words = _("Items of the type “%(type)s” are controlled: plan a change.") % known
    why = {
        "not_under_way": _("The change that was named is not under way."),
        "not_planned": _("The change under way does not plan exactly this."),
    }.get(detail.get("why", ""), "")
    return Linked(f"{words} {why}".strip(), _("Raise a change"), path_for(detail))


def path_for(detail: Mapping[str, Any]) -> str:
    """The page on which the refused write becomes a change, with the item and what was to be written."""
    asked: dict[str, Any] = {}
    if detail.get("item") and (detail.get("deed") != "+" or detail.get("relation")):
        asked["item"] = detail["item"]
        if detail.get("deed") == "~":
            after = {name: pair[1] for name, pair in (detail.get("fields") or {}).items()}
            text = json.dumps(after, ensure_ascii=False)
            if len(text) <= LONGEST_LINK:
                asked["after"] = text
    return reverse("changes:plan-instead") + (f"?{urlencode(asked)}" if asked else "")
