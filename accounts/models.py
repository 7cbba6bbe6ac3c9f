"""People, the teams they work in and the roles they hold."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from accounts.roles import OFFICES_APART, ROLES, role_choices
from audit.recorded.models import RecordedModel

OFFICES_MESSAGE = _(
    "Auditor, security administrator and system administrator must be three different people "
    "(separation of the three offices): take the other office away first."
)


class Team(RecordedModel, Labelled):
    """A group of people that owns configuration items and receives work."""

    key = models.SlugField(_("key"), max_length=50, unique=True)
    email = models.EmailField(_("e-mail"), blank=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["key"]


class User(RecordedModel, AbstractUser):
    """A person who logs in; kept for ever, deactivated instead of deleted."""

    display_name = models.CharField(_("display name"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=[("en", "English"), ("zh-hans", "简体中文")]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    teams = models.ManyToManyField(Team, through="TeamMember", related_name="users", verbose_name=_("teams"))

    unrecorded_fields = ("password", "last_login")  # a hash is nobody's business; log-ins are security events

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name or self.username

    @cached_property
    def role_keys(self) -> frozenset[str]:
        return frozenset(self.role_grants.values_list("role", flat=True)) if self.pk else frozenset()

    @property
    def initials(self) -> str:
        """One or two letters for the round mark: the last two of a Chinese name, else first letters."""
        name = str(self).strip()
        if not name.isascii():
            return name[-2:]
        words = name.replace(".", " ").replace("_", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


class TeamMember(RecordedModel):
    """One person's place in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="members", verbose_name=_("team"))
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("user"))

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        ordering = ["team", "user"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="accounts_teammember_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class RoleGrant(RecordedModel):
    """One role held by one person; the three offices of 三员分立 never meet in one person."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_grants", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=40, choices=role_choices)

    class Meta:
        verbose_name = _("role grant")
        verbose_name_plural = _("role grants")
        ordering = ["user", "role"]
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="accounts_rolegrant_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=list(ROLES)), name="accounts_rolegrant_declared"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(role__in=OFFICES_APART),
                name="accounts_rolegrant_offices_apart",
                violation_error_message=OFFICES_MESSAGE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class ApiToken(RecordedModel):
    """One secret by which a program acts for a person: only its SHA-256 is kept, so it is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("read only")
        WRITE = "write", _("read and write")

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=80, help_text=_("What uses it, e.g. “nightly import”."))
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(_("scope"), max_length=5, choices=Scope, default=Scope.READ)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_on = models.DateField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    unrecorded_fields = ("digest", "last_used_on")

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def is_read_only(self) -> bool:
        return self.scope != self.Scope.WRITE
