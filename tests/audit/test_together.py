import pytest
from django.db import connection, models
from django.db.migrations.operations import AddField, CreateModel
from django.db.migrations.state import ProjectState

from audit.postgresql.owner import as_owner
from audit.postgresql.together import CreateTogether


def operations():
    key = ("id", models.BigAutoField(primary_key=True))
    shelf = models.ForeignKey("audit.shelf", models.PROTECT, related_name="boxes")
    return [
        CreateModel("Shelf", [key, ("label", models.CharField(max_length=9))]),
        CreateModel("Box", [key, ("shelf", shelf)]),
    ]


def rendered():
    state = ProjectState()
    assert state.apps
    return state


def test_the_state_is_that_of_the_operations_one_by_one():
    one_by_one, together = rendered(), rendered()
    for operation in operations():
        operation.state_forwards("audit", one_by_one)
    CreateTogether(operations()).state_forwards("audit", together)
    assert one_by_one == together
    for state in (one_by_one, together):
        shelf = state.apps.get_model("audit", "Shelf")
        assert [field.name for field in shelf._meta.get_fields()] == ["boxes", "id", "label"]


def test_the_tables_come_and_go(transactional_db):
    before, after = rendered(), rendered()
    together = CreateTogether(operations())
    together.state_forwards("audit", after)
    with as_owner(connection):
        with connection.schema_editor() as editor:
            together.database_forwards("audit", editor, before, after)
        assert {"audit_shelf", "audit_box"} <= set(connection.introspection.table_names())
        with connection.schema_editor() as editor:
            together.database_backwards("audit", editor, after, before)
        assert not {"audit_shelf", "audit_box"} & set(connection.introspection.table_names())


def test_only_new_models_stand_together():
    with pytest.raises(TypeError):
        CreateTogether([AddField("Shelf", "height", models.IntegerField())])
