import pytest

from accounts.models import Team

pytestmark = pytest.mark.django_db


def test_save_is_recorded():
    team = Team.objects.create(key="a", label="A")
    assert [row.history_type for row in team.history.all()] == ["+"]


@pytest.mark.django_db(transaction=True)
def test_x(app_sql):
    assert not Team.objects.filter(key="a").exists()
    Team.objects.create(key="a", label="A")
    assert app_sql.execute("select count(*) from accounts_historicalteam").fetchone()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_y(owner_sql):
    Team.objects.create(key="a", label="A")
    assert owner_sql.execute("select count(*) from accounts_historicalteam").fetchone()[0] == 1
