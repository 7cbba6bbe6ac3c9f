"""The commands people type: one clear sentence when they cannot work, nothing left when they end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]


@pytest.fixture
def var() -> Iterator[Path]:
    """A data folder within reach of every user."""
    path = Path(tempfile.mkdtemp(prefix="ops-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def environment(var: Path, **over: str) -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "DATABASE_OWNER_URL"}
    }
    return {**kept, "OPSLEDGER_VAR": str(var), **over}


def run(*command: str, env: dict[str, str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, cwd=BASE, capture_output=True, text=True, check=False, timeout=120, **options
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_of(var: Path) -> list[str]:
    """Command lines of living processes that name the folder or were started for it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(var).encode() in told:
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


class Server:
    """script/server as somebody types it."""

    def __init__(self, var: Path) -> None:
        self.port = free_port()
        self.started = time.monotonic()
        command = ["script/server", "--no-demo", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=environment(var), cwd=BASE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        for line in self.process.stdout:
            if "OpsLedger is ready" in line:
                assert f"http://127.0.0.1:{self.port}/" in line
                break
        else:
            pytest.fail("script/server ended before it was ready")
        self.seconds = time.monotonic() - self.started

    def page(self, path: str) -> int:
        return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}").status

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@pytest.mark.slow
def test_script_server_serves_stops_and_starts_again_in_seconds(var):
    first = Server(var)
    assert first.page("/accounts/login/") == 200
    assert first.end(signal.SIGINT) == 0
    assert processes_of(var) == []
    second = Server(var)
    assert second.page("/accounts/login/") == 200
    assert second.seconds < first.seconds / 2  # what the first one made is there
    assert second.end(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while processes_of(var):
        assert time.monotonic() < deadline, processes_of(var)
        time.sleep(0.1)


def test_a_taken_port_is_one_sentence(var):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(sys.executable, "-m", "config.server", "--port", str(port), env=environment(var))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} " in done.stderr
    assert list(var.iterdir()) == []


def test_with_database_url_nothing_embedded_starts(var):
    url = "postgres://nobody@/nothing?host=/nowhere"
    done = run(sys.executable, "manage.py", "check", env=environment(var, DATABASE_URL=url))
    assert done.returncode == 0
    assert not (var / "pg").exists()


def test_importing_the_settings_starts_nothing(var):
    done = run(sys.executable, "-c", "import config.settings", env=environment(var))
    assert done.returncode == 0
    assert not (var / "pg").exists()


def test_the_secret_key_is_made_once_and_kept_private(var):
    command = [sys.executable, "-c", "from config import embedded; print(embedded.secret_key())"]
    starters = [
        subprocess.Popen(command, env=environment(var), cwd=BASE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    keys = {starter.communicate()[0] for starter in starters}
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert (var / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in var.iterdir()] == ["secret_key"]


@pytest.fixture
def checkout(var: Path) -> Path:
    """A checkout of nothing but the scripts and the lists of packages, and a machine with no Python."""
    shutil.copytree(BASE / "script", var / "script")
    for file in BASE.glob("requirements*.txt"):
        shutil.copy(file, var)
    (var / "bin").mkdir()
    for tool in ("dirname", "cmp", "cp", "sed"):
        (var / "bin" / tool).symlink_to(shutil.which(tool))
    return var


def install_python(checkout: Path, program: str) -> None:
    python = checkout / "bin" / "python3"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("exit 1", "OpsLedger needs Python 3.11"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
    ],
    ids=["too old", "no venv module"],
)
def test_script_setup_names_what_is_missing(checkout, python, sentence):
    install_python(checkout, python)
    done = run(str(checkout / "script" / "setup"), env={"PATH": str(checkout / "bin")})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def python_for(user: int) -> dict[str, str] | None:
    """An interpreter that user may run, with our packages: ours, or the system's of the same version."""
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}"):
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{BASE}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            tried = subprocess.run(
                [python, "-c", "import django, psycopg, config.embedded"],
                user=user, group=user, extra_groups=[], env=env, cwd="/", capture_output=True, check=False,
            )  # fmt: skip
        except OSError:
            continue
        if tried.returncode == 0:
            return {**env, "PYTHON": python}
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_runs_it_and_is_told_when_the_folder_is_closed(var):
    nobody = 65534
    env = python_for(nobody)
    if env is None:
        pytest.skip("no Python here that an ordinary user may run")
    who = {"user": nobody, "group": nobody, "extra_groups": []}
    closed = run(env["PYTHON"], "manage.py", "check", env={**env, "OPSLEDGER_VAR": str(var / "sub")}, **who)
    assert closed.returncode == 1
    assert "cannot be written" in closed.stderr
    assert closed.stderr.count("\n") == 1
    os.chown(var, nobody, nobody)
    opened = run(env["PYTHON"], "manage.py", "check", env={**env, "OPSLEDGER_VAR": str(var)}, **who)
    assert opened.returncode == 0, opened.stderr
    assert {path.stat().st_uid for path in (var / "pg").iterdir()} == {nobody}
    assert (var / "pg").stat().st_mode & 0o777 == 0o700
    again = run(sys.executable, "manage.py", "check", env=environment(var))  # root, on the user's data
    assert again.returncode == 0, again.stderr
    assert (var / "pg" / "data").stat().st_uid == nobody
