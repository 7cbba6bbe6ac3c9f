"""Processes beside the tests, on the database of the tests."""

import os
from urllib.parse import quote

from django.db import connection


def environment():
    """What leads another process to the database of this one."""
    known = connection.settings_dict
    host, port = known["HOST"] or known["OPTIONS"].get("host", ""), known["PORT"]
    login = quote(known["USER"]) + (f":{quote(known['PASSWORD'])}" if known["PASSWORD"] else "")
    place = f"{known['NAME']}?host={quote(host, safe='')}" + (f"&port={port}" if port else "")
    keys = {"PGPASSFILE": known["OPTIONS"]["passfile"]} if "passfile" in known["OPTIONS"] else {}
    return os.environ | keys | {"DATABASE_URL": f"postgres://{login}@/{place}"}
