"""Rights, and the roles that bundle them; who holds a role stands in accounts.models.RoleGrant."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class Right(TextChoices):
    """One thing a person may be allowed to do."""

    VIEW = "view", _("see the records")
    CMDB_EDIT = "cmdb_edit", _("edit configuration items and relations")
    CMDB_MODEL = "cmdb_model", _("define types, attributes and relation rules")
    CMDB_IMPORT = "cmdb_import", _("import configuration items")
    ASSET_EDIT = "asset_edit", _("edit assets, vendors and contracts")
    CHANGE_REQUEST = "change_request", _("raise changes")
    CHANGE_ASSESS = "change_assess", _("assess changes")
    CHANGE_TEST = "change_test", _("test changes")
    CHANGE_VOTE = "change_vote", _("vote on changes")
    CHANGE_IMPLEMENT = "change_implement", _("implement changes")
    CHANGE_VERIFY = "change_verify", _("verify changes")
    CHANGE_MANAGE = "change_manage", _("manage changes, boards and windows")
    CHANGE_ONCALL = "change_oncall", _("start emergency changes on call")
    CHANGE_IMPORT = "change_import", _("import ended changes")
    CHANGE_OBSERVE = "change_observe", _("post measured values of changes")
    CHANGE_GATE = "change_gate", _("ask whether a pipeline may go on")
    READINGS_POST = "readings_post", _("post machine readings and alerts")
    INSPECT = "inspect", _("log inspections")
    INSPECT_REVIEW = "inspect_review", _("sign inspections off")
    INSPECT_MANAGE = "inspect_manage", _("define inspection templates and plans")
    AUDIT_READ = "audit_read", _("read the audit record")
    AUDIT_EXPORT = "audit_export", _("export evidence")
    USER_MANAGE = "user_manage", _("manage people, teams and roles")
    SYSTEM_MANAGE = "system_manage", _("run and configure the system")


@dataclass(frozen=True)
class Role:
    """A bundle of rights; `manages` and `sees` are patterns of Django model labels ("cmdb.*")."""

    key: str
    label: str
    description: str
    rights: frozenset[Right]
    manages: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()


# Every role sees the working records; log-ins, tokens and the audit record are for those who need them.
SEEN_BY_ALL = (
    "cmdb.*", "assets.*", "changes.*", "inspections.*",
    "accounts.user", "accounts.team", "accounts.teammember",
)  # fmt: skip
PEOPLE = ("accounts.user", "accounts.team", "accounts.teammember", "accounts.rolegrant")
CHANGE_DRAFT = tuple(
    f"changes.{model}"
    for model in (
        "changerequest", "changeitem", "changelink", "plannedoperation", "planstage", "plantask",
        "rollbackstep", "criterion", "criterionresult", "testrun", "assignment", "consultation",
    )
)  # fmt: skip


def _role(key, label, description, rights, **more) -> Role:
    return Role(key, label, description, frozenset({Right.VIEW, *rights}), **more)


ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        _role(
            "requester", _("Requester"), _("Raises changes and follows them."),
            [Right.CHANGE_REQUEST], manages=CHANGE_DRAFT,
        ),
        _role(
            "engineer", _("Engineer"),
            _("Assesses, tests, implements and verifies changes; logs inspections."),
            [Right.CMDB_EDIT, Right.CHANGE_REQUEST, Right.CHANGE_ASSESS, Right.CHANGE_TEST,
             Right.CHANGE_IMPLEMENT, Right.CHANGE_VERIFY, Right.CHANGE_ONCALL, Right.INSPECT],
            manages=(*CHANGE_DRAFT, "cmdb.configurationitem", "cmdb.relation", "inspections.inspectionrun",
                     "inspections.answer", "inspections.finding"),
        ),
        _role(
            "change_manager", _("Change manager"), _("Runs the change process, its boards and windows."),
            [Right.CHANGE_REQUEST, Right.CHANGE_ASSESS, Right.CHANGE_VERIFY, Right.CHANGE_MANAGE,
             Right.CHANGE_IMPORT],
            manages=("changes.*",),
        ),
        _role(
            "board_member", _("Change board member"), _("Votes on changes."),
            [Right.CHANGE_VOTE],
        ),
        _role(
            "configuration_manager", _("Configuration manager"),
            _("Keeps configuration items, relations and their types right."),
            [Right.CMDB_EDIT, Right.CMDB_MODEL, Right.CMDB_IMPORT, Right.CHANGE_REQUEST, Right.CHANGE_ASSESS],
            manages=("cmdb.*", *CHANGE_DRAFT),
        ),
        _role(
            "asset_manager", _("Asset manager"), _("Keeps assets, vendors and contracts right."),
            [Right.ASSET_EDIT, Right.CHANGE_REQUEST], manages=("assets.*", *CHANGE_DRAFT),
        ),
        _role(
            "reviewer", _("Inspection reviewer"), _("Defines inspections and signs them off."),
            [Right.INSPECT_REVIEW, Right.INSPECT_MANAGE], manages=("inspections.*",),
        ),
        _role(
            "integration", _("Integration"), _("A program that posts values or alerts, or asks the gate."),
            [Right.CHANGE_OBSERVE, Right.CHANGE_GATE, Right.READINGS_POST],
        ),
        _role(
            "auditor", _("Auditor"), _("Reads and exports everything, changes nothing."),
            [Right.AUDIT_READ, Right.AUDIT_EXPORT], sees=("audit.*", "accounts.*", "axes.*"),
        ),
        _role(
            "security_administrator", _("Security administrator"), _("Manages people and what they may do."),
            [Right.USER_MANAGE],
            manages=(*PEOPLE, "axes.accessattempt", "changes.board", "changes.boardseat"),
            sees=("accounts.*", "axes.*"),
        ),
        _role(
            "system_administrator", _("System administrator"), _("Runs and configures the system."),
            [Right.SYSTEM_MANAGE], manages=("procrastinate.*",), sees=("procrastinate.*",),
        ),
    )
}  # fmt: skip

# 三员分立 (GB/T 22239): these offices watch each other, so one person holds at most one of them.
OFFICES_APART = ("auditor", "security_administrator", "system_administrator")


class RightMissing(PermissionDenied):
    """The person lacks a right; the message names it and the roles that hold it."""

    def __init__(self, right: Right) -> None:
        self.right = right
        super().__init__(right)

    def __str__(self) -> str:
        roles = ", ".join(str(role.label) for role in ROLES.values() if self.right in role.rights)
        return gettext("You need the right to %(right)s. Roles that hold it: %(roles)s.") % {
            "right": self.right.label,
            "roles": roles,
        }


def rights_of(user: User | AnonymousUser) -> frozenset[Right]:
    """Every right of an active person; a superuser holds all. One query per user instance."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Right)
    return frozenset().union(*(role.rights for role in roles_of(user)))


