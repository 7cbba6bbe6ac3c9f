"""What is done to a finding beside its steps: each an event that PostgreSQL checks and carries out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assets.actions import move_asset
from assets.models import Asset
from assets.workflow import Stage
from audit.actions import keep_file
from audit.context import because
from changes.models import ChangeRequest
from inspections import guards, reasons
from inspections.actions.finding_telling import tell_owner
from inspections.actions.once import inspect_once
from inspections.models import ChecklistTemplate, Finding, FindingEvent, InspectionRun
from inspections.workflow import VersionState

Kind = FindingEvent.Kind
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf")


def record_deed(
    finding: Finding,
    kind: str,
    *,
    by: User,
    comment: str = "",
    file: UploadedFile[Any] | None = None,
    **data: Any,
) -> Finding:
    """The event stands, and what it says is done. Raises ValidationError for a file that is not kept."""
    stored = None
    if file is not None:
        if file.content_type not in PICTURES:
            raise ValidationError(_("Attach a photo (JPEG, PNG, WebP, HEIC) or a PDF."), "file_type")
        stored = keep_file(file, media_type=file.content_type or "")
    FindingEvent.objects.create(
        finding=finding, kind=kind, by=by, comment=comment.strip(), data=data, file=stored,
        file_name=(file.name or "")[:200] if file is not None else "",
    )  # fmt: skip
    finding.refresh_from_db()
    return finding


def comment_finding(
    finding: Finding, *, by: User, comment: str, file: UploadedFile[Any] | None = None
) -> Finding:
    """A comment, with a photo or not, stands in the finding's life; closed ones take comments too.

    Raises Refused without words, ValidationError for a file that is not kept.
    """
    with transaction.atomic(), because(comment, user=by):
        refusals = guards.against_commenting(finding, by, comment)
        guards.refuse_if(refusals, "comment finding", by=by, target=finding.number)
        return record_deed(finding, Kind.COMMENT, by=by, comment=comment, file=file)


def reassign_finding(finding: Finding, *, by: User, owner: User, comment: str) -> Finding:
    """Somebody else owns the finding, for a reason, and knows it. Raises Refused. Locks the finding."""
    with transaction.atomic(), because(comment, user=by):
        finding = Finding.objects.select_for_update(of=("self",)).for_list().get(pk=finding.pk)
        refusals = guards.against_reassigning(finding, by, owner, comment)
        guards.refuse_if(refusals, "reassign finding", by=by, target=finding.number)
        finding = record_deed(finding, Kind.OWNER, by=by, comment=comment, owner=owner.pk)
        tell_owner(finding, by=by, comment=comment)
    return finding


def move_deadline(finding: Finding, *, by: User, due_at: datetime, comment: str) -> Finding:
    """The fix has another deadline, for a reason, granted by somebody who does not own the finding.

    Raises Refused. Locks the finding.
    """
    with transaction.atomic(), because(comment, user=by):
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        refusals = guards.against_moving_deadline(finding, by, due_at, comment)
        guards.refuse_if(refusals, "move deadline of finding", by=by, target=finding.number)
        return record_deed(finding, Kind.DEADLINE, by=by, comment=comment, due_at=due_at.isoformat())


def link_change(finding: Finding, change: ChangeRequest, *, by: User) -> Finding:
    """The finding names the change that is to fix it. Raises Refused. Locks the finding."""
    with (
        transaction.atomic(),
        because(reasons.LINKED % {"change": change.number}, change_ref=change.pk, user=by),
    ):
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        refusals = guards.against_linking(finding, by)
        guards.refuse_if(refusals, "link finding", by=by, target=finding.number)
        return record_deed(finding, Kind.CHANGE, by=by, comment=change.number, change=change.pk)


def send_to_repair(finding: Finding, asset: Asset, *, by: User, comment: str = "") -> Finding:
    """The asset behind the finding's CI is in repair, and the finding names it.

    An asset that is in repair already is only named. Raises Refused if it is no asset of the CI or the
    finding is closed; PermissionDenied or MoveRefused as `move_asset` does. Locks both.
    """
    with transaction.atomic(), because(comment or finding.number, user=by):
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        guards.refuse_if(guards.against_repairing(finding, asset, by), "repair", by=by, target=finding.number)
        if asset.stage != Stage.REPAIR:
            asset = move_asset(asset, Stage.REPAIR, by=by, comment=f"{finding.number} {comment}".strip())
        words = f"{asset.tag} {comment}".strip()
        return record_deed(finding, Kind.REPAIR, by=by, comment=words, repair=asset.pk)


def plan_recheck(finding: Finding, *, by: User, now: datetime | None = None) -> InspectionRun:
    """A run of the check list behind the finding looks at its CI again within the hour, once for each fix.

    The check list is the one that found it, while a published version still has the item; else the one that
    fits the CI's type. Raises Refused if the finding waits for no re-check, or no check list has the item.
    """
    with transaction.atomic(), because(finding.number, user=by):
        finding = Finding.objects.select_for_update(of=("self",)).for_list().get(pk=finding.pk)
        template = _asking(finding)
        refusals = guards.against_rechecking(finding, by, has_template=template is not None)
        guards.refuse_if(refusals, "plan re-check", by=by, target=finding.number)
        nth = finding.events.filter(target_state="fixed", kind=Kind.STEP).count()
        scheduled = inspect_once(
            [finding.ci], key=f"recheck-{finding.number.lower()}-{nth}", template=template, now=now,
            label=f"Re-check of {finding.number}", label_zh=f"{finding.number} 复检",
        )  # fmt: skip
        if not scheduled.runs:
            reason = _("No run could be made: the CI is retired, or its check list is not published.")
            raise guards.Refused([guards.Refusal("no_run", reason)])
        run = scheduled.runs[0]
        if not finding.events.filter(kind=Kind.RECHECK, comment=run.number).exists():
            record_deed(finding, Kind.RECHECK, by=by, comment=run.number, run=run.pk)
    return run


def _asking(finding: Finding) -> ChecklistTemplate | None:
    """A published check list that asks for the finding's item: the one that found it, before any other."""
    published = ChecklistTemplate.objects.filter(
        versions__state=VersionState.PUBLISHED, versions__items__key=finding.item_key
    ).distinct()
    item = finding.last_answer.item if finding.last_answer else finding.item
    found_by = item.version.template_id if item else None
    return published.filter(pk=found_by).first() or published.filter(ci_type=finding.ci.type_id).first()
