import pytest

from tests.changes.journey import Cast


@pytest.fixture
def cast(db):
    return Cast()
