"""One run: filled in on a phone, reviewed, printed."""

import json
import uuid
from datetime import UTC

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import error_body
from inspections import guards
from inspections.actions import (
    AnswerInput,
    mark_target,
    record_answers,
    return_run,
    sign_run,
    start_run,
    submit_run,
)
from inspections.guards import Refused
from inspections.models import Finding, InspectionRun, RunTarget
from inspections.sheet import ICON, TONE, sheet_of
from inspections.views.access import page
from inspections.views.board import TONE as STATE_TONE
from inspections.workflow import RunState

FORM = uuid.UUID("5c0a4c1e-3a0a-4f4e-9a55-9d6e0a3d7b11")  # names the operations of pages without JavaScript


def found_run(number):
    runs = InspectionRun.objects.select_related(
        "plan", "version__template", "assignee", "started_by", "submitted_by", "team", "state_by"
    )
    run = get_object_or_404(runs, number=number)
    run.tone, run.icon = STATE_TONE[run.state]
    return run


@page
def run_page(request, number):
    """The sheet to fill in, or the record of what was filled in; POST takes one step."""
    run = found_run(number)
    if request.method == "POST":
        return take(request, run)
    is_open = run.state in (RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED, RunState.SCHEDULED)
    return fill(request, run) if is_open and not request.GET.get("read") else record(request, run)


def take(request, run):
    """One step of the run from a form; whatever is refused comes back in words."""
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        return redirect("inspections:run", run.number)
    try:
        # A point to return to: the request's own transaction goes on to draw the page.
        with transaction.atomic():
            answer = step(request, run)
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}".strip())
        answer = None
    except IntegrityError as error:
        words = str(error).splitlines()[0].removeprefix("inspections: ")
        messages.error(request, words)
        answer = None
    return answer or redirect(run_url(run, request.POST.get("at", "")))


def run_url(run, target=""):
    """The run's page, at one target."""
    url = reverse("inspections:run", args=[run.number])
    return f"{url}?target={target}" if target.isascii() and target.isdigit() else url


def take_start(request, run):
    start_run(run, by=request.user)


def take_answers(request, run):
    """Every card of the form, without JavaScript: what is unchanged changes nothing."""
    results = record_answers(run, list(posted_entries(request.POST, run)), by=request.user)
    errors = [result.error for result in results if result.error]
    for error in dict.fromkeys(errors):
        messages.error(request, error)
    if not errors:
        messages.success(request, _("Saved at %(time)s.") % {"time": f"{timezone.localtime():%H:%M}"})


def posted_entries(data, run):
    for key in data:
        prefix, _dash, name = key.partition("-")
        if prefix not in ("value", "na"):
            continue
        target, _dash, item = name.partition("-")
        value, is_na = data.get(f"value-{name}", ""), bool(data.get(f"na-{name}"))
        if not (target.isdigit() and item.isdigit()) or not (value.strip() or is_na):
            continue
        if prefix == "na" and f"value-{name}" in data:
            continue
        comment = data.get(f"comment-{name}", "")
        op = uuid.uuid5(FORM, json.dumps([run.pk, data.get("form", ""), name, value, is_na, comment]))
        value = "" if is_na else value
        yield AnswerInput(int(target), int(item), value, is_na=is_na, comment=comment, op=op)


def take_target(request, run):
    target = get_object_or_404(RunTarget, run=run, pk=request.POST.get("target", "0")[:18])
    result = request.POST.get("result", "")
    reason = request.POST.get("reason", "")
    if result not in RunTarget.Result.values:
        return
    if result != RunTarget.Result.FOUND and not reason.strip():
        raise Refused([guards.Refusal("reason", _("Say why the CI was not inspected."))])
    mark_target(target, by=request.user, result=result, reason=reason)


def take_submit(request, run):
    if any(key.startswith("value-") for key in request.POST):
        take_answers(request, run)
    run = submit_run(run, by=request.user)
    messages.success(request, _("%(number)s is submitted.") % {"number": run.number})
    return redirect("inspections:run", run.number)


def take_sign(request, run):
    seen = request.POST.get("seen", "")
    run = sign_run(run, by=request.user, comment=request.POST.get("comment", ""), seen_sha256=seen)
    messages.success(request, _("%(number)s is signed.") % {"number": run.number})


def take_return(request, run):
    return_run(run, by=request.user, comment=request.POST.get("comment", ""))
    messages.success(request, _("%(number)s goes back to the inspector.") % {"number": run.number})


STEPS = {
    "start": take_start,
    "answers": take_answers,
    "target": take_target,
    "submit": take_submit,
    "sign": take_sign,
    "return": take_return,
}


