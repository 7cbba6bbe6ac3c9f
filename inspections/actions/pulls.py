"""Values that Prometheus is asked for, before somebody opens the check list."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from cmdb.models import ConfigurationItem
from inspections.actions.readings import record_readings
from inspections.messages import Message, UnfitError, parsed
from inspections.models import InspectionRun, MachineReading, ReadingSource, RunTarget, TemplateItem
from inspections.prometheus import Sample, ask, filled
from inspections.workflow import RunState

BEFORE = timedelta(minutes=15)
AT_ONCE = 8
MOST = 5_000
Question = tuple[int, str, str]  # CI, metric, query
NO_QUERY = Sample(problem=MachineReading.Problem.EMPTY.value)


def pull_readings(*, now: datetime | None = None) -> int:
    """Every Prometheus item of a run that is open, or opens within 15 minutes, has a fresh reading.

    A reading younger than half the item's age is not asked for again. Where several sources are enabled, the
    first by key that has a value counts; what none can tell is stored as unknown. Returns how many.
    """
    sources = list(
        ReadingSource.objects.filter(kind=ReadingSource.Kind.PROMETHEUS, is_enabled=True).select_related(
            "account"
        )
    )
    questions = _questions(now or timezone.now()) if sources else []
    unanswered, stored = questions, 0
    for place, source in enumerate(sources):
        samples = _asked(source, {query for _ci, _metric, query in unanswered if query})
        is_last = place == len(sources) - 1
        told = {q: samples.get(q[2], NO_QUERY) for q in unanswered}
        mine = {q: sample for q, sample in told.items() if is_last or sample.value is not None}
        stored += _recorded(source, mine)
        _note_error(source, samples.values())
        unanswered = [q for q in unanswered if q not in mine]
    return stored


def _questions(now: datetime) -> list[Question]:
    """(CI, metric, filled query) that a run needs and nothing fresh answers; three statements."""
    open_runs = InspectionRun.objects.filter(
        Q(state__in=[RunState.OPEN, RunState.IN_PROGRESS])
        | Q(state=RunState.SCHEDULED, opens_at__lte=now + BEFORE)
    )
    items = TemplateItem.objects.filter(
        kind=TemplateItem.Kind.MACHINE, reading_source=TemplateItem.ReadingSource.PROMETHEUS,
        version__in=open_runs.values("version"),
    ).exclude(query="")  # fmt: skip
    by_version: dict[int, list[TemplateItem]] = {}
    for item in items:
        by_version.setdefault(item.version_id, []).append(item)
    targets = RunTarget.objects.filter(run__in=open_runs, run__version__in=by_version).select_related(
        "ci", "run"
    )
    wanted: dict[tuple[int, str], tuple[ConfigurationItem, TemplateItem]] = {}
    for target in targets:
        for item in by_version[target.run.version_id]:
            if item.key not in target.skipped_items:
                wanted.setdefault((target.ci_id, item.metric or item.key), (target.ci, item))
    longest = max((item.max_age_minutes for _ci, item in wanted.values()), default=0)
    recent = MachineReading.objects.filter(
        ci__in={ci for ci, _metric in wanted}, source__kind=ReadingSource.Kind.PROMETHEUS,
        observed_at__gte=now - timedelta(minutes=longest),
    ).values_list("ci_id", "metric", "observed_at")  # fmt: skip
    newest: dict[tuple[int, str], datetime] = {}
    for ci, metric, at in recent:
        newest[ci, metric] = max(at, newest.get((ci, metric), at))
    found = []
    for (ci, metric), (row, item) in wanted.items():
        at_least = now - timedelta(minutes=item.max_age_minutes) / 2
        if newest.get((ci, metric), at_least) <= at_least:
            found.append((ci, metric, filled(item.query, row) or ""))
    return found[:MOST]


def _asked(source: ReadingSource, queries: Iterable[str]) -> dict[str, Sample]:
    """The samples by query, a few at once; nothing of the database is touched meanwhile."""
    wanted = list(queries)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip(wanted, threads.map(lambda query: ask(source, query), wanted), strict=True))


def _recorded(source: ReadingSource, told: dict[Question, Sample]) -> int:
    now = timezone.now()
    messages = []
    for (ci, metric, _query), sample in told.items():
        try:
            value, problem = parsed(sample.value) if sample.value is not None else (None, sample.problem)
        except UnfitError:
            value, problem = None, MachineReading.Problem.NOT_A_NUMBER.value
        at = min(sample.at or now, now)
        messages.append(Message(len(messages), ci, metric, value, problem, observed_at=at))
    outcomes = record_readings(source, messages, by=source.account) if messages else []
    return sum(outcome.status == "stored" for outcome in outcomes)


def _note_error(source: ReadingSource, samples: Iterable[Sample]) -> None:
    """What went wrong stands on the source; the next pull without errors clears it."""
    errors = {sample.error for sample in samples if sample.error}
    error = "; ".join(sorted(errors))[:500]
    if error or source.last_error:
        at = timezone.now() if error else source.last_error_at
        ReadingSource.objects.filter(pk=source.pk).update(last_error=error, last_error_at=at)