def roles_of(user: User | AnonymousUser) -> list[Role]:
    """The roles a person holds, in the order of ROLES."""
    held = getattr(user, "role_keys", frozenset())
    return [role for key, role in ROLES.items() if key in held]


def has_right(user: User | AnonymousUser, right: Right) -> bool:
    """Whether the person may do it by role; separation of duties on a record is asked elsewhere."""
    return right in rights_of(user)


def require_right(user: User | AnonymousUser, right: Right) -> None:
    """Passes for who holds the right. Raises RightMissing (a PermissionDenied) naming it otherwise."""
    if not has_right(user, right):
        raise RightMissing(right)


def may_touch(user: User | AnonymousUser, deed: str, model_label: str) -> bool:
    """Whether roles allow view, add, change or delete on a model ("cmdb.relation").

    Deletion is allowed where managing is, for rows of inlines; main records refuse it themselves.
    """
    if not user.is_active:
        return False
    roles = roles_of(user)
    patterns = [pattern for role in roles for pattern in role.manages]
    if deed == "view" and roles:
        patterns += [*SEEN_BY_ALL, *(pattern for role in roles for pattern in role.sees)]
    return any(fnmatchcase(model_label, pattern) for pattern in patterns)


def role_choices() -> list[tuple[str, str]]:
    """Key and label of every role, for forms."""
    return [(role.key, role.label) for role in ROLES.values()]
