"""The moves of an asset: the same table in Python and in PostgreSQL."""

import itertools

import pytest
from django.db import connection

from assets.workflow import MOVES, Stage, find_move, moves_from


@pytest.mark.django_db
def test_postgresql_holds_the_same_moves():
    pairs = list(itertools.product(Stage.values, Stage.values))
    with connection.cursor() as cursor:
        for source, target in pairs:
            cursor.execute("SELECT assets_move_is_legal_v1(%s, %s)", [source, target])
            assert cursor.fetchone() == (find_move(source, target) is not None,), (source, target)


def test_disposal_is_the_end_and_needs_evidence():
    assert moves_from(Stage.DISPOSED) == []
    assert [move.source for move in MOVES if move.needs_evidence] == [Stage.RETIRED]
