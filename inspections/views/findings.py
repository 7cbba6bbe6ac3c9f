"""Findings: the list by urgency, and the life of one."""

from datetime import date, timedelta

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Right, has_right
from changes.models import ChangeRequest
from inspections import actions, guards
from inspections.models import Answer, Finding
from inspections.sheet import ICON, TONE, shown_limits, shown_value
from inspections.views.access import page
from inspections.workflow import FindingState

PAGE = 50
STATE_TONE = {
    FindingState.OPEN: ("bad", "error"), FindingState.ACKNOWLEDGED: ("serious", "visibility"),
    FindingState.FIXING: ("info", "build"), FindingState.FIXED: ("done", "fact_check"),
    FindingState.VERIFIED: ("good", "verified"), FindingState.ACCEPTED_RISK: ("warn", "shield"),
    FindingState.DUPLICATE: ("neutral", "content_copy"),
}  # fmt: skip


def dressed(finding):
    finding.tone, finding.icon = STATE_TONE[finding.state]
    finding.severity_tone, finding.severity_icon = TONE[finding.severity], ICON[finding.severity]
    return finding


@page
def finding_list(request):
    """What is wrong and not yet proved right, the critical and oldest first."""
    state, word = request.GET.get("state", ""), request.GET.get("q", "").strip()[:80]
    findings = Finding.objects.unclosed() if not state else Finding.objects.all()
    if state in FindingState.values:
        findings = findings.filter(state=state)
    if request.GET.get("mine"):
        findings = findings.filter(owner=request.user)
    if word:
        findings = findings.filter(ci__name__icontains=word) | findings.filter(label__icontains=word)
    offset = request.GET.get("from", "0")
    offset = int(offset[:7]) if offset.isascii() and offset.isdigit() else 0
    rows = list(findings.for_list().urgent_first()[offset : offset + PAGE + 1])
    return render(
        request,
        "inspections/findings.html",
        {
            "findings": [dressed(finding) for finding in rows[:PAGE]], "states": FindingState.choices,
            "state": state, "word": word, "mine": request.GET.get("mine", ""), "from": offset,
            "next_from": offset + PAGE if len(rows) > PAGE else None,
            "previous_from": max(offset - PAGE, 0) if offset else None,
        },
    )  # fmt: skip


@page
def finding_page(request, number):
    """One finding: what was seen, what was done, what is possible now; POST takes one step."""
    finding = get_object_or_404(
        Finding.objects.for_list().select_related("state_by", "fixed_by"), number=number
    )
    if request.method == "POST":
        take(request, finding)
        return redirect("inspections:finding", finding.number)
    answers = Answer.objects.current().filter(ci=finding.ci_id, item_key=finding.item_key)
    seen = list(answers.select_related("item", "answered_by", "target__run").order_by("-observed_at")[:15])
    for answer in seen:
        answer.shown = shown_value(answer.item, answer)
        answer.tone, answer.icon = TONE[answer.severity], ICON[answer.severity]
    return render(
        request,
        "inspections/finding.html",
        {
            "finding": dressed(finding), "answers": seen, "events": events_of(finding),
            "limits": shown_limits(finding.last_answer.item), "offers": offers(finding, request.user),
            "may_link": not guards.against_linking(finding, request.user),
            "may_raise": has_right(request.user, Right.CHANGE_REQUEST) and not finding.is_closed,
            "next_month": timezone.localdate() + timedelta(days=30),
        },
    )  # fmt: skip


def events_of(finding):
    events = list(finding.events.select_related("by", "answer__item", "answer__target__run").order_by("-id"))
    for event in events:
        event.tone, event.icon = STATE_TONE[event.target_state]
        event.is_repeat = event.source_state == event.target_state
    return events


OFFERS = [
    ("acknowledge", gettext_lazy("Take it on"), "visibility", "primary"),
    ("start_fix", gettext_lazy("Start the fix"), "build", ""),
    ("mark_fixed", gettext_lazy("Mark as fixed"), "check", "good"),
    ("accept_risk", gettext_lazy("Accept the risk"), "shield", ""),
]


def offers(finding, user):
    """Every step with the reasons against it; steps that the state rules out are left out."""
    found = []
    for event, label, icon, kind in OFFERS:
        refusals = guards.against_finding_step(finding, event, user, "-")
        if not any(refusal.code == "state" for refusal in refusals):
            found.append({"event": event, "label": label, "icon": icon, "kind": kind, "refusals": refusals})
    return found


def take(request, finding):
    """One step from a form; whatever is refused comes back in words."""
    step = request.POST.get("step", "")
    try:
        with transaction.atomic():
            STEPS.get(step, take_nothing)(request, finding)
    except guards.Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, f"{refusal.message} {refusal.fix}".strip())
    except IntegrityError as error:
        messages.error(request, str(error).splitlines()[0].removeprefix("inspections: "))


def take_nothing(request, finding):
    pass


def take_acknowledge(request, finding):
    actions.acknowledge_finding(finding, by=request.user, comment=request.POST.get("comment", ""))


def take_start_fix(request, finding):
    actions.start_fix(finding, by=request.user, comment=request.POST.get("comment", ""))


def take_mark_fixed(request, finding):
    actions.mark_fixed(finding, by=request.user, comment=request.POST.get("comment", ""))
    messages.success(request, _("The next good answer of somebody else verifies it."))


def take_accept_risk(request, finding):
    try:
        until = date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        until = timezone.localdate()
    actions.accept_risk(finding, by=request.user, until=until, comment=request.POST.get("comment", ""))


def take_link(request, finding):
    wanted = request.POST.get("change", "").strip()
    change = ChangeRequest.objects.filter(number=wanted).first()
    if change is None:
        raise guards.Refused(
            [guards.Refusal("change", _("There is no change %(number)s.") % {"number": wanted})]
        )
    actions.link_change(finding, change, by=request.user)


def take_raise(request, finding):
    change = actions.raise_change(finding, by=request.user)
    messages.success(request, _("%(number)s is drafted from this finding.") % {"number": change.number})


STEPS = {
    "acknowledge": take_acknowledge,
    "start_fix": take_start_fix,
    "mark_fixed": take_mark_fixed,
    "accept_risk": take_accept_risk,
    "link": take_link,
    "raise": take_raise,
}
