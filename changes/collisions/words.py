"""Collisions in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from changes.collisions.found import Collision
from changes.models import ChangeRequest, CollisionKind

NAMED = 3


def names_of(things: Iterable[object]) -> str:
    """The first few by name, and how many more there are."""
    names = list(dict.fromkeys(str(thing) for thing in things))
    more = len(names) - NAMED
    said = ", ".join(names[:NAMED])
    if more <= 0:
        return said
    return ngettext("%(names)s and %(more)d more", "%(names)s and %(more)d more", more) % {
        "names": said,
        "more": more,
    }


def in_words(change: ChangeRequest, rows: Sequence[Collision]) -> str:
    """Collisions of one kind with one other change, as one sentence."""
    first = rows[0]
    words = {"number": first.other.number, "items": names_of(row.item for row in rows if row.item)}
    if first.kind == CollisionKind.SAME_ITEM:
        return _("%(number)s changes %(items)s at the same time.") % words
    if first.kind == CollisionKind.REDUNDANCY:
        words["falls"] = names_of(row.meet for row in rows)
        together = dict.fromkeys(each.number for row in rows for each in row.together)
        words["number"] = ", ".join([first.other.number, *together])
        return _("Together with %(number)s it takes %(falls)s down, although each alone does not.") % words
    if first.kind == CollisionKind.RELATED:
        words["falls"] = names_of(row.meet for row in rows)
        words["distance"] = str(min(row.distance + row.other_distance for row in rows))
        return _("It meets %(number)s at %(falls)s, %(distance)s relations apart.") % words
    if first.kind == CollisionKind.PERSON:
        words["people"] = names_of(row.person for row in rows)
        return _("Named in %(number)s at the same time, too: %(people)s.") % words
    if first.key == "first":
        return _("%(number)s must end before this one starts.") % words
    return _("%(number)s must start only after this one has ended.") % words


def explained(row: Collision) -> str:
    """How two changes are connected: who reaches what, over how many relations."""
    words = {"item": row.item, "other": row.other_item, "meet": row.meet, "number": row.other.number}
    words |= {"near": row.distance, "far": row.other_distance}
    if row.kind == CollisionKind.SAME_ITEM:
        return _("both change %(item)s") % words
    if row.kind == CollisionKind.PERSON:
        return _("%(person)s takes part in both") % {"person": row.person}
    if row.kind == CollisionKind.UPSTREAM:
        return in_words(row.other, [row])
    if row.kind == CollisionKind.REDUNDANCY:
        return _("%(item)s and %(other)s are out together: %(meet)s goes down") % words
    if not row.distance:
        return _("%(item)s depends on %(other)s, over %(far)d relations") % words
    if not row.other_distance:
        return _("%(other)s depends on %(item)s, over %(near)d relations") % words
    if row.distance == row.other_distance:
        return _("both touch %(meet)s at distance %(near)d") % words
    return _("both touch %(meet)s, at distance %(near)d and %(far)d") % words
