"""Every route of the product."""

from django.contrib import admin
from django.urls import include, path

from accounts import views as accounts
from assets import views as assets
from cmdb import views as cmdb
from config import views
from config.api import api_urls
from inspections import views as inspections

account_urls = [
    path("tokens/", accounts.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", accounts.revoke, name="token-revoke"),
]
asset_pages = [
    path("", assets.asset_list, name="list"),
    path("<int:pk>/", assets.asset_page, name="asset"),
    path("<int:pk>/move/", assets.asset_move, name="move"),
]
cmdb_pages = [
    path("", cmdb.item_list, name="list"),
    path("export/", cmdb.item_export, name="export"),
    path("import/", cmdb.import_page, name="import"),
    path("import/<slug:digest>/", cmdb.import_preview, name="import-preview"),
    path("<int:pk>/", cmdb.item_page, name="item"),
    path("<int:pk>/impact/", cmdb.item_impact, name="impact"),
]
inspection_pages = [
    path("", inspections.board, name="list"),
    path("runs/<slug:number>/", inspections.run_page, name="run"),
    path("runs/<slug:number>/answers/", inspections.save_answers, name="answers"),
    path("runs/<slug:number>/report/", inspections.report, name="report"),
    path("findings/", inspections.finding_list, name="findings"),
    path("findings/<slug:number>/", inspections.finding_page, name="finding"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("language/", accounts.choose_language, name="language"),
    path("api/", include(api_urls)),
    path("cmdb/", include((cmdb_pages, "cmdb"))),
    path("assets/", include((asset_pages, "assets"))),
    path("inspections/", include((inspection_pages, "inspections"))),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/", include((account_urls, "accounts"))),
    path("admin/", admin.site.urls),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
