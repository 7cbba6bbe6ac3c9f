"""Databases of the benchmark, on a PostgreSQL of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from config import embedded
from config.embedded.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]


def use_own_cluster() -> Cluster:
    """The benchmark's cluster under var/bench, whatever the environment says of another database."""
    os.environ["OPSLEDGER_VAR"] = os.environ.get("BENCH_VAR", str(ROOT / "var" / "bench"))
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ.pop(name, None)
    return embedded.main_cluster()


def administration(cluster: Cluster) -> psycopg.Connection:
    owner = embedded.owner_database_settings(cluster)
    return psycopg.connect(
        host=owner["HOST"], port=owner["PORT"], user=owner["USER"], dbname="postgres",
        passfile=owner["OPTIONS"]["passfile"], autocommit=True,
    )  # fmt: skip


def is_there(cluster: Cluster, name: str) -> bool:
    with administration(cluster) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def make_empty(cluster: Cluster, name: str) -> None:
    with administration(cluster) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")


def urls(cluster: Cluster, name: str) -> dict[str, str]:
    """The addresses of a database for its owner and for the application."""
    owner, app = embedded.owner_database_settings(cluster), embedded.database_settings(cluster)
    query = urlencode({"host": owner["HOST"], "port": owner["PORT"], **owner["OPTIONS"]})
    return {
        "DATABASE_OWNER_URL": f"postgres://{owner['USER']}@/{name}?{query}",
        "DATABASE_URL": f"postgres://{app['USER']}@/{name}?{query}",
    }


def run(arguments: list[str], environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)
