"""People, teams and one's own account over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions import mark_all_read, mark_read, revoke_token
from accounts.models import ApiToken, Notice, Team, User
from accounts.roles import Right, rights_of, roles_of
from audit.recorded.api import RecordedViewSet


class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "key", "label", "label_zh", "email", "row_version"]


class TeamViewSet(RecordedViewSet):
    """Teams; edited by who manages people."""

    queryset = Team.objects.order_by("key")
    serializer_class = TeamSerializer
    filterset_fields = {"key": ["exact", "in"], "label": ["icontains"]}
    write_right = Right.USER_MANAGE


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "display_name", "email", "is_active"]


class UserViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """People, to name them elsewhere; accounts are kept in the administration."""

    queryset = User.objects.order_by("username")
    serializer_class = UserSerializer
    filterset_fields = {
        "username": ["exact", "icontains"],
        "display_name": ["icontains"],
        "is_active": ["exact"],
    }


class TokenSerializer(serializers.ModelSerializer):
    is_live = serializers.BooleanField(read_only=True)

    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "prefix", "scope", "created_at", "expires_at", "revoked_at", "last_used_on",
            "is_live",
        ]  # fmt: skip


class TokenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """One's own tokens; they are created on the page “My API tokens” only, so that none begets another."""

    queryset = ApiToken.objects.order_by("-created_at", "-pk")
    serializer_class = TokenSerializer
    write_right = Right.VIEW

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.filter(user=self.request.user)

    @extend_schema(request=None, responses=TokenSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request, pk=None):
        token = revoke_token(self.get_object(), by=request.user)
        return Response(self.get_serializer(token).data)


class NoticeSerializer(serializers.ModelSerializer):
    is_read = serializers.BooleanField(read_only=True)

    class Meta:
        model = Notice
        fields = [
            "id", "kind", "subject", "text", "path", "about", "is_urgent", "created_at", "is_read", "read_at",
            "settled_at", "mailed_at",
        ]  # fmt: skip


class ReadSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="How many notices were unread before.")


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What one was told, newest first; one's own alone. `path` is a page of this server."""

    queryset = Notice.objects.order_by("-id")
    serializer_class = NoticeSerializer
    filterset_fields = {
        "kind": ["exact", "in"],
        "is_urgent": ["exact"],
        "read_at": ["isnull"],
        "settled_at": ["isnull"],
        "created_at": ["gte", "lt"],
    }
    write_right = Right.VIEW

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.of(self.request.user)

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request, pk=None):
        """The notice is read; a second time changes nothing."""
        notice = self.get_object()
        mark_read([notice.pk], by=request.user)
        notice.refresh_from_db()
        return Response(self.get_serializer(notice).data)

    @extend_schema(request=None, responses=ReadSerializer)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request):
        """Every notice is read."""
        return Response({"count": mark_all_read(by=request.user)})


class MeSerializer(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()
    language = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    rights = serializers.ListField(child=serializers.CharField())
    is_read_only = serializers.BooleanField(help_text="The token in use may only read.")


class MeView(APIView):
    """Who this request acts for, and what that person may do."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MeSerializer)
    def get(self, request):
        user = request.user
        return Response(
            {
                "username": user.username,
                "name": str(user),
                "language": user.language,
                "roles": [role.key for role in roles_of(user)],
                "rights": sorted(right.value for right in rights_of(user)),
                "is_read_only": bool(getattr(request.auth, "is_read_only", False)),
            }
        )
