from django.contrib.admin.apps import AdminConfig


class OpsLedgerAdminConfig(AdminConfig):
    default_site = "config.site.OpsLedgerAdminSite"
