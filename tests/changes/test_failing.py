"""A stage that cannot be applied names each operation that fails, and why; nothing of it stays."""

import pytest

from changes.actions import StepRefused, apply_stage
from changes.models import ChangeItem, PlannedOperation
from cmdb.models import ConfigurationItem, Relation, RelationType
from tests.changes.journey import draft, to_implementing
from tests.factories import make_item


def test_the_operations_that_fail_are_named_among_fifty(cast):
    items = [make_item(description="before") for _ in range(50)]
    change = draft(cast, item=make_item(serial="OLD"))
    stage = change.stages.get()
    ChangeItem.objects.bulk_create(ChangeItem(change=change, item=item) for item in items)
    PlannedOperation.objects.bulk_create(
        PlannedOperation(change=change, stage=stage, item=item, before={"description": "before"},
                         after={"description": "after"})
        for item in items
    )  # fmt: skip
    way = RelationType.objects.get(key="depends_on")
    ends = {"relation_type_id": way.pk, "source_id": items[0].pk, "target_id": items[1].pk}
    PlannedOperation.objects.create(change=change, stage=stage, kind="create", before={},
                                    after={"type_id": items[0].type_id, "name": "wanted"})  # fmt: skip
    PlannedOperation.objects.create(change=change, stage=stage, kind="relate", before={}, after=ends)
    change.refresh_from_db()
    to_implementing(cast, change)
    make_item(name="wanted", type=items[0].type)
    with pytest.raises(StepRefused) as refused:
        apply_stage(stage, by=cast.implementer)
    (only,) = refused.value.refusals
    assert only.code == "operation_failed"
    assert only.message.startswith("Operation 52 of 53 failed, create: wanted:")
    assert "has this name already" in only.message
    assert not ConfigurationItem.objects.filter(description="after").exists()
    assert not Relation.objects.filter(**ends).exists()
    stage.refresh_from_db()
    assert stage.applied_at is None
