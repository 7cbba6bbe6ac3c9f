"""What every list of the API shares: pages by key, filters that cost only what is used, ordering."""

from __future__ import annotations

import base64
import binascii
import json
from functools import reduce
from operator import or_

from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.rest_framework import FilterSet as PlainFilterSet
from rest_framework import exceptions
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

COUNT_LIMIT = 10_001
RESERVED = {"cursor", "page_size", "ordering", "format", "lang"}


class KeysetPagination(BasePagination):
    """Pages by the key of their edge rows: page 10,000 costs what page 1 costs; the count stops at 10,001.

    The order is the request's `ordering` (or the view's, or the model's) completed by the primary key. Works
    for model instances and for `.values()`.
    """

    page_size, largest_page = 50, 500

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        self.order = self._order(queryset)
        size = self._size(request)
        backward, position = self._decode(request.query_params.get("cursor"))
        order = [(name, descending ^ backward) for name, descending in self.order]
        rows = queryset.order_by(*(f"-{name}" if descending else name for name, descending in order))
        if position is not None:
            try:
                rows = rows.filter(_beyond(order, position))
                rows = list(rows[: size + 1])
            except (ValueError, TypeError, FieldError, ValidationError):
                raise exceptions.NotFound(_("This cursor does not belong to this list.")) from None
        else:
            rows = list(rows[: size + 1])
        has_more, rows = len(rows) > size, rows[:size]
        if backward:
            rows.reverse()
        if position is None and not has_more:
            self.count = len(rows)  # the first page is all there is
        else:
            self.count = queryset.order_by().values("pk")[:COUNT_LIMIT].count()
        self.has_next = bool(rows) and (backward or has_more)
        self.has_previous = bool(rows) and (has_more if backward else position is not None)
        self.rows = rows
        return rows

    def get_paginated_response(self, data):
        return Response(
            {
                "count": min(self.count, COUNT_LIMIT - 1),
                "is_count_capped": self.count >= COUNT_LIMIT,
                "next": self._link(False, self.rows[-1]) if self.has_next else None,
                "previous": self._link(True, self.rows[0]) if self.has_previous else None,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema):
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "is_count_capped", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "description": "At most 10,000; see is_count_capped."},
                "is_count_capped": {"type": "boolean"},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view):
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"},
             "description": "Where to go on: taken from `next` or `previous`."},
            {"name": "page_size", "in": "query", "required": False,
             "schema": {"type": "integer", "minimum": 1, "maximum": self.largest_page,
                        "default": self.page_size}},
        ]  # fmt: skip

    def _size(self, request):
        wanted = request.query_params.get("page_size", "")
        if not wanted:
            return self.page_size
        if not (wanted.isascii() and wanted.isdigit()) or not 1 <= int(wanted[:6]) <= self.largest_page:
            message = _("A whole number from 1 to %(largest)d.") % {"largest": self.largest_page}
            raise exceptions.ValidationError({"page_size": [message]})
        return int(wanted)

    def _order(self, queryset):
        names = list(queryset.query.order_by or queryset.model._meta.ordering or [])
        order = [(name.lstrip("-"), name.startswith("-")) for name in names if isinstance(name, str)]
        if not {"pk", queryset.model._meta.pk.name} & {name for name, _descending in order}:
            order.append((queryset.model._meta.pk.name, order[-1][1] if order else True))
        return order

    def _decode(self, cursor):
        if not cursor:
            return False, None
        try:
            backward, position = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=="))
        except (ValueError, TypeError, binascii.Error):
            raise exceptions.NotFound(_("This cursor cannot be read.")) from None
        if not isinstance(position, list) or len(position) != len(self.order):
            raise exceptions.NotFound(_("This cursor does not belong to this list."))
        return bool(backward), position

    def _link(self, backward, row):
        position = [_value(row, name) for name, _descending in self.order]
        text = json.dumps([int(backward), position], default=str, separators=(",", ":"), ensure_ascii=False)
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        url = remove_query_param(self.request.build_absolute_uri(), "cursor")
        return replace_query_param(url, "cursor", cursor)


def _value(row, path):
    for name in path.split("__"):
        row = row.get(path, row.get(name)) if isinstance(row, dict) else getattr(row, name, None)
    return row.pk if hasattr(row, "pk") else row


def _beyond(order, position):
    """Rows after `position` in this order; PostgreSQL puts NULL last upwards and first downwards."""
    steps, same = [], Q()
    for (name, descending), value in zip(order, position, strict=True):
        if value is None:
            after = Q(**{f"{name}__isnull": False}) if descending else Q(pk__in=[])
        elif descending:
            after = Q(**{f"{name}__lt": value})
        else:
            after = Q(**{f"{name}__gt": value}) | Q(**{f"{name}__isnull": True})
        steps.append(same & after)
        same &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    return reduce(or_, steps)


class FilterSet(PlainFilterSet):
    """Builds only the filters a request uses: 252 declared cost 0.3 ms instead of 15."""

    def __init__(self, data=None, *args, **kwargs):
        used = set(data or ())
        declared = type(self).base_filters
        self.base_filters = {
            name: each
            for name, each in declared.items()
            if name in used or any(key.startswith(f"{name}_") for key in used)
        }
        super().__init__(data, *args, **kwargs)


class FilterBackend(DjangoFilterBackend):
    """Filters by `filterset_fields` or `filterset_class`; a parameter nobody knows is an error, not ignored.

    A view names further parameters that it reads itself in `query_parameters`.
    """

    filterset_base = FilterSet

    def filter_queryset(self, request, queryset, view):
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class is not None:
            self._refuse_unknown(request, filterset_class, view)
        return super().filter_queryset(request, queryset, view)

    def _refuse_unknown(self, request, filterset_class, view):
        known = set(filterset_class.base_filters)
        allowed = known | RESERVED | {"search"} | set(getattr(view, "query_parameters", ()))
        unknown = [
            name
            for name in request.query_params
            if name not in allowed and not any(name.startswith(f"{each}_") for each in known)
        ]
        if unknown:
            message = _("Unknown parameter. Known: %(names)s.") % {"names": ", ".join(sorted(allowed))}
            raise exceptions.ValidationError({name: [message] for name in unknown})


class Ordering(OrderingFilter):
    """`ordering=-name,id` by columns only; another name is an error, not ignored."""

    def get_default_valid_fields(self, queryset, view, context=None):
        valid = super().get_default_valid_fields(queryset, view, context or {})
        return [(name, label) for name, label in valid if _is_column(queryset.model, name)]

    def remove_invalid_fields(self, queryset, fields, view, request):
        kept = super().remove_invalid_fields(queryset, fields, view, request)
        if wrong := [field for field in fields if field not in kept]:
            known = ", ".join(
                name for name, _label in self.get_valid_fields(queryset, view, {"request": request})
            )
            message = _("Cannot order by this. Possible: %(names)s.") % {"names": known}
            raise exceptions.ValidationError({"ordering": [f"{', '.join(wrong)}: {message}"]})
        return kept


def _is_column(model, path):
    try:
        return bool(model._meta.get_field(path.split("__")[0]).concrete)
    except FieldDoesNotExist:
        return False
