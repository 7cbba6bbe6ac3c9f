"""What the record keeps beside the history of rows: transactions, security events and files."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Length, Now
from django.utils.translation import gettext_lazy as _


class Transaction(models.Model):
    """One writing transaction as PostgreSQL noted it: read only, made by audit/sql/tables.sql."""

    txid = models.BigIntegerField(_("transaction"), primary_key=True)
    history_id = models.BigIntegerField(_("order"))
    started_at = models.DateTimeField(_("started"))
    ctx = models.JSONField(_("context"))
    db_user = models.TextField(_("database user"))
    client_addr = models.GenericIPAddressField(_("database client"), null=True)
    app_name = models.TextField(_("program"), null=True)
    backend_pid = models.IntegerField(_("server process"))

    class Meta:
        managed = False
        db_table = 'audit"."txn'  # the quotes close and open again: Django quotes the name once
        default_permissions = ("view",)
        ordering = ["history_id"]
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")

    def __str__(self) -> str:
        return f"{self.txid}"


class SecurityEvent(models.Model):
    """One event an auditor asks about that changes no row: a log-in, a refusal, an export; append-only.

    Actors are id and text, without foreign keys: the record neither blocks nor follows a deletion.
    """

    class Kind(models.TextChoices):
        LOGIN = "login", _("log-in")
        LOGOUT = "logout", _("log-out")
        LOGIN_FAILED = "login_failed", _("failed log-in")
        LOCKOUT = "lockout", _("lock-out")
        REFUSAL = "refusal", _("refusal")
        EXPORT = "export", _("export")
        PERMISSION_CHANGE = "permission_change", _("change of rights")
        TOKEN = "token", _("API token")
        OTHER = "other", _("other")

    at = models.DateTimeField(_("when"), auto_now_add=True)
    kind = models.CharField(_("kind"), max_length=40, choices=Kind.choices)
    actor_id = models.BigIntegerField(_("actor number"), null=True)
    actor = models.CharField(_("actor"), max_length=200, blank=True)
    target = models.CharField(_("target"), max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    path = models.CharField(_("path"), max_length=500, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "-id"], name="audit_event_kind")]
        verbose_name = _("security event")
        verbose_name_plural = _("security events")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.actor} {self.target}".strip()


LARGEST_FILE = 20 * 1024 * 1024


class Sha256Hex(models.Func):
    """sha256 of a bytea in hexadecimal digits, by PostgreSQL."""

    template = "encode(sha256(%(expressions)s), 'hex')"
    output_field = models.CharField()


class FileManager(models.Manager["StoredFile"]):
    """Files without their bytes: they are read when they are sent, not when they are listed."""

    def get_queryset(self) -> models.QuerySet[StoredFile]:
        return super().get_queryset().defer("content")


class StoredFile(models.Model):
    """The bytes of one file, kept once under their hash and for good; append-only, so it has no history.

    PostgreSQL computes hash and size itself, and says when it was kept. Names and rights belong to whoever
    refers to it.
    """

    sha256 = models.CharField(_("SHA-256"), max_length=64, unique=True)
    size = models.PositiveIntegerField(_("size in bytes"))
    media_type = models.CharField(_("type as declared"), max_length=120, blank=True)
    content = models.BinaryField(_("content"))
    created_at = models.DateTimeField(_("kept since"), db_default=Now())

    objects = FileManager()

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        base_manager_name = "objects"
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sha256=Sha256Hex("content")), name="audit_storedfile_hash_is_true"
            ),
            models.CheckConstraint(
                condition=models.Q(size=Length("content")), name="audit_storedfile_size_is_true"
            ),
            models.CheckConstraint(
                condition=models.Q(size__range=(1, LARGEST_FILE)), name="audit_storedfile_size_is_1_to_20_mb"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]}… ({self.size})"
