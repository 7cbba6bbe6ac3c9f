"""Who may do what; the expectations are written out, not computed."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.actions import grant_role, revoke_role
from accounts.models import RoleGrant, User
from accounts.roles import ROLES, Right, RightMissing, has_right, require_right, rights_of
from audit.models import SecurityEvent
from tests.factories import make_grant, make_user

pytestmark = pytest.mark.django_db

RIGHTS = {
    "requester": "view change_request",
    "engineer": "view cmdb_edit change_request change_assess change_test change_implement change_verify"
    " change_oncall inspect",
    "change_manager": "view change_request change_assess change_verify change_manage change_import",
    "board_member": "view change_vote",
    "configuration_manager": "view cmdb_edit cmdb_model cmdb_import change_request change_assess",
    "asset_manager": "view asset_edit change_request",
    "reviewer": "view inspect_review inspect_manage",
    "integration": "view change_observe change_gate readings_post",
    "auditor": "view audit_read audit_export",
    "security_administrator": "view user_manage",
    "system_administrator": "view system_manage",
}
# role: what it may add or change, then what it may not
PERMISSIONS = [
    ("requester", "changes.add_changerequest", True),
    ("requester", "changes.change_board", False),
    ("requester", "cmdb.change_configurationitem", False),
    ("requester", "cmdb.view_configurationitem", True),
    ("requester", "accounts.view_apitoken", False),
    ("requester", "axes.view_accessattempt", False),
    ("engineer", "cmdb.change_configurationitem", True),
    ("engineer", "cmdb.add_citype", False),
    ("change_manager", "changes.add_board", True),
    ("change_manager", "cmdb.change_configurationitem", False),
    ("board_member", "changes.view_changerequest", True),
    ("board_member", "changes.change_changerequest", False),
    ("configuration_manager", "cmdb.add_citype", True),
    ("configuration_manager", "assets.change_asset", False),
    ("asset_manager", "assets.add_vendor", True),
    ("reviewer", "inspections.add_template", True),
    ("integration", "changes.add_changerequest", False),
    ("integration", "cmdb.change_configurationitem", False),
    ("auditor", "accounts.view_apitoken", True),
    ("auditor", "axes.view_accessattempt", True),
    ("auditor", "changes.view_changerequest", True),
    ("auditor", "changes.add_changerequest", False),
    ("auditor", "accounts.change_user", False),
    ("security_administrator", "accounts.change_user", True),
    ("security_administrator", "accounts.add_rolegrant", True),
    ("security_administrator", "changes.change_changerequest", False),
    ("system_administrator", "accounts.change_user", False),
    ("system_administrator", "procrastinate.view_procrastinatejob", True),
]


def test_every_role_is_described_here():
    assert set(RIGHTS) == set(ROLES)


@pytest.mark.parametrize(("role", "rights"), RIGHTS.items())
def test_rights_of_a_role_are_exactly_these(role, rights):
    assert {right.value for right in rights_of(make_user(role))} == set(rights.split())


@pytest.mark.parametrize(("role", "permission", "is_allowed"), PERMISSIONS)
def test_django_permissions_follow_the_roles(role, permission, is_allowed):
    assert make_user(role).has_perm(permission) is is_allowed


def test_auditor_may_change_nothing_at_all():
    auditor = make_user("auditor")
    labels = [
        "cmdb.relation",
        "changes.vote",
        "assets.asset",
        "inspections.run",
        "accounts.team",
        "audit.event",
    ]
    deeds = ["add", "change", "delete"]
    asked = [
        f"{app}.{deed}_{model}" for label in labels for deed in deeds for app, model in [label.split(".")]
    ]
    assert [permission for permission in asked if auditor.has_perm(permission)] == []


def test_rights_of_several_roles_add_up():
    user = make_user("requester")
    make_grant(user=user, role="board_member")
    assert has_right(user, Right.CHANGE_VOTE)
    assert has_right(user, Right.CHANGE_REQUEST)


def test_person_without_role_and_stranger_have_no_right():
    for user in (make_user(), AnonymousUser()):
        assert rights_of(user) == frozenset()
        assert not user.has_perm("cmdb.view_configurationitem")
        assert not user.has_module_perms("cmdb")


def test_deactivated_person_has_no_right():
    user = make_user("auditor", is_active=False)
    assert rights_of(user) == frozenset()
    assert not user.has_perm("changes.view_changerequest")
    assert rights_of(make_user(is_superuser=True, is_active=False)) == frozenset()


def test_superuser_holds_every_right():
    assert rights_of(make_user(is_superuser=True)) == frozenset(Right)


def test_groups_and_permissions_of_django_give_nothing():
    user = make_user("requester", is_staff=True)
    assert user.get_all_permissions() == set()


def test_missing_right_is_named_with_the_roles_that_hold_it():
    with pytest.raises(RightMissing) as caught:
        require_right(make_user("requester"), Right.AUDIT_EXPORT)
    assert str(caught.value) == "You need the right to export evidence. Roles that hold it: Auditor."
    require_right(make_user("auditor"), Right.AUDIT_EXPORT)


def test_rights_cost_one_query_per_person(django_assert_num_queries):
    user = User.objects.get(pk=make_user("engineer").pk)
    with django_assert_num_queries(1):
        assert has_right(user, Right.INSPECT)
        assert user.has_perm("cmdb.change_relation")
        assert user.has_module_perms("cmdb")


OFFICES = ["auditor", "security_administrator", "system_administrator"]


@pytest.mark.parametrize("first", OFFICES)
@pytest.mark.parametrize("second", OFFICES)
def test_three_offices_never_meet_in_one_person(first, second):
    user, admin = make_user(first), make_user("security_administrator")
    if first == second:
        assert grant_role(user, second, by=admin).role == first
        return
    with pytest.raises(ValidationError, match="three different people"):
        grant_role(user, second, by=admin)


def test_postgresql_keeps_the_offices_apart_for_raw_sql_too():
    user = make_user("auditor")
    insert = "INSERT INTO accounts_rolegrant (user_id, role, row_version) VALUES (%s, %s, 1)"
    with (
        pytest.raises(IntegrityError, match="accounts_rolegrant_offices_apart"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(insert, [user.pk, "system_administrator"])
    other = make_grant(user=user, role="requester")
    with pytest.raises(IntegrityError, match="offices_apart"), transaction.atomic():
        RoleGrant.objects.filter(pk=other.pk).update(role="security_administrator")
    with pytest.raises(IntegrityError, match="accounts_rolegrant_declared"), transaction.atomic():
        RoleGrant.objects.create(user=user, role="emperor")


def test_nobody_grants_roles_without_the_right_or_to_themselves():
    admin = make_user("security_administrator")
    with pytest.raises(PermissionDenied):
        grant_role(make_user(), "auditor", by=make_user("change_manager"))
    with pytest.raises(ValidationError, match="themselves"):
        grant_role(admin, "change_manager", by=admin)
    with pytest.raises(ValidationError):
        grant_role(make_user(), "emperor", by=admin)


def test_role_granted_and_taken_away_is_recorded():
    admin, user = make_user("security_administrator"), make_user()
    grant = grant_role(user, "engineer", by=admin)
    assert has_right(user, Right.INSPECT)
    revoke_role(user, "engineer", by=admin)
    assert not has_right(User.objects.get(pk=user.pk), Right.INSPECT)
    kinds = RoleGrant.history.filter(id=grant.pk).values_list("history_type", flat=True)
    assert list(kinds) == ["-", "+"]
    events = SecurityEvent.objects.filter(kind="permission_change", target=user.username)
    assert [(event.actor, event.detail["deed"], event.detail["role"]) for event in events] == [
        (admin.username, "taken away", "engineer"),
        (admin.username, "granted", "engineer"),
    ]
    assert "inspect" in events[0].detail["rights"]


def user_form(user, *roles):
    """What the administration's user page sends: these roles as new rows."""
    prefix = "role_grants"
    form = {"username": user.username, "is_active": "on", "memberships-TOTAL_FORMS": 0}
    form |= {
        "memberships-INITIAL_FORMS": 0,
        f"{prefix}-TOTAL_FORMS": len(roles),
        f"{prefix}-INITIAL_FORMS": 0,
    }
    return form | {f"{prefix}-{n}-role": role for n, role in enumerate(roles)}


