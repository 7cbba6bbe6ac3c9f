from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from audit.recorded.differences import as_reason
from config.deployment import check_https


class OpsLedgerAdminConfig(AdminConfig):
    default_site = "config.site.OpsLedgerAdminSite"

    def ready(self):
        super().ready()
        # Third-party words that their packages do not let be translated.
        apps.get_app_config("procrastinate").verbose_name = _("Background jobs")
        apps.get_app_config("axes").verbose_name = _("Log-in attempts")
        jobs = apps.get_model("procrastinate", "ProcrastinateJob")._meta
        jobs.verbose_name, jobs.verbose_name_plural = _("background job"), _("background jobs")


class HouseConfig(AppConfig):
    """The top of the stack: no models, only commands that need every app."""

    name = "config"
    label = "house"
    verbose_name = _("OpsLedger")

    def ready(self):
        # By name: the models that it hears of are loaded only now.
        import_string("config.after_changes.wire")()
        as_reason(gettext_noop("Demonstration organisation"))
        checks.register(check_https, deploy=True)
