"""The base of every API endpoint over recorded rows."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from audit.recorded.differences import as_data, with_predecessors


class StaleVersionError(APIException):
    """The row has another version than the one named in If-Match."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "stale_version"
    default_detail = _(
        "Somebody has changed this record since you read it. Read it again, then repeat your change."
    )


class Versions(Paginator):
    """Counts only what does not fit on the first page."""

    @cached_property
    def count(self) -> int:
        first = list(self.object_list[: self.per_page + 1])
        if len(first) > self.per_page:
            return super().count
        self.object_list = first
        return len(first)


class HistoryPages(PageNumberPagination):
    """Versions by the page: `?page=2&page_size=200`."""

    django_paginator_class = Versions
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


class RecordedViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """List, read, create and edit; a recorded row is never deleted through the API.

    A row's version is its ETag; an edit with If-Match is refused (412) when the row has moved on.
    """

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        # Locked, so that nobody comes between the comparison of versions and the write.
        return (
            queryset.select_for_update(of=("self",))
            if self.action in {"update", "partial_update"}
            else queryset
        )

    def get_object(self) -> Any:
        self.row = super().get_object()
        if self.action in {"update", "partial_update"}:
            wanted = self.request.headers.get("If-Match", "*")
            if wanted not in {"*", etag(self.row)}:
                raise StaleVersionError
        return self.row

    def perform_create(self, serializer: BaseSerializer) -> None:
        super().perform_create(serializer)
        self.row = serializer.instance

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().update(request, *args, **kwargs)
        self.row.refresh_from_db(fields=["row_version"])  # PostgreSQL counts, not we
        if "row_version" in response.data:
            response.data["row_version"] = self.row.row_version
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if hasattr(self, "row") and status.is_success(response.status_code):
            response["ETag"] = etag(self.row)
        return response

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True, url_path="history", url_name="history")
    def history(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every version of the row, newest first, with who, when, why and the fields that changed."""
        pages = HistoryPages()
        page: list[Any] = pages.paginate_queryset(self.get_object().history.all(), request, view=self) or []
        versions = with_predecessors(page, reach_back=not (pages.page and pages.page.has_next()))
        return pages.get_paginated_response([as_data(new, old) for new, old in versions])


def etag(row: Any) -> str:
    """The row's version as an HTTP entity tag."""
    return f'"{row.row_version}"'
