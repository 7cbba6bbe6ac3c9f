"""The worker finds the jobs of inspections, and they do what the command does."""

import pytest
from django.core.management import call_command
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import Notice
from tests.factories import make_override, make_plan, make_user


@pytest.mark.django_db
def test_the_worker_makes_runs_every_few_minutes():
    plan = make_plan()
    name = "inspections.generate_runs"
    assert name in app.tasks
    assert any(task.task.name == name for task in app.periodic_registry.periodic_tasks.values())
    app.tasks[name](timestamp=0)
    assert plan.runs.exists()


@pytest.mark.django_db
def test_the_command_says_what_it_did(capsys):
    make_plan(group_by="ci")
    call_command("generate_runs")
    assert "created" in capsys.readouterr().out
    call_command("generate_runs")
    assert capsys.readouterr().out.startswith("0 created")


@pytest.mark.django_db
def test_the_worker_reminds_of_overrides_that_run_out():
    override = make_override(approved_by=make_user("reviewer"), valid_until_on=timezone.localdate())
    name = "inspections.remind_of_overrides"
    assert any(task.task.name == name for task in app.periodic_registry.periodic_tasks.values())
    app.tasks[name](timestamp=0)
    told = Notice.objects.filter(kind="inspections.override_expires").values_list("person", flat=True)
    assert set(told) == {override.requested_by_id, override.approved_by_id}
