"""Why an answer of a signed run cannot be amended so."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from accounts.models import User
from accounts.roles import Right
from inspections.guards.refusal import Refusal, lacking, lacking_all, no_comment, took_part
from inspections.models import Amendment, Answer
from inspections.workflow import RunState

AMENDING_RIGHTS = (Right.INSPECT, Right.INSPECT_REVIEW)


def against_proposing(answer: Answer, by: User, reason: str) -> list[Refusal]:
    """Why this person cannot propose to amend this answer; the run is given by `answer.target.run`."""
    found = [*lacking_all(by, AMENDING_RIGHTS)]
    found += no_comment(reason, _("Say why the answer is amended."))
    run = answer.target.run
    if run.state != RunState.SIGNED:
        message = _("The run is “%(state)s”.") % {"state": run.get_state_display()}
        found.append(Refusal("state", message, _("Only signed runs are amended; others are returned.")))
    if not answer.is_current:
        message = _("Another answer is current meanwhile.")
        found.append(Refusal("not_current", message, _("Open the record again and amend that one.")))
    elif answer.amendments.filter(state=Amendment.State.PROPOSED).exists():
        message = _("An amendment of this answer waits for a decision.")
        found.append(Refusal("waiting", message, _("It is decided or withdrawn first.")))
    return found


def against_silence(answer: Answer, values: Mapping[str, object], comment: str) -> list[Refusal]:
    """Why the amended value needs a comment: it is as bad as an answer that would. One statement."""
    if comment.strip():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            # Materialized: the planner may otherwise grade by every item before it picks the answer's own.
            """WITH given AS MATERIALIZED (
                   SELECT a, i, t, r.plan_id AS plan
                     FROM inspections_answer a JOIN inspections_templateitem i ON i.id = a.item_id
                     JOIN inspections_runtarget t ON t.id = a.target_id
                     JOIN inspections_inspectionrun r ON r.id = t.run_id
                    WHERE a.id = %s)
               SELECT inspections_wants_comment_v1(given.i, g.severity)
                 FROM given CROSS JOIN LATERAL inspections_grade_answer_v1(
                      jsonb_populate_record(given.a, %s), given.i, given.t, given.plan) g""",
            [answer.pk, Jsonb(values, dumps=_dumps)],
        )
        is_wanted = cursor.fetchone()[0]
    message = _("The amended answer is so bad that it needs a comment, as any answer would.")
    return (
        [Refusal("comment", message, _("Say in the comment of the answer what was seen."))]
        if is_wanted
        else []
    )


def _dumps(values: object) -> str:
    return json.dumps(values, cls=DjangoJSONEncoder)


def against_deciding(amendment: Amendment, by: User, state: str, comment: str) -> list[Refusal]:
    """Why this person cannot decide this amendment so."""
    found: list[Refusal] = []
    run = amendment.answer.target.run
    if amendment.state != Amendment.State.PROPOSED:
        state_word = amendment.get_state_display()
        found.append(Refusal("decided", _("The amendment is “%(state)s”.") % {"state": state_word}))
    if state != Amendment.State.APPROVED:
        found += no_comment(comment, _("Say why the amendment is not made."))
    if state == Amendment.State.WITHDRAWN:
        if amendment.by_id != by.pk:
            found.append(Refusal("proposer", _("Only who proposed it withdraws it.")))
        return found
    found += lacking(by, Right.INSPECT_REVIEW)
    if amendment.by_id == by.pk:
        message = _("You proposed this amendment.")
        found.append(Refusal("proposer", message, _("Another reviewer decides it.")))
    if took_part(run, by):
        message = _("You took part in this inspection, or an answer of it was amended by you.")
        found.append(Refusal("took_part", message, _("Another reviewer decides it.")))
    if state == Amendment.State.APPROVED and not amendment.answer.is_current:
        message = _("Another answer is current since this was proposed.")
        found.append(
            Refusal("not_current", message, _("Refuse it; a new amendment names the current answer."))
        )
    return found
