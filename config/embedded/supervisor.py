"""The supervisor: PostgreSQL as its child for as long as somebody holds a lease.

Started by `config.embedded.lease`, in a session of its own. Says on standard output, once, "ready", "busy"
(another supervisor has this cluster) or the sentence that explains why it cannot run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

from config.embedded.cluster import Cluster, EmbeddedError, Place
from config.embedded.creation import postgres_command, prepare
from config.embedded.process import as_user, die_with_parent

GRACE_SECONDS = 3.0
POLL_SECONDS = 0.2
STOP_SECONDS = 60
MOST_RESTARTS = 5
LARGEST_LOG_BYTES = 20_000_000


class Supervisor:
    """One cluster's server, started, watched, and stopped when the last lease is gone."""

    def __init__(self, cluster: Cluster, lock: BinaryIO) -> None:
        self.cluster = cluster
        self.lock = lock
        self.stopping = False
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """PostgreSQL accepts connections. Raises EmbeddedError if it cannot."""
        place, binaries, user = prepare(self.cluster)
        for attempt in range(1, 61):
            self.child = self._spawn(place, binaries, user)
            while self.child.poll() is None and not self.stopping:
                if _is_ready(place):
                    return
                time.sleep(0.02)
            if self.stopping:
                return
            reason = self._last_word()
            # orphans of a killed server hold its shared memory for an instant
            if "shared memory block" not in reason or attempt == 60:
                raise EmbeddedError(f"PostgreSQL did not start: {reason} (log: {self.cluster.log})")
            time.sleep(0.5)

    def _spawn(self, place: Place, binaries: Path, user: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
        with self.cluster.log.open("ab") as log:
            if log.tell() > LARGEST_LOG_BYTES:
                log.truncate(0)
            return subprocess.Popen(  # noqa: S603
                postgres_command(self.cluster, place, binaries),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                pass_fds=(self.lock.fileno(),),  # the lock lives as long as any PostgreSQL process
                preexec_fn=die_with_parent(signal.SIGINT),
                **as_user(user),
            )

    def _last_word(self) -> str:
        tail = self.cluster.log.read_bytes()[-4000:].decode(errors="replace").splitlines()
        fatal = [line for line in tail if "FATAL" in line or "PANIC" in line]
        return (fatal or tail or ["it said nothing"])[-1]

    def watch(self) -> None:
        """Returns when no lease has been held for a while, with the lease file locked against new ones."""
        restarts = 0
        with self.cluster.lease_file.open("rb+") as lease:
            last_use = time.time()
            while not self.stopping:
                if self.child is None or self.child.poll() is not None:
                    restarts += 1
                    if restarts > MOST_RESTARTS:
                        return
                    self.start()
                try:
                    fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    last_use = time.time()
                    self.cluster.hurry.unlink(missing_ok=True)
                else:
                    last_use = max(last_use, self.cluster.lease_file.stat().st_mtime)
                    if self.cluster.hurry.exists() or time.time() - last_use >= GRACE_SECONDS:
                        self.stop()
                        return
                    fcntl.flock(lease, fcntl.LOCK_UN)
                time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """PostgreSQL has ended: fast shutdown, then harder; whoever is in a hurry hears it then."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.child is None or self.child.poll() is not None:
                break
            self.child.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(STOP_SECONDS)
        self.cluster.hurry.unlink(missing_ok=True)

    def ask_to_stop(self, *_: object) -> None:
        self.stopping = True


def _is_ready(place: Place) -> bool:
    """PostgreSQL writes its state into the eighth line of its pid file."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _take_lock(cluster: Cluster) -> BinaryIO | None:
    lock = cluster.lock_file.open("rb+")
    for _ in range(10):  # a starter's look at the lock takes it for an instant
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return lock
    return None


def _answer(sentence: str) -> None:
    """Tell the starter, who may be gone already, and let go of its terminal."""
    with contextlib.suppress(OSError):
        os.write(1, sentence.encode() + b"\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def main(home: str, major: str, durability: str) -> int:
    cluster = Cluster(Path(home), major, durability == "durable")
    lock = _take_lock(cluster)
    if lock is None:
        _answer("busy")
        return 0
    supervisor = Supervisor(cluster, lock)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, supervisor.ask_to_stop)
    signal.signal(signal.SIGINT, supervisor.ask_to_stop)
    try:
        supervisor.start()
        _answer("ready")
        supervisor.watch()
    except EmbeddedError as error:
        _answer(str(error))
        return 1
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
