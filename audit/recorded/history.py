"""django-simple-history's models and read API over rows that PostgreSQL writes."""

from __future__ import annotations

import copy
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.signals import post_delete, post_save, pre_delete
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.manager import HistoricalQuerySet, HistoryManager
from simple_history.models import HistoricalRecords
from simple_history.utils import get_history_manager_from_history


class AppendOnlyError(TypeError):
    """History is written by PostgreSQL alone; nothing may add, change or remove a row of it."""


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise AppendOnlyError(_("History is written by PostgreSQL and never changed."))


class HistoryRow(models.Model):
    """One version of a recorded row: what it held, who wrote it, when, why and in which transaction."""

    class Meta:
        abstract = True

    save = save_base = delete = _refuse

    @property
    def history_txid(self) -> int | None:
        """The writing transaction's number."""
        return self.history_txn_id

    @property
    def next_record(self) -> HistoryRow | None:
        """The version after this one, None for the last."""
        newer = get_history_manager_from_history(self).filter(history_id__gt=self.history_id)
        return newer.order_by("history_id").first()

    @property
    def prev_record(self) -> HistoryRow | None:
        """The version before this one, None for the first."""
        older = get_history_manager_from_history(self).filter(history_id__lt=self.history_id)
        return older.order_by("-history_id").first()


class HistoryRows(HistoricalQuerySet):
    """Versions in the order in which they were written; two may share a time, never a number."""

    create = bulk_create = update = bulk_update = delete = get_or_create = update_or_create = _refuse

    def latest_of_each(self) -> HistoryRows:
        """The last version of each row, deletions included."""
        later = self.filter(**{self._pk_attr: OuterRef(self._pk_attr)}, history_id__gt=OuterRef("history_id"))
        return self.filter(~Exists(later))


class ReadOnlyHistoryManager(HistoryManager):
    """Reads history; simple-history's bulk writers find that PostgreSQL has already written."""

    def bulk_history_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return []


class HistoryKey(models.ForeignKey):
    """A foreign key to people's code and a plain column to migrations.

    Otherwise the state of every migration relates each history model to each live one, and `migrate` on an
    empty database takes two to three times as long.
    """

    def deconstruct(self) -> Any:
        name, *_ = super().deconstruct()
        plain = self.clone()
        return name, "django.db.models.BigIntegerField", [], plain.deconstruct()[3]

    def clone(self) -> Any:
        return models.BigIntegerField(null=True, db_column=self.db_column or self.get_attname())


class AuditedRecords(HistoricalRecords):
    """simple-history's field on a model, without its writers: triggers on the table write the rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("cascade_delete_history") or kwargs.get("m2m_fields"):
            raise ImproperlyConfigured(
                "History is never deleted, and many-to-many needs an explicit through model."
            )
        kwargs.setdefault("history_manager", ReadOnlyHistoryManager)
        kwargs.setdefault("historical_queryset", HistoryRows)
        kwargs.setdefault("bases", (HistoryRow,))
        kwargs.setdefault("history_id_field", models.BigIntegerField())
        kwargs.setdefault("history_change_reason_field", models.TextField(_("reason"), null=True))
        super().__init__(*args, **kwargs)

    def finalize(self, sender: type[models.Model], **kwargs: Any) -> None:
        # One field serves every heir of RecordedModel; each may name columns that are nobody's business.
        self.excluded_fields = list(getattr(sender, "unrecorded_fields", ()))
        super().finalize(sender, **kwargs)
        # Listeners would write a second time, and those of deletion would cost the fast delete.
        for signal, receiver in (
            (post_save, self.post_save), (post_delete, self.post_delete), (pre_delete, self.pre_delete),
        ):  # fmt: skip
            signal.disconnect(receiver, sender=sender)

    def copy_fields(self, model: type[models.Model]) -> dict[str, models.Field]:
        """Every column NULL-able, without default, index or constraint: a new one leaves the past alone."""
        return {name: _as_history(field) for name, field in super().copy_fields(model).items()}

    def get_extra_fields(self, model: type[models.Model], fields: dict[str, models.Field]) -> dict[str, Any]:
        extra = super().get_extra_fields(model, fields)
        for name in ("next_record", "prev_record"):
            del extra[name]  # by number, in HistoryRow
        extra["history_date"] = models.DateTimeField(_("when"))
        extra["history_username"] = models.TextField(_("user name"), null=True)
        extra["history_change_ref"] = models.BigIntegerField(_("change"), null=True)
        extra["history_txn"] = models.ForeignKey(
            "audit.Transaction", models.DO_NOTHING, verbose_name=_("transaction"), null=True,
            db_column="history_txid", db_constraint=False, db_index=False, related_name="+",
        )  # fmt: skip
        return extra

    def _get_history_user_fields(self) -> dict[str, Any]:
        # SET_NULL would rewrite history when somebody is deleted.
        return {
            "history_user": HistoryKey(
                self.user_model or settings.AUTH_USER_MODEL, models.DO_NOTHING, verbose_name=_("who"),
                null=True, db_constraint=False, db_index=False, related_name="+",
            )
        }  # fmt: skip

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        return super().get_meta_options(model) | {
            "ordering": ["-history_id"],
            "get_latest_by": "history_id",
            "default_permissions": (),
            "verbose_name": format_lazy("{}{}", _("history of "), model._meta.verbose_name),
            "verbose_name_plural": format_lazy("{}{}", _("history of "), model._meta.verbose_name_plural),
        }


def _as_history(field: models.Field) -> models.Field:
    if isinstance(field, models.GeneratedField):
        plain = copy.copy(field.output_field)
        plain.name, plain.attname, plain.column = field.name, field.attname, field.column
        plain.verbose_name, plain.db_column, plain.editable = field.verbose_name, field.db_column, False
        field = plain
    if isinstance(field, models.ForeignKey):
        field.__class__ = HistoryKey
    field.null = True
    field.db_index = field._unique = False
    field.default = field.db_default = models.NOT_PROVIDED
    for cached in ("_get_default", "_db_default_expression", "unique"):
        field.__dict__.pop(cached, None)
    return field


def recorded_models() -> list[type[models.Model]]:
    """Every model whose history PostgreSQL writes, by app and name."""
    return [model for model in apps.get_models() if hasattr(model._meta, "simple_history_manager_attribute")]