def fill(request, run):
    """The sheet, one target at a time."""
    sheet = sheet_of(run)
    wanted = request.GET.get("target", "")
    chosen = sheet.target(int(wanted)) if wanted.isascii() and wanted.isdigit() else None
    if chosen is None and sheet.targets:
        chosen = next((each for each in sheet.targets if each.gaps), sheet.targets[0])
    place = sheet.targets.index(chosen) if chosen else 0
    return render(
        request,
        "inspections/fill.html",
        {
            "run": run, "sheet": sheet, "chosen": chosen, "form_key": uuid.uuid4(),
            "refusals": guards.against_answering(run, request.user),
            "next_target": sheet.targets[place + 1] if place + 1 < len(sheet.targets) else None,
            "results": RunTarget.Result.choices, "words": words(),
        },
    )  # fmt: skip


def words():
    """What fill.js says."""
    return {
        "saving": _("Saving…"),
        "saved": _("Saved"),
        "failed": _("Not saved"),
        "offline": _("No connection. What you typed stays here."),
        "login": _("You are logged out. Log in again in another tab, then try again."),
        "left": _("Still to do:"),
        "comment": _("comment"),
        "done": _("Everything is answered."),
    }


def record(request, run):
    """What was recorded, for the reviewer and for the file."""
    is_submitted = run.state == RunState.SUBMITTED
    return render(
        request,
        "inspections/record.html",
        record_context(run)
        | {
            "is_submitted": is_submitted,
            "against_signing": guards.against_signing(run, request.user) if is_submitted else [],
            "against_returning": guards.against_returning(run, request.user, "-") if is_submitted else [],
        },
    )


def record_context(run):
    sheet = sheet_of(run)
    cells = [cell for target in sheet.targets for cell in target.cells if cell.answer]
    dwell = sum(cell.answer.dwell_seconds or 0 for cell in cells)
    return {
        "run": run, "sheet": sheet, "dwell_minutes": round(dwell / 60), "bad": sheet.bad,
        "signatures": run.signatures.select_related("by"), "outcome_tone": TONE.get(run.outcome, "neutral"),
        "outcome_icon": ICON.get(run.outcome, "help"), "answered": len(cells),
        "submission": run.operations.filter(kind="submit", status=201).select_related("run").first(),
        "findings": Finding.objects.of_run(run).for_list() if run.submitted_at else [],
    }  # fmt: skip


@require_POST
def save_answers(request, number):
    """A card saves itself: JSON in, JSON out; the same operation key again answers the same."""
    if not request.user.is_authenticated:
        return JsonResponse(
            error_body("not_authenticated", _("Log in again; what you typed is kept.")), status=401
        )
    run = get_object_or_404(InspectionRun, number=number)
    try:
        body = json.loads(request.body)
        entries = [parsed_entry(each) for each in body["answers"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse(error_body("invalid", _("This is not a list of answers.")), status=400)
    try:
        with transaction.atomic():
            results = record_answers(run, entries, by=request.user)
    except Refused as refused:
        return JsonResponse(error_body("refused", str(refused), refusals=refused.refusals), status=409)
    return JsonResponse({"results": [as_json(result) for result in results]})


def parsed_entry(each):
    observed = parse_datetime(str(each.get("observed_at") or "")) or timezone.now()
    if timezone.is_naive(observed):
        observed = observed.replace(tzinfo=UTC)
    dwell = each.get("dwell_seconds")
    return AnswerInput(
        int(each["target"]), int(each["item"]), str(each.get("value") or ""), is_na=bool(each.get("is_na")),
        comment=str(each.get("comment") or ""), observed_at=observed, op=uuid.UUID(str(each["op"])),
        dwell_seconds=min(max(int(dwell), 0), 86400) if dwell is not None else None,
    )  # fmt: skip


def as_json(result):
    """One result as the page needs it."""
    answer = result.answer
    if answer is None:
        return {"op": str(result.op), "code": result.code, "error": result.error}
    at = answer.item.comment_at
    is_bad = answer.severity in ("warn", "crit")
    needs_comment = bool(at) and is_bad and (at == "warn" or answer.severity == "crit")
    return {
        "op": str(result.op),
        "code": "",
        "severity": answer.severity,
        "word": str(answer.get_severity_display()),
        "tone": TONE[answer.severity],
        "icon": ICON[answer.severity],
        "needs_comment": needs_comment,
        "has_comment": bool(answer.comment.strip()),
        "replayed": result.replayed,
        "saved_at": f"{timezone.localtime(answer.received_at):%H:%M}",
    }
