"""The calendar: what stands on it, on the reader's clock, and what the page costs."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from django.utils import timezone

from changes.actions import take_step
from changes.forward import by_day, on_the_wall, period_of, planned, read_day
from tests.changes import journey
from tests.factories import (
    make_change,
    make_freeze,
    make_item,
    make_maintenance,
    make_member,
    make_relation,
    make_team,
    make_user,
)

BERLIN, NEW_YORK, SHANGHAI = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Shanghai"),
)


@pytest.fixture
def reader(client, db):
    user = make_user("engineer")
    client.force_login(user)
    return client


def page(client, **asked):
    return client.get(reverse("changes:calendar"), asked)


def submitted(**fields):
    change = make_change(**fields)
    change.assignments.create(user=make_user("engineer"), role="assessor")
    take_step(change, "submit", by=change.requester)
    return change


def numbers(response):
    return [change.number for day in response.context["days"] for change in day.changes]


def window(*when, zone=UTC, hours=2):
    start = datetime(*when, tzinfo=zone)
    return (start, start + timedelta(hours=hours))


# Time


def test_periods_are_whole_weeks_of_the_reader():
    month = period_of("month", date(2026, 11, 22))
    assert (month.first, month.after, month.previous, month.following) == (
        date(2026, 10, 26), date(2026, 12, 7), date(2026, 10, 1), date(2026, 12, 1),
    )  # fmt: skip
    week = period_of("week", date(2026, 11, 22))
    assert (week.first, week.after) == (date(2026, 11, 16), date(2026, 11, 23))
    assert period_of("month", date(2026, 1, 31)).following == date(2026, 2, 1)
    assert period_of("month", date(2027, 2, 15)).first == date(2027, 2, 1)  # a Monday: no week before it
    assert period_of("month", date(2027, 2, 15)).after == date(2027, 3, 1)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none_is_today(text):
    assert read_day(text) == timezone.localdate()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 167),
        (BERLIN, date(2026, 10, 25), 169),
        (NEW_YORK, date(2026, 3, 8), 167),
        (NEW_YORK, date(2026, 11, 1), 169),
        (SHANGHAI, date(2026, 3, 29), 168),
    ],
)
def test_a_week_in_which_the_clocks_change_lasts_from_midnight_to_midnight(zone, day, hours):
    with timezone.override(zone):
        week = period_of("week", day)
        assert (week.end - week.start) == timedelta(hours=hours)
        for each in (week.start, week.end):
            assert timezone.localtime(each).strftime("%a %H:%M") == "Mon 00:00"


@pytest.mark.parametrize(
    ("zone", "start", "minutes", "shown"),
    [
        # Europe, spring: 01:30 to 03:30 is one hour long. Autumn: 02:30 summer time to 02:15 winter time.
        (BERLIN, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60, ("01:30", "03:30")),
        (BERLIN, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 45, ("02:30", "03:15")),
        (NEW_YORK, datetime(2026, 3, 8, 6, 30, tzinfo=UTC), 60, ("01:30", "03:30")),
        (NEW_YORK, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 45, ("01:30", "02:15")),
    ],
)
def test_windows_stand_on_the_readers_clock_also_where_it_jumps(zone, start, minutes, shown):
    with timezone.override(zone):
        week = period_of("week", timezone.localtime(start).date())
        wall = on_the_wall(DateTimeTZRange(start, start + timedelta(minutes=minutes)), week)
        assert tuple(each.strftime("%H:%M") for each in wall) == shown
        assert wall[0] < wall[1]


def test_a_change_stands_on_the_day_of_the_reader(reader, settings):
    change = submitted(window=window(2026, 11, 10, 17))  # 01:00 of the next day in Shanghai, noon in New York
    for zone, day in (("Asia/Shanghai", date(2026, 11, 11)), ("America/New_York", date(2026, 11, 10))):
        user = make_user("engineer", time_zone=zone)
        reader.force_login(user)
        response = page(reader, date="2026-11-10")
        found = next(each for each in response.context["days"] if change in each.changes)
        assert found.day == day
        assert zone in response.content.decode()


def test_windows_of_days_and_of_years_are_cut_to_what_is_shown(reader):
    long = submitted(window=(datetime(2014, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)))
    for view in ("month", "week", "timeline", "list"):
        response = page(reader, view=view, date="2026-11-22")
        assert numbers(response) == [long.number]
        if drawn := response.context["drawn"]:
            shown = drawn["events"][0]
            period = response.context["period"]
            assert shown["start"] == f"{period.first}T00:00:00"
            assert shown["end"] == f"{period.after}T00:00:00"
    assert "2014-01-01" in response.content.decode()
    assert page(reader, date="2032-06-01").context["days"] == []


def test_a_window_of_no_length_stands_nowhere(reader):
    start = datetime(2026, 11, 10, tzinfo=UTC)
    make_change(window=(start, start))
    assert numbers(page(reader, date="2026-11-10", mine=1)) == []


def test_what_began_before_is_told_once_on_the_first_day(reader):
    period = period_of("week", date(2026, 11, 22))
    change = submitted(window=(period.start - timedelta(days=3), period.start + timedelta(days=2)))
    (day,) = by_day(period, [change], [])
    assert (day.day, day.changes[0].began_before) == (period.first, True)


# What is shown


def test_drafts_are_their_peoples_own_and_what_is_off_is_not_shown(client, cast):
    draft = journey.draft(cast)
    gone = journey.draft(cast, item=make_item(serial="B"))
    take_step(gone, "withdraw", by=cast.requester, comment="No")
    client.force_login(cast.requester)
    assert numbers(page(client)) == []
    assert numbers(page(client, mine=1)) == [draft.number]
    client.force_login(make_user("engineer"))
    assert numbers(page(client, mine=1)) == []


def test_an_emergency_without_a_window_stands_where_the_work_is(client, cast):
    change = journey.emergency(cast)
    for member in cast.emergency:
        if opened := change.rounds.filter(closed_at=None).first():
            journey.cast_vote(opened, by=member, choice="approve")
            change.refresh_from_db()
    client.force_login(cast.requester)
    assert numbers(page(client)) == [change.number]


def test_filters(client, cast):
    team = make_team()
    service, host = make_item("application"), make_item(serial="A", owner_team=team)
    make_relation(source=service, target=host)
    ours = submitted(items=[host], kind="normal")
    other = submitted()
    client.force_login(make_user("engineer"))
    assert set(numbers(page(client))) == {ours.number, other.number}
    assert numbers(page(client, service=service.pk)) == [ours.number]
    assert numbers(page(client, team=team.pk)) == [ours.number]
    assert numbers(page(client, kind="emergency")) == []
    assert len(numbers(page(client, kind="nonsense", service="x'", team="9" * 30))) == 0
    assert "Clear the filters" in page(client, kind="emergency").content.decode()


def test_collisions_and_freezes_are_marked(client, cast):
    item = make_item()
    one, other, apart = submitted(items=[item]), submitted(items=[item]), submitted()
    make_freeze(label="Year end")
    client.force_login(make_user("engineer"))
    response = page(client, view="week")
    marks = {event["id"]: event["classNames"] for event in response.context["drawn"]["events"]}
    assert "is-colliding" in marks[one.number]
    assert "is-colliding" in marks[other.number]
    assert "is-colliding" not in marks[apart.number]
    assert any("is-freeze" in names for names in marks.values())
    assert "Year end" in response.content.decode()


def test_maintenance_windows_are_marked_in_a_week_and_its_rows(client, cast):
    service = make_item("service")
    make_maintenance(label="Sunday night", service=service)
    change = submitted(items=[make_item()], window=window(2026, 11, 18, hours=4))
    change.change_items.create(item=service, impact="computed")
    client.force_login(make_user("engineer"))
    for view in ("week", "timeline"):
        response = page(client, view=view, date="2026-11-18")
        marked = [e for e in response.context["drawn"]["events"] if "is-maintenance" in e["classNames"]]
        assert marked, view
        assert "Sunday night" in response.content.decode()
    assert marked[0]["resourceIds"] == [str(service.pk)]
    assert "Sunday night" not in page(client, view="month", date="2026-11-18").content.decode()


def test_a_freeze_shades_the_rows_that_it_touches_and_no_other(client, cast):
    one, other = make_item("service"), make_item("service")
    host = make_item()
    for service, items in ((one, [host]), (other, [make_item()])):
        change = submitted(items=items)
        change.change_items.create(item=service, impact="computed")
    make_freeze(item=host)
    client.force_login(make_user("engineer"))
    drawn = page(client, view="timeline").context["drawn"]
    shade = next(event for event in drawn["events"] if "is-freeze" in event["classNames"])
    assert shade["resourceIds"] == [str(one.pk)]


def test_a_change_stands_in_the_row_of_each_service_it_affects(client, cast):
    service = make_item("service", name="Payments")
    change = submitted(items=[make_item()])
    change.change_items.create(item=service, impact="computed")
    client.force_login(make_user("engineer"))
    drawn = page(client, view="timeline").context["drawn"]
    assert {"id": str(service.pk), "title": "Payments"} in drawn["resources"]
    assert drawn["events"][0]["resourceIds"] == [str(service.pk)]


def test_the_address_says_what_is_shown(reader):
    response = page(reader, view="week", date="2026-11-22", kind="normal")
    assert response.context["previous"] == "?view=week&date=2026-11-15&kind=normal"
    assert response.context["following"] == "?view=week&date=2026-11-29&kind=normal"
    assert "kind=normal" in response.context["views"][0][1]


def test_an_empty_calendar_says_so(reader):
    assert "Nothing is planned for these days." in page(reader).content.decode()


def test_titles_are_text_and_never_markup(reader):
    submitted(title='</script><img src=x onerror="alert(1)">')
    body = page(reader).content.decode()
    assert "<img src=x" not in body
    assert "</script><img" not in body


@pytest.mark.parametrize("view", ["month", "timeline", "list"])
def test_it_costs_the_same_for_one_and_for_six(reader, view, django_assert_max_num_queries):
    everything = [submitted() for _ in range(6)]
    for _ in range(6):
        make_freeze()
    page(reader, view=view)
    with django_assert_max_num_queries(30) as six:
        page(reader, view=view, kind="normal")
    one = everything[0]
    with django_assert_max_num_queries(30) as single:
        assert numbers(page(reader, view=view, service=one.change_items.get().item_id)) == [one.number]
    assert len(six) <= len(single)


def test_strangers_and_people_without_a_role_do_not_see_it(client, db):
    assert page(client).status_code == 302
    client.force_login(make_user())
    assert page(client).status_code == 403


def test_planned_is_ordered_by_start(db):
    late = submitted(window=window(2026, 11, 12))
    early = submitted(window=window(2026, 11, 11))
    member = make_member()
    found = planned(period_of("month", date(2026, 11, 11)).window, {}, member.user)
    assert list(found) == [early, late]
