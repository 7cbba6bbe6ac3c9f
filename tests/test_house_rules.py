"""The rules of the house, asked of every model, admin page and endpoint that is registered.

A new model, admin class or endpoint is tested here without a line written; what fails says what to add.
"""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError, connection, models, transaction
from django.db.models.signals import m2m_changed, post_delete, pre_delete
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from audit.recorded.models import RecordedModel
from config.api import router
from tests.factories import MAKERS, make_user

pytestmark = pytest.mark.django_db

OUR_APPS = {"audit", "accounts", "cmdb", "assets", "changes", "inspections"}
#: Tables that nobody edits and no auditor asks about: each with its reason.
NEITHER_RECORDED_NOR_APPEND_ONLY = {
    "audit.transaction": "it is the record itself, written by PostgreSQL",
    "changes.steprule": "it is workflow.py in PostgreSQL, written by migrations; a test holds the two equal",
    "accounts.notice": "messages about what is recorded elsewhere; a trigger keeps them as they were told",
    "accounts.user_groups": "Django's own and unused: roles are granted in accounts.RoleGrant",
    "accounts.user_user_permissions": "Django's own and unused: roles are granted in accounts.RoleGrant",
}
#: Recorded models without a page of their own in the admin: each with the page that shows them.
PARTS_OF_A_CHANGE = """
    changeitem assignment consultation changelink impactconfirmation testcase testrun templatevote
    criterion criterionresult planstage plantask
    plandocument plannedoperation driftdecision rollbackstep approvalround roundstep roundseat
    voteconfirmation remark roundreading stepescalation
    deviation criterionbreach causedincident presenceconfirmation
"""
NOT_IN_THE_ADMIN: dict[str, str] = {
    f"changes.{name}": "the page of the change" for name in PARTS_OF_A_CHANGE.split()
} | {f"changes.{name}": "the page of the meeting" for name in ("boardmeeting", "agendaitem", "attendance")}
NOT_IN_THE_ADMIN["changes.changeimport"] = "the page of imports"
NOT_IN_THE_ADMIN["changes.unauthorisedwrite"] = "the list of unauthorised writes"
NOT_IN_THE_ADMIN["changes.unauthorisedrow"] = "the page of an unauthorised write"
NOT_IN_THE_ADMIN["changes.controldebt"] = "the change that wrote early"
NOT_IN_THE_ADMIN |= {
    "inspections.reportissue": "the list of issued reports",
    "inspections.reportorder": "the page of a report that is being made",
    "inspections.reportschedule": "the list of report schedules",
    "inspections.reportrecipient": "the page of a report schedule",
    "inspections.reportsending": "the page of a report schedule",
}
NOT_IN_THE_ADMIN["accounts.noticepreference"] = "one's own page “Which mail I get”"


def is_history(model):
    return "history_txn" in {field.name for field in model._meta.get_fields()}


OURS = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in OUR_APPS and not is_history(model)
]
SHOWN = [model for model in OURS if model._meta.label_lower not in NEITHER_RECORDED_NOR_APPEND_ONLY]
RECORDED = [model for model in OURS if issubclass(model, RecordedModel)]
ADMINS = [(model, page) for model, page in admin.site._registry.items() if model._meta.app_label in OUR_APPS]
ENDPOINTS = [(prefix, viewset, basename) for prefix, viewset, basename in router.registry]


def each(found, name=lambda one: one._meta.label):
    return [pytest.param(one, id=name(one)) for one in found]


each_model = pytest.mark.parametrize("model", each(OURS))
each_shown = pytest.mark.parametrize("model", each(SHOWN))
each_recorded = pytest.mark.parametrize("model", each(RECORDED))
each_page = pytest.mark.parametrize(
    ("model", "model_admin"), [pytest.param(*one, id=one[0]._meta.label) for one in ADMINS]
)
each_endpoint = pytest.mark.parametrize(
    ("prefix", "viewset", "basename"), [pytest.param(*one, id=one[0]) for one in ENDPOINTS]
)


def make(model):
    if model not in MAKERS:
        pytest.fail(f"{model._meta.label}: add a make_… function and its MAKERS line to tests/factories.py.")
    return MAKERS[model]()


