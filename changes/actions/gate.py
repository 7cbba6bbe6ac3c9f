"""Answering pipelines: allowed by a change, or denied; whatever goes wrong, denied."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from changes.guards.gate import Question, Verdict, verdict_on
from changes.guards.refusal import Refusal
from changes.models import GateAnswer, GateDecision

logger = logging.getLogger("opsledger.gate")
PER_MINUTE = 60


def ask_gate(question: Question, *, by: User, token_name: str = "") -> GateAnswer:
    """The question stands in the record with its answer: allow, or deny with every reason.

    Whatever fails while judging denies; what cannot be recorded is raised. Raises RightMissing.
    """
    require_right(by, Right.CHANGE_GATE)
    try:
        with transaction.atomic():
            verdict = verdict_on(question, timezone.now())
    except Exception:
        logger.exception("the gate could not judge")
        fix = _("Ask again; if it stays, the reason stands in the log of OpsLedger.")
        verdict = Verdict(None, [Refusal("error", _("The question could not be judged."), fix)])
    return record_answer(question, verdict, by=by, token_name=token_name)


def record_answer(question: Question, verdict: Verdict, *, by: User, token_name: str = "") -> GateAnswer:
    """The answer stands in the record. One query."""
    answer = GateAnswer.objects.create(
        asked_by=by,
        token_name=token_name,
        pipeline=question.pipeline,
        purpose=question.purpose,
        items=list(question.items),
        service=question.service,
        change_number=question.change,
        environment=question.environment,
        artifact_sha256=question.artifact_sha256,
        decision=GateDecision.DENY if verdict.refusals else GateDecision.ALLOW,
        change=verdict.change,
        reasons=[refusal.as_dict() for refusal in verdict.refusals],
        expires_at=verdict.expires_at,
    )
    answer.refresh_from_db(fields=["asked_at"])
    return answer


def seconds_to_wait(by: User) -> int:
    """0 while the person may ask; else in how many seconds, after PER_MINUTE questions in the last minute."""
    now = timezone.now()
    recent = GateAnswer.objects.filter(asked_by=by, asked_at__gt=now - timedelta(minutes=1))
    times = list(recent.order_by("-asked_at").values_list("asked_at", flat=True)[:PER_MINUTE])
    if len(times) < PER_MINUTE:
        return 0
    return max(1, 60 - int((now - times[-1]).total_seconds()))
