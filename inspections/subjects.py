"""Which configuration item a machine means by an id, a name, `type:name`, a serial number or an address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

# The first way that finds something counts; two items found by one way are told apart by nobody.
FIND = """
WITH asked AS (SELECT DISTINCT key FROM unnest(%(keys)s::text[]) AS a(key) WHERE key <> ''),
found AS (
    SELECT a.key, 1 AS way, i.id FROM asked a
      JOIN cmdb_citype t ON t.key = split_part(a.key, ':', 1)
      JOIN cmdb_configurationitem i ON i.type_id = t.id AND i.name = substr(a.key, strpos(a.key, ':') + 1)
     WHERE strpos(a.key, ':') > 0
     UNION ALL
    SELECT a.key, 2, i.id FROM asked a JOIN cmdb_configurationitem i ON i.name = a.key
     UNION ALL
    SELECT a.key, 3, i.id FROM asked a JOIN cmdb_configurationitem i ON i.serial = a.key AND i.serial <> ''
     UNION ALL
    SELECT a.key, 4, i.id FROM asked a JOIN cmdb_configurationitem i ON host(i.primary_ip) = a.key
     WHERE a.key = ANY (%(addresses)s)
     UNION ALL
    SELECT '', 0, i.id FROM unnest(%(ids)s::bigint[]) AS n(id) JOIN cmdb_configurationitem i USING (id)
)
SELECT f.key, f.way, f.id FROM found f JOIN cmdb_configurationitem i ON i.id = f.id
 WHERE i.duplicate_of_id IS NULL AND i.lifecycle_stage NOT IN ('retired', 'disposed')
"""


def items_meant(keys: Iterable[object], *, addresses: Iterable[str] = ()) -> dict[object, int | str]:
    """By key: the id of the item, or in words why there is none. One statement.

    A whole number is an id; a text is `type:name`, a name, a serial number or (only those in `addresses`) a
    primary IP address.
    """
    wanted = {key for key in keys if key not in (None, "")}
    ids = [key for key in wanted if isinstance(key, int)]
    texts = [str(key) for key in wanted if not isinstance(key, int)]
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"keys": texts, "ids": ids, "addresses": list(addresses)})
        rows = cursor.fetchall()
    ways: dict[object, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for key, way, pk in rows:
        ways[pk if way == 0 else key][way].add(pk)
    return {key: _one(ways.get(key), key) for key in wanted}


def _one(ways: dict[int, set[int]] | None, key: object) -> int | str:
    if not ways:
        message = _("No live configuration item is called “%(key)s”: give its id, name, type:name or serial.")
        return message % {"key": str(key)[:80]}
    found = ways[min(ways)]
    if len(found) > 1:
        message = _("%(count)s configuration items are called “%(key)s”: give type:name or the id.")
        return message % {"count": len(found), "key": str(key)[:80]}
    return next(iter(found))
