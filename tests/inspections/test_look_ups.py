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
