"""Amendments: proposed, decided, withdrawn."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from inspections.actions import decide_amendment, propose_amendment, withdraw_amendment
from inspections.api.shapes import REFUSED, CommentSerializer
from inspections.models import Amendment, Answer


class AmendmentSerializer(serializers.ModelSerializer):
    run = serializers.CharField(source="answer.target.run.number", read_only=True)

    class Meta:
        model = Amendment
        fields = [
            "id", "run", "answer", "value_number", "value_choice", "value_text", "is_na", "comment", "reason",
            "by", "at", "state", "decided_by", "decided_at", "decision_comment", "row_version",
        ]  # fmt: skip


class ProposalSerializer(serializers.Serializer):
    answer = serializers.PrimaryKeyRelatedField(
        queryset=Answer.objects.all(),
        help_text=_("The answer that you saw as current; 409 where another one is current meanwhile."),
    )
    value = serializers.CharField(allow_blank=True, required=False, default="", max_length=4000)
    is_na = serializers.BooleanField(default=False)
    comment = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, default=None, max_length=4000
    )
    reason = serializers.CharField(max_length=2000)


class DecisionSerializer(CommentSerializer):
    approve = serializers.BooleanField()


class AmendmentViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Corrections after sign-off; POST proposes one, `decide/` decides it, `withdraw/` takes it back."""

    queryset = Amendment.objects.select_related("answer__target__run")
    serializer_class = AmendmentSerializer
    write_right = Right.VIEW  # each step asks for its own right
    filterset_fields = {
        "state": ["exact"], "by": ["exact"], "answer": ["exact"], "answer__target__run__number": ["exact"],
    }  # fmt: skip

    @extend_schema(request=ProposalSerializer, responses={201: AmendmentSerializer, 409: REFUSED})
    def create(self, request):
        """Waits for a reviewer who took no part in the run and did not propose it."""
        given = ProposalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        made = propose_amendment(asked.pop("answer"), by=request.user, **asked)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DecisionSerializer, responses={200: AmendmentSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def decide(self, request, pk=None):
        """Approved or refused, by another reviewer."""
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        decided = decide_amendment(self.get_object(), by=request.user, **given.validated_data)
        return Response(self.get_serializer(decided).data)

    @extend_schema(request=CommentSerializer, responses={200: AmendmentSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk=None):
        """Taken back by who proposed it."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(
            self.get_serializer(
                withdraw_amendment(self.get_object(), by=request.user, **given.validated_data)
            ).data
        )
