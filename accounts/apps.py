from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from accounts import guards


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        checks.register(guards.check_mail, deploy=True)
