"""Boards, policies, delegations and votes."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from audit.recorded.admin import ReadOnly, RecordedAdmin
from changes.models import (
    ApprovalPolicy,
    Board,
    BoardSeat,
    PolicyStep,
    Vote,
    VoteDelegation,
)


class SeatInline(TabularInline):
    model = BoardSeat
    fields = ["user", "has_veto", "is_active"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Board)
class BoardAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh"]
    search_fields = ["key", "label", "label_zh"]
    inlines = [SeatInline]


class PolicyStepInline(TabularInline):
    model = PolicyStep
    fields = ["position", "board", "relation", "need", "quorum", "minutes"]
    extra = 0


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(RecordedAdmin):
    list_display = ["kind", "risk", "allows_skip_test"]
    list_filter = ["kind", "risk"]
    inlines = [PolicyStepInline]


@admin.register(VoteDelegation)
class VoteDelegationAdmin(RecordedAdmin):
    """A member lends the own vote; a change manager may note it for anybody."""

    list_display = ["person", "deputy", "starts_at", "ends_at", "reason"]
    list_select_related = ["person", "deputy"]
    autocomplete_fields = ["person", "deputy"]

    def save_model(self, request, obj, form, change):
        if obj.deputy == request.user != obj.person:
            raise PermissionDenied(_("Nobody notes that the votes of another are theirs."))
        super().save_model(request, obj, form, change)


@admin.register(Vote)
class VoteAdmin(ReadOnly, RecordedAdmin):
    list_display = ["cast_at", "round", "voter", "choice", "on_behalf_of", "channel"]
    list_filter = ["choice", "channel"]
    list_select_related = ["round__change", "voter", "on_behalf_of"]
    search_fields = ["round__change__number", "voter__username"]
    ordering = ["-id"]
