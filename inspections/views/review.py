"""What a reviewer does: read the record, sign it, sign many where all is good, check what was signed."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.roles import Right
from accounts.step_up import confirm_link, keep_half_filled, proof_of, take_half_filled
from inspections import guards
from inspections.actions import sign_all_good, sign_run
from inspections.models import Amendment, Finding, InspectionRun
from inspections.review import signs_of
from inspections.severity import Severity
from inspections.sheet import ICON, TONE, sheet_of
from inspections.verification import verify_run
from inspections.views.access import page
from inspections.views.amendments import dressed
from inspections.workflow import RunState

PAGE = 100


def record(request, run, phone):
    """What was recorded, for the reviewer and for the file; with the way to the phone page."""
    is_submitted = run.state == RunState.SUBMITTED
    against = guards.against_signing(run, request.user, proof=proof_of(request)) if is_submitted else []
    context = record_context(run)
    back = request.get_full_path()
    typed = take_half_filled(request, back) if "resume" in request.GET else {}
    return render(
        request,
        "inspections/record.html",
        context
        | {
            "is_submitted": is_submitted, "phone": phone,
            "signs": signs_of(run, context["sheet"]) if run.submitted_at else None,
            "against_signing": [refusal for refusal in against if refusal.code != "step_up"],
            "asks_proof": any(refusal.code == "step_up" for refusal in against),
            "typed_comment": "".join(typed.get("comment", [])), "is_resumed": bool(typed),
            "against_returning": guards.against_returning(run, request.user, "-") if is_submitted else [],
            "may_amend": run.state == RunState.SIGNED
            and not any(guards.lacking_all(request.user, guards.AMENDING_RIGHTS)),
            "verification": verify_run(run) if run.state == RunState.SIGNED else None,
        },
    )  # fmt: skip


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
        "amendments": amendments_of(run) if run.state == RunState.SIGNED else [],
    }  # fmt: skip


def amendments_of(run):
    """Every amendment of the run with both values in words, refused ones too."""
    return [dressed(each) for each in Amendment.objects.of_run(run).for_list().order_by("id")]


def take_sign(request, run):
    """Signs; where a fresh proof is asked for, leads to it and back, with what was typed kept."""
    given = request.POST
    try:
        run = sign_run(
            run, by=request.user, comment=given.get("comment", ""), seen_sha256=given.get("seen", ""),
            proof=proof_of(request),
        )  # fmt: skip
    except guards.Refused as refused:
        if {refusal.code for refusal in refused.refusals} != {"step_up"}:
            raise
        back = reverse("inspections:run", args=[run.number]) + "?resume=sign"
        keep_half_filled(request, back)
        return redirect(confirm_link(back))
    messages.success(request, _("%(number)s is signed.") % {"number": run.number})
    return None


@page
def sign_offs(request):
    """What waits for a signature; those where everything is good are signed together, each by itself."""
    if request.method == "POST" and (answer := sign_chosen(request)):
        return answer
    waiting = (
        InspectionRun.objects.filter(state=RunState.SUBMITTED).for_board().select_related("submitted_by")
    )
    rows = list(waiting.order_by("due_at", "id")[: PAGE + 1])
    mine = guards.took_part_in(rows, request.user)
    is_reviewer = not any(guards.lacking(request.user, Right.INSPECT_REVIEW))
    for run in rows:
        run.outcome_tone, run.outcome_icon = TONE.get(run.outcome, "neutral"), ICON.get(run.outcome, "help")
        run.is_mine = run.pk in mine
        run.is_choosable = is_reviewer and run.outcome == Severity.OK and not run.is_mine
    return render(
        request,
        "inspections/sign_offs.html",
        {
            "runs": rows[:PAGE], "is_cut": len(rows) > PAGE, "limit": PAGE,
            "choosable": sum(1 for run in rows[:PAGE] if run.is_choosable), "is_reviewer": is_reviewer,
            "chosen": request.POST.getlist("run"), "comment": request.POST.get("comment", ""),
        },
    )  # fmt: skip


def sign_chosen(request):
    """Each chosen run signed or refused in words; where a fresh proof is wanting, the way to it."""
    numbers = request.POST.getlist("run")[:PAGE]
    seen = {number: request.POST.get(f"seen-{number}", "") for number in numbers}
    results = sign_all_good(
        seen, by=request.user, comment=request.POST.get("comment", ""), proof=proof_of(request)
    )
    signed = [result.run.number for result in results if not result.refusals]
    if signed:
        words = ngettext("%(n)s inspection is signed.", "%(n)s inspections are signed.", len(signed))
        messages.success(request, words % {"n": len(signed)})
    for result in results:
        for refusal in result.refusals:
            messages.error(request, f"{result.run.number}: {refusal.message} {refusal.fix}".strip())
    if not results:
        messages.error(request, _("Choose at least one inspection."))
    if any(refusal.code == "step_up" for result in results for refusal in result.refusals):
        return redirect(confirm_link(reverse("inspections:sign-offs")))
    return redirect("inspections:sign-offs") if signed else None


@require_GET
@page
def verify(request, number):
    """Whether the record still is what was signed: its hash computed again now."""
    run = get_object_or_404(InspectionRun.objects.select_related("plan", "version"), number=number)
    return render(
        request,
        "inspections/verify.html",
        {"run": run, "verification": verify_run(run), "amendments": amendments_of(run)},
    )
