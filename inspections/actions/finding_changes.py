"""Findings and the changes that fix them."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions import create_change
from changes.models import ChangeRequest
from inspections import guards
from inspections.actions.finding_deeds import link_change
from inspections.actions.finding_telling import members_of, tell_draft
from inspections.models import Answer, Finding, MachineReading, TemplateItem
from inspections.severity import BAD

logger = logging.getLogger(__name__)


def raise_change(finding: Finding, *, by: User) -> ChangeRequest:
    """A draft change on the finding's CI carries its evidence, and the finding names it.

    Raises Refused if the finding is closed or has a change, or without the right to raise changes. Locks the
    finding.
    """
    with transaction.atomic():
        finding = Finding.objects.select_for_update(of=("self",)).for_list().get(pk=finding.pk)
        guards.refuse_if(guards.against_raising(finding, by), "raise change", by=by, target=finding.number)
        title = _("Fix %(finding)s on %(ci)s") % {"finding": str(finding), "ci": finding.ci}
        change = create_change(by=by, title=title[:200], items=[finding.ci], reason=evidence_of(finding))
        link_change(finding, change, by=by)
    return change


def draft_changes(findings: QuerySet[Finding]) -> list[ChangeRequest]:
    """Each finding whose check item asks for a change has a draft with its evidence, once.

    The requester is the inspector if they may raise changes, else the plan's owner, its assignee, or somebody
    of its team or of the CI's; where nobody may, or the draft fails, that is logged and the finding
    stands: an inspection is never lost over it. One query where no item asks for a change.
    """
    rule = TemplateItem.FindingRule.CHANGE
    wanted = findings.filter(Q(first_answer__item__finding=rule) | Q(item__finding=rule), change=None)
    drafted = []
    for finding in wanted.for_list().select_related(
        "first_answer__target__run__plan__owner", "first_answer__answered_by"
    ):
        requester = _requester_for(finding)
        if requester is None:
            logger.warning("Nobody behind %s may raise changes: its change is not drafted", finding.number)
            continue
        try:
            with transaction.atomic():
                change = raise_change(finding, by=requester)
        except (guards.Refused, PermissionDenied, ValidationError, DatabaseError):
            logger.exception("No change was drafted from %s", finding.number)
            continue
        tell_draft(finding, change)
        drafted.append(change)
    return drafted


def _requester_for(finding: Finding) -> User | None:
    answer = finding.first_answer
    people: list[User | None] = []
    if answer is not None:
        plan = answer.target.run.plan
        people = [answer.answered_by, plan.owner, plan.assignee, *members_of(plan.team_id)]
    people += members_of(finding.ci.owner_team_id)
    able = (each for each in people if each is not None and each.is_active)
    return next((each for each in able if has_right(each, Right.CHANGE_REQUEST)), None)


def evidence_of(finding: Finding) -> str:
    """What was seen, in words, for who has only the change before them. One query, another for readings."""
    answers = Answer.objects.current().filter(ci=finding.ci_id, item_key=finding.item_key)
    lines = [_("Found by inspection, seen %(count)s times:") % {"count": finding.count}]
    for answer in answers.filter(severity__in=BAD).select_related("target__run").order_by("-observed_at")[:5]:
        at = date_format(timezone.localtime(answer.observed_at), "Y-m-d H:i")
        words = [at, answer.target.run.number, str(answer.get_severity_display()), answer.value_label]
        lines.append(" · ".join([*words, answer.comment] if answer.comment else words))
    return "\n".join([*lines, *_said_by_machines(finding)])


def _said_by_machines(finding: Finding) -> list[str]:
    """The newest readings up to the last that was bad, and the alert, a line each."""
    lines = []
    if (last := finding.last_reading) is not None:
        readings = MachineReading.objects.filter(
            ci=finding.ci_id, metric=last.metric, observed_at__lte=last.observed_at
        )
        for reading in readings.select_related("source").order_by("-observed_at")[:5]:
            at = date_format(timezone.localtime(reading.observed_at), "Y-m-d H:i")
            lines.append(f"{at} · {reading.source} · {reading}")
    if (alert := finding.last_alert) is not None:
        at = date_format(timezone.localtime(alert.starts_at), "Y-m-d H:i")
        lines.append(f"{at} · {alert.source} · {alert}: {alert.summary}")
    return lines
