"""Items that look like the same thing: the work list of duplicates."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Duplicate:
    """Items that make the same claim under one identity rule."""

    rule_id: int
    key: str
    item_ids: tuple[int, ...]


def duplicates(limit: int = 1000) -> list[Duplicate]:
    """Claims made by more than one item, oldest item first; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rule_id, key, array_agg(item_id ORDER BY item_id) FROM cmdb.identity"
            " GROUP BY rule_id, key HAVING count(*) > 1 ORDER BY rule_id, key LIMIT %s",
            [limit],
        )
        return [
            Duplicate(rule, key.replace("\x1f", " · "), tuple(ids)) for rule, key, ids in cursor.fetchall()
        ]
