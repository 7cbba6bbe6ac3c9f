"""One import from file to answer: the dry run and the real one walk the same path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from audit.context import because
from audit.recorded.differences import as_reason
from cmdb.actions.definitions import load_model
from cmdb.imports.additions import additions_of
from cmdb.imports.items import ItemPlan
from cmdb.imports.mapping import Mapping
from cmdb.imports.reading import FileRefused, Row, rows_of
from cmdb.imports.relations import RelationPlan
from cmdb.imports.report import Report
from cmdb.rules import refusal_of

#: Rows from which an import has the tables analysed: PostgreSQL itself would come to it a minute later.
LARGE = 500
#: The reason of every row that an import writes.
IMPORTED = as_reason(gettext_noop("import %(file)s"))


def import_items(
    stream: BinaryIO, mapping: Mapping, *, by: Any, name: str, dry_run: bool = False, encoding: str = ""
) -> Report:
    """The items of the file stand in the CMDB, all of them or none; the report has an answer per row.

    A dry run does the same and takes it back. Recorded with the reason "import NAME".
    Raises FileRefused if the file as a whole cannot be read. About ten statements, whatever the rows.
    """
    meaning = mapping.items
    if meaning is None:
        raise FileRefused(_("This mapping says nothing about items."))
    columns, rows = checked(stream, mapping, encoding, meaning.columns())
    meaning = meaning.with_columns(columns)
    return run(mapping, rows, lambda: ItemPlan(meaning, lock=not dry_run), by, name, dry_run)


def import_relations(
    stream: BinaryIO, mapping: Mapping, *, by: Any, name: str, dry_run: bool = False, encoding: str = ""
) -> Report:
    """The relations of the file stand in the CMDB, all of them or none; the report has an answer per row.

    Otherwise as `import_items`.
    """
    meaning = mapping.relations
    if meaning is None:
        raise FileRefused(_("This mapping says nothing about relations."))
    _columns, rows = checked(stream, mapping, encoding, meaning.columns())
    return run(mapping, rows, lambda: RelationPlan(meaning, lock=not dry_run), by, name, dry_run)


def run(
    mapping: Mapping, rows: Iterable[Row], plan_for: Callable[[], Any], by: Any, name: str, dry_run: bool
) -> Report:
    report = Report(name)
    try:
        with because(IMPORTED % {"file": name}, user=by), transaction.atomic():
            additions = additions_of(mapping.model)
            if additions:
                load_model(additions, by=by)
            plan = plan_for()
            report.rows = plan.read(rows)
            if not report.has_errors:
                plan.write()
                transaction.get_connection().check_constraints()
            if dry_run or report.has_errors:
                transaction.set_rollback(True)
    except DatabaseError as fault:
        refusal = refusal_of(fault)
        said = " ".join(refusal.messages) if refusal else str(fault).partition("\n")[0]
        report.refusal = str(_("PostgreSQL refused: %s") % said)
    except ValidationError as fault:
        report.refusal = str(_("The mapping's model does not fit: %s") % " ".join(fault.messages))
    report.is_applied = not dry_run and not report.has_errors
    if report.is_applied and report.counts["create"] + report.counts["update"] >= LARGE:
        analyse_tables()
    return report


def analyse_tables() -> None:
    """The planner knows the tables of items and relations as they are now; else impact is planned for few."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cmdb.analyse_v1()")


def checked(
    stream: BinaryIO, mapping: Mapping, encoding: str, needed: set[str]
) -> tuple[list[str], list[Row]]:
    """The columns and the rows, once the header is known to have every column that the mapping reads."""
    rows = rows_of(stream, encoding=encoding or mapping.encoding, delimiter=mapping.delimiter)
    header = next(rows)
    missing = sorted(needed - header.cells.keys())
    if missing:
        raise FileRefused(
            _("The file lacks these columns of the mapping: %(missing)s. It has: %(columns)s.")
            % {"missing": ", ".join(missing), "columns": ", ".join(header.cells)}
        )
    found = list(rows)
    if not found:
        raise FileRefused(_("The file has a header and no rows."))
    return list(header.cells), found
