from importlib import import_module

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core import checks
from django.utils.translation import gettext_lazy as _

from audit import guards


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        checks.register(guards.check_history_settings)
        checks.register(guards.check_application_role, deploy=True)
        # These two need the models, which stand only now.
        actions, axes = import_module("audit.actions"), import_module("axes.signals")
        user_logged_in.connect(actions.note_login, dispatch_uid="audit.login")
        user_logged_out.connect(actions.note_logout, dispatch_uid="audit.logout")
        user_login_failed.connect(actions.note_failed_login, dispatch_uid="audit.login_failed")
        axes.user_locked_out.connect(actions.note_lockout, dispatch_uid="audit.lockout")
