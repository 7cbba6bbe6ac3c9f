"""What changed between two versions of a row, field by field, for people and for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.template.defaultfilters import date as format_date
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from audit.recorded.related import fetch_related, keys_of


@dataclass(frozen=True)
class Difference:
    """One field (or one key of a JSON field) with its value before and after."""

    field: str
    label: str
    before: Any
    after: Any


#: What people call the deeds that stand in the record as reasons; each app adds its own (apps.py).
DEEDS: dict[str, str | Promise] = {}
#: Whole sentences that OpsLedger writes as reasons, with the places of what they name (as_reason).
SENTENCES: list[str] = []


def as_reason(sentence: str) -> str:
    """The English sentence, known to be the house's own: stored as it is, read in the reader's language.

    What it names goes into places such as %(run)s. Give it as gettext_noop, so that it is translated.
    """
    if sentence not in SENTENCES:
        SENTENCES.append(sentence)
    return sentence


def deed_in_words(code: str | None) -> str:
    """The deed as people call it; a reason that somebody wrote stays as it is."""
    reason = code or ""
    if reason in DEEDS:
        return str(DEEDS[reason])
    for sentence in SENTENCES:
        if found := _places_of(sentence).fullmatch(reason):
            return _(sentence) % found.groupdict()
    return reason


@cache
def _places_of(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", sentence)
    for n, part in enumerate(parts):
        extent = ".+" if n == len(parts) - 2 else r"\S+"
        parts[n] = f"(?P<{part}>{extent})" if n % 2 else re.escape(part)
    return re.compile("".join(parts), re.DOTALL)


def differences(new: Any, old: Any | None) -> list[Difference]:
    """Every recorded field in which two versions differ, with raw values; nothing without an old one."""
    if old is None:
        return []
    found: list[Difference] = []
    for field in new.tracked_fields:
        before, after = getattr(old, field.attname), getattr(new, field.attname)
        if before == after or field.name == "row_version":
            continue
        label = capfirst(force_str(field.verbose_name))
        if isinstance(before, dict) and isinstance(after, dict):
            found += [
                Difference(f"{field.name}.{key}", f"{label} · {key}", before.get(key), after.get(key))
                for key in sorted({*before, *after})
                if before.get(key) != after.get(key)
            ]
        else:
            found.append(Difference(field.name, label, before, after))
    return found


def with_predecessors(rows: Sequence[Any], *, reach_back: bool = False) -> list[tuple[Any, Any | None]]:
    """Versions of one row, newest first, each with the one before it. One query, none if they reach back to
    the first."""
    if not rows:
        return []
    before = None if reach_back else rows[-1].prev_record
    return list(zip(rows, [*rows[1:], before], strict=True))


def with_own_predecessors(rows: models.QuerySet) -> list[tuple[Any, Any | None]]:
    """Versions of several rows, each with the one before it of the same row. Two queries."""
    pk = rows.model.instance_type._meta.pk.attname
    every = rows.model._base_manager
    same = every.filter(**{pk: models.OuterRef(pk), "history_id__lt": models.OuterRef("history_id")})
    found = list(
        rows.annotate(earlier=models.Subquery(same.order_by("-history_id").values("history_id")[:1]))
    )
    before = every.in_bulk({row.earlier for row in found if row.earlier is not None})
    return [(row, before.get(row.earlier)) for row in found]


def told_all(pairs: Iterable[tuple[Any, Any | None]]) -> list[dict[str, Any]]:
    """Versions in words, as `told`. One query per model that a changed field refers to, for any number."""
    pairs = list(pairs)
    fetch_related(
        (row, key)
        for new, old in pairs
        if old is not None
        for key in keys_of(new)
        if not key.name.startswith("history_") and getattr(new, key.attname) != getattr(old, key.attname)
        for row in (new, old)
    )
    return [told(new, old) for new, old in pairs]


def told(new: Any, old: Any | None) -> dict[str, Any]:
    """One version in words, for a history table (templates/_parts/_history_table.html)."""
    changes = [
        {
            "field": each.field,
            "label": each.label,
            "before": _shown(old, each, each.before),
            "after": _shown(new, each, each.after),
        }
        for each in differences(new, old)
    ]
    return {
        "at": new.history_date,
        "who": new.history_username or "",
        "deed": capfirst(str(KIND_WORDS[new.history_type])),
        "user_id": new.history_user_id,
        "reason": deed_in_words(new.history_change_reason),
        "change_ref": new.history_change_ref,
        "version": new.row_version,
        "txid": new.history_txid,
        "changes": changes,
    }


def as_data(new: Any, old: Any | None) -> dict[str, Any]:
    """One version for a program: who, when, why, the fields that changed and the row as it then was."""
    row = {field.attname: getattr(new, field.attname) for field in new.tracked_fields}
    data = {
        "history_id": new.history_id,
        "at": new.history_date,
        "kind": KINDS[new.history_type],
        "row_version": new.row_version,
        "user": new.history_user_id,
        "username": new.history_username,
        "reason": new.history_change_reason,
        "change_ref": new.history_change_ref,
        "txid": new.history_txid,
        "changes": [
            {"field": each.field, "old": each.before, "new": each.after} for each in differences(new, old)
        ],
        "row": row,
    }
    plain: dict[str, Any] = json.loads(json.dumps(data, cls=_Encoder))
    return plain


KINDS = {"+": "created", "~": "changed", "-": "deleted"}
# Not simple-history's own words: "Created" is a column title elsewhere, and one msgid has one translation.
KIND_WORDS = {
    "+": pgettext_lazy("deed", "created"),
    "~": pgettext_lazy("deed", "changed"),
    "-": pgettext_lazy("deed", "deleted"),
}


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)  # a range, an address


def _shown(row: Any, difference: Difference, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return format_date(localtime(value), "Y-m-d H:i:s")
    if isinstance(value, dict | list):
        return json.dumps(value, cls=_Encoder, ensure_ascii=False)
    return _in_words(row, difference.field, value)


def _in_words(row: Any, name: str, value: Any) -> str:
    if "." in name:
        return str(value)
    field = row._meta.get_field(name)
    if isinstance(field, models.ForeignKey):
        try:
            return str(getattr(row, name) or f"#{value}")
        except ObjectDoesNotExist:
            return f"#{value}"
    return str(dict(_choices(field)).get(value, value))


def _choices(field: models.Field) -> Iterable[tuple[Any, Any]]:
    return field.flatchoices or ()
