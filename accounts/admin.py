"""The administration of people: accounts, teams, tokens, log-in attempts."""

from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm

from accounts.actions import note_role, revoke_token
from accounts.forms import AccountChangeForm, AccountCreationForm, RoleGrantFormSet
from accounts.models import ApiToken, RoleGrant, Team, TeamMember, User
from accounts.roles import ROLES, Right, has_right
from audit.actions import record_event
from audit.models import SecurityEvent
from audit.recorded.admin import RecordedAdmin


class RoleGrantInline(TabularInline):
    model = RoleGrant
    formset = RoleGrantFormSet
    fields = ["role"]
    extra = 0
    verbose_name_plural = _("roles")

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.editor = request.user
        return formset


class MembershipInline(TabularInline):
    model = TeamMember
    fields = ["team"]
    extra = 0
    autocomplete_fields = ["team"]
    verbose_name_plural = _("teams")


class MemberInline(TabularInline):
    model = TeamMember
    fields = ["user"]
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(User)
class UserAdmin(RecordedAdmin, DjangoUserAdmin):
    """Accounts; somebody who leaves is deactivated, never deleted."""

    form = AccountChangeForm
    add_form = AccountCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "name", "roles", "show_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "display_name", "email", "phone"]
    ordering = ["username"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined", "is_superuser"]
    inlines = [RoleGrantInline, MembershipInline]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["display_name", "email", "phone", "language", "time_zone"]}),
        (_("Account"), {"fields": ["is_active", "is_superuser", "last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "display_name", "usable_password", "password1", "password2"]})
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("role_grants")

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def user_change_password(self, request, id, form_url=""):  # noqa: A002 Django's own signature
        """A password set for somebody else is a change of rights: whoever set it could log in."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = self.get_object(request, id)
            detail = {"deed": "password set"}
            record_event(
                SecurityEvent.Kind.PERMISSION_CHANGE, by=request.user, target=user.username, detail=detail
            )
        return response

    def save_formset(self, request, form, formset, change):
        """Roles changed here are security events like those changed by an action."""
        before = dict(RoleGrant.objects.filter(user=form.instance).values_list("pk", "role"))
        super().save_formset(request, form, formset, change)
        if formset.model is RoleGrant:
            after = dict(RoleGrant.objects.filter(user=form.instance).values_list("pk", "role"))
            for role in sorted({*before.values()} ^ {*after.values()}):
                note_role(form.instance, role, by=request.user, is_granted=role in after.values())

    @display(description=_("display name"), ordering="display_name")
    def name(self, user):
        return user.display_name

    @display(description=_("roles"))
    def roles(self, user):
        held = {grant.role for grant in user.role_grants.all()}
        return ", ".join(str(role.label) for key, role in ROLES.items() if key in held) or "—"

    @display(description=_("active"), boolean=True, ordering="is_active")
    def show_active(self, user):
        return user.is_active


@admin.register(Team)
class TeamAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh", "email"]
    search_fields = ["key", "label", "label_zh"]
    ordering = ["key"]
    inlines = [MemberInline]


@admin.register(ApiToken)
class ApiTokenAdmin(RecordedAdmin):
    """Everybody's tokens, to look at and to revoke; each person creates their own on their own page."""

    list_display = ["name", "prefix", "user", "scope", "state", "expires_at", "last_used_on"]
    list_select_related = ["user"]
    list_filter = ["scope"]
    search_fields = ["name", "prefix", "user__username", "user__display_name"]
    actions = ["revoke_selected"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_revoke_permission(self, request):
        return has_right(request.user, Right.USER_MANAGE)

    @display(description=_("state"), label={"live": "success", "revoked": "danger", "expired": "warning"})
    def state(self, token):
        if token.revoked_at:
            return "revoked", _("revoked")
        return ("live", _("live")) if token.is_live else ("expired", _("expired"))

    @admin.action(description=_("Revoke the selected tokens"), permissions=["revoke"])
    def revoke_selected(self, request, queryset):
        count = len([revoke_token(token, by=request.user) for token in queryset])
        done = ngettext("%d token revoked.", "%d tokens revoked.", count) % count
        self.message_user(request, done, messages.SUCCESS)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ModelAdmin):
    """Failed log-ins that count towards a lock; deleting one unlocks."""

    list_display = ["attempt_time", "username", "ip_address", "failures_since_start"]
    search_fields = ["username", "ip_address"]
    list_per_page = 25
    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
