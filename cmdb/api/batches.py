"""Rows written one by one or by the thousand: the same set-based actions, and lists that project tuples."""

from functools import cache

from django.db import connection, transaction
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from audit.recorded.api import RecordedViewSet, StaleVersionError
from cmdb.actions import BatchRefused, BatchTooLarge

BULK_ANSWER = inline_serializer(
    "BulkAnswer",
    {
        "ids": serializers.ListField(child=serializers.IntegerField()),
        "created": serializers.IntegerField(required=False),
        "updated": serializers.IntegerField(required=False),
        "unchanged": serializers.IntegerField(required=False),
    },
)


class TooLarge(exceptions.APIException):
    """The body holds more than one request may bring."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class BatchViewSet(RecordedViewSet):
    """One row or thousands, by the same actions; subclasses name the actions and the projection."""

    write_right = Right.CMDB_EDIT
    is_atomic_by_deed = True  # reads need no transaction, and the actions bring their own
    columns: tuple[str, ...]

    @classmethod
    def as_view(cls, *args, **kwargs):
        return transaction.non_atomic_requests(super().as_view(*args, **kwargs))

    def list(self, request, *args, **kwargs):
        keys = self.paginate_queryset(self.filter_queryset(self.get_queryset()).values("pk"))
        self.paginator.rows = self._rows([key["pk"] for key in keys])
        return self.get_paginated_response(self.paginator.rows)

    def retrieve(self, request, *args, **kwargs):
        return self._one(self._pk())

    def create(self, request, *args, **kwargs):
        (pk,) = self._write(self.create_rows, [request.data], is_single=True)
        return self._one(pk, status.HTTP_201_CREATED)

    def update(self, request, *args, **kwargs):
        pk, known = self._pk(), self.request.headers.get("If-Match", "*").strip('"')
        if not self._rows([pk]):
            raise Http404
        sent = request.data if isinstance(request.data, dict) else {}
        row = {name: value for name, value in sent.items() if name not in {"id", "address"}} | {"id": pk}
        if known != "*":
            row["row_version"] = int(known) if known.isdigit() else known
        self._write(self.update_rows, [row], is_single=True)
        return self._one(pk)

    @extend_schema(request=OpenApiTypes.OBJECT, responses={200: BULK_ANSWER, 201: BULK_ANSWER})
    @action(detail=False, methods=["post", "patch"], url_path="bulk", url_name="bulk")
    def bulk(self, request):
        """A list of up to 5,000 rows: all are written or none; faults are named by row, as “3.name”."""
        if request.method == "POST":
            ids = self._write(self.create_rows, request.data)
            return Response({"created": len(ids), "ids": ids}, status.HTTP_201_CREATED)
        ids, changed = self._write(self.update_rows, request.data)
        return Response({"updated": changed, "unchanged": len(ids) - changed, "ids": ids})

    def _write(self, deed, rows, *, is_single=False):
        try:
            return deed(rows, by=self.request.user)
        except BatchTooLarge as error:
            raise TooLarge(str(error)) from error
        except BatchRefused as error:
            if is_single and any("row_version" in fields for fields in error.faults.values()):
                raise StaleVersionError from error
            raise exceptions.ValidationError(_by_field(error.faults, is_single)) from error

    def _pk(self):
        pk = self.kwargs["pk"]
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            raise Http404
        return int(pk)

    def _rows(self, ids):
        """The rows with these ids, in this order, as the API shows them; one statement."""
        found = {row[0]: row for row in connection.rows(_select(self.queryset.model, self.columns), [ids])}
        return [self.shown(found[pk]) for pk in ids if pk in found]

    def _one(self, pk, code=status.HTTP_200_OK):
        for shown in self._rows([pk]):
            return Response(shown, code, headers={"ETag": f'"{shown["row_version"]}"'})
        raise Http404


@cache
def _select(model, columns):
    """The projection of rows by their ids. Planning its joins takes many times as long as running them."""
    sql, _pk = model.objects.order_by().filter(pk=0).values_list(*columns).query.sql_with_params()
    return sql.removesuffix("= %s") + "= ANY (%s::bigint[])"


def _by_field(faults, is_single):
    named = {}
    for index, fields in faults.items():
        for field, messages in fields.items():
            field = "non_field_errors" if field == "__all__" else field
            named[field if is_single or index is None else f"{index}.{field}"] = messages
    return named
