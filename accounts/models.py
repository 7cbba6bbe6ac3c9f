"""People, the teams they work in and the roles they hold."""
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel


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
    teams = models.ManyToManyField(Team, through="TeamMember", related_name="users")

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name or self.username


class TeamMember(RecordedModel):
    """One person's place in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        ordering = ["team", "user"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="accounts_teammember_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class RoleGrant(RecordedModel):
    """One role (accounts.roles) held by one person."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_grants")
    role = models.CharField(_("role"), max_length=40)

    class Meta:
        verbose_name = _("role grant")
        verbose_name_plural = _("role grants")
        ordering = ["user", "role"]
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="accounts_rolegrant_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.role}"
