"""Planning test cases and recording what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from audit.actions import keep_file
from changes.actions.plan import editing
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.guards.refusal import Refusal
from changes.guards.testing import result_of_case
from changes.models import ChangeRequest, TestCase, TestRun
from changes.models.request import AssignmentRole
from changes.workflow import State


def add_test_case(change: ChangeRequest, label: str, *, by: User, **fields: Any) -> TestCase:
    """One more planned case: label, steps, expected. It is part of the plan that is voted on."""
    with editing(change, by) as current:
        fields.setdefault("position", current.test_cases.count() + 1)
        case = TestCase(change=current, label=label, **fields)
        case.full_clean()
        case.save()
    return case


def record_test_run(
    change: ChangeRequest,
    *,
    by: User,
    environment: str,
    has_passed: bool = True,
    cases: Iterable[Mapping[str, Any]] = (),
    uploads: Iterable[UploadedFile] = (),
    **fields: Any,
) -> TestRun:
    """The run stands, bound by PostgreSQL to the plan as it is now and judged by its cases.

    A case is {"case" (id) or "name", "result": passed, failed or blocked, "note"}; one that is planned
    and not named was not run. Fields: purpose (test, rehearsal), measured_minutes, note, files (kept ones).
    By an assigned tester, while assessing or testing. Raises ValidationError by field, StepRefused.
    """
    with refusals_recorded("record_test_run", change, by):
        current = locked(change)
        if refusals := reasons_against_testing(current, by):
            raise StepRefused(refusals)
        kept = [
            {"name": each.name or "file", "sha256": stored.sha256, "size": stored.size}
            for each in uploads
            for stored in [keep_file(each, media_type=each.content_type or "")]
        ]
        run = TestRun(
            change=current,
            tester=by,
            environment=environment,
            has_passed=has_passed,
            cases=_readable(current, cases),
            files=[*fields.pop("files", []), *kept],
            **fields,
        )
        run.full_clean(exclude=["plan_hash"])
        run.save()
    run.refresh_from_db()
    return run


def reasons_against_testing(change: ChangeRequest, by: User) -> list[Refusal]:
    """Why this person cannot record a test now; empty when they can."""
    refusals = []
    if change.state not in (State.ASSESSING, State.TESTING):
        refusals.append(Refusal("state", _("Tests are recorded while assessing or testing.")))
    named = change.assignments.filter(user=by, role=AssignmentRole.TESTER).exists()
    if not (named and has_right(by, Right.CHANGE_TEST)):
        refusals.append(Refusal("who", _("This is for the testers of the change."), _("Ask one of them.")))
    return refusals


def _readable(change: ChangeRequest, cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The cases as they are kept: planned ones by id, each with its name at this time, result and note."""
    planned = {case.pk: case for case in change.test_cases.all()}
    by_label = {case.label: case for case in planned.values()}
    kept = []
    for entry in cases:
        if not isinstance(entry, Mapping):
            raise ValidationError({"cases": _("A case is an object with a case or a name, and a result.")})
        given = entry.get("case")
        case = planned.get(given) if isinstance(given, int) else by_label.get(str(entry.get("name", "")))
        if given is not None and case is None:
            raise ValidationError({"cases": _("There is no planned case %(case)s.") % {"case": given}})
        result = result_of_case(dict(entry))
        if result not in TestRun.Result.values:
            raise ValidationError({"cases": _("A case passed, failed or was blocked.")})
        name = case.label if case else str(entry.get("name", "")).strip()
        if not name:
            raise ValidationError({"cases": _("A case without a name tells nobody what was tried.")})
        kept.append(
            {"case": case and case.pk, "name": name, "result": result, "note": str(entry.get("note", ""))}
        )
    return kept