@pytest.fixture
def chief(client):
    """A browser in which somebody with every right is logged in."""
    client.force_login(make_user(is_superuser=True))
    return client


def queries_of(client, url):
    """How many queries a page costs, apart from those for permissions that only the first visit pays."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(url)
    assert response.status_code == 200, f"{url} answers {response.status_code}."
    return len(captured), captured


def assert_constant(client, url, model, what):
    make(model)
    queries_of(client, url)
    one, _ = queries_of(client, url)
    for _ in range(5):
        make(model)
    six, captured = queries_of(client, url)
    listing = "\n".join(query["sql"][:160] for query in captured)
    assert six <= one, (
        f"{what} costs {one} queries for 1 row and {six} for 6: add list_select_related, select_related or "
        f"prefetch_related.\n{listing}"
    )


# Models


@each_model
def test_every_table_is_recorded_or_only_grows(model):
    if issubclass(model, RecordedModel) or model._meta.label_lower in NEITHER_RECORDED_NOR_APPEND_ONLY:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM audit.protected WHERE to_regclass(tbl) = to_regclass(%s)",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        assert cursor.fetchone(), (
            f"{model._meta.label}: inherit RecordedModel, or let a migration call audit.protect("
            f"'{model._meta.db_table}') if its rows never change, or say why not in "
            "NEITHER_RECORDED_NOR_APPEND_ONLY."
        )


@each_recorded
def test_postgresql_writes_its_history(model):
    history = model.history.model
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger t"
            " JOIN audit.tracked r ON to_regclass(r.tbl) = t.tgrelid"
            " WHERE t.tgrelid = to_regclass(%s) AND to_regclass(r.hist) = to_regclass(%s)"
            " AND t.tgenabled = 'A'",
            [connection.ops.quote_name(each._meta.db_table) for each in (model, history)],
        )
        triggers = {name for (name,) in cursor.fetchall()}
    wanted = {f"zz_audit_{kind}" for kind in ("i", "u", "d", "t", "pk", "version")}
    assert wanted <= triggers, (
        f"{model._meta.label}: run makemigrations; the migration installs the triggers."
    )
    left_out = {model._meta.get_field(name).attname for name in getattr(model, "unrecorded_fields", ())}
    columns = {field.attname for field in model._meta.concrete_fields} - left_out
    assert columns <= {field.attname for field in history._meta.concrete_fields}


@each_recorded
def test_what_it_writes_can_be_read_back(model):
    row = make(model)
    assert row.history.earliest().history_type == "+"
    assert row.history.as_of(row.history.latest().history_date) == row


@each_shown
def test_it_has_an_order_and_says_what_it_is(model):
    label = model._meta.label
    assert model._meta.ordering, f"{label}: give its Meta an ordering, so that pages are stable."
    assert model.__str__ is not models.Model.__str__, f"{label}: add __str__, it is what people see."


@each_shown
def test_its_names_are_translated(model):
    label, meta = model._meta.label, model._meta
    assert isinstance(meta.verbose_name, Promise), f"{label}: verbose_name = _(…) in its Meta."
    assert isinstance(meta.verbose_name_plural, Promise), f"{label}: verbose_name_plural = _(…) in its Meta."
    plain = [
        field.name
        for field in meta.get_fields()
        if getattr(field, "concrete", False)
        and field.editable
        and not (field.auto_created or getattr(field, "primary_key", False))
        and not isinstance(field.verbose_name, Promise)
    ]
    assert plain == [], (
        f"{label}: these fields need a translated name (first argument or verbose_name=): {plain}."
    )


@each_recorded
def test_it_uses_nothing_that_history_cannot_follow(model):
    label, meta = model._meta.label, model._meta
    assert not meta.parents, f"{label}: multi-table inheritance loses the parent's columns in history."
    automatic = [
        field.name for field in meta.local_many_to_many if field.remote_field.through._meta.auto_created
    ]
    inherited = {"groups", "user_permissions"}  # Django's own on the user: roles take their place
    assert set(automatic) <= inherited, f"{label}: {automatic} need an explicit, recorded through model."
    assert not model.history.model._history_m2m_fields, f"{label}: m2m_fields copies all rows at every save."
    ticking = [field.name for field in meta.local_fields if getattr(field, "auto_now", False)]
    assert ticking == [], f"{label}: auto_now makes every save a change: {ticking}; history knows the time."
    heard = [
        signal_name
        for signal_name, signal in {"pre_delete": pre_delete, "post_delete": post_delete}.items()
        if signal.has_listeners(model)
    ]
    assert heard == [], f"{label}: {heard} receivers cost the fast delete; use a trigger or an action."
    assert not m2m_changed.has_listeners(model)


# Admin


@each_recorded
def test_it_stands_in_the_admin(model):
    shown = set(dict(ADMINS)) | {inline.model for _, model_admin in ADMINS for inline in model_admin.inlines}
    if model not in shown and model._meta.label_lower not in NOT_IN_THE_ADMIN:
        pytest.fail(
            f"{model._meta.label}: register a RecordedAdmin in {model._meta.app_label}/admin.py, "
            "or an inline, or name the page that shows it in NOT_IN_THE_ADMIN."
        )


@each_page
def test_its_list_costs_the_same_for_one_row_and_for_six(model, model_admin, chief):
    if model._meta.app_label == "audit":
        return
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert_constant(chief, url, model, f"The admin list of {model._meta.label}")


@each_page
def test_its_forms_open(model, model_admin, chief, rf):
    if model._meta.app_label == "audit":
        return
    row = make(model)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert chief.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    request = rf.get("/")
    request.user = make_user(is_superuser=True)
    if model_admin.has_add_permission(request):
        assert chief.get(reverse(f"{name}_add")).status_code == 200
    assert not model_admin.has_delete_permission(request) or not issubclass(model, RecordedModel), (
        f"{model._meta.label}: a recorded row is not deleted in the admin; inherit RecordedAdmin."
    )


@each_page
def test_its_history_page_opens_and_stays_cheap(model, model_admin, chief):
    if not issubclass(model, RecordedModel):
        return
    row = make(model)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    url = reverse(f"{name}_history", args=[row.pk])
    queries_of(chief, url)
    first, _ = queries_of(chief, url)
    if not add_versions(row):
        return
    # One more at most: the differences of the first version need the one before it.
    many, captured = queries_of(chief, url)
    listing = "\n".join(query["sql"][:160] for query in captured)
    assert many <= first + 1, f"The history of {model._meta.label} costs {many} queries.\n{listing}"
    assert (
        chief.get(reverse(f"{name}_simple_history", args=[row.pk, row.history.first().pk])).status_code == 200
    )


def add_versions(row):
    """Whether the row now has five versions more; some rows are never changed."""
    for field in row._meta.local_concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and not (
            field.choices or field.primary_key
        ):
            try:
                with transaction.atomic():
                    for number in range(5):
                        type(row)._base_manager.filter(pk=row.pk).update(**{field.name: f"v{number}"})
                return True
            except DatabaseError:
                continue
    return False


# API


@each_endpoint
def test_strangers_are_refused(prefix, viewset, basename, client):
    for url in urls_of(basename):
        for method in ("get", "post", "put", "patch", "delete"):
            status = getattr(client, method)(url).status_code
            assert status in {401, 403, 405}, f"{method.upper()} {url} answers a stranger with {status}."


@each_endpoint
def test_nothing_is_deleted_over_the_api(prefix, viewset, basename):
    model = model_of(viewset)
    if model is None or issubclass(model, RecordedModel):
        assert not hasattr(viewset, "destroy"), (
            f"/api/{prefix}/: a recorded row stays; inherit RecordedViewSet."
        )


@each_endpoint
def test_its_answer_costs_the_same_for_one_row_and_for_six(prefix, viewset, basename, chief):
    model = model_of(viewset)
    if model is None or not hasattr(viewset, "list"):
        return
    assert_constant(chief, reverse(f"{basename}-list"), model, f"/api/{prefix}/")


def model_of(viewset):
    queryset = getattr(viewset, "queryset", None)
    return None if queryset is None else queryset.model


def urls_of(basename):
    found = []
    for name, arguments in ((f"{basename}-list", []), (f"{basename}-detail", ["1"])):
        try:
            found.append(reverse(name, args=arguments))
        except NoReverseMatch:
            continue
    assert found, f"{basename}: neither list nor detail has a route in config/api.py."
    return found
