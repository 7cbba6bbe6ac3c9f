"""The check lists that come with the product."""

import pytest
from django.core.management import call_command

from inspections.actions import ensure_starter_templates
from inspections.models import ChecklistTemplate, TemplateItem

pytestmark = pytest.mark.django_db
KEYS = {
    "server", "database", "network-device", "machine-room", "backup", "security-patches", "terminal-system",
}  # fmt: skip


def test_starter_check_lists_are_made_once_published_and_bilingual(capsys):
    call_command("ensure_starter_templates")
    assert "server" in capsys.readouterr().out
    assert ensure_starter_templates() == []
    assert set(ChecklistTemplate.objects.values_list("key", flat=True)) == KEYS
    for template in ChecklistTemplate.objects.all():
        version = template.versions.get()
        assert (version.state, len(version.sha256)) == ("published", 64)
        assert template.label_zh
        assert len(version.items.values("section").distinct()) >= 4, template
    for item in TemplateItem.objects.all():
        item.full_clean()
        assert item.label_zh
        assert item.section_zh
        assert bool(item.help_text) == bool(item.help_text_zh)
        assert all(choice.get("label_zh") for choice in item.choices)
    numbers = TemplateItem.objects.filter(kind__in=["number", "machine"])
    assert not numbers.filter(warn_high=None, warn_low=None).exists()
    assert set(TemplateItem.objects.values_list("kind", flat=True)) == set(TemplateItem.Kind.values)


def test_a_list_of_the_house_under_the_same_key_is_left_alone():
    own = ChecklistTemplate.objects.create(key="backup", label="Ours")
    made = ensure_starter_templates()
    assert {template.key for template in made} == KEYS - {"backup"}
    own.refresh_from_db()
    assert (own.label, own.versions.count()) == ("Ours", 0)


def test_the_machine_room_keeps_gb_50174():
    ensure_starter_templates()
    for key in ("temperature", "temperature-sensor"):
        item = TemplateItem.objects.get(version__template__key="machine-room", key=key)
        # 18.0 and 27.0 ℃ are within the norm: the first values outside are 17.9 and 27.1.
        bounds = (str(item.warn_low.normalize()), str(item.warn_high.normalize()), item.decimals)
        assert bounds == ("17.9", "27.1", 1)
