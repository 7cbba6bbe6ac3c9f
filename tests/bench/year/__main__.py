"""Fills a database of its own with a year of inspections and measures it: script/bench --help says how."""

from __future__ import annotations

import argparse
import os
import sys

from config import embedded
from tests.bench import databases

NAME = "bench_year"


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench year", description=__doc__)
    parser.add_argument("names", nargs="*", help="works to measure (all by default)")
    parser.add_argument("--keep", action="store_true", help="measure the database that was filled before")
    parser.add_argument("--days", type=int, default=364, help="days of inspections (364 by default)")
    options = parser.parse_args()
    cluster = databases.use_own_cluster()
    with embedded.lease(cluster):
        is_new = not (options.keep and databases.is_there(cluster, NAME))
        environment = os.environ | databases.urls(cluster, NAME)
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        if is_new:
            databases.make_empty(cluster, NAME)
        databases.run(["manage.py", "migrate", "-v0"], environment)
        if is_new:
            databases.run(["-m", "tests.bench.year.filling", str(options.days)], environment)
        sys.stdout.flush()
        databases.run(["-m", "tests.bench.year.measuring", *options.names], environment)


if __name__ == "__main__":
    main()
