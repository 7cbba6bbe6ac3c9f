"""The embedded PostgreSQL, with real binaries: private, shared by leases, and back after any kill."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.embedded import Cluster, EmbeddedError, creation

AS_ROOT = os.geteuid() == 0
HOLDER = """
import pathlib, sys, time
from config import embedded
with embedded.lease(embedded.Cluster(pathlib.Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(99)
"""
only_root = pytest.mark.skipif(not AS_ROOT, reason="tells about root")
BASE = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter; its servers and what they keep elsewhere go with it."""
    path = Path(tempfile.mkdtemp(prefix="ops-"))
    path.chmod(0o755)
    yield path
    for lock in list(path.rglob("lock")):
        cluster = Cluster(lock.parent)
        embedded.stop_now(cluster)
        for place in {cluster.place().engine, cluster.place().socket}:
            shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    return Cluster(folder / "pg")


@pytest.fixture
def hold() -> Iterator[Callable[[Cluster], subprocess.Popen[str]]]:
    """Starts a process that holds a lease until it is killed."""
    holders = []

    def start(cluster: Cluster) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(cluster.home)]
        holders.append(subprocess.Popen(command, cwd=BASE, stdout=subprocess.PIPE, text=True))
        assert holders[-1].stdout.readline() == "held\n"
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def connect(cluster: Cluster, *, owner: bool = False, **over: str) -> psycopg.Connection:
    found = embedded.owner_database_settings(cluster) if owner else embedded.database_settings(cluster)
    wanted = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "dbname": found["NAME"]}
    return psycopg.connect(**{**wanted, **found["OPTIONS"], **over}, autocommit=True)


def ask(cluster: Cluster, question: str, *, owner: bool = False) -> tuple:
    with connect(cluster, owner=owner) as connection:
        return connection.execute(question).fetchone()


def postmaster(cluster: Cluster) -> int:
    return int((cluster.place().data / "postmaster.pid").read_text().split()[0])


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_a_lease_gives_two_roles_behind_a_private_socket(cluster):
    with embedded.lease(cluster):
        assert ask(cluster, "SELECT current_user, current_setting('is_superuser')") == (
            "opsledger_app",
            "off",
        )
        assert ask(cluster, "SHOW listen_addresses") == ("",)
        wanted = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
        assert ask(cluster, wanted) == ("b", "C.UTF-8")
        assert ask(
            cluster, "SELECT rolcreatedb, rolsuper FROM pg_roles WHERE rolname = current_user", owner=True
        ) == (
            True,
            False,
        )
        with connect(cluster) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine ()")
        for over in ({"passfile": "/dev/null"}, {"user": "postgres"}, {"password": "guessed"}):
            with pytest.raises(psycopg.OperationalError):
                connect(cluster, **over)
        place = cluster.place()
        assert mode(place.socket) == mode(place.data) == mode(place.socket_file) == 0o700
        assert mode(cluster.passwords) == 0o600
        if AS_ROOT:
            assert place.data.stat().st_uid != 0


def test_the_server_stops_after_the_last_lease_and_keeps_the_data(cluster):
    with embedded.lease(cluster):
        with connect(cluster, owner=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with embedded.lease(cluster):
            pass
        assert cluster.is_locked()
    wait_for(lambda: not cluster.is_locked())
    assert not (cluster.place().data / "postmaster.pid").exists()
    with embedded.lease(cluster):
        assert ask(cluster, "SELECT answer FROM kept", owner=True) == (42,)


def test_a_lease_dropped_by_a_kill_is_dropped(cluster, hold):
    holder = hold(cluster)
    holder.kill()
    holder.wait()
    wait_for(lambda: not cluster.is_locked())


def test_stop_now_spares_a_server_that_others_use(cluster, hold):
    holder = hold(cluster)
    pid = postmaster(cluster)
    embedded.stop_now(cluster)
    assert postmaster(cluster) == pid
    holder.kill()
    holder.wait()
    embedded.stop_now(cluster)
    assert not cluster.is_locked()


def test_many_starters_at_once_share_one_server(cluster, hold):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(hold, [cluster] * 6))
    assert ask(cluster, "SELECT count(*) FROM pg_stat_database WHERE datname = 'opsledger'") == (1,)
    servers = [line for line in ps() if f"-D {cluster.place().data} " in line]
    assert len(servers) == 1


def ps() -> list[str]:
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode() + " ")
        except OSError:
            continue
    return lines


