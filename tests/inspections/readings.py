"""What the tests of readings share: a source with its token, and check lists that read machines."""

import json
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from inspections.models import Finding
from tests.changes.test_pipeline_gate import secret_of
from tests.factories import make_plan, make_reading_source

DISK = {"key": "disk", "label": "Disk", "kind": "machine", "metric": "disk_used", "unit": "%",
        "warn_high": 85, "crit_high": 95, "decimals": 1, "max_age_minutes": 60}  # fmt: skip


class Program:
    """A program with the token of a source of readings."""

    def __init__(self, kind="push", **over):
        self.source = make_reading_source(kind, **over)
        self.headers = {"Authorization": f"Bearer {secret_of(self.source.account)}"}

    def post(self, content, path="/api/readings/"):
        text = content if isinstance(content, str) else json.dumps(content, default=str)
        return Client().post(path, text, content_type="application/json", headers=self.headers)

    def says(self, ci, *values, minutes=None, metric="disk_used", **more):
        """Posts the values of a CI, one each minute up to now, or that many minutes ago."""
        now = timezone.now()
        rows = []
        for place, value in enumerate(values):
            age = timedelta(minutes=(len(values) - place if minutes is None else minutes - place))
            at = (now - age).isoformat()
            rows.append(
                {"ci": ci.pk, "metric": metric, "value": value, "unit": "%", "observed_at": at} | more
            )
        answer = self.post(rows)
        assert answer.status_code == 200, answer.content
        return answer.json()


def watch(*cis, **item):
    """A plan over these CIs whose check list reads their disks."""
    return make_plan(items=[DISK | item], cis=list(cis))


def finding_of(ci):
    return Finding.objects.get(ci=ci)
