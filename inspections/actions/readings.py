"""Readings of machines: stored in bulk, each once, then judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections.actions.machine_answers import answer_by_machines
from inspections.actions.series import judge_readings, watched_items
from inspections.messages import Message
from inspections.models import MachineReading, ReadingSource, TemplateItem
from inspections.subjects import items_meant

STORE = """
INSERT INTO inspections_machinereading
       (source_id, ci_id, metric, value, problem, unit, observed_at, external_id, payload_sha256)
SELECT %(source)s, g.* FROM unnest(
       %(cis)s::bigint[], %(metrics)s::text[], %(values)s::numeric[], %(problems)s::text[], %(units)s::text[],
       %(times)s::timestamptz[], %(ids)s::text[], %(hashes)s::text[]) AS g
    ON CONFLICT (source_id, external_id) DO NOTHING
RETURNING id, external_id
"""
KNOWN = """
SELECT external_id, payload_sha256, id FROM inspections_machinereading
 WHERE source_id = %(source)s AND external_id = ANY(%(ids)s)
"""


@dataclass
class Outcome:
    """What became of one reading: stored, repeated (known, it changes nothing), or an error in words."""

    row: int
    metric: str = ""
    status: str = "error"
    id: int | None = None
    code: str = ""
    error: str = ""
    note: str = ""

    def refuse(self, code: str, error: str) -> None:
        self.status, self.code, self.error = "error", code, error


@dataclass
class _Wanted:
    """A message with the CI it is about, and what makes it the same when it is sent again."""

    message: Message
    ci: int
    outcome: Outcome

    @property
    def sha256(self) -> str:
        told = self.message
        at = told.observed_at.timestamp() if told.observed_at else None
        value = None if told.value is None else f"{told.value.normalize():f}"
        body = [self.ci, told.metric, value, told.problem, told.unit, at]
        return hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()

    @property
    def external_id(self) -> str:
        """The sender's, else made of what is measured when: the same instant twice is the same reading."""
        if self.message.external_id:
            return self.message.external_id
        at = self.message.observed_at
        assert at is not None  # noqa: S101  (inspections.messages asks for one of the two)
        return f"{self.ci}:{self.message.metric}:{at.timestamp():.6f}"


def record_readings(source: ReadingSource, messages: Sequence[Message], *, by: User) -> list[Outcome]:
    """Each message is stored once; what is bad opens findings, what is good verifies fixes and answers.

    One outcome per message, in order; the same again changes nothing. A constant number of statements, and
    two per plan whose check list reads these metrics. Raises RightMissing. Locks the source.
    """
    require_right(by, Right.READINGS_POST)
    with transaction.atomic(), because(user=by):
        source = ReadingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        outcomes = [Outcome(m.row, m.metric, note=m.note) for m in messages]
        wanted = _with_items(messages, outcomes)
        stored = _store(source, wanted)
        now = timezone.now()
        if any(message.problem != MachineReading.Problem.NO_ANSWER for message in messages):
            ReadingSource.objects.filter(pk=source.pk).update(last_seen_at=now)
        fresh = [each for each in wanted if each.outcome.status == "stored"]
        cis = {each.ci for each in fresh}
        watched = watched_items(cis, {each.message.metric for each in fresh}, source.kind) if fresh else []
        judge_readings(stored, watched)
        answer_by_machines(cis)
        _note(fresh, watched, now)
    return outcomes


def _with_items(messages: Sequence[Message], outcomes: list[Outcome]) -> list[_Wanted]:
    """Messages that can be stored; the others' outcomes say why not."""
    found = items_meant(m.ci for m in messages if not m.error)
    wanted: dict[str, _Wanted] = {}
    for message, outcome in zip(messages, outcomes, strict=True):
        ci = found.get(message.ci, "")
        if message.error:
            outcome.refuse(message.code, message.error)
            continue
        if not isinstance(ci, int):
            outcome.refuse("ci", ci)
            continue
        each = _Wanted(message, ci, outcome)
        former = wanted.setdefault(each.external_id, each)
        if former is not each:
            _compare(outcome, former.sha256, each.sha256)
            outcome.code = outcome.code or "twice"
    return list(wanted.values())


def _compare(outcome: Outcome, known: str, sent: str) -> None:
    if known == sent:
        outcome.status = "repeated"
    else:
        outcome.refuse(
            "id_reused", _("This external_id was used for another reading: give each reading its own.")
        )


def _store(source: ReadingSource, wanted: list[_Wanted]) -> list[int]:
    """The ids of new rows; the outcomes of all are set. Two statements."""
    if not wanted:
        return []
    now = timezone.now()
    parameters = {
        "source": source.pk,
        "cis": [each.ci for each in wanted],
        "metrics": [each.message.metric for each in wanted],
        "values": [each.message.value for each in wanted],
        "problems": [each.message.problem for each in wanted],
        "units": [each.message.unit for each in wanted],
        "times": [each.message.observed_at or now for each in wanted],
        "ids": [each.external_id for each in wanted],
        "hashes": [each.sha256 for each in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(STORE, parameters)
        new = {external: pk for pk, external in cursor.fetchall()}
        cursor.execute(KNOWN, {"source": source.pk, "ids": [i for i in parameters["ids"] if i not in new]})
        known = {external: (sha256, pk) for external, sha256, pk in cursor.fetchall()}
    for each in wanted:
        if (pk := new.get(each.external_id)) is not None:
            each.outcome.status, each.outcome.id = "stored", pk
        else:
            sha256, each.outcome.id = known[each.external_id]
            _compare(each.outcome, sha256, each.sha256)
    return list(new.values())


def _note(fresh: Iterable[_Wanted], watched: list[tuple[int, TemplateItem]], now: datetime) -> None:
    """Says beside a stored reading why a check list will not take it over."""
    items = {(ci, item.metric or item.key): item for ci, item in watched}
    for each in fresh:
        item = items.get((each.ci, each.message.metric))
        if item is None:
            continue
        unit, notes = each.message.unit, [each.outcome.note]
        if unit and item.unit and unit != item.unit:
            words = _("It is in %(unit)s, the check list wants %(wanted)s: it counts as unknown.")
            notes.append(words % {"unit": unit, "wanted": item.unit})
        at = each.message.observed_at
        if at and (now - at).total_seconds() > item.max_age_minutes * 60:
            words = _("Older than %(minutes)s minutes: kept for the trend; it opens and verifies nothing.")
            notes.append(words % {"minutes": item.max_age_minutes})
        each.outcome.note = " ".join(note for note in notes if note)
