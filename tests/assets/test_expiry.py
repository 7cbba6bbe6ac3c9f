"""The arithmetic of expiry, at its boundaries, in Python and in SQL alike."""

import datetime

import pytest

from assets.expiry import ExpiryState, expiry
from assets.models import Asset, Contract
from tests.factories import make_asset, make_contract

DAY = datetime.date(2026, 11, 22)


def ends(days):
    return DAY + datetime.timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (-1, ExpiryState.OVER),
        (0, ExpiryState.ENDING),
        (1, ExpiryState.ENDING),
        (90, ExpiryState.ENDING),
        (91, ExpiryState.CURRENT),
    ],
)
def test_expiry_stands_by_the_days_left(days, state):
    standing = expiry(ends(days), on=DAY)
    assert (standing.state, standing.days_left) == (state, days)


def test_expiry_without_a_date_is_unknown():
    assert expiry(None, on=DAY).state == ExpiryState.UNKNOWN


def test_expiry_counts_across_a_leap_day():
    assert expiry(datetime.date(2028, 3, 1), on=datetime.date(2028, 2, 28)).days_left == 2


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-2, "expired 2 days ago"),
        (-1, "expired 1 day ago"),
        (0, "ends today"),
        (1, "ends in 1 day"),
        (400, "ends in 400 days"),
    ],
)
def test_expiry_says_the_distance(days, words):
    assert expiry(ends(days), on=DAY).words == words


@pytest.mark.django_db
def test_queryset_and_python_agree_on_every_day():
    assets = [make_asset(warranty_ends_on=ends(days)) for days in (-400, -1, 0, 1, 89, 90, 91, 400)]
    assets.append(make_asset(warranty_ends_on=None))
    for state in ExpiryState:
        expected = {asset.tag for asset in assets if expiry(asset.warranty_ends_on, on=DAY).state == state}
        assert {asset.tag for asset in Asset.objects.standing(state, on=DAY)} == expected


@pytest.mark.django_db
def test_contract_is_to_renew_inside_its_own_window():
    soon = make_contract(ends_on=ends(30), renewal_window_days=30)
    make_contract(ends_on=ends(31), renewal_window_days=30)
    make_contract(ends_on=ends(-1), renewal_window_days=30)
    make_contract(ends_on=None)
    assert list(Contract.objects.to_renew(on=DAY)) == [soon]


@pytest.mark.django_db
def test_contract_runs_from_its_first_to_its_last_day():
    contract = make_contract(starts_on=DAY, ends_on=ends(1))
    running = [contract in Contract.objects.running(on=ends(days)) for days in (-1, 0, 1, 2)]
    assert running == [False, True, True, False]
