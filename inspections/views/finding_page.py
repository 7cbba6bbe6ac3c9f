"""The life of one finding: what was seen, what was done, what is possible now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from assets.models import Asset
from audit.views.files import send_file
from cmdb.impact import impact_of
from inspections import actions, guards
from inspections.forms import findings as forms
from inspections.models import Answer, Finding, FindingEvent, InspectionRun
from inspections.severity import Severity
from inspections.sheet import ICON, TONE, shown_limits, shown_value
from inspections.views.access import page
from inspections.views.finding_list import STATE_TONE, dressed
from inspections.views.machines import seen_by_machines

SERVICES_SHOWN = 3
REMINDERS = {
    ("response", "soon"): gettext_lazy("the response is nearly due"),
    ("response", "breach"): gettext_lazy("the response is overdue"),
    ("response", "team"): gettext_lazy("the response is long overdue: told to the team"),
    ("fix", "soon"): gettext_lazy("the fix is nearly due"),
    ("fix", "breach"): gettext_lazy("the fix is overdue"),
    ("fix", "team"): gettext_lazy("the fix is long overdue: told to the team"),
}
KIND_ICONS = {
    "comment": "chat", "owner": "person", "deadline": "event", "change": "published_with_changes",
    "repair": "home_repair_service", "recheck": "fact_check", "escalation": "notifications_active",
    "repeat": "repeat",
}  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """One button of the page: its dialog, what may stand against it, and what it does."""

    key: str
    label: str | Promise
    icon: str
    form: type[forms.FindingForm]
    against: Callable[..., list[guards.Refusal]]
    do: Callable[..., Any]
    kind: str = ""
    lead: str | Promise = ""
    is_step: bool = True


def against_step(event):
    return lambda finding, user: guards.against_finding_step(finding, event, user, "-")


def fix(finding, *, by, comment, file):
    """Fixed, with the photo as a comment of its own just before."""
    if file is not None:
        actions.comment_finding(finding, by=by, comment=comment, file=file)
    return actions.mark_fixed(finding, by=by, comment=comment)


DEEDS = (
    Deed(
        "acknowledge", gettext_lazy("Take it on"), "visibility", forms.TakeForm, against_step("acknowledge"),
        actions.acknowledge_finding, "primary",
    ),
    Deed(
        "start_fix", gettext_lazy("Start the fix"), "build", forms.CommentForm, against_step("start_fix"),
        actions.start_fix,
    ),
    Deed(
        "mark_fixed", gettext_lazy("Mark as fixed"), "check", forms.FixForm, against_step("mark_fixed"), fix,
        "good", gettext_lazy("The finding closes when somebody else finds it good at a later inspection."),
    ),
    Deed(
        "verify", gettext_lazy("Confirm that it is gone"), "verified", forms.CommentForm,
        against_step("verify"), actions.confirm_resolved, "good",
        gettext_lazy("Its alerts are resolved, and you did not fix it."),
    ),
    Deed(
        "recheck", gettext_lazy("Plan a re-check"), "fact_check", forms.PlainForm,
        lambda finding, user: guards.against_rechecking(finding, user), actions.plan_recheck, "primary",
        gettext_lazy("Its check list opens within the hour, for somebody other than the fixer."),
    ),
    Deed(
        "reopen", gettext_lazy("Take the acceptance back"), "undo", forms.ReasonForm, against_step("reopen"),
        actions.reopen_finding,
    ),
    Deed(
        "accept_risk", gettext_lazy("Accept the risk"), "shield", forms.RiskForm, against_step("accept_risk"),
        actions.accept_risk, "", gettext_lazy("It reopens by itself the day after, or when it gets worse."),
    ),
    Deed(
        "reassign", gettext_lazy("Give it to somebody else"), "person_add", forms.ReassignForm,
        lambda finding, user: guards.against_reassigning(finding, user, None, "-"), actions.reassign_finding,
        is_step=False,
    ),
    Deed(
        "deadline", gettext_lazy("Set another deadline"), "event", forms.DeadlineForm,
        lambda finding, user: guards.against_moving_deadline(finding, user, None, "-"), actions.move_deadline,
        lead=gettext_lazy("The former deadline and your reason stay in the history."), is_step=False,
    ),
    Deed(
        "repair", gettext_lazy("Send to repair"), "home_repair_service", forms.RepairForm,
        lambda finding, user: guards.against_repairing(finding, None, user), actions.send_to_repair,
        is_step=False,
    ),
    Deed(
        "mark_duplicate", gettext_lazy("It is a duplicate"), "content_copy", forms.DuplicateForm,
        against_step("mark_duplicate"), actions.mark_duplicate, is_step=False,
    ),
    Deed(
        "link", gettext_lazy("Link an existing change"), "link", forms.LinkForm,
        lambda finding, user: guards.against_linking(finding, user), actions.link_change, is_step=False,
    ),
    Deed(
        "raise", gettext_lazy("Draft a change from this"), "add_circle", forms.PlainForm,
        lambda finding, user: guards.against_raising(finding, user), actions.raise_change, is_step=False,
    ),
    Deed(
        "comment", gettext_lazy("Comment"), "chat", forms.RemarkForm,
        lambda finding, user: guards.against_commenting(finding, user, "-"), actions.comment_finding,
        is_step=False,
    ),
)  # fmt: skip
BY_KEY = {deed.key: deed for deed in DEEDS}


@page
def finding_page(request, number):
    """One finding; POST does one deed. Refused, what was typed comes back with every reason."""
    finding = get_object_or_404(
        Finding.objects.for_list().with_recurrence().select_related(
            "state_by", "fixed_by", "accepted_by", "duplicate_of", "repair", "item", "alert"
        ),
        number=number,
    )  # fmt: skip
    if request.method != "POST":
        return shown(request, finding)
    deed = BY_KEY.get(request.POST.get("step", ""))
    if deed is None:
        return redirect("inspections:finding", number)
    form = bound(deed, finding, request)
    if not form.is_valid():
        return shown(request, finding, form, status=400)
    try:
        with transaction.atomic():
            done = deed.do(finding, by=request.user, **form.cleaned_data)
    except guards.Refused as refused:
        for refusal in refused.refusals:
            form.add_error(None, f"{refusal.message} {refusal.fix}".strip())
    except (ValidationError, PermissionDenied) as error:
        form.add_error(None, getattr(error, "messages", None) or str(error))
    except IntegrityError as error:
        form.add_error(None, str(error).splitlines()[0].removeprefix("inspections: "))
    else:
        messages.success(request, said(deed, done))
        return redirect("inspections:finding", number)
    return shown(request, finding, form, status=409)


def bound(deed, finding, request=None):
    if request is None:
        form = deed.form(finding, None)
    else:
        form = deed.form(finding, request.user, request.POST, request.FILES)
    form.deed = deed
    return form


def said(deed, done):
    """What the page says after a deed."""
    if deed.key == "raise":
        return _("%(number)s is drafted from this finding.") % {"number": done.number}
    if isinstance(done, InspectionRun):
        return _("%(number)s is planned; it is open until %(until)s.") % {
            "number": done.number, "until": f"{done.expires_at:%m-%d %H:%M}"
        }  # fmt: skip
    if deed.key == "mark_fixed":
        return _("The next good answer of somebody else verifies it.")
    return _("Done: %(deed)s.") % {"deed": deed.label}


def shown(request, finding, refused_form=None, status=200):
    item = finding.item or (finding.last_answer.item if finding.last_answer else None)
    return render(
        request,
        "inspections/finding.html",
        {
            "finding": dressed(finding), "answers": answers_of(finding), "events": events_of(finding),
            "limits": shown_limits(item) if item else "", "item": item,
            **offers(finding, request.user, refused_form), "impact": impact_line(finding),
            "duplicates": finding.duplicates.order_by("id"), **seen_by_machines(finding, item),
        },
        status=status,
    )  # fmt: skip


def offers(finding, user, refused_form):
    """The steps of its state first, then everything else; what the state rules out is left out."""
    steps, deeds = [], []
    has_assets = Asset.objects.filter(ci=finding.ci_id).exists()
    for deed in DEEDS:
        if deed.key == "repair" and not has_assets:
            continue
        refusals = deed.against(finding, user)
        if any(refusal.code in ("state", "has_change") for refusal in refusals):
            continue
        is_refused = refused_form is not None and refused_form.deed is deed
        offer = {
            "deed": deed, "refusals": refusals, "is_open": is_refused,
            "form": refused_form if is_refused else deed.form(finding, user),
        }  # fmt: skip
        (steps if deed.is_step else deeds).append(offer)
    return {
        "steps": steps, "shared_steps": said_once(steps), "deeds": deeds, "shared_deeds": said_once(deeds)
    }  # fmt: skip


def said_once(offered):
    """What stands against several of the buttons, each with their labels; a button keeps what is its own."""
    blocked = {}
    for offer in offered:
        for refusal in offer["refusals"]:
            blocked.setdefault((refusal.message, refusal.fix), (refusal, []))[1].append(offer["deed"].label)
    shared = {key: each for key, each in blocked.items() if len(each[1]) > 1}
    for offer in offered:
        offer["own"] = [each for each in offer["refusals"] if (each.message, each.fix) not in shared]
    return [(refusal, " · ".join(map(str, labels))) for refusal, labels in shared.values()]


def answers_of(finding):
    answers = Answer.objects.current().filter(ci=finding.ci_id, item_key=finding.item_key)
    seen = list(answers.select_related("item", "answered_by", "target__run").order_by("-observed_at")[:15])
    for answer in seen:
        answer.shown = shown_value(answer.item, answer)
        answer.tone, answer.icon = TONE[answer.severity], ICON[answer.severity]
    return seen


def events_of(finding):
    """Its life, newest first, with what moved in words."""
    events = list(
        finding.events.select_related("by", "answer__item", "answer__target__run", "file").order_by("-id")
    )
    for event in events:
        event.tone, event.icon = STATE_TONE.get(event.target_state, ("neutral", "circle"))
        event.icon = KIND_ICONS.get(event.kind, event.icon)
        event.is_repeat = event.kind == "repeat" or (
            event.kind == "step" and event.source_state == event.target_state
        )
        if event.kind not in ("step", "repeat"):
            event.tone = "warn" if event.kind == "escalation" else "neutral"
        event.moves = moves_of(event)
    people = {pk for event in events for pk in event.data.get("owner", []) if pk}
    names = {user.pk: str(user) for user in forms.able_people().model.objects.filter(pk__in=people)}
    for event in events:
        if "owner" in event.data:
            former, new = event.data["owner"]
            event.moves = f"{names.get(former, '—')} → {names.get(new, '—')}"
    return events


def moves_of(event):
    """A deadline or severity that moved, as "former → new"; which reminder went out."""
    if event.kind == "escalation":
        return REMINDERS.get((event.data.get("clock"), event.data.get("stage")), "")
    parts = []
    if "severity" in event.data:
        parts.append(" → ".join(str(Severity(value).label) for value in event.data["severity"]))
    if "due_at" in event.data:
        moments = [timezone.localtime(parse_datetime(value)) for value in event.data["due_at"] if value]
        parts.append(" → ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in moments))
    return " · ".join(parts)


def impact_line(finding):
    """Which services hang on the CI: how many fall, how many lose redundancy, and the first names."""
    impact = impact_of([finding.ci_id])
    services = {
        name: [row for row in rows if row.type_key == "service"]
        for name, rows in (("down", impact.down), ("degraded", impact.degraded))
    }
    named = [*services["down"], *services["degraded"]]
    return {
        "down": len(services["down"]), "degraded": len(services["degraded"]), "total": impact.total,
        "names": [row.name for row in named[:SERVICES_SHOWN]], "more": max(0, len(named) - SERVICES_SHOWN),
    }  # fmt: skip


@require_GET
@page
def finding_file(request, number, event):
    """The photo or document of an event, as a download; an <img> shows it all the same."""
    kept = get_object_or_404(FindingEvent.objects.select_related("file"), pk=event, finding__number=number)
    if kept.file is None:
        raise Http404
    return send_file(kept.file, kept.file_name or kept.file.sha256[:12])
