"""Where a cluster lives: its folders, its sockets, the operating-system user that runs it, its locks."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.embedded.process import reaches

DATABASE = "opsledger"
OWNER_ROLE = "opsledger_owner"
APP_ROLE = "opsledger_app"
PORT = "5432"
LONGEST_SOCKET_PATH = 103  # bytes; Linux takes 107, macOS 103


class EmbeddedError(Exception):
    """Why the embedded PostgreSQL cannot run: one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Place:
    """Folders of one cluster; `engine` is the home, unless root's PostgreSQL user cannot reach that."""

    home: Path
    engine: Path
    socket: Path

    @property
    def data(self) -> Path:
        return self.engine / "data"

    @property
    def socket_file(self) -> Path:
        return self.socket / f".s.PGSQL.{PORT}"


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data folder and all that belongs to it, found by its home folder."""

    home: Path
    major: str = "18"
    durable: bool = True

    @property
    def lease_file(self) -> Path:
        return self.home / "lease"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor and, through inheritance, by every PostgreSQL process of this cluster."""
        return self.home / "lock"

    @property
    def passwords(self) -> Path:
        return self.home / "passwords"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def hurry(self) -> Path:
        """A note to the supervisor: stop at the last lease without waiting."""
        return self.home / "hurry"

    def prepare_home(self) -> None:
        """The home folder and its lock files exist. Raises EmbeddedError if they cannot."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for path in (self.lease_file, self.lock_file):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self.home} cannot be written ({error.strerror}): "
                "make it writable, or name another one in OPSLEDGER_VAR."
            ) from error

    def place(self) -> Place:
        """The folders written down by the last supervisor, or those the next one would choose."""
        try:
            noted = json.loads((self.home / "place.json").read_text())
        except (OSError, ValueError):
            noted = {}
        if noted.get("home") != str(self.home):
            noted.pop("socket", None)
            if os.path.exists(noted.get("home", self.home)):  # copied, not moved: the data are another's
                noted.pop("engine", None)
        engine = Path(noted.get("engine", self.home))
        return Place(self.home, engine, Path(noted.get("socket") or _short_socket_folder(engine)))

    def settle(self, user: pwd.struct_passwd | None) -> Place:
        """The place this cluster runs in from now on, its folders made and noted."""
        engine = self.place().engine
        if user is not None and engine == self.home and not reaches(user, engine):
            engine = _outside_folder(self.home)
        socket = _short_socket_folder(engine)
        _own_folder(socket, user)
        note = self.home / "place.json.new"
        note.write_text(json.dumps({"home": str(self.home), "engine": str(engine), "socket": str(socket)}))
        note.rename(self.home / "place.json")
        return Place(self.home, engine, socket)

    def run_user(self) -> pwd.struct_passwd | None:
        """Whom PostgreSQL runs as: None for ourselves; as root the data's owner, else postgres or nobody."""
        if os.geteuid() != 0:
            return None
        data = self.place().data
        if data.exists() and data.stat().st_uid != 0:
            return pwd.getpwuid(data.stat().st_uid)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise EmbeddedError(
            "PostgreSQL does not run as root and this machine has no user 'postgres' or 'nobody': "
            "start OpsLedger as an ordinary user."
        )

    @contextmanager
    def shared_lease(self) -> Iterator[None]:
        """The supervisor keeps the server up while the block runs, and a kill ends the lease too."""
        with self.lease_file.open("rb+") as lease:
            fcntl.flock(lease, fcntl.LOCK_SH)
            os.utime(self.lease_file)
            yield

    def is_locked(self) -> bool:
        """True while a supervisor or any process of its PostgreSQL lives."""
        with self.lock_file.open("rb+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def _outside_folder(home: Path) -> Path:
    """A folder of this cluster below /var/lib, for a PostgreSQL user who cannot enter the checkout."""
    folder = Path("/var/lib/opsledger") / _digest(home)
    for path in (folder.parent, folder):
        path.mkdir(mode=0o755, exist_ok=True)
        if path.is_symlink() or path.stat().st_uid != 0:
            raise EmbeddedError(f"{path} is not root's: remove it, or run as an ordinary user.")
    folder.chmod(0o711)
    folder.parent.chmod(0o755)
    return folder


def _short_socket_folder(engine: Path) -> Path:
    folder = engine / "run"
    longest = len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock"))
    if longest <= LONGEST_SOCKET_PATH and "," not in str(folder):  # a comma separates hosts in libpq
        return folder
    name = f"opsledger-{os.geteuid()}-{_digest(engine)}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.geteuid() != 0 and os.access(runtime, os.W_OK) and len(os.fsencode(runtime)) < 50:
        return Path(runtime) / name
    return Path(tempfile.gettempdir() if len(tempfile.gettempdir()) < 40 else "/tmp") / name  # noqa: S108


def _own_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """The folder is a real one, 0700, and belongs to whoever runs PostgreSQL."""
    uid = os.geteuid() if user is None else user.pw_uid
    try:
        folder.mkdir(mode=0o700)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or found.st_uid not in {uid, os.geteuid()}:
            raise EmbeddedError(
                f"The socket folder {folder} belongs to somebody else: remove it and start again."
            ) from None
        if found.st_uid != uid and user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
