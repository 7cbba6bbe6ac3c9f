"""How somebody showed who they are when they did what a row says."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.step_up import Strength


class Proved(models.Model):
    """A deed with the proof behind it: the session, a fresh confirmation in it, or a token."""

    proof = models.CharField(
        _("proved by"), max_length=8, choices=Strength.choices, blank=True, db_default=""
    )
    proved_at = models.DateTimeField(_("last proved"), null=True, blank=True)
    token_id = models.BigIntegerField(_("number of the API token"), null=True, blank=True)

    class Meta:
        abstract = True
