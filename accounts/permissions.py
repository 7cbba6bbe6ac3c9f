"""Adapters: Django's and DRF's permission questions, answered from the roles."""

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext
from rest_framework.permissions import BasePermission

from accounts.roles import SEEN_BY_ALL, Right, may_touch, require_right, roles_of

SAFE = ("GET", "HEAD", "OPTIONS")
DEED_BY_METHOD = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class RoleBackend(ModelBackend):
    """Log-in by password as Django does it; permissions come from roles alone, groups are not used."""

    def has_perm(self, user_obj, perm, obj=None):
        app_label, _dot, codename = perm.partition(".")
        deed, _underscore, model_name = codename.partition("_")
        return may_touch(user_obj, deed, f"{app_label}.{model_name}")

    def has_module_perms(self, user_obj, app_label):
        roles = roles_of(user_obj) if user_obj.is_active else []
        seen = [pattern for role in roles for pattern in (*SEEN_BY_ALL, *role.manages, *role.sees)]
        return any(pattern.startswith(f"{app_label}.") for pattern in seen)

    def get_all_permissions(self, user_obj, obj=None):
        return set()


class RolePermission(BasePermission):
    """Reading needs VIEW; writing needs the viewset's `write_right`, or else a role that manages its model.

    A viewset may name its own `read_right`; a token without the write scope only reads.
    """

    def has_permission(self, request, view):
        user = request.user
        if not (user and user.is_authenticated):
            return False
        try:
            if request.method in SAFE:
                require_right(user, getattr(view, "read_right", Right.VIEW))
            else:
                self._require_write(request, view)
        except PermissionDenied as refusal:
            self.message = str(refusal)
            return False
        return True

    def _require_write(self, request, view):
        token = request.auth
        if getattr(token, "is_read_only", False):
            raise PermissionDenied(gettext("This token may only read. Create one with the write scope."))
        if right := getattr(view, "write_right", None):
            return require_right(request.user, right)
        queryset = getattr(view, "queryset", None)
        if queryset is None:
            return require_right(request.user, Right.VIEW)
        deed = DEED_BY_METHOD.get(request.method, "change")
        if not request.user.has_perm(
            f"{queryset.model._meta.app_label}.{deed}_{queryset.model._meta.model_name}"
        ):
            raise PermissionDenied(
                gettext("None of your roles may edit “%(model)s”.")
                % {"model": queryset.model._meta.verbose_name}
            )
        return None
