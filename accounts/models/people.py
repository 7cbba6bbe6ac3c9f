"""People, the teams they work in and the roles they hold."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator
from django.db import models
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
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of the daily mail"), default=8, validators=[MaxValueValidator(23)]
    )
    teams = models.ManyToManyField(Team, through="TeamMember", related_name="users", verbose_name=_("teams"))

    unrecorded_fields = ("password", "last_login")  # a hash is nobody's business; log-ins are security events

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digest_hour__range=(0, 23)), name="accounts_user_digest_hour_is_0_to_23"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @cached_property
    def role_keys(self) -> frozenset[str]:
        return frozenset(self.role_grants.values_list("role", flat=True)) if self.pk else frozenset()

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone; the site's where none is set or the system knows it no longer."""
        try:
            return ZoneInfo(self.time_zone or settings.TIME_ZONE)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(settings.TIME_ZONE)

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
