"""Two who decide on one thing in the same moment, each on a connection of its own: one decides."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_finding, make_user
from tests.inspections.test_sync_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def two(role):
    """Two log-ins of two people."""
    found = []
    for _each in range(2):
        found.append(Client())
        found[-1].force_login(make_user(role))
    return found


def decide(people, bodies):
    """How two requests, one of each person, are answered in one moment: sorted."""
    sent = at_once(
        lambda n: people[n].post(bodies[n][0], bodies[n][1], content_type="application/json"), count=2
    )
    return sorted(answer.status_code for answer in sent)


def test_one_run_has_one_signature_of_a_reviewer():
    waiting = make_finding().last_answer.target.run
    url = reverse("inspection-run-sign", args=[waiting.number])
    assert decide(two("reviewer"), [(url, {"comment": "x"})] * 2) == [200, 409]
    assert waiting.signatures.filter(role="reviewer").count() == 1


def test_one_finding_drafts_one_change():
    finding = make_finding()
    url = reverse("finding-change", args=[finding.number])
    assert decide(two("engineer"), [(url, {})] * 2) == [200, 409]
    finding.refresh_from_db()
    assert finding.change is not None