def test_a_killed_supervisor_takes_its_server_along_and_is_replaced(cluster, hold):
    hold(cluster)
    pid = postmaster(cluster)
    os.kill(parent_of(pid), signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    with embedded.lease(cluster):
        assert ask(cluster, "SELECT 1") == (1,)
        assert "database system is shut down" in cluster.log.read_text()  # it ended in order


def test_a_killed_server_is_started_again(cluster, hold):
    hold(cluster)
    pid = postmaster(cluster)
    os.kill(pid, signal.SIGKILL)
    with embedded.lease(cluster):
        wait_for(lambda: embedded._answers(cluster))
        assert postmaster(cluster) != pid


def test_supervisor_and_server_killed_at_once(cluster, hold):
    hold(cluster)
    pid = postmaster(cluster)
    supervisor = parent_of(pid)
    os.kill(supervisor, signal.SIGSTOP)  # nobody reaps the server now: it stays a zombie
    os.kill(pid, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    with embedded.lease(cluster):
        assert ask(cluster, "SELECT 1") == (1,)


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(cluster):
    with embedded.lease(cluster):
        lines = (cluster.place().data / "postmaster.pid").read_text().split("\n")
    embedded.stop_now(cluster)
    (cluster.place().data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with embedded.lease(cluster):
        assert ask(cluster, "SELECT 1") == (1,)


def test_a_long_path_gets_its_socket_in_a_private_folder_elsewhere(folder):
    cluster = Cluster(folder / ("long" * 30) / "pg")
    with embedded.lease(cluster):
        socket = cluster.place().socket
        assert not socket.is_relative_to(folder)
        assert mode(socket) == 0o700
        assert ask(cluster, "SELECT 1") == (1,)


@only_root
def test_a_socket_folder_that_is_somebody_elses_is_refused(folder):
    cluster = Cluster(folder / ("long" * 30) / "pg")
    socket = cluster.place().socket
    socket.mkdir()
    os.chown(socket, 12345, 12345)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"), embedded.lease(cluster):
        pass


@only_root
def test_a_folder_closed_to_others_keeps_its_mode_and_works(folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "var" / "pg")
    for _ in range(2):
        with embedded.lease(cluster):
            assert ask(cluster, "SELECT 1") == (1,)
            engine = cluster.place().engine
            assert not engine.is_relative_to(closed)
        embedded.stop_now(cluster)
    assert mode(closed) == 0o700
    shutil.copytree(closed, folder / "copy")
    assert Cluster(folder / "copy" / "var" / "pg").place().engine != engine  # the data are the original's
    shutil.rmtree(folder / "copy")
    moved = closed.rename(folder / "moved")
    assert Cluster(moved / "var" / "pg").place().engine == engine


def test_postgresql_16_runs_too_and_a_torn_throwaway_cluster_is_made_anew(folder):
    cluster = Cluster(folder / "pg", major="16", durable=False)
    for _ in range(2):
        with embedded.lease(cluster):
            assert ask(cluster, "SHOW server_version_num")[0].startswith("16")
            assert ask(cluster, "SHOW fsync") == ("off",)
        embedded.stop_now(cluster)
        (cluster.place().data / "postmaster.pid").write_text("999999\n")
        (cluster.place().data / "global" / "pg_control").unlink(missing_ok=True)
    (cluster.place().data / "postmaster.pid").unlink()
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 16"), embedded.lease(Cluster(cluster.home)):
        pass


def test_lost_passwords_are_made_anew(cluster):
    with embedded.lease(cluster):
        pass
    embedded.stop_now(cluster)
    cluster.passwords.unlink()
    with embedded.lease(cluster):
        assert ask(cluster, "SELECT 1", owner=True) == (1,)


def test_a_data_folder_that_cannot_be_made_is_one_sentence(folder):
    (folder / "file").write_text("")
    with (
        pytest.raises(EmbeddedError, match="cannot be written") as caught,
        embedded.lease(Cluster(folder / "file" / "pg")),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_a_missing_wheel_is_one_sentence(monkeypatch):
    monkeypatch.setattr(creation, "WHEEL", "no_such_wheel")
    with pytest.raises(EmbeddedError, match="script/setup"):
        creation.find_binaries("18")


@only_root
def test_a_full_disk_is_one_sentence_and_leaves_no_half_cluster(folder):
    small = folder / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", small], check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        cluster = Cluster(small / "pg")
        with pytest.raises(EmbeddedError, match="is full"), embedded.lease(cluster):
            pass
        assert not cluster.place().data.exists()
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)
