"""Documents of a plan: kept by their content's hash, voted on with the rest."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.models import User
from audit.actions import keep_file
from changes.actions.editing import editing
from changes.models import ChangeRequest, PlanDocument
from changes.models.plan import DocumentKind


def add_document(
    change: ChangeRequest,
    upload: UploadedFile[Any],
    *,
    by: User,
    label: str = "",
    kind: str = DocumentKind.PROCEDURE,
) -> PlanDocument:
    """The file belongs to the plan from now on, under its content's hash; `label` defaults to its name.

    Raises ValidationError for an empty file, more than 20 MB, or the same bytes as the same kind once more.
    """
    name = _plain(upload.name or "")[-200:] or _("document")
    with editing(change, by) as current:
        row = PlanDocument(change=current, kind=kind, label=(label or name)[:200], name=name, added_by=by)
        try:
            row.file = keep_file(upload, media_type=upload.content_type or "")
        except ValidationError as error:
            raise ValidationError({"file": error.messages}) from error
        if current.documents.filter(file=row.file, kind=kind).exists():
            raise ValidationError({"file": _("This very file is a document of the plan already.")})
        row.full_clean()
        row.save()
    row.refresh_from_db()
    return row


def _plain(name: str) -> str:
    """The last part of the path that some browsers send, without what no file name needs."""
    return "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable()).strip()
