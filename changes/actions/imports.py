"""Recording the changes of another system as ended ones: each row judged, the good ones written together."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from accounts.models import User
from accounts.roles import Right, require_right
from audit.actions import keep_file
from audit.context import because
from changes.actions.refusals import StepRefused
from changes.guards.refusal import Refusal
from changes.imports.mapping import ChangeMapping, change_mappings, parse_change_mapping
from changes.imports.report import ChangeReport, ChangeRow
from changes.imports.rows import ChangePlan, moment_of
from changes.models import ChangeEvent, ChangeImport, ChangeItem, ChangeRequest
from changes.models.request import ItemImpact
from cmdb.actions.definitions import load_model
from cmdb.actions.imports import IMPORTED, checked
from cmdb.actions.items import create_items
from cmdb.imports.additions import additions_of
from cmdb.imports.mapping import text_of_mapping
from cmdb.models import LifecycleStage
from cmdb.rules import refusal_of

#: Changes written by one round of statements.
BATCH = 2_000
#: More than these are written by a job.
AT_ONCE = 3_000
#: Stands for everybody in the other system whom nobody here is known to be; nobody logs in with it.
STAND_IN = "imported"


def import_changes(  # noqa: PLR0913  each is an option of the command
    stream: BinaryIO,
    mapping: ChangeMapping,
    *,
    by: User | None,
    name: str,
    dry_run: bool = False,
    encoding: str = "",
    skip_errors: bool = False,
    batch: ChangeImport | None = None,
) -> ChangeReport:
    """The file's changes stand as ended records, all of them or none; the report has an answer per row.

    With `skip_errors` the good rows stand without the others. A dry run does the same and takes it back.
    A key that was imported before is never edited: unchanged, or a conflict. `by=None` is OpsLedger itself.
    Raises FileRefused if the file as a whole cannot be read, RightMissing. About 15 statements, and four for
    each 2,000 changes.
    """
    if by is not None:
        require_right(by, Right.CHANGE_IMPORT)
    content = stream.read()
    _columns, rows = checked(BytesIO(content), mapping, encoding, mapping.columns())
    report = ChangeReport(name, skips_errors=skip_errors)
    try:
        with because(IMPORTED % {"file": name}, user=by), transaction.atomic():
            if additions := additions_of(mapping.model):
                load_model(additions, by=by)
            plan = ChangePlan(mapping)
            report.rows = plan.read(rows)
            report.new_items = sorted(plan.missing)
            if plan.good and not report.is_stopped:
                batch = batch or ChangeImport(sha256=hashlib.sha256(content).hexdigest(), name=name)
                write(plan, batch, by)
                finish(batch, report, mapping, by)
            if dry_run or report.is_stopped:
                transaction.set_rollback(True)
    except DatabaseError as fault:
        refusal = refusal_of(fault)
        said = " ".join(refusal.messages) if refusal else str(fault).partition("\n")[0]
        report.refusal = _("PostgreSQL refused: %s") % said
    report.is_applied = not dry_run and not report.is_stopped
    return report


def write(plan: ChangePlan, batch: ChangeImport, by: User | None) -> None:
    """The good rows stand as ended changes. Four statements for each BATCH of them."""
    create_missing(plan, by)
    if batch.pk is None:
        batch.save()
    stand_in = requester_of_the_past()
    for start in range(0, len(plan.good), BATCH):
        write_part(plan, plan.good[start : start + BATCH], batch, by, stand_in)


def write_part(
    plan: ChangePlan, part: list[ChangeRow], batch: ChangeImport, by: User | None, stand_in: User
) -> None:
    if part:
        changes = ChangeRequest.objects.bulk_create(
            request_of(row, plan, batch, plan.people.get(row.record["requested_by"].casefold(), stand_in))
            for row in part
        )
        pairs = list(zip(part, changes, strict=True))
        ChangeItem.objects.bulk_create(
            ChangeItem(change=change, item_id=plan.items[address], impact=ItemImpact.MANUAL)
            for row, change in pairs
            for address in row.parts
            if address in plan.items
        )
        ChangeEvent.objects.bulk_create(event_of(row, change, by) for row, change in pairs)
        batch.written += len(part)


def create_missing(plan: ChangePlan, by: User | None) -> None:
    """The items that the mapping lets the import create stand as retired ones: they are history."""
    addresses = [address for address in plan.missing if any(address in row.parts for row in plan.good)]
    for start in range(0, len(addresses), BATCH):
        part = addresses[start : start + BATCH]
        rows = [
            {
                "type": plan.missing[address].type,
                "name": address.partition(":")[2],
                "lifecycle_stage": LifecycleStage.RETIRED,
            }
            for address in part
        ]
        plan.items |= dict(zip(part, create_items(rows, by=by), strict=True))


def requester_of_the_past() -> User:
    """The account that stands for people of other systems; it exists, is not active and has no password."""
    found = User.objects.filter(username=STAND_IN).first()
    if found is None:
        found = User(username=STAND_IN, display_name="Imported record", is_active=False)
        found.set_unusable_password()
        found.save()
    return found


def request_of(row: ChangeRow, plan: ChangePlan, batch: ChangeImport, requester: User) -> ChangeRequest:
    record = row.record
    return ChangeRequest(
        kind=record["kind"],
        title=record["title"],
        description=record["description"],
        reason=record["reason"],
        requester=requester,
        window=DateTimeTZRange(moment_of(record["start"]), moment_of(record["end"])),
        import_source=plan.mapping.source,
        import_key=row.key,
        import_created_at=moment_of(record["created"]),
        import_severity=record["severity"],
        import_batch=batch,
    )


def event_of(row: ChangeRow, change: ChangeRequest, by: User | None) -> ChangeEvent:
    data: dict[str, Any] = {
        "outcome": row.record["outcome"],
        "actual_start": row.record["start"],
        "actual_end": row.record["end"],
        "record": row.record,
        "line": row.line,
        "warnings": {str(about): details for about, details in row.warnings.items()},
    }
    return ChangeEvent(
        change=change,
        event="record_import",
        actor=by,
        outcome=row.record["outcome"],
        data=data,
        guard_results={"import_source_named": "held"},
    )


def finish(batch: ChangeImport, report: ChangeReport, mapping: ChangeMapping, by: User | None) -> None:
    batch.source = mapping.source
    batch.mapping = mapping.label or mapping.source
    batch.skips_errors = report.skips_errors
    batch.counts = report.counts
    batch.state = ChangeImport.State.DONE
    batch.imported_by = by
    batch.ended_at = timezone.now()
    batch.save()


# In the browser: the file is kept, checked as often as asked, then applied at once or by a job


def begin_import(upload: UploadedFile, *, by: User, mapping: str = "", encoding: str = "") -> ChangeImport:
    """The file is kept and waits to be checked. Raises ValidationError for an empty or too large one."""
    require_right(by, Right.CHANGE_IMPORT)
    with because(reason="begin_import", user=by), transaction.atomic():
        kept = keep_file(upload, media_type="text/csv")
        text = text_of_mapping(mapping, change_mappings()) if mapping in change_mappings() else ""
        return ChangeImport.objects.create(
            name=str(upload.name)[:200],
            file=kept,
            sha256=kept.sha256,
            mapping=mapping,
            mapping_text=text,
            encoding=encoding,
            imported_by=by,
        )


def use_mapping(batch: ChangeImport, text: str, *, by: User) -> None:
    """The import reads the file so. Raises MappingRefused for a text that is no mapping."""
    require_right(by, Right.CHANGE_IMPORT)
    meaning = parse_change_mapping(text)
    with because(reason="use_mapping", user=by):
        batch.mapping, batch.mapping_text = meaning.source[:120], text
        batch.save(update_fields=["mapping", "mapping_text"])


def check_import(batch: ChangeImport, *, by: User | None, skip_errors: bool = False) -> ChangeReport:
    """Every row is answered, and nothing is written. Raises FileRefused."""
    return import_changes(
        BytesIO(bytes(batch.file.content)),
        parse_change_mapping(batch.mapping_text),
        by=by,
        name=batch.name,
        dry_run=True,
        encoding=batch.encoding,
        skip_errors=skip_errors,
    )


def queue_or_run_import(batch: ChangeImport, *, by: User, skip_errors: bool = False) -> ChangeImport:
    """The import is done, or a job has it where there are more rows than a page waits for.

    Raises StepRefused if it was applied before, or has errors.
    """
    require_right(by, Right.CHANGE_IMPORT)
    with because(reason="apply_import", user=by), transaction.atomic():
        current = ChangeImport.objects.select_for_update(of=("self",)).select_related("file").get(pk=batch.pk)
        if current.state != ChangeImport.State.CHECKING:
            raise StepRefused([Refusal("applied", _("This file is being imported, or was."))])
        report = check_import(current, by=by, skip_errors=skip_errors)
        if report.is_stopped or not report.counts["create"]:
            raise StepRefused([Refusal("errors", _("There is nothing to record, or rows have errors."))])
        current.skips_errors, current.imported_by = skip_errors, by
        current.counts, current.state = report.counts, ChangeImport.State.QUEUED
        current.save()
        if report.counts["create"] > AT_ONCE:
            app.configure_task("changes.run_import", queueing_lock=f"changes.run_import.{current.pk}").defer(
                pk=current.pk
            )
            return current
    run_import(current)
    return current


def run_import(batch: ChangeImport) -> None:
    """The file's changes stand; after each part the progress is noted, so that a job cut short goes on.

    What was written before is found unchanged. Checked again first: nothing is begun with a wrong row.
    """
    by, mapping = batch.imported_by, parse_change_mapping(batch.mapping_text)
    with because(reason=f"import {batch.name}", user=by):
        _columns, rows = checked(
            BytesIO(bytes(batch.file.content)), mapping, batch.encoding, mapping.columns()
        )
        try:
            plan = ChangePlan(mapping)
            with transaction.atomic():
                if additions := additions_of(mapping.model):
                    load_model(additions, by=by)
                report = ChangeReport(batch.name, plan.read(rows), skips_errors=batch.skips_errors)
                if report.is_stopped:
                    raise StepRefused(
                        [Refusal("errors", _("Rows have errors by now: check the file again."))]
                    )
                create_missing(plan, by)
                stand_in = requester_of_the_past()
                batch.state, batch.written = ChangeImport.State.RUNNING, report.counts["unchanged"]
                batch.save(update_fields=["state", "written"])
            for start in range(0, len(plan.good), BATCH):
                with transaction.atomic():
                    write_part(plan, plan.good[start : start + BATCH], batch, by, stand_in)
                    batch.save(update_fields=["written"])
            batch.source = mapping.source
            batch.state, batch.ended_at = ChangeImport.State.DONE, timezone.now()
        except (DatabaseError, StepRefused, ValidationError) as fault:
            batch.state, batch.ended_at = ChangeImport.State.FAILED, timezone.now()
            batch.message = str(fault).partition("\n")[0]
        batch.save(update_fields=["source", "state", "ended_at", "message"])
