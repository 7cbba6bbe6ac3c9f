"""What every test stands on: a PostgreSQL of its own, without fsync, shared by all workers of the run."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections

from config import embedded


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """Django's connections lead to the test cluster, which lives as long as the run."""
    if not embedded.is_embedded():
        yield
        return
    cluster = embedded.test_cluster()
    with embedded.lease(cluster):
        connections["default"].settings_dict.update(embedded.database_settings(cluster))
        settings.OWNER_DATABASE = embedded.owner_database_settings(cluster)
        yield
