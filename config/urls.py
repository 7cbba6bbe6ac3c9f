"""Every route of the product."""
from django.contrib import admin
from django.urls import include, path

from config.api import api_urls

urlpatterns = [
    path("api/", include(api_urls)),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
