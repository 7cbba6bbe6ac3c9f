"""The pages of a change: who sees which button, and what a POST does that no button offered."""

import pytest
from django.urls import reverse

from audit.models import SecurityEvent
from changes.actions import add_task, cast_vote, take_step
from changes.models import Vote
from tests.changes import journey
from tests.factories import (
    make_attribute,
    make_freeze,
    make_grant,
    make_item,
    make_member,
    make_team,
    make_type,
    make_user,
)


@pytest.fixture
def log_in(client):
    def as_user(user):
        client.force_login(user)
        return client

    return as_user


def url(name, change, *rest):
    return reverse(f"changes:{name}", args=[change.number, *rest])


def seat_of(change, user):
    return change.rounds.get(closed_at=None).steps.get(seats__user=user).seats.get(user=user)


def test_every_tab_of_the_queue_opens_and_a_search_finds_by_number(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    other = journey.draft(cast, item=make_item(serial="ELSE"))
    client = log_in(cast.owner)
    for tab in (
        "waiting",
        "mine",
        "approving",
        "scheduled",
        "progress",
        "verify",
        "ratify",
        "decided",
        "all",
    ):
        assert client.get(reverse("changes:queue"), {"tab": tab}).status_code == 200
    waiting = client.get(reverse("changes:queue"), {"tab": "waiting"})
    assert [row.number for row in waiting.context["rows"]] == [change.number]
    assert (waiting.context["rows"][0].votes_given, waiting.context["rows"][0].votes_needed) == (0, 1)
    found = client.get(reverse("changes:queue"), {"tab": "all", "q": other.number})
    assert [row.number for row in found.context["rows"]] == [other.number]


def test_the_queue_costs_the_same_for_one_and_for_six(cast, log_in, django_assert_max_num_queries):
    for n in range(3):  # enough for each kind of collision to be looked for
        journey.draft(cast, item=make_item(serial=f"F{n}"))
    client = log_in(cast.requester)
    client.get(reverse("changes:queue"), {"tab": "all"})
    with django_assert_max_num_queries(30) as one:
        client.get(reverse("changes:queue"), {"tab": "all"})
    for n in range(5):
        journey.draft(cast, item=make_item(serial=f"S{n}"))
    with django_assert_max_num_queries(30) as six:
        client.get(reverse("changes:queue"), {"tab": "all"})
    assert len(one) == len(six)


def test_the_page_costs_the_same_for_more_rows_of_a_plan(cast, log_in, django_assert_max_num_queries):
    change = journey.draft(cast)
    client = log_in(cast.requester)
    client.get(url("change", change))
    with django_assert_max_num_queries(150) as few:
        client.get(url("change", change))
    for n in range(5):
        add_task(change, f"More {n}", by=cast.requester)
        journey.add_operation(change, make_item(serial=f"S{n}"), {"serial": f"T{n}"}, by=cast.requester)
    with django_assert_max_num_queries(150) as many:
        client.get(url("change", change))
    assert len(few) == len(many)


def test_who_has_no_role_is_refused(cast, log_in):
    change = journey.draft(cast)
    client = log_in(make_user())
    assert client.get(reverse("changes:queue")).status_code == 403
    assert client.get(url("change", change)).status_code == 403


def test_a_member_votes_and_the_change_moves(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    client = log_in(cast.owner)
    seat = seat_of(change, cast.owner)
    shown = client.get(url("change", change))
    assert f'data-dialog="vote-{seat.pk}-approve"' in shown.content.decode()
    form = {"seat": seat.pk, "choice": "approve", "comment": "", "plan_hash": change.plan_hash}
    assert client.post(url("vote", change), form).status_code == 302
    change.refresh_from_db()
    assert change.state == "scheduled"


def test_the_requesters_vote_button_is_disabled_with_its_reason(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    page = log_in(cast.requester).get(url("change", change)).content.decode()
    assert "You asked for this change; somebody else decides on it." in page
    assert 'data-dialog="vote-' not in page


def test_a_forged_vote_by_the_requester_is_refused_and_recorded(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    seat = seat_of(change, cast.owner)
    answer = log_in(cast.requester).post(url("vote", change), {"seat": seat.pk, "choice": "approve"})
    assert answer.status_code == 409
    assert "somebody else decides" in answer.content.decode()
    assert not Vote.objects.exists()
    assert SecurityEvent.objects.filter(
        kind="refusal", actor_id=cast.requester.pk, target=change.number
    ).exists()


def test_a_vote_on_a_plan_that_was_edited_since_is_refused(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    seat = seat_of(change, cast.owner)
    form = {"seat": seat.pk, "choice": "approve", "plan_hash": "0" * 64}
    answer = log_in(cast.owner).post(url("vote", change), form)
    assert answer.status_code == 409
    assert "edited since you opened the page" in answer.content.decode()
    assert not Vote.objects.exists()


def test_a_rejection_without_a_reason_comes_back_with_the_dialog_open(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    seat = seat_of(change, cast.owner)
    answer = log_in(cast.owner).post(
        url("vote", change), {"seat": seat.pk, "choice": "reject", "comment": " "}
    )
    assert answer.status_code == 400
    assert "Say why you reject" in answer.content.decode()
    assert "data-open" in answer.content.decode()


def recorded_codes(change, user):
    """The reasons that stand in the record of the one refusal of this person."""
    (event,) = SecurityEvent.objects.filter(kind="refusal", actor_id=user.pk, target=change.number)
    return {reason["code"] for reason in event.detail["reasons"]}


def test_a_forged_step_is_refused_with_every_reason_and_recorded(cast, log_in):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    make_freeze()
    answer = log_in(cast.requester).post(url("step", change, "start"))
    assert answer.status_code == 409
    told = {refusal.code for refusal in answer.context["refused"]["refusals"]}
    assert told == recorded_codes(change, cast.requester) == {"who", "no_hard_freeze"}
    page = answer.content.decode()
    assert "This step is for: implementer" in page
    assert "A freeze is in force" in page
    change.refresh_from_db()
    assert change.state == "scheduled"


@pytest.mark.parametrize(("event", "who"), [("hold", "implementer"), ("cancel", "verifier")])
def test_a_forged_step_of_a_change_manager_is_refused_to_who_has_not_the_right(cast, log_in, event, who):
    """PostgreSQL knows no roles: here the page stands alone."""
    change, person = journey.draft(cast), getattr(cast, who)
    journey.to_scheduled(cast, change)
    answer = log_in(person).post(url("step", change, event), {f"{event}-comment": "Because."})
    assert answer.status_code == 409
    assert recorded_codes(change, person) == {"who"}
    change.refresh_from_db()
    assert (change.state, change.on_hold) == ("scheduled", False)


def test_a_part_in_the_change_is_nothing_without_the_right(cast, log_in):
    """Named to implement it, and an engineer no more."""
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    cast.implementer.role_grants.all().delete()
    make_grant(user=cast.implementer, role="requester")
    answer = log_in(cast.implementer).post(url("step", change, "start"))
    assert answer.status_code == 409
    assert recorded_codes(change, cast.implementer) == {"who"}
    change.refresh_from_db()
    assert change.state == "scheduled"


def test_nothing_happens_on_get(cast, log_in):
    change = journey.draft(cast)
    client = log_in(cast.requester)
    for name, rest in (("step", ["submit"]), ("vote", []), ("revert", []), ("confirm-impact", [])):
        assert client.get(url(name, change, *rest)).status_code == 405
    change.refresh_from_db()
    assert change.state == "draft"


def test_an_edit_says_what_it_voids_before_it_is_saved(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    page = log_in(cast.requester).get(url("edit", change)).content.decode()
    assert "The open round of voting, in which nobody has voted yet" in page
    assert "1 test run made with this plan" in page


def test_two_editors_do_not_overwrite_each_other(cast, log_in):
    change = journey.draft(cast)
    client = log_in(cast.requester)
    form = {"kind": "normal", "title": "Mine", "downtime_minutes": 0, "row_version": change.row_version}
    assert client.post(url("edit", change), form).status_code == 302
    late = client.post(url("edit", change), form | {"title": "Late"})
    assert late.status_code == 409
    assert "Late" in late.content.decode()
    change.refresh_from_db()
    assert change.title == "Mine"


def test_a_plan_is_written_row_by_row(cast, log_in):
    client = log_in(cast.requester)
    made = client.post(reverse("changes:new"), {"kind": "normal", "title": "By page", "downtime_minutes": 5})
    change = cast.requester.requested_changes.get(title="By page")
    assert made.url == url("edit", change)
    item = make_item(serial="OLD")
    rows = {
        "items": {"item": item.address},
        "operations": {"item": item.address, "field": "serial", "after": "NEW"},
        "people": {"role": "implementer", "user": cast.implementer.pk},
        "tasks": {"phase": "implementation", "position": 1, "label": "Do it"},
        "rollback": {"position": 1, "label": "Undo it"},
        "criteria": {"metric": "Errors", "comparison": "le", "threshold": "0.1", "observation_minutes": 5},
    }
    for kind, row in rows.items():
        data = {f"{kind}-{name}": value for name, value in row.items()}
        assert client.post(url("add", change, kind), data).status_code == 302, kind
    operation = change.operations.get()
    assert (operation.before, operation.after) == ({"serial": "OLD"}, {"serial": "NEW"})
    assert client.post(url("remove", change, "tasks", change.tasks.get().pk)).status_code == 302
    assert not change.tasks.exists()


def test_an_item_that_does_not_exist_is_named(cast, log_in):
    change = journey.draft(cast)
    answer = log_in(cast.requester).post(url("add", change, "items"), {"items-item": "host:nowhere"})
    assert answer.status_code == 400
    assert "There is no item &quot;host:nowhere&quot;" in answer.content.decode()


def test_history_names_every_step_and_what_the_change_wrote(cast, log_in):
    change = journey.draft(cast)
    journey.to_implementing(cast, change)
    journey.do_the_work(cast, change)
    page = log_in(cast.board[0]).get(url("history", change))
    assert [event.event for event in page.context["dossier"].events] == [
        "start", "approve", "tested", "assessed", "submit",
    ]  # fmt: skip
    (row,) = page.context["item_rows"]
    assert [(each["before"], each["after"]) for each in row["changes"]] == [("OLD", "NEW")]


def test_a_locked_plan_refuses_rows(cast, log_in):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    cast_vote(change.rounds.get(closed_at=None), by=cast.owner, choice="approve")
    data = {"tasks-phase": "implementation", "tasks-label": "Late", "tasks-position": 9}
    answer = log_in(cast.requester).post(url("add", change, "tasks"), data)
    assert answer.status_code == 409
    assert "The plan is locked" in answer.content.decode()


def test_the_other_steps_are_told_with_who_takes_them(cast, log_in):
    change = journey.draft(cast)
    take_step(change, "submit", by=cast.requester)
    page = log_in(cast.requester).get(url("change", change)).content.decode()
    assert "This step is for: assessor" in page


def test_the_owners_of_an_item_find_the_question_on_the_page_and_answer_it(cast, log_in):
    member = make_member()
    change = journey.draft(cast, item=make_item(serial="S1", owner_team=member.team))
    take_step(change, "submit", by=cast.requester)
    client = log_in(cast.requester)
    asked = url("consult", change, member.team_id)
    assert asked not in client.get(url("change", change)).content.decode()
    client.post(asked, {"answer": "agreed"})
    assert change.consultations.get().answer == "asked"
    client = log_in(member.user)
    make_grant(user=member.user, role="engineer")
    assert asked in client.get(url("change", change)).content.decode()
    client.post(asked, {"answer": "agreed", "comment": "Fine."})
    assert change.consultations.get().answer == "agreed"
    assert asked not in client.get(url("change", change)).content.decode()
    assert client.post(url("consult", change, make_team().pk), {"answer": "agreed"}).status_code == 404


def filled(row):
    return {f"operations-{name}": value for name, value in row.items()}


def test_a_planned_value_is_of_the_kind_of_its_attribute(cast, log_in):
    kind = make_type()
    for key, of in (
        ("memory", "number"),
        ("cores", "integer"),
        ("tags", "list"),
        ("is_backed_up", "boolean"),
    ):
        make_attribute(type=kind, key=key, kind=of)
    change, item = journey.draft(cast), make_item(type=kind)
    client = log_in(cast.requester)
    before = change.operations.count()
    for key, text in (("memory", "32"), ("cores", "8"), ("tags", "a; b"), ("is_backed_up", "是")):
        data = {
            "operations-item": item.address,
            "operations-field": f"attributes.{key}",
            "operations-after": text,
        }
        assert client.post(url("add", change, "operations"), data).status_code == 302, key
    planned = {}
    for operation in change.operations.all()[before:]:
        planned |= operation.after
    assert planned == {
        "attributes.memory": 32, "attributes.cores": 8, "attributes.tags": ["a", "b"],
        "attributes.is_backed_up": True,
    }  # fmt: skip
    data = {
        "operations-item": item.address,
        "operations-field": "attributes.cores",
        "operations-after": "many",
    }
    refused = client.post(url("add", change, "operations"), data)
    assert refused.status_code == 400
    assert "must be a whole number" in refused.content.decode()
