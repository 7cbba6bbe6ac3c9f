"""The passwords of the demonstration's people: random, kept in one file for the owner of the machine alone."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import roles_of

NAME = "demo-logins.json"


@dataclass(frozen=True)
class Logins:
    """User name → (password, mark); the mark tells whether the account still has this password."""

    passwords: dict[str, tuple[str, str]]

    @classmethod
    def kept(cls) -> Logins:
        """What the file says; nothing where there is none or it is not readable."""
        try:
            found = json.loads(path().read_text(encoding="utf-8"))
            return cls({name: (str(word), str(mark)) for name, (word, mark) in found.items()})
        except (OSError, ValueError, AttributeError):
            return cls({})

    def keep(self) -> None:
        """The file holds these, readable by its owner alone from its first byte on."""
        place = path()
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.passwords, file, indent=1)
        fresh.replace(place)

    def as_table(self) -> str:
        """Role, user name and password of everybody in the demonstration, one line each."""
        ours = User.objects.filter(email__endswith=DOMAIN, is_active=True)
        rows = [(_("Role"), _("User name"), _("Password"))]
        for user in ours.order_by("pk"):
            roles = ", ".join(str(role.label) for role in roles_of(user))
            password, mark = self.passwords.get(user.username, ("", ""))
            if mark != mark_of(user):
                password = _("(changed)") if password else _("(set it: manage.py changepassword)")
            rows.append((f"{roles} · {user}", user.username, password))
        widths = [max(width(row[n]) for row in rows) for n in range(2)]
        return "\n".join(
            "  ".join([padded(role, widths[0]), padded(name, widths[1]), word]) for role, name, word in rows
        )


DOMAIN = "@linghu-hospital.example"


def path() -> Path:
    return Path(settings.VAR_DIR) / NAME


def mark_of(user: User) -> str:
    """Changes whenever the account's password does."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:16]


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
