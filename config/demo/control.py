"""How strictly types are controlled: network devices only by changes, storage with every write explained."""

from __future__ import annotations

from audit.context import because
from cmdb.models import CIType, ConfigurationItem, ControlMode
from config.demo import people

CONTROL = {"network_device": ControlMode.CONTROLLED, "storage": ControlMode.RECORDED}


def is_there() -> bool:
    return CIType.objects.filter(key__in=CONTROL, control__in=CONTROL.values()).exists()


def make() -> None:
    """The types are set once the items stand; an engineer then corrects a storage system without a change."""
    for key, mode in CONTROL.items():
        CIType.objects.filter(key=key).update(control=mode)
    item = ConfigurationItem.objects.filter(type__key="storage").order_by("name").first()
    if item is not None:
        with because(reason="Firmware noted in passing 顺手登记固件版本", user=people.cast().engineer):
            ConfigurationItem.objects.filter(pk=item.pk).update(description="Firmware 8.4.2")
