"""How a person has shown who they are: by a session, by a fresh proof in it (step-up), or by a token.

One way for every deed that asks for more than a session: the view hands `proof_of(request)` to the action,
the guard refuses with the code `step_up`, and the page leads to allauth's re-authentication (password, or a
second factor where the account has one) and back, with what was typed kept. A token can prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.db.models import TextChoices
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken

#: How long a proof counts. No setting: PostgreSQL has the same number (changes/sql/proof_v1.sql).
FRESH_FOR = timedelta(minutes=10)
_KEPT = "half_filled"


class Strength(TextChoices):
    """How strong the proof behind a deed was, weakest last."""

    STEP_UP = "step_up", _("confirmed just before")
    SESSION = "session", _("signed in")
    TOKEN = "token", _("API token")


@dataclass(frozen=True)
class Proof:
    """How somebody showed who they are, and when they last did."""

    strength: str
    at: datetime | None = None
    token_id: int | None = None

    @property
    def is_fresh(self) -> bool:
        """Shown within the last ten minutes, by a person."""
        is_recent = self.at is not None and self.at > timezone.now() - FRESH_FOR
        return is_recent and self.strength != Strength.TOKEN

    @classmethod
    def now(cls) -> Proof:
        """A proof given this moment; for programs that act for people who stand beside them (demo, tests)."""
        return cls(Strength.STEP_UP, timezone.now())


def proof_of(request: Any) -> Proof:
    """The proof behind this request, of Django or of the REST framework. No query."""
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        return Proof(Strength.TOKEN, token_id=token.pk)
    times = [record["at"] for record in get_authentication_records(request, request.user) if record.get("at")]
    if not times:
        return Proof(Strength.SESSION)
    proof = Proof(Strength.STEP_UP, datetime.fromtimestamp(max(times), tz=UTC))
    return proof if proof.is_fresh else Proof(Strength.SESSION, proof.at)


def confirm_link(path: str) -> str:
    """The address of the page that asks "Confirm it is you" and comes back to `path`."""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': path})}"


def keep_half_filled(request: HttpRequest, path: str) -> None:
    """What was just posted waits in the session until the person is back on `path`."""
    typed = {name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"}
    request.session[_KEPT] = {"path": path, "typed": typed}


def take_half_filled(request: HttpRequest, path: str) -> dict[str, list[str]]:
    """What was typed on `path` before the confirmation, once; empty where nothing waits."""
    kept = request.session.get(_KEPT)
    if not kept or kept.get("path") != path:
        return {}
    del request.session[_KEPT]
    return dict(kept["typed"])
