"""The base of every API endpoint over recorded rows."""

from rest_framework import mixins, viewsets


class RecordedViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """List, read, create and edit; a recorded row is never deleted through the API."""
