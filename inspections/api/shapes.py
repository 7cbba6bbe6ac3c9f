"""What several endpoints of inspections take."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

REFUSED = OpenApiResponse(description="Refused: `error.refusals` names every reason.")


class CommentSerializer(serializers.Serializer):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=2000)
