"""The photos (附件) of a report: numbered, with the hash of their bytes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from inspections.models import InspectionRun
from inspections.reports.shape import Record, moment


def photo_rows(run: InspectionRun, rows: list[Record], zone: ZoneInfo) -> list[Record]:
    """The run's photos in the order of its rows; each row names the numbers of its own. One statement."""
    places = {row["key"]: place for place, row in enumerate(rows)}
    kept = run.photos.kept().select_related("item", "target", "taken_by", "file")
    found = sorted(
        kept, key=lambda each: (places.get(f"{each.target_id}-{each.item_id}", len(rows)), each.pk)
    )
    photos = []
    for number, photo in enumerate(found, 1):
        place = places.get(f"{photo.target_id}-{photo.item_id}")
        if place is not None:
            rows[place]["photos"].append(number)
        photos.append(
            {
                "no": number,
                "op": str(photo.op),
                "sha256": photo.file.sha256,
                "name": photo.name,
                "device": str(photo.target),
                "item": str(photo.item),
                "captured": moment(photo.captured_at, zone),
                "received": moment(photo.received_at, zone),
                "by": str(photo.taken_by),
                "width": photo.width,
                "height": photo.height,
            }
        )
    return photos
