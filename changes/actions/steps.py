"""Taking a step: offered with every reason against it, taken only when there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.step_up import Proof
from changes.actions.effects import EFFECTS
from changes.actions.refusals import AlreadyDone, StepRefused, at, locked, refusals_recorded
from changes.actions.telling import tell_step
from changes.guards import GUARDS, Refusal, who_may
from changes.guards.refusal import Data
from changes.models import ChangeEvent, ChangeRequest
from changes.workflow import Input, Relation, Step, find_step, steps_from

# Called after commit with every event that happened; config wires the next inspection in here. People are
# told before it (changes.actions.telling), so that what is lost with the step is not mailed either.
NOTIFY: list[Callable[[ChangeEvent], None]] = []
# Guards that compare a change with all others: steps that ask them are taken one after the other.
COMPARED = frozenset({"no_hard_conflict", "fresh_conflict_check", "new_window_free"})


class Offer(NamedTuple):
    """A step from the current state, and every reason why this person cannot take it now."""

    step: Step
    refusals: list[Refusal]

    @property
    def is_open(self) -> bool:
        return not self.refusals


def available_steps(change: ChangeRequest, *, by: User) -> list[Offer]:
    """Every step that leads on from the change's state, with all refusals.

    What a step's dialog will ask for is not missing yet. Steps that only OpsLedger takes, and `resume` where
    nothing is on hold, are left out. One to four queries a guard.
    """
    return [
        Offer(step, refusals_of(change, step, by, None))
        for step in steps_from(change.state, change.kind)
        if set(step.who) != {Relation.SYSTEM} and (change.on_hold or step.on_hold != "only")
    ]


def refusals_of(change: ChangeRequest, step: Step, by: User | None, data: Data) -> list[Refusal]:
    """Every reason against the step: hold, the person, then each guard in the order of the table."""
    refusals = []
    if change.on_hold and step.on_hold == "no":
        refusals.append(Refusal("hold", _("The change is on hold."), _("Resume it first.")))
    if not change.on_hold and step.on_hold == "only":
        refusals.append(Refusal("hold", _("The change is not on hold.")))
    refusals += who_may(change, step, by)
    for name in step.guards:
        refusals += GUARDS[name](change, by, data)
    return list(dict.fromkeys(refusals))


def take_step(
    change: ChangeRequest,
    event: str,
    *,
    by: User | None,
    comment: str = "",
    data: Mapping[str, Any] | None = None,
    proof: Proof | None = None,
) -> ChangeEvent:
    """The change has taken the step, its event is written and whoever must know is told after commit.

    `by=None` is OpsLedger itself; `proof` is how `by` showed who they are (accounts.step_up). `change` is
    refreshed. Raises StepRefused with every reason; the refusal is recorded even if the caller rolls back.
    Locks the change's row.
    """
    with refusals_recorded(event, change, by):
        current = locked(change)
        step = find_step(event, current.state, current.kind)
        if step is None:
            repeated(current, event, by)
            state = current.get_state_display()
            raise StepRefused(
                [Refusal("no_such_step", _("There is no such step from “%(state)s”.") % {"state": state})]
            )
        values, refusals = clean_input(step, comment, data or {})
        if not who_may(current, step, by):
            for name in step.effects:
                EFFECTS.get(name, _nothing)(current, by, values)
            store_input(current, step, by, values)
        if COMPARED & set(step.guards):
            wait_for_the_schedule()
        refusals += refusals_of(current, step, by, values | {"proof": proof})
        if refusals:
            raise StepRefused(refusals)
        happened = ChangeEvent.objects.create(
            change=current,
            event=event,
            actor=by,
            comment=comment,
            outcome=values.get("outcome", ""),
            data=_plain(values),
            guard_results=dict.fromkeys(step.guards, "held"),
            **proof_fields(proof),
        )
        happened.refresh_from_db()
        tell_step(happened)
        transaction.on_commit(lambda: tell(happened))
    change.refresh_from_db()
    return happened


def wait_for_the_schedule() -> None:
    """Until the transaction ends, nobody else schedules or starts a change; what they did before is seen.

    The same lock that changes_double_booked_v1 takes. Held after the change's row, never before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('changes.schedule', 0))")


