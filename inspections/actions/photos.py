"""Photos: taken while a run is running, taken back before it is submitted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from audit.actions import keep_file
from audit.context import because
from inspections.actions.answers import AnswerInput, record_answers
from inspections.actions.runs import start_run
from inspections.clock import DeviceTime
from inspections.models import Answer, Evidence, RunTarget, TemplateItem
from inspections.pictures import cleaned

MOST_PER_CELL = 20


@dataclass(frozen=True)
class Shot:
    """A photo as it came: its bytes, what it is called and when it was taken."""

    content: bytes
    name: str
    captured_at: datetime
    device: str = ""
    op: uuid.UUID | None = None


def take_photo(
    target: RunTarget, item_id: int, shot: Shot, *, by: User, device_time: DeviceTime | None = None
) -> tuple[Evidence, Answer | None]:
    """The photo is kept without position data; an item of kind photo has it as its answer, also returned.

    Raises NotAPictureError, ValidationError if the item is not in the run or has 20 photos, Refused if the
    run takes no answers. Locks the run.
    """
    picture = cleaned(shot.content)
    with transaction.atomic(), because(user=by):
        run = start_run(target.run, by=by)
        item = TemplateItem.objects.filter(version=run.version_id, pk=item_id).first()
        if item is None:
            raise ValidationError(_("This item is not in this run."), "unknown")
        if item.key in target.skipped_items:
            raise ValidationError(_("This item does not apply to this CI."), "skipped")
        if Evidence.objects.kept().filter(target=target, item=item).count() >= MOST_PER_CELL:
            raise ValidationError(_("%(count)s photos of one item are enough.") % {"count": MOST_PER_CELL})
        photo = Evidence.objects.create(
            run=run, target=target, item=item, file=keep_file(picture.content, media_type=picture.media_type),
            name=PurePosixPath(shot.name.replace("\\", "/")).name[:200] or "photo", width=picture.width,
            height=picture.height, media_type=picture.media_type, captured_at=shot.captured_at,
            device=shot.device, op=shot.op or uuid.uuid4(), taken_by=by,
        )  # fmt: skip
        return photo, _answered(photo, item, by, device_time)


def _answered(photo: Evidence, item: TemplateItem, by: User, device_time: DeviceTime | None) -> Answer | None:
    """The answer of a photo item: its newest photo that counts; None for other items, and without a photo."""
    if item.kind != item.Kind.PHOTO:
        return None
    entry = AnswerInput(
        photo.target_id, item.pk, op=uuid.uuid5(photo.op, f"answer {photo.withdrawn_at}"),
        device_time=device_time,
    )  # fmt: skip
    return record_answers(photo.run, [entry], by=by)[0].answer


def withdraw_photo(photo: Evidence, *, by: User) -> Evidence:
    """The photo counts no more; it stays in the record with who took it back.

    Raises Refused if the run takes no answers, ValidationError if it was taken back before. Locks the run.
    """
    with transaction.atomic(), because(user=by):
        start_run(photo.run, by=by)
        photo = Evidence.objects.select_related("run", "item").get(pk=photo.pk)
        if photo.withdrawn_at is not None:
            raise ValidationError(_("This photo was taken back before."), "withdrawn")
        Evidence.objects.filter(pk=photo.pk).update(withdrawn_by=by, withdrawn_at=Now())
        photo.refresh_from_db()
        _answered(photo, photo.item, by, None)
    return photo
