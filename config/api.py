"""The table of API endpoints."""

from rest_framework.routers import DefaultRouter

router = DefaultRouter()
# router.register("items", ItemViewSet, basename="item")  one line each

api_urls = router.urls
