"""Moving an asset: by the action with its refusals, and by raw SQL as the application role."""

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from assets.actions import move_asset
from assets.models import Asset
from assets.workflow import Stage
from audit.models import SecurityEvent
from tests.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


def test_move_asset_records_who_and_why():
    asset, keeper = make_asset(stage=Stage.STOCK), make_user(role="asset_manager")
    moved = move_asset(asset, Stage.IN_USE, by=keeper, comment="for the new ward")
    assert moved.stage == Stage.IN_USE
    last = asset.history.latest()
    recorded = (last.stage, last.history_user_id, last.history_change_reason)
    assert recorded == (Stage.IN_USE, keeper.pk, "for the new ward")


def test_move_asset_looks_at_the_row_as_it_is_now():
    asset, keeper = make_asset(stage=Stage.STOCK), make_user(role="asset_manager")
    Asset.objects.filter(pk=asset.pk).update(stage=Stage.RETIRED)
    with pytest.raises(ValidationError, match="retired and cannot become in use"):
        move_asset(asset, Stage.IN_USE, by=keeper)


def test_illegal_move_says_where_it_may_go():
    asset, keeper = make_asset(stage=Stage.IN_USE), make_user(role="asset_manager")
    with pytest.raises(ValidationError) as refused:
        move_asset(asset, Stage.DISPOSED, by=keeper, evidence="W-1")
    assert refused.value.messages[0] == (
        f"{asset.tag} is in use and cannot become disposed of; "
        "from there it can become: in stock, in repair, retired."
    )
    assert refused.value.error_list[0].code == "illegal_move"


@pytest.mark.parametrize("evidence", ["", "  \t "])
def test_disposal_without_evidence_is_refused(evidence):
    asset, keeper = make_asset(stage=Stage.RETIRED), make_user(role="asset_manager")
    with pytest.raises(ValidationError, match="evidence that the data were wiped"):
        move_asset(asset, Stage.DISPOSED, by=keeper, evidence=evidence)
    asset.refresh_from_db()
    assert asset.stage == Stage.RETIRED


def test_disposal_keeps_its_evidence():
    asset, keeper = make_asset(stage=Stage.RETIRED), make_user(role="asset_manager")
    asset = move_asset(asset, Stage.DISPOSED, by=keeper, evidence=" wipe certificate 77 ")
    assert (asset.stage, asset.wipe_evidence) == (Stage.DISPOSED, "wipe certificate 77")
    with pytest.raises(ValidationError, match="end of its life"):
        move_asset(asset, Stage.STOCK, by=keeper)


def test_unknown_stage_is_refused():
    with pytest.raises(ValidationError, match="not a stage"):
        move_asset(make_asset(), "lost", by=make_user(role="asset_manager"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ["requester", "auditor", "engineer"])
def test_stranger_is_refused_and_recorded(role):
    asset, stranger = make_asset(stage=Stage.STOCK), make_user(role=role)
    with pytest.raises(PermissionDenied, match="edit assets"):
        move_asset(asset, Stage.IN_USE, by=stranger)
    event = SecurityEvent.objects.filter(kind="refusal", target=f"asset:{asset.tag}").first()
    assert event.actor_id == stranger.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("stage", "change", "constraint"),
    [
        ("in_use", "stage = 'disposed', wipe_evidence = 'W-1'", "assets_asset_move_is_legal"),
        ("stock", "stage = 'lost'", "assets_asset_move_is_legal"),
        ("retired", "stage = 'disposed'", "assets_asset_disposed_with_evidence"),
        ("retired", "stage = 'disposed', wipe_evidence = '  '", "assets_asset_disposed_with_evidence"),
        ("disposed", "stage = 'stock'", "assets_asset_move_is_legal"),
        ("disposed", "wipe_evidence = 'another'", "assets_asset_evidence_is_final"),
    ],
)
def test_raw_sql_is_refused_by_postgresql(app_sql, stage, change, constraint):
    asset = make_asset(stage=stage, wipe_evidence="W-0" if stage == "disposed" else "")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        app_sql.execute(f"UPDATE assets_asset SET {change} WHERE id = %s", [asset.pk])
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.django_db(transaction=True)
def test_raw_sql_cannot_silence_the_guard(app_sql):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql.execute("ALTER TABLE assets_asset DISABLE TRIGGER assets_guard_stage")


@pytest.mark.django_db(transaction=True)
def test_raw_insert_as_disposed_needs_evidence(app_sql):
    asset = make_asset()
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        app_sql.execute(
            "INSERT INTO assets_asset (tag, serial, model_id, stage, location_note, order_number, currency,"
            " wipe_evidence, note, row_version)"
            " VALUES ('X-1', '', %s, 'disposed', '', '', 'CNY', '', '', 1)",
            [asset.model_id],
        )
    assert refused.value.diag.constraint_name == "assets_asset_disposed_with_evidence"
