"""Boards, policies, delegations and votes."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from audit.recorded.admin import ReadOnly, RecordedAdmin
from changes.guards.policies import reasons_never_met
from changes.models import (
    ApprovalPolicy,
    Board,
    BoardSeat,
    PolicyStep,
    Vote,
    VoteDelegation,
)


class SeatFormSet(BaseInlineFormSet):
    """Seats are given by somebody else than who sits down; PostgreSQL says the same."""

    request = None

    def clean(self):
        super().clean()
        for form in self.forms:
            given = getattr(form, "cleaned_data", None) or {}
            is_mine = self.request is not None and given.get("user") == self.request.user
            is_given = {"user", "has_veto", "is_active"} & set(form.changed_data)
            if is_mine and is_given and (given.get("is_active") or given.get("has_veto")):
                raise ValidationError(
                    _("Nobody gives a seat to themselves: another manager or a security administrator does.")
                )


class SeatInline(TabularInline):
    model = BoardSeat
    formset = SeatFormSet
    fields = ["user", "has_veto", "is_active", "seated_by"]
    readonly_fields = ["seated_by"]
    autocomplete_fields = ["user"]
    extra = 0

    def get_formset(self, request, obj=None, **kwargs):
        return type(
            "SeatsOfThisRequest", (super().get_formset(request, obj, **kwargs),), {"request": request}
        )


@admin.register(Board)
class BoardAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh", "manager", "hides_votes"]
    list_select_related = ["manager"]
    autocomplete_fields = ["manager"]
    search_fields = ["key", "label", "label_zh"]
    inlines = [SeatInline]


class PolicyStepInline(TabularInline):
    model = PolicyStep
    fields = [
        "position", "board", "relation", "need", "quorum", "minutes", "only_in_freeze", "on_timeout",
        "fallback_board",
    ]  # fmt: skip
    extra = 0


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(RecordedAdmin):
    list_display = ["kind", "risk", "allows_skip_test"]
    list_filter = ["kind", "risk"]
    inlines = [PolicyStepInline]

    def save_related(self, request, form, formsets, change):
        """Saved all the same: seats may come later. What could never be met is said at once."""
        super().save_related(request, form, formsets, change)
        for reason in reasons_never_met(form.instance):
            messages.warning(request, f"{reason.message} {reason.fix}")


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