def test_user_page_grants_roles_and_records_it(client):
    admin, user = make_user("security_administrator"), make_user()
    client.force_login(admin, backend="accounts.permissions.RoleBackend")
    page = f"/admin/accounts/user/{user.pk}/change/"
    answer = client.post(page, user_form(user, "engineer", "auditor"))
    assert answer.status_code == 302, answer.context["errors"]
    assert set(user.role_grants.values_list("role", flat=True)) == {"engineer", "auditor"}
    events = SecurityEvent.objects.filter(
        kind="permission_change", target=user.username, actor=admin.username
    )
    assert {event.detail["role"] for event in events} == {"engineer", "auditor"}
    assert RoleGrant.history.filter(user_id=user.pk).first().history_user_id == admin.pk


def test_user_page_refuses_two_offices_and_ones_own_roles(client):
    admin, user = make_user("security_administrator"), make_user()
    client.force_login(admin, backend="accounts.permissions.RoleBackend")
    two = client.post(
        f"/admin/accounts/user/{user.pk}/change/", user_form(user, "auditor", "system_administrator")
    )
    assert two.status_code == 200
    assert "three different people" in two.content.decode()
    assert not user.role_grants.exists()
    own = user_form(admin, "change_manager")
    own |= {"role_grants-INITIAL_FORMS": 0}
    assert client.post(f"/admin/accounts/user/{admin.pk}/change/", own).status_code == 200
    assert set(admin.role_grants.values_list("role", flat=True)) == {"security_administrator"}


def test_superuser_is_edited_by_superusers_alone(client):
    client.force_login(make_user("security_administrator"), backend="accounts.permissions.RoleBackend")
    root = make_user(is_superuser=True)
    page = f"/admin/accounts/user/{root.pk}/"
    assert client.post(f"{page}change/", user_form(root, "auditor")).status_code == 403
    assert client.post(f"{page}password/", {"password1": "x", "password2": "x"}).status_code == 403


def test_user_is_never_deleted(client):
    client.force_login(make_user(is_superuser=True), backend="accounts.permissions.RoleBackend")
    user = make_user()
    assert client.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403


def test_password_set_for_somebody_else_is_recorded(client):
    admin, user = make_user("security_administrator"), make_user()
    client.force_login(admin, backend="accounts.permissions.RoleBackend")
    page, words = f"/admin/accounts/user/{user.pk}/password/", {"password1": "Fresh-water-77"}
    assert client.post(page, words | {"password2": "other", "usable_password": "true"}).status_code == 200
    assert not SecurityEvent.objects.filter(target=user.username).exists()
    answer = client.post(page, words | {"password2": "Fresh-water-77", "usable_password": "true"})
    assert answer.status_code == 302
    event = SecurityEvent.objects.get(target=user.username)
    assert (event.actor, event.detail) == (admin.username, {"deed": "password set"})
