"""simple-history's way of reading holds over rows that PostgreSQL wrote; its ways of writing are refused."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history, update_change_reason

from accounts.models import Team, TeamMember
from audit.recorded.differences import (
    as_data,
    differences,
    told,
    told_all,
    with_own_predecessors,
    with_predecessors,
)
from audit.recorded.history import AppendOnlyError
from tests.factories import make_member, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    team = make_team(label="A")
    for label in "BC":
        Team.objects.filter(pk=team.pk).update(label=label)
    return team


def test_versions_come_newest_first_and_know_their_neighbours(team):
    newest, middle, oldest = team.history.all()
    assert [newest.label, middle.label, oldest.label] == ["C", "B", "A"]
    assert (team.history.latest(), team.history.earliest()) == (newest, oldest)
    assert (middle.prev_record, middle.next_record) == (oldest, newest)
    assert (oldest.prev_record, newest.next_record) == (None, None)


def test_as_of_finds_the_row_as_it_was(team):
    newest, middle, oldest = team.history.all()
    assert team.history.as_of(middle.history_date).label == "B"
    assert [row.label for row in Team.history.as_of(oldest.history_date).filter(pk=team.pk)] == ["A"]
    with pytest.raises(Team.DoesNotExist):
        team.history.as_of(oldest.history_date.replace(year=2000))
    moment, number = newest.history_date, team.pk
    team.delete()
    assert (
        not Team.history.as_of(Team.history.filter(id=number).latest().history_date)
        .filter(pk=number)
        .exists()
    )
    assert Team.history.as_of(moment).filter(pk=number).exists()


def test_most_recent_and_diff_against(team):
    newest, middle, _ = team.history.all()
    assert team.history.most_recent().label == "C"
    (change,) = newest.diff_against(middle).changes
    assert (change.field, change.old, change.new) == ("label", "B", "C")


def test_differences_are_told_in_words():
    member = make_member()
    other = make_team(label="Others")
    TeamMember.objects.filter(pk=member.pk).update(team=other)
    (new, old), (first, nothing) = with_predecessors(list(member.history.all()))
    assert nothing is None
    assert differences(first, None) == []
    (change,) = told(new, old)["changes"]
    assert (change["label"], change["before"], change["after"]) == ("Team", member.team.label, "Others")
    data = as_data(new, old)
    assert data["changes"] == [{"field": "team", "old": member.team_id, "new": other.pk}]
    assert (data["kind"], data["row"]["team_id"]) == ("changed", other.pk)


def test_many_versions_are_told_in_as_many_queries_as_few(django_assert_num_queries):
    """Each moves to a team of its own: the versions, those before them, the teams."""

    def moves(count):
        members = [make_member() for _ in range(count)]
        was = [member.team.label for member in members]
        now = [make_team(label=f"Now {number}") for number in range(count)]
        for member, team in zip(members, now, strict=True):
            TeamMember.objects.filter(pk=member.pk).update(team=team)
        rows = TeamMember.history.filter(history_type="~", id__in=[member.pk for member in members])
        with django_assert_num_queries(3):
            told_rows = told_all(with_own_predecessors(rows.order_by("history_id")))
        found = [(each["before"], each["after"]) for row in told_rows for each in row["changes"]]
        assert found == [(before, after.label) for before, after in zip(was, now, strict=True)]

    moves(1)
    moves(6)


def test_simple_historys_bulk_helpers_write_nothing_twice():
    teams = bulk_create_with_history([Team(key="sh", label="A")], Team)
    teams[0].label = "B"
    bulk_update_with_history(teams, Team, ["label"])
    assert [row.history_type for row in teams[0].history.all()] == ["~", "+"]


def test_whatever_would_change_history_raises(team):
    newest = team.history.first()
    for deed in (
        newest.save,
        newest.delete,
        lambda: update_change_reason(team, "afterwards"),
        lambda: team.history.all().delete(),
        lambda: team.history.update(label="forged"),
        lambda: Team.history.create(label="forged"),
        lambda: Team.history.bulk_create([newest]),
    ):
        with pytest.raises(AppendOnlyError):
            deed()
    assert team.history.count() == 3


def test_postgresql_refuses_what_goes_around_the_manager(team):
    with pytest.raises(ProgrammingError), transaction.atomic():
        team.history.all()._raw_delete("default")
    with pytest.raises(ProgrammingError), transaction.atomic():
        call_command("clean_old_history", auto=True, days=-1, verbosity=0)
    assert team.history.count() == 3


def test_skipping_history_does_not_skip_it(team, settings):
    settings.SIMPLE_HISTORY_ENABLED = False
    team.label = "D"
    team.save_without_historical_record()
    assert team.history.first().label == "D"
