"""The demonstration organisation: Linghu Regional Hospital (灵湖区医院), its IT department, a month of its work.

All of it is our own invention. Every record is made by the actions that people use, by different people, at
the time it is really written; what happened earlier is told by imports and by the times of devices.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from audit.context import because
from cmdb.models import ConfigurationItem
from config.demo import (
    boards,
    changes,
    control,
    duty,
    equipment,
    landscape,
    machines,
    meetings,
    papers,
    past,
    people,
    pipelines,
    reports,
    rounds,
    told,
)

REASON = "Demonstration organisation"
# Each part stands in one transaction and is left alone once it is there: a start that was cut short goes on.
PARTS: tuple[tuple[str, Callable[[], bool], Callable[[], None]], ...] = (
    ("people", people.are_there, people.make),
    ("items", landscape.is_there, landscape.make),
    ("assets", equipment.is_there, equipment.make),
    ("boards", boards.are_there, boards.make),
    ("past changes", past.is_there, past.make),
    ("duty", duty.are_there, duty.make),
    ("inspections", rounds.are_there, rounds.make),
    ("reports", reports.are_there, reports.make),
    ("changes", changes.are_there, changes.make),
    ("machines", machines.are_there, machines.make),
    ("papers", papers.are_there, papers.make),
    ("pipelines", pipelines.are_there, pipelines.make),
    ("meetings", meetings.are_there, meetings.make),
    ("notices", told.is_there, told.make),
    ("control", control.is_there, control.make),
)


class DemoRefused(Exception):  # noqa: N818 (an answer, not an accident)
    """The database is not ours to fill."""


def ensure_demo(*, force: bool = False) -> list[str]:
    """The organisation is there; answers the parts that were missing. Raises DemoRefused on others' data."""
    if not force and not people.are_there():
        refuse_others_data()
    made = []
    with translation.override("en"), timezone.override(None):
        for name, is_there, make in PARTS:
            with transaction.atomic():
                with connection.cursor() as cursor:  # two starts at once make it once
                    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('opsledger.demo'))")
                if is_there():
                    continue
                with because(reason=REASON):
                    make()
                made.append(name)
    return made


def refuse_others_data() -> None:
    """Passes in an empty database. Raises DemoRefused otherwise."""
    others = User.objects.exclude(email__endswith=people.DOMAIN).order_by("pk").first()
    if others is not None:
        raise DemoRefused(
            _(
                "This database has users of its own (%(user)s): no demonstration data are mixed in without --force."
            )
            % {"user": others.username}
        )
    if ConfigurationItem.objects.exists():
        raise DemoRefused(
            _("This database holds configuration items: no demonstration data are mixed in without --force.")
        )
