"""The two endpoints of phones: take the work along, send what was done (docs/reference/sync.md)."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from datetime import timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError
from django.middleware.csrf import get_token
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.bodies import WITHIN_CALENDAR, JSONParser
from accounts.roles import Right
from inspections import shell
from inspections.actions.sync import KINDS, Operation, take_operation
from inspections.bundle import bundle_of
from inspections.bundle.shapes import iso
from inspections.models import InspectionRun, SyncOp
from inspections.pictures import NotAPictureError, PictureTooLargeError

LARGEST_BODY = 64 * 1024
LARGEST_UPLOAD = 9 * 1024 * 1024
# A phone that comes up from a night underground sends a few hundred at once; nobody's thumb makes more.
MOST_A_MINUTE = 600


class TooLargeError(exceptions.APIException):
    """The request has more bytes than an operation can have."""

    status_code = 413
    default_code = "too_large"
    default_detail = _("This is too large: an operation has 64 KB at most, a photo 8 MB.")


class NoPhotoError(exceptions.APIException):
    """The file is no picture that we keep."""

    status_code = 415
    default_code = "not_a_photo"


class BusyError(exceptions.APIException):
    """PostgreSQL gave the transaction up, for example in a deadlock; nothing was stored."""

    status_code = 503
    default_code = "busy"
    default_detail = _("The server is busy. Send it again.")


class BundleSerializer(serializers.Serializer):
    user = serializers.DictField(help_text="id, name, language, time_zone.")
    server_now = serializers.DateTimeField()
    csrf_token = serializers.CharField(help_text="For X-CSRFToken; empty for a request with a token.")
    shell_version = serializers.CharField()
    runs = serializers.ListField(child=serializers.DictField(), help_text="See docs/reference/sync.md.")


class SyncOperationSerializer(serializers.Serializer):
    """One operation; its payload depends on the kind (docs/reference/sync.md)."""

    kind = serializers.ChoiceField(KINDS)
    run = serializers.CharField(max_length=24)
    device = serializers.CharField(max_length=64, allow_blank=True, default="")
    device_at = serializers.DateTimeField(
        validators=WITHIN_CALENDAR, help_text="The device's time of this sending."
    )
    made_at = serializers.DateTimeField(
        validators=WITHIN_CALENDAR, help_text="The device's time when it was done."
    )
    payload = serializers.DictField()


class SyncOutcomeSerializer(serializers.Serializer):
    key = serializers.UUIDField()
    kind = serializers.ChoiceField(KINDS)
    at = serializers.DateTimeField(help_text="When it was received.")
    answer = serializers.DictField(required=False)
    run = serializers.DictField(help_text="state, state_word.")
    progress = serializers.ListField(child=serializers.IntegerField(), help_text="[answered, all]")


class BundleView(APIView):
    """What a phone takes along."""

    read_right = Right.INSPECT

    @extend_schema(
        operation_id="inspections_bundle",
        parameters=[OpenApiParameter("run", description="Number of a run to be among them.")],
        responses={200: BundleSerializer, 304: None},
    )
    def get(self, request):
        """The reader's runs of now and soon, 50 at most, in their language; 304 while nothing changed."""
        now = timezone.now()
        user = request.user
        secret = "" if request.auth else get_token(request._request)
        body = {
            "user": {
                "id": user.pk,
                "name": str(user),
                "language": translation.get_language(),
                "time_zone": str(user.zone),
            },
            "shell_version": shell.version(),
            "runs": bundle_of(user, now, request.query_params.get("run", "")),
        }
        # A new log-in has a new secret: the phone must get its token although no run has changed.
        said = json.dumps([body, request.META.get("CSRF_COOKIE", "")], cls=DjangoJSONEncoder, sort_keys=True)
        etag = f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            response = Response(status=304)
        else:
            response = Response({**body, "server_now": iso(now), "csrf_token": secret})
        response["ETag"] = etag
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Cookie", "Authorization", "Accept-Language"])
        return response


class SyncView(APIView):
    """What was done without a connection, one operation at a time."""

    write_right = Right.INSPECT
    parser_classes = [JSONParser, MultiPartParser]

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        is_upload = request.content_type.startswith("multipart/")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if int(length) > (LARGEST_UPLOAD if is_upload else LARGEST_BODY):
            raise TooLargeError

    @extend_schema(
        operation_id="inspections_sync",
        request=SyncOperationSerializer,
        parameters=[
            OpenApiParameter("Idempotency-Key", OpenApiTypes.UUID, OpenApiParameter.HEADER, required=True)
        ],
        responses={
            201: SyncOutcomeSerializer,
            409: OpenApiResponse(description="`conflict` with the current answer, or `refused` in words."),
            413: OpenApiResponse(description="Too large; not stored."),
            415: OpenApiResponse(description="The photo is none; not stored."),
            422: OpenApiResponse(description="It does not fit, or `key_reused`."),
            429: OpenApiResponse(description="More than 600 operations within a minute; not stored."),
        },
    )
    def post(self, request):
        """Carried out once per Idempotency-Key; the same key and body again is answered the same."""
        self.slow_down(request.user)
        operation = operation_in(request)
        try:
            outcome = take_operation(operation, by=request.user)
        except PictureTooLargeError as error:
            raise TooLargeError(str(error)) from None
        except NotAPictureError as error:
            raise NoPhotoError(str(error)) from None
        except InspectionRun.DoesNotExist:
            raise exceptions.NotFound(_("There is no such inspection.")) from None
        except OperationalError:
            raise BusyError from None
        headers = {"Idempotency-Replayed": "true"} if outcome.is_replayed else {}
        return Response(outcome.body, status=outcome.status, headers=headers)

    def slow_down(self, user):
        since = timezone.now() - timedelta(minutes=1)
        if SyncOp.objects.filter(user=user, received_at__gt=since).count() >= MOST_A_MINUTE:
            raise exceptions.Throttled(wait=60)


def operation_in(request) -> Operation:
    """The operation that a request carries. Raises ValidationError for what no phone of ours would send."""
    try:
        key = uuid.UUID(request.headers.get("Idempotency-Key", ""))
    except ValueError:
        message = _("The header Idempotency-Key must be a UUID.")
        raise exceptions.ValidationError({"Idempotency-Key": [message]}) from None
    is_upload = request.content_type.startswith("multipart/")
    given = SyncOperationSerializer(data=posted_json(request) if is_upload else request.data)
    given.is_valid(raise_exception=True)
    said = dict(given.validated_data)
    upload = request.FILES.get("photo") if is_upload else None
    if (said["kind"] == SyncOp.Kind.PHOTO) != (upload is not None):
        message = _("A photo is sent as multipart with the fields op and photo; nothing else is.")
        raise exceptions.ValidationError({"photo": [message]})
    content = upload.read() if upload is not None else None
    return Operation(key=key, sent_at=said.pop("device_at"), photo=content, **said)


def posted_json(request):
    """The field `op` of an upload, read as strictly as a body. Raises ParseError."""
    return JSONParser().parse(io.BytesIO(str(request.data.get("op", "")).encode(errors="replace")))