def proof_fields(proof: Proof | None) -> dict[str, Any]:
    """How somebody proved who they are, as an event and a vote keep it."""
    if proof is None:
        return {}
    return {"proof": proof.strength, "proved_at": proof.at, "token_id": proof.token_id}


def repeated(change: ChangeRequest, event: str, by: User | None) -> None:
    """Raises AlreadyDone if this very person took this very step last: a repeat, after a lost answer say."""
    last = change.events.first()
    if by is not None and last is not None and (last.event, last.actor_id) == (event, by.pk):
        words = {"time": at(last.happened_at), "state": change.get_state_display()}
        text = _("You did this at %(time)s: the change is “%(state)s” now.")
        raise AlreadyDone(text % words, last)


def tell(event: ChangeEvent) -> None:
    """Everybody in NOTIFY has heard of the event."""
    for hear in NOTIFY:
        hear(event)


def _nothing(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    return None


def clean_input(step: Step, comment: str, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[Refusal]]:
    """What the step asks for, in Python's types, and a refusal for each thing missing or unreadable."""
    values: dict[str, Any] = {}
    refusals = []
    if step.needs_comment and not comment.strip():
        refusals.append(Refusal("comment_required", _("This step asks for a reason."), _("Write why.")))
    for wanted in step.inputs:
        raw = data.get(wanted.name)
        if raw in (None, "", [], {}):
            if wanted.is_required:
                refusals.append(
                    Refusal(
                        f"input:{wanted.name}",
                        _("Missing: %(name)s.") % {"name": wanted.label},
                        _("Fill it in."),
                    )
                )
            continue
        try:
            values[wanted.name] = READERS[wanted.kind](wanted, raw)
        except (TypeError, ValueError, AttributeError, OverflowError):
            refusals.append(
                Refusal(
                    f"input:{wanted.name}",
                    _("Not readable: %(name)s.") % {"name": wanted.label},
                    _("Correct it."),
                )
            )
    return values, refusals


def _read_text(wanted: Input, raw: Any) -> str:
    if not isinstance(raw, str) or "\x00" in raw:
        raise ValueError(raw)
    return raw.strip()


def _read_datetime(wanted: Input, raw: Any) -> datetime:
    moment = raw if isinstance(raw, datetime) else parse_datetime(raw)
    if moment is None:
        raise ValueError(raw)
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    if not 1900 < aware.year < 9000:  # nearer to the ends of the calendar no page can show it
        raise ValueError(raw)
    return aware


def _read_choice(wanted: Input, raw: Any) -> str:
    if raw not in wanted.choices:
        raise ValueError(raw)
    return str(raw)


def _read_answers(wanted: Input, raw: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in raw.items()}


READERS: dict[str, Callable[[Input, Any], Any]] = {
    "text": _read_text,
    "longtext": _read_text,
    "bool": lambda wanted, raw: raw in (True, "true", "on", "1", 1),
    "datetime": _read_datetime,
    "user": lambda wanted, raw: int(raw),
    "choice": _read_choice,
    "risk": _read_answers,
}
STORED = (
    "backup_ref", "deviations", "issues", "restore_check", "retro_assessment", "pir",
)  # fmt: skip


def store_input(change: ChangeRequest, step: Step, by: User | None, values: Mapping[str, Any]) -> None:
    """What was answered stands on the change where it has a field there."""
    given = [name for name in STORED if name in values]
    for name in given:
        setattr(change, name, values[name])
    if given:
        change.save(update_fields=given)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The input as JSON can hold it."""
    encode = DjangoJSONEncoder().default
    return {key: encode(value) if isinstance(value, datetime) else value for key, value in values.items()}
