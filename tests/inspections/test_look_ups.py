"""What PostgreSQL looks up for each answer goes by index, also on plans made while the table was empty."""

import pytest
from django.db import connection, transaction

from inspections.actions import AnswerInput, record_answers
from inspections.models import TemplateItem
from tests.factories import make_item, make_run, make_user

SCANS = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'inspections_answer'"


@pytest.mark.django_db(transaction=True)
def test_answers_are_not_searched_row_by_row_on_a_plan_of_the_empty_table(owner_sql):
    run = make_run(cis=[make_item() for _ in range(12)])
    item = TemplateItem.objects.get(version=run.version)
    owner_sql.execute("VACUUM ANALYZE inspections_answer")  # as autovacuum does: known to be empty
    entries = [AnswerInput(target.pk, item.pk, "20") for target in run.targets.all()]
    with transaction.atomic(), connection.cursor() as cursor:
        assert all(result.answer for result in record_answers(run, entries, by=make_user("engineer")))
        cursor.execute(SCANS)
        assert cursor.fetchone()[0] < len(entries) / 2


@pytest.mark.django_db(transaction=True)
def test_the_runs_of_new_targets_are_found_by_index_on_a_plan_of_the_empty_table(owner_sql):
    ci = make_item()
    owner_sql.execute("VACUUM ANALYZE inspections_inspectionrun")
    runs = [make_run().pk for _ in range(3)]
    with transaction.atomic(), connection.cursor() as cursor:
        before = scans_of_runs(cursor)
        cursor.execute(TARGETS, [ci.pk, runs])
        assert scans_of_runs(cursor) == before


@pytest.mark.django_db
def test_a_run_that_nobody_has_touched_is_in_few_indexes():
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [["inspections_inspectionrun", "inspections_runtarget"]])
        assert dict(cursor.fetchall()) == {"inspections_inspectionrun": 7, "inspections_runtarget": 3}, (
            "each is written for every round, and again when one is missed: say where it is set only"
        )


TARGETS = """
INSERT INTO inspections_runtarget
       (row_version, run_id, ci_id, position, snapshot, skipped_items, result, reason)
SELECT 1, run, %s, 9, '{}', '[]', 'found', '' FROM unnest(%s::bigint[]) AS run
"""
INDEXES = """
SELECT indrelid::regclass::text, count(*) FROM pg_index
 WHERE indrelid = ANY (%s::regclass[]) AND indpred IS NULL GROUP BY 1
"""


def scans_of_runs(cursor):
    cursor.execute(SCANS.replace("inspections_answer", "inspections_inspectionrun"))
    return cursor.fetchone()[0]
