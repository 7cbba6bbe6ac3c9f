"""A server that could touch the record does not start."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import guards
from audit.postgresql.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_application_role_owns_nothing():
    assert guards.owner_complaint() == ""
    assert guards.check_application_role(None) == []
    guards.refuse_owner()


def test_a_server_started_as_the_owner_is_refused(settings):
    with as_owner(connection):
        assert guards.check_application_role(None)[0].id == "audit.E001"
        with pytest.raises(guards.OwnerRefusedError, match=r"the owner of the tables.*OPSLEDGER_ALLOW_OWNER"):
            guards.refuse_owner()
        settings.ALLOW_OWNER = True
        guards.refuse_owner()


def test_settings_that_contradict_append_only_history_are_errors(settings):
    assert guards.check_history_settings(None) == []
    settings.SIMPLE_HISTORY_EDIT = True
    settings.SIMPLE_HISTORY_ENABLED = False
    assert [error.id for error in guards.check_history_settings(None)] == ["audit.E003"] * 2


def test_roles_can_be_made_again_and_again(capsys):
    call_command("create_roles")
    call_command("create_roles")
    assert "stands already; granted its rights" in capsys.readouterr().out


def test_one_role_for_both_is_refused(settings):
    settings.OWNER_DATABASE = settings.OWNER_DATABASE | {"USER": settings.DATABASES["default"]["USER"]}
    with pytest.raises(CommandError, match="must be two roles"):
        call_command("create_roles")
