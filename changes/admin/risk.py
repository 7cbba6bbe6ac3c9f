"""The questionnaire, thresholds, working hours and assessment policies as forms."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from audit.recorded.admin import RecordedAdmin
from changes.models import AssessmentPolicy, RiskAnswer, RiskQuestion, RiskThreshold, WorkingHours


class AnswerInline(TabularInline):
    model = RiskAnswer
    fields = ["position", "key", "label", "label_zh", "level", "is_active"]
    extra = 0


@admin.register(RiskQuestion)
class RiskQuestionAdmin(RecordedAdmin):
    """Edited by the change manager; past assessments keep the words they were made with."""

    list_display = ["position", "label", "label_zh", "key", "is_active"]
    list_display_links = ["label"]
    list_filter = ["is_active"]
    search_fields = ["key", "label", "label_zh"]
    inlines = [AnswerInline]
    actions_list = ["preview"]
    actions_detail = ["preview_one"]

    @action(description=_("Preview"), url_path="preview", icon="visibility")
    def preview(self, request):
        return HttpResponseRedirect(reverse("changes:questionnaire"))

    @action(description=_("Preview"), url_path="preview-one", icon="visibility")
    def preview_one(self, request, object_id):
        return HttpResponseRedirect(reverse("changes:questionnaire"))


@admin.register(RiskThreshold)
class RiskThresholdAdmin(RecordedAdmin):
    list_display = ["measure", "medium_from", "high_from", "very_high_from"]


@admin.register(WorkingHours)
class WorkingHoursAdmin(RecordedAdmin):
    list_display = ["day", "starts_at", "ends_at"]


@admin.register(AssessmentPolicy)
class AssessmentPolicyAdmin(RecordedAdmin):
    list_display = ["kind", "critical_from", "consult_minutes", "look_back_days", "suggest_after"]
