"""Runs, answers and signatures; written on the pages of inspections only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from audit.recorded.admin import ReadOnly, RecordedAdmin
from inspections.models import (
    Amendment,
    Answer,
    InspectionRun,
    RunHandover,
    RunTarget,
    Signature,
)
from inspections.workflow import RunState

RUN_COLOURS = {RunState.SIGNED: "success", RunState.MISSED: "danger", RunState.SUBMITTED: "warning"}


class TargetInline(ReadOnly, TabularInline):
    model = RunTarget
    fields = ["ci", "result", "reason", "marked_by"]
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("ci", "run", "marked_by")


class HandoverInline(ReadOnly, TabularInline):
    model = RunHandover
    fields = ["at", "kind", "role", "former", "taken_by", "by", "reason"]
    readonly_fields = ["at", "former"]
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("run", "former", "taken_by", "by")


class SignatureInline(ReadOnly, TabularInline):
    model = Signature
    fields = ["role", "by", "signed_at", "comment", "record_sha256"]
    readonly_fields = ["signed_at"]
    extra = 0


@admin.register(InspectionRun)
class InspectionRunAdmin(ReadOnly, RecordedAdmin):
    list_display = [
        "number",
        "plan",
        "group_label",
        "shown_state",
        "due_at",
        "assignee",
        "outcome",
        "is_late",
    ]
    list_filter = ["state", "plan", "outcome", "is_late"]
    list_select_related = ["plan", "assignee"]
    search_fields = ["number", "group_label"]
    inlines = [TargetInline, HandoverInline, SignatureInline]

    @display(description=_("state"), ordering="state", label=RUN_COLOURS)
    def shown_state(self, run):
        return run.state, run.get_state_display()


@admin.register(RunTarget)
class RunTargetAdmin(ReadOnly, RecordedAdmin):
    list_display = ["run", "ci", "result", "reason"]
    list_select_related = ["run", "ci"]
    search_fields = ["run__number", "ci__name"]


@admin.register(Answer)
class AnswerAdmin(ReadOnly, RecordedAdmin):
    list_display = ["target", "item", "value_label", "severity", "answered_by", "observed_at", "is_current"]
    list_filter = ["severity", "source", "is_current"]
    list_select_related = ["target", "item", "answered_by"]
    search_fields = ["target__run__number", "item_key"]


@admin.register(Signature)
class SignatureAdmin(ReadOnly, RecordedAdmin):
    list_display = ["run", "role", "by", "signed_at"]
    list_select_related = ["run", "by"]
    search_fields = ["run__number"]


@admin.register(Amendment)
class AmendmentAdmin(ReadOnly, RecordedAdmin):
    list_display = ["answer", "reason", "state", "by", "at", "decided_by"]
    list_filter = ["state"]
    list_select_related = ["answer", "by", "decided_by"]
    search_fields = ["reason"]
