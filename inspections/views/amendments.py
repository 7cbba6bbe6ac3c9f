"""Amendments: the list, one to decide, and the form that proposes one."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inspections import guards
from inspections.actions import decide_amendment, propose_amendment, withdraw_amendment
from inspections.forms.amendments import AmendmentForm, DecisionForm
from inspections.models import Amendment, Answer
from inspections.sheet import shown_value
from inspections.views.access import page

PAGE = 50
TONES = {"proposed": ("warn", "hourglass_top"), "approved": ("good", "verified"), "refused": ("bad", "block"),
         "withdrawn": ("neutral", "undo")}  # fmt: skip


def dressed(amendment):
    amendment.tone, amendment.icon = TONES[amendment.state]
    item = amendment.answer.item
    amendment.old, amendment.new = shown_value(item, amendment.answer), shown_value(item, amendment)
    return amendment


@require_GET
@page
def amendment_list(request):
    """Those that wait for a decision, or those that were decided, newest first. Pages by key."""
    tab = "decided" if request.GET.get("tab") == "decided" else "waiting"
    found = Amendment.objects.for_list().select_related("answer__target")
    found = found.waiting() if tab == "waiting" else found.exclude(state=Amendment.State.PROPOSED)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        found = found.filter(pk__lt=int(before[:18]))
    rows = [dressed(each) for each in found.order_by("-pk")[: PAGE + 1]]
    return render(
        request,
        "inspections/amendments.html",
        {
            "tab": tab, "rows": rows[:PAGE], "waiting": Amendment.objects.waiting().count(),
            "next": f"?tab={tab}&before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
            "previous": f"?tab={tab}" if before else "",
        },
    )  # fmt: skip


@page
def amendment_page(request, pk):
    """One amendment with what it would change; POST decides it."""
    amendment = get_object_or_404(Amendment.objects.for_list().select_related("answer__target__ci"), pk=pk)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        decision, comment = form.cleaned_data["decision"], form.cleaned_data["comment"]
        try:
            with transaction.atomic():
                if decision == "withdraw":
                    withdraw_amendment(amendment, by=request.user, comment=comment)
                else:
                    decide_amendment(
                        amendment, by=request.user, approve=decision == "approve", comment=comment
                    )
        except guards.Refused as refused:
            note(form, refused)
        except IntegrityError as error:
            form.add_error(None, str(error).splitlines()[0].removeprefix("inspections: "))
        else:
            messages.success(request, _("The amendment is decided."))
            return redirect("inspections:run", amendment.answer.target.run.number)
    is_open = amendment.state == Amendment.State.PROPOSED
    return render(
        request,
        "inspections/amendment.html",
        {
            "amendment": dressed(amendment), "form": form, "is_open": is_open,
            "run": amendment.answer.target.run,
            "against": guards.against_deciding(amendment, request.user, Amendment.State.APPROVED, "-"),
            "may_withdraw": is_open and amendment.by_id == request.user.pk,
        },
        status=409 if form.errors else 200,
    )  # fmt: skip


@page
def amend(request, number, answer):
    """The form that proposes an amendment of one answer of a signed run."""
    shown = get_object_or_404(
        Answer.objects.select_related("item", "target__run__plan", "target__ci", "answered_by"),
        pk=answer, target__run__number=number,
    )  # fmt: skip
    form = AmendmentForm(shown, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = propose_amendment(shown, by=request.user, **form.cleaned_data)
        except guards.Refused as refused:
            note(form, refused)
        except ValidationError as error:
            form.add_error("value", error.messages)
        except IntegrityError as error:
            form.add_error(None, str(error).splitlines()[0].removeprefix("inspections: "))
        else:
            messages.success(request, _("Proposed. Another reviewer decides it."))
            return redirect("inspections:amendment", made.pk)
    return render(
        request,
        "inspections/amend.html",
        {
            "answer": shown, "run": shown.target.run, "form": form, "old": shown_value(shown.item, shown),
            "refusals": guards.against_proposing(shown, request.user, "-"),
        },
        status=409 if form.errors else 200,
    )  # fmt: skip


def note(form: forms.Form, refused: guards.Refused) -> None:
    """Every reason stands above the form, and what was typed stays."""
    for refusal in refused.refusals:
        form.add_error(None, f"{refusal.message} {refusal.fix}".strip())
