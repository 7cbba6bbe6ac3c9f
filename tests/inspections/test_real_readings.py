"""Real series and disks against truth/misc.json (../shared/data; skipped, aloud, without it)."""

import csv
import json
import os
import time
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from cmdb.models import CIType, ConfigurationItem
from inspections.models import Finding, FindingEvent, MachineReading
from tests.factories import make_item, make_plan
from tests.inspections.readings import Program

DATA = Path(os.environ.get("OPSLEDGER_DATA") or settings.BASE_DIR.parent / "shared" / "data")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"NO REAL DATA: the folder {DATA} is absent (OPSLEDGER_DATA)"
    ),
]
CENTURY = 100 * 365 * 24 * 60  # minutes: the series are of 2014, and are judged all the same
AT_OR_ABOVE = {
    "ec2_cpu_utilization_24ae8d.csv": (24, 66),
    "ec2_disk_write_bytes_1ef3de.csv": (47, 48),
    "machine_temperature_system_failure.csv": (226, 227),
}


@pytest.fixture(scope="module")
def truth():
    return json.loads((DATA / "truth/misc.json").read_text())


def rows_of(name):
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


def posted(program, rows, size=5000):
    """Counts of stored, repeated and errors; and the seconds it took."""
    began, counts = time.perf_counter(), {"stored": 0, "repeated": 0, "errors": 0}
    for start in range(0, len(rows), size):
        answer = program.post(rows[start : start + size])
        assert answer.status_code == 200, answer.content[:500]
        told = answer.json()
        counts = {name: counts[name] + told[name] for name in counts}
    return counts, time.perf_counter() - began


@pytest.mark.parametrize("name", AT_OR_ABOVE)
def test_a_series_is_graded_at_the_bound_and_nagios_counts_fewer(name, truth):
    told = truth["nab"][name]
    threshold = round(Decimal(str(told["threshold(p99 by sorted[int(.99n)])"])), 6)
    ci, program = make_item(), Program()
    item = {"key": "series", "kind": "machine", "metric": "value", "decimals": 6, "warn_high": threshold,
            "max_age_minutes": CENTURY}  # fmt: skip
    make_plan(items=[item], cis=[ci])
    rows = [
        {"ci": ci.pk, "metric": "value", "value": row["value"], "external_id": f"{name}:{line}",
         "observed_at": f"{row['timestamp'].replace(' ', 'T')}Z"}
        for line, row in enumerate(rows_of(f"nab/{name}"))
    ]  # fmt: skip
    counts, seconds = posted(program, rows)
    assert counts == {"stored": told["samples"], "repeated": 0, "errors": 0}
    strictly, at_or_above = AT_OR_ABOVE[name]
    readings = MachineReading.objects.filter(ci=ci)
    assert readings.filter(value__gt=threshold).count() == strictly == told["samples_over"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM inspections_machinereading r, inspections_templateitem i"
            " WHERE i.key = 'series' AND inspections_grade_reading_v1(r, i) = 'warn'"
        )
        assert cursor.fetchone() == (at_or_above,)
    finding = Finding.objects.get(ci=ci)
    assert finding.count <= at_or_above  # out of order, or at one instant, the newest counts
    again, _seconds = posted(program, rows)
    assert again == {"stored": 0, "repeated": told["samples"], "errors": 0}
    assert Finding.objects.get(ci=ci).count == finding.count
    print(f"{name}: {len(rows)} in {seconds:.1f} s; > {strictly}, >= {at_or_above}, seen {finding.count}")


def test_disks_with_bad_sectors_become_findings_once_each(truth):
    told = truth["backblaze"]
    disks = rows_of("backblaze/drives.csv")
    storage = CIType.objects.get(key="storage")
    items = [
        ConfigurationItem(type=storage, name=f"disk-{row['serial_number']}", serial=row["serial_number"])
        for row in disks
    ]
    ConfigurationItem.objects.bulk_create(items)
    smart = {"smart_5_raw": "Reallocated sectors", "smart_197_raw": "Pending sectors"}
    make_plan(
        items=[{"key": metric, "label": label, "kind": "machine", "metric": metric, "warn_high": 1}
               for metric, label in smart.items()],
        cis=items,
    )  # fmt: skip
    now, program = timezone.now(), Program()
    rows = [
        {"ci": row["serial_number"], "metric": metric, "value": row[metric], "observed_at": now.isoformat()}
        for row in disks
        for metric in smart
    ]
    counts, seconds = posted(program, rows)
    assert counts == {"stored": 2 * told["drives"], "repeated": 0, "errors": 0}
    found = dict(Finding.objects.values_list("item_key").annotate(n=Count("pk")))
    assert found == {
        "smart_5_raw": told["reallocated(smart_5)>0"],
        "smart_197_raw": told["pending(smart_197)>0"],
    }
    assert found == {"smart_5_raw": 736, "smart_197_raw": 176}
    assert Finding.objects.count() == 912
    assert Finding.objects.values("ci").distinct().count() == told["either>0"] == 891
    assert set(Finding.objects.values_list("count", flat=True)) == {1}
    before = (FindingEvent.objects.count(), Finding.history.count(), MachineReading.objects.count())
    again, repeat_seconds = posted(program, rows)
    assert again == {"stored": 0, "repeated": 2 * told["drives"], "errors": 0}
    assert (FindingEvent.objects.count(), Finding.history.count(), MachineReading.objects.count()) == before
    print(f"{len(rows)} readings of {len(disks)} disks: {seconds:.1f} s; again {repeat_seconds:.1f} s")
