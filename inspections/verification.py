"""Whether a run still says what was signed: its record is hashed again and compared with each signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection

from inspections.models import Amendment, InspectionRun, Signature
from inspections.workflow import RunState

BATCH = 200


@dataclass(frozen=True)
class Verification:
    """One run: the hash it was signed with, and that of its record now.

    Amendments are no part of the signed record: they stand beside it, and change nothing about its validity.
    """

    run: InspectionRun
    computed_sha256: str
    signatures: list[Signature]
    amendments: int

    @property
    def is_signed(self) -> bool:
        return self.run.state == RunState.SIGNED

    @property
    def is_valid(self) -> bool:
        """Whether record, run and the signatures that signed it off all name the same hash.

        An earlier signature of the inspector on a record that was returned names that record's hash.
        """
        final = [each for each in self.signatures if each.record_sha256 == self.run.record_sha256]
        return bool(final) and self.computed_sha256 == self.run.record_sha256

    @property
    def verdict(self) -> str:
        """unsigned | valid | changed."""
        if not self.is_signed:
            return "unsigned"
        return "valid" if self.is_valid else "changed"


def verify_run(run: InspectionRun) -> Verification:
    """The run's record, hashed again by PostgreSQL. Three statements."""
    return next(verify_runs([run]))


def verify_runs(runs: Iterable[InspectionRun]) -> Iterator[Verification]:
    """Each run verified, in order. Three statements for 200 runs."""
    batch: list[InspectionRun] = []
    for run in runs:
        batch.append(run)
        if len(batch) == BATCH:
            yield from _verified(batch)
            batch = []
    if batch:
        yield from _verified(batch)


def _verified(runs: list[InspectionRun]) -> Iterator[Verification]:
    pks = [run.pk for run in runs]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, inspections_run_sha256_v1(id) FROM unnest(%s::bigint[]) AS r(id)", [pks])
        computed = dict(cursor.fetchall())
    signatures: dict[int, list[Signature]] = {}
    for signature in Signature.objects.filter(run__in=pks).select_related("by").order_by("id"):
        signatures.setdefault(signature.run_id, []).append(signature)
    amended: dict[int, int] = {}
    approved = Amendment.objects.filter(answer__target__run__in=pks, state=Amendment.State.APPROVED)
    for pk in approved.values_list("answer__target__run", flat=True):
        amended[pk] = amended.get(pk, 0) + 1
    for run in runs:
        yield Verification(run, computed[run.pk], signatures.get(run.pk, []), amended.get(run.pk, 0))
