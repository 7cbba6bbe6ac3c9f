"""The registries of ../shared/data, imported by the shipped mappings, against the answers in truth/."""

import csv
import json
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from cmdb.actions import import_items, import_relations
from cmdb.impact import impact_of
from cmdb.imports.mapping import load_mapping
from cmdb.models import ConfigurationItem, Relation

DATA = Path(os.environ.get("OPSLEDGER_DATA") or settings.BASE_DIR.parent / "shared" / "data")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"NO REAL DATA: the folder {DATA} is absent (OPSLEDGER_DATA)"
    ),
]
FILES = {
    "osg": ("osg/osg_cis.csv", 3460, "osg/osg_relations.csv", 4241),
    "debian": ("debian/deb_packages.csv", 675, "debian/deb_relations.csv", 2555),
    "netbox": ("netbox/netbox_cis.csv", 616, "netbox/netbox_relations.csv", 743),
}


def import_registry(name):
    items, item_count, relations, relation_count = FILES[name]
    mapping = load_mapping(name)
    for run, path, count, model in (
        (import_items, items, item_count, ConfigurationItem),
        (import_relations, relations, relation_count, Relation),
    ):
        with (DATA / path).open("rb") as stream:
            report = run(stream, mapping, by=None, name=path)
        assert (report.counts["create"], report.counts["error"], report.is_applied) == (count, 0, True)
        assert model.objects.count() == count


def truth(name):
    return json.loads((DATA / "truth" / f"{name}_impact.json").read_text())["impact"]


@pytest.mark.parametrize(("name", "prefix"), [("osg", ""), ("debian", "package:"), ("netbox", "")])
def test_impact_equals_the_truth(name, prefix):
    import_registry(name)
    items = ConfigurationItem.objects.by_addresses([prefix + key for key in truth(name)])
    for key, expected in truth(name).items():
        if prefix + key not in items:
            assert expected["impacted_total"] == expected["needs_total"] == 0
            continue
        item = items[prefix + key]
        forward, backward = impact_of([item]), impact_of([item], backward=True)
        assert (key, forward.total, forward.by_depth) == (
            key,
            expected["impacted_total"],
            expected["by_depth"],
        )
        assert backward.total == expected["needs_total"]
        assert not forward.degraded
        assert not forward.informed


def test_impact_of_every_package_equals_the_truth():
    import_registry("debian")
    items = {item.name: item for item in ConfigurationItem.objects.all()}
    with (DATA / "truth" / "debian_all_counts.csv").open() as stream:
        expected = {row["node"]: int(row["impacted_total"]) for row in csv.DictReader(stream)}
    assert len(expected) == 673
    assert {name: impact_of([items[name]]).total for name in expected} == expected


def test_a_second_import_changes_nothing(capsys):
    import_registry("osg")
    capsys.readouterr()
    call_command("import_items", str(DATA / "osg/osg_cis.csv"), "--map", "osg", "--dry-run", "--summary")
    call_command("import_relations", str(DATA / "osg/osg_relations.csv"), "--map", "osg")
    said = capsys.readouterr().out
    assert "0 created, 0 updated, 3460 unchanged, 0 errors" in said
    assert "0 created, 0 updated, 4241 unchanged, 0 errors" in said


def test_osg_values_arrive_typed():
    import_registry("osg")
    resource = ConfigurationItem.objects.by_address("resource:AGLT2_CE_2")
    assert resource.attributes["fqdn"] == "gate02.aglt2.org"
    assert resource.attributes["is_active"] is True
    assert isinstance(resource.attributes["osg_id"], int)
    site = ConfigurationItem.objects.filter(type__key="site", attributes__has_key="latitude").first()
    assert isinstance(site.attributes["latitude"], float)
