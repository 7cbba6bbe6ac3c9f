"""What a person was told, and how they want to hear of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.notices import KINDS, Channel
from accounts.querysets import NoticeQuerySet
from audit.recorded.models import RecordedModel

TROUBLES = {
    "no_address": _("the e-mail address of the account is not one"),
    "in_doubt": _("sent twice, and the mail server confirmed neither"),
    "given_up": _("the mail server did not take it for three days"),
}
# A page of ours: "//host" and "/\host" lead elsewhere.
LOCAL_PATH = r"^/([^/\\\s][^\\\s]*)?$"


class Notice(models.Model):
    """One thing that one person was told, in their language; with the fate of its mail.

    `settled_at`: it asked for something that has been done or has lapsed, so nobody need read it. PostgreSQL
    lets only these two and the mail's columns change, and nothing be deleted. `mail_batch` names the message
    that carries it; `mail_doubts` counts sendings of which nobody knows whether they arrived.
    """

    class Mail(models.TextChoices):
        NONE = "none", _("none")
        NOW = "now", _("at once")
        DIGEST = "digest", _("with the daily mail")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=60)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"), blank=True)
    path = models.CharField(_("page"), max_length=300)
    about = models.CharField(_("about"), max_length=250, blank=True)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    key = models.CharField(_("key"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("told"), db_default=models.functions.Now(), editable=False)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    mail = models.CharField(_("mail"), max_length=6, choices=Mail, default=Mail.NONE)
    mail_batch = models.CharField(max_length=40, blank=True, editable=False)
    mail_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    mail_doubts = models.PositiveSmallIntegerField(default=0, editable=False)
    mailed_at = models.DateTimeField(_("mailed"), null=True, blank=True, editable=False)
    mail_trouble = models.CharField(_("why not mailed"), max_length=300, blank=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "key"], condition=~models.Q(key=""), name="accounts_notice_once_per_key"
            ),
            models.CheckConstraint(
                condition=models.Q(path__regex=LOCAL_PATH), name="accounts_notice_leads_to_a_page_of_ours"
            ),
            models.CheckConstraint(
                condition=models.Q(mail__in=["none", "now", "digest"]), name="accounts_notice_mail_exists"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="accounts_notice_of_person"),
            models.Index(
                fields=["person", "-id"],
                condition=models.Q(read_at__isnull=True, settled_at__isnull=True),
                name="accounts_notice_unread",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(mailed_at__isnull=True, mail_trouble="") & ~models.Q(mail="none"),
                name="accounts_notice_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def kind_label(self) -> str:
        """What its kind is called; the key of one that no app declares any more."""
        return str(KINDS[self.kind].label) if self.kind in KINDS else self.kind

    @property
    def mail_trouble_in_words(self) -> str:
        """Why its mail did not go out: our reason, or what the mail server said."""
        return str(TROUBLES.get(self.mail_trouble, self.mail_trouble))

    @property
    def is_read(self) -> bool:
        return self.read_at is not None

    @property
    def is_open(self) -> bool:
        """It waits to be read: the bell counts it."""
        return self.read_at is None and self.settled_at is None


class NoticePreference(RecordedModel):
    """One person's choice for one kind of notice; without a row the kind's default holds."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="notice_preferences",
        verbose_name=_("person"),
    )
    kind = models.CharField(_("kind"), max_length=60)
    channel = models.CharField(_("mail"), max_length=6, choices=Channel)

    class Meta:
        verbose_name = _("choice of mail")
        verbose_name_plural = _("choices of mail")
        ordering = ["person", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="accounts_noticepreference_once"),
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values),
                name="accounts_noticepreference_channel_exists",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.get_channel_display()}"
