"""The embedded PostgreSQL: started for whoever holds a lease, stopped after the last one.

It runs the PostgreSQL binaries of a wheel, for trials, development and tests, without a system service.
With DATABASE_URL set nothing here starts. Importing this, or the settings, starts nothing either.
"""

from __future__ import annotations

import atexit
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environ
import psycopg
from psycopg.conninfo import make_conninfo

from config.embedded.cluster import APP_ROLE, DATABASE, OWNER_ROLE, PORT, Cluster, EmbeddedError

__all__ = [
    "Cluster",
    "EmbeddedError",
    "database_settings",
    "is_embedded",
    "lease",
    "main_cluster",
    "owner_database_settings",
    "revive",
    "secret_key",
    "test_cluster",
    "var_folder",
]

BASE_DIR = Path(__file__).resolve().parents[2]
START_SECONDS = 300.0


def var_folder() -> Path:
    """The folder of everything this installation keeps on disk: OPSLEDGER_VAR, or var/ beside manage.py."""
    return Path(os.environ.get("OPSLEDGER_VAR") or BASE_DIR / "var").absolute()


def is_embedded() -> bool:
    """True unless DATABASE_URL names a PostgreSQL of the operator's own."""
    return not os.environ.get("DATABASE_URL")


def main_cluster() -> Cluster:
    """The cluster that keeps this installation's records."""
    return Cluster(var_folder() / "pg")


def test_cluster() -> Cluster:
    """A cluster for tests, without fsync; OPSLEDGER_TEST_POSTGRES=16 chooses the older PostgreSQL."""
    major = os.environ.get("OPSLEDGER_TEST_POSTGRES") or "18"
    if major not in {"16", "18"}:
        raise EmbeddedError(f"The wheel carries PostgreSQL 16 and 18, not {major}.")
    return Cluster(var_folder() / f"test-pg{major}", major=major, durable=False)


@contextmanager
def lease(cluster: Cluster | None = None) -> Iterator[None]:
    """The embedded server is up while the block runs; nothing happens when DATABASE_URL is set.

    Raises EmbeddedError, with one sentence for the user, if it cannot be.
    """
    if not is_embedded() and cluster is None:
        yield
        return
    cluster = cluster or main_cluster()
    cluster.prepare_home()
    with cluster.shared_lease():
        ensure_running(cluster)
        yield


def ensure_running(cluster: Cluster) -> None:
    """The server answers; it is started if nobody has. Call it with a lease held."""
    deadline = time.monotonic() + START_SECONDS
    while not _answers(cluster):
        if not cluster.is_locked():
            said = _start_supervisor(cluster)
            if said not in {"ready", "busy"}:
                raise EmbeddedError(said or f"The embedded PostgreSQL did not start (log: {cluster.log}).")
        elif time.monotonic() > deadline:
            raise EmbeddedError(f"The embedded PostgreSQL does not answer (log: {cluster.log}).")
        else:
            time.sleep(0.05)


def revive() -> None:
    """A long-lived holder of a lease calls this now and then: a killed supervisor is replaced."""
    if is_embedded() and not main_cluster().is_locked():
        ensure_running(main_cluster())


def stop_now(cluster: Cluster) -> None:
    """The server has ended, unless somebody else holds a lease: then it goes on for them."""
    cluster.hurry.touch()
    deadline = time.monotonic() + 90  # longer than the supervisor gives PostgreSQL
    # The supervisor takes the file away when somebody holds a lease, or when PostgreSQL has ended.
    while cluster.hurry.exists() and cluster.is_locked() and time.monotonic() < deadline:
        time.sleep(0.05)
    while cluster.is_locked() and not _answers(cluster) and time.monotonic() < deadline:
        time.sleep(0.05)
    cluster.hurry.unlink(missing_ok=True)


def _answers(cluster: Cluster) -> bool:
    place = cluster.place()
    if not place.socket_file.exists():
        return False
    try:
        psycopg.connect(_conninfo(cluster), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedError(
                f"The embedded PostgreSQL refuses the passwords in {cluster.passwords}: "
                "stop it, remove that file, and start again."
            ) from error
        return False
    return True


def _start_supervisor(cluster: Cluster) -> str:
    """What the new supervisor said: "ready", "busy", or why it cannot run."""
    durability = "durable" if cluster.durable else "throwaway"
    module = "config.embedded.supervisor"
    command = [sys.executable, "-m", module, str(cluster.home), cluster.major, durability]
    path = os.pathsep.join(filter(None, [str(BASE_DIR), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    with cluster.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=BASE_DIR,
            env=environment,
            start_new_session=True,  # Ctrl-C at the terminal is not for it
        )
    with process.stdout or open(os.devnull, "rb") as answer:
        said = answer.readline().decode(errors="replace").strip()
    _SUPERVISORS[:] = [one for one in [*_SUPERVISORS, process] if one.poll() is None]
    return said


_SUPERVISORS: list[subprocess.Popen[bytes]] = []  # kept, so that they are reaped


@atexit.register
def _let_go() -> None:
    """A supervisor outlives who started it; Python is not to complain about that at its own end."""
    for process in _SUPERVISORS:
        process.returncode = process.poll() or 0


def _conninfo(cluster: Cluster) -> str:
    return make_conninfo(
        host=str(cluster.place().socket),
        port=PORT,
        user=APP_ROLE,
        dbname=DATABASE,
        passfile=str(cluster.passwords),
    )


def _django_settings(cluster: Cluster, role: str) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": role,
        "HOST": str(cluster.place().socket),
        "PORT": PORT,
        "OPTIONS": {"passfile": str(cluster.passwords)},
    }


def database_settings(cluster: Cluster | None = None) -> dict[str, object]:
    """Django's settings for the application role: DATABASE_URL, or the embedded server."""
    if cluster is None and not is_embedded():
        return dict(environ.Env.db_url_config(os.environ["DATABASE_URL"]))
    return _django_settings(cluster or main_cluster(), APP_ROLE)


def owner_database_settings(cluster: Cluster | None = None) -> dict[str, object]:
    """Django's settings for the owner of the tables: DATABASE_OWNER_URL, or the embedded server."""
    if cluster is None and not is_embedded():
        url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
        return dict(environ.Env.db_url_config(url))
    return _django_settings(cluster or main_cluster(), OWNER_ROLE)


def secret_key() -> str:
    """This installation's secret key: OPSLEDGER_SECRET_KEY, or one made once and kept 0600 in var/."""
    if key := os.environ.get("OPSLEDGER_SECRET_KEY"):
        return key
    file = var_folder() / "secret_key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_name(f"secret_key.{os.getpid()}")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:
            written.write(secrets.token_urlsafe(60))
        try:
            os.link(half, file)
        except FileExistsError:
            pass  # another process was first, and its key is the one
        finally:
            half.unlink()
    return file.read_text().strip()
