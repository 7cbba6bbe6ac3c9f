"""A database and static files that match this code: run before the server starts, quick when they do already.

Prints nothing but the log-ins of the demonstration organisation (with --demo); progress goes to stderr.
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command


def main(*, demo: bool) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    migrate()
    collect_static()
    if demo:
        make_demo()


def make_demo() -> None:
    """The demonstration is there, its log-ins printed; a database with data of its own is left alone."""
    say("Looking after the demonstration organisation …")
    try:
        call_command("ensure_demo", "--print-logins")
    except CommandError as refusal:
        say(str(refusal))


def migrate() -> None:
    """Every migration is applied."""
    try:
        call_command("migrate", "--check", verbosity=0)
    except SystemExit as answer:
        if answer.code:
            say("Bringing the database up to date …")
            call_command("migrate", "--no-input", verbosity=0)


def collect_static() -> None:
    """STATIC_ROOT holds today's static files under hashed names."""
    root = Path(settings.STATIC_ROOT)
    stamp, signature = root / ".signature", static_signature()
    if stamp.exists() and stamp.read_text() == signature:
        return
    say("Collecting static files …")
    root.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", "--no-input", "--clear", verbosity=0)
    stamp.write_text(signature)


def static_signature() -> str:
    """Changes whenever a static file is added, removed or changed."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            path = Path(storage.path(name))
            digest.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(demo="--demo" in sys.argv[1:])
