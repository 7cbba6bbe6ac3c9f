"""What script/server runs: web and worker, prepared, watched and stopped together."""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import embedded
from config.embedded.process import die_with_parent

ABOUT = """\
Start OpsLedger on this machine: the web server and the worker, with everything they need.

The first start installs the packages, makes the database and a demonstration organisation;
later starts take seconds. Ctrl-C stops everything. Run script/server again after an update."""
ENVIRONMENT = """\
environment:
  OPSLEDGER_VAR       the data folder (default: var/)
  DATABASE_URL        a PostgreSQL of your own, as the application role; then nothing embedded starts
  DATABASE_OWNER_URL  the same database, as the role that owns the tables (for migrations)
  OPSLEDGER_HOSTS     names under which this server is reached, separated by commas"""
BASE_DIR = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
STOP_SECONDS = 20
MOST_RESTARTS = 5


class ServerError(Exception):
    """Why the server cannot run: one sentence for the person at the terminal."""


class StopAsked(BaseException):
    """Ctrl-C or SIGTERM; like KeyboardInterrupt it is no error."""


class Program:
    """One child of the server; it dies with the server, however that dies."""

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        self.command = command
        self.starts: list[float] = []
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts = [at for at in self.starts if at > time.monotonic() - 60] + [time.monotonic()]
        return subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.DEVNULL,
            cwd=BASE_DIR,
            start_new_session=True,  # Ctrl-C reaches the server alone, which stops the rest in order
            preexec_fn=die_with_parent(signal.SIGTERM),
        )

    def revive(self) -> None:
        """The program runs. Raises ServerError if it dies again and again."""
        code = self.process.poll()
        if code is None:
            return
        if len(self.starts) > MOST_RESTARTS:
            raise ServerError(f"The {self.name} ended again and again (the last time with code {code}).")
        print(f"The {self.name} ended with code {code}; starting it again.", file=sys.stderr, flush=True)
        self.process = self._start()

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    signal.signal(signal.SIGINT, _ask_to_stop)
    signal.signal(signal.SIGTERM, _ask_to_stop)
    signal.signal(signal.SIGHUP, _ask_to_stop)
    try:
        if options.prepare_only:
            with _database():
                prepare()
        else:
            serve(options.host, options.port, demo=not options.no_demo)
    except (ServerError, embedded.EmbeddedError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except StopAsked:
        print("OpsLedger has stopped.", flush=True)
    return 0


def serve(host: str, port: int, *, demo: bool) -> None:
    """Web and worker run until StopAsked. Raises ServerError or EmbeddedError if they cannot."""
    _refuse_taken_port(host, port)
    os.environ.setdefault("OPSLEDGER_HOSTS", f"localhost,127.0.0.1,[::1],{host}")
    os.environ.setdefault("OPSLEDGER_URL", f"http://{'localhost' if host == '0.0.0.0' else host}:{port}")  # noqa: S104
    with _database():
        logins = prepare("--demo") if demo else prepare()
        with _running(_web(host, port), _worker()) as programs:
            _wait_until_ready(host, port, programs)
            said = [f"OpsLedger is ready: http://{host}:{port}/", logins, "Ctrl-C stops it."]
            print("\n".join(filter(None, said)), flush=True)
            while True:
                time.sleep(1)
                embedded.revive()
                for program in programs:
                    program.revive()


def prepare(*arguments: str) -> str:
    """The database is migrated and the static files are in place; returns what is to be shown: log-ins."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "config.prepare", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=BASE_DIR,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    if done.returncode:
        raise ServerError("The database could not be prepared: the reason stands above.")
    return done.stdout.strip()


def _web(host: str, port: int) -> Program:
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"{host}:{port}",
        "--no-control-socket",
    ]
    gunicorn += ["--worker-class", "gthread", "--workers", "2", "--threads", "3", "--log-level", "warning"]
    if os.access("/dev/shm", os.W_OK):  # noqa: S108 - heartbeats in memory: a busy disk must not look like a dead worker
        gunicorn += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return Program("web server", *gunicorn)


def _worker() -> Program:
    command = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "10"]
    return Program("worker", *command)


@contextmanager
def _running(*programs: Program) -> Iterator[tuple[Program, ...]]:
    try:
        yield programs
    finally:
        for program in programs:
            program.ask_to_stop()
        for program in programs:
            program.stop()


@contextmanager
def _database() -> Iterator[None]:
    """The database for the block; afterwards the embedded one has ended, unless others use it."""
    try:
        with embedded.lease():
            yield
    finally:
        if embedded.is_embedded() and embedded.main_cluster().lock_file.exists():
            embedded.stop_now(embedded.main_cluster())


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ServerError(
                f"Port {port} on {host} cannot be used ({reason}): choose another, script/server --port N."
            ) from error


def _wait_until_ready(host: str, port: int, programs: tuple[Program, ...]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    address = "127.0.0.1" if host == "0.0.0.0" else host.strip("[]")  # noqa: S104
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(address, port, timeout=30)
            connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
            if connection.getresponse().status < 500:
                return
            raise ServerError("The first page failed: the reason stands above.")
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        for program in programs:
            program.revive()
    raise ServerError(f"The web server does not answer on port {port}.")


def _ask_to_stop(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # once is enough; the end must not be cut short
    raise StopAsked


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/server",
        description=ABOUT,
        epilog=ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="listen on this port (8000)")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen here (127.0.0.1)")
    parser.add_argument("--no-demo", action="store_true", help="without the demonstration organisation")
    parser.add_argument("--prepare-only", action="store_true", help=argparse.SUPPRESS)  # for script/setup
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
