"""The change at a glance: one tile a question that a voter asks, each leading to the part that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from changes.models.request import ItemImpact

if TYPE_CHECKING:
    from changes.dossier.page import Dossier


class Tile(NamedTuple):
    """One question with its short answer; the tone says whether the answer should worry."""

    label: str | Promise
    value: str | Promise
    detail: str
    tone: str
    icon: str
    part: str


def glance(dossier: Dossier) -> list[Tile]:
    """What changes, what it takes down, what it collides with, whether it was tested, how it is undone.

    Everything is gathered for the page anyway: no query of its own.
    """
    return [_changes(dossier), _breaks(dossier), _clashes(dossier), _tested(dossier), _back(dossier)]


def _changes(dossier: Dossier) -> Tile:
    fields, items = len(dossier.differences), len(dossier.items[ItemImpact.MANUAL])
    drifted = sum(1 for row in dossier.differences if row.drift)
    value = ngettext("%(n)d field", "%(n)d fields", fields) % {"n": fields}
    if drifted:
        detail = ngettext("%(n)d has moved since", "%(n)d have moved since", drifted) % {"n": drifted}
        return Tile(_("Changes"), value, detail, "bad", "difference", "difference")
    detail = ngettext("on %(n)d item", "on %(n)d items", items) % {"n": items}
    return Tile(_("Changes"), value, detail, "neutral" if fields else "warn", "difference", "difference")


def _breaks(dossier: Dossier) -> Tile:
    affected = dossier.items[ItemImpact.COMPUTED]
    down = sum(1 for row in affected if row.effect == "down")
    weaker = sum(1 for row in affected if row.effect == "degraded")
    label = _("Breaks")
    if down:
        value = ngettext("%(n)d item down", "%(n)d items down", down) % {"n": down}
        detail = ngettext("%(n)d degraded", "%(n)d degraded", weaker) % {"n": weaker} if weaker else ""
        return Tile(label, value, detail, "bad", "hub", "impact")
    if weaker:
        value = ngettext("%(n)d degraded", "%(n)d degraded", weaker) % {"n": weaker}
        return Tile(label, value, str(_("redundancy is lost")), "warn", "hub", "impact")
    told = ngettext("%(n)d informed", "%(n)d informed", len(affected)) % {"n": len(affected)}
    return Tile(label, _("nothing else"), told if affected else "", "good", "hub", "impact")


def _clashes(dossier: Dossier) -> Tile:
    found, label, part = dossier.in_the_way, _("Collides"), "collisions"
    if not dossier.change.window:
        return Tile(label, _("no window yet"), "", "warn", "event_busy", part)
    if found.is_clear:
        return Tile(label, _("with nothing"), str(_("no freeze")), "good", "event_available", part)
    others = len({group.other.pk for group in found.groups})
    frozen = ngettext("%(n)d freeze", "%(n)d freezes", len(found.freezes)) % {"n": len(found.freezes)}
    is_stopped = any(group.blocks for group in found.groups) or any(
        freeze.freeze.is_hard and not freeze.override for freeze in found.freezes
    )
    tone = "bad" if is_stopped else "warn"
    if not others:
        value = frozen if found.freezes else _("outside its maintenance window")
        return Tile(label, value, "", tone, "ac_unit" if found.freezes else "event_busy", part)
    value = ngettext("with %(n)d change", "with %(n)d changes", others) % {"n": others}
    return Tile(label, value, frozen if found.freezes else "", tone, "event_busy", part)


def _tested(dossier: Dossier) -> Tile:
    runs = [run for run in dossier.test_runs if run.purpose == "test"]
    label, part = _("Tested"), "tests"
    if not runs:
        return Tile(label, _("no test"), "", "warn", "science", part)
    newest = runs[0]
    if not newest.is_bound:
        return Tile(label, _("an earlier plan"), str(_("counts no more")), "bad", "science", part)
    if not newest.has_passed:
        return Tile(label, _("failed"), str(newest.tester), "bad", "science", part)
    return Tile(label, _("passed, this plan"), str(newest.tester), "good", "science", part)


def _back(dossier: Dossier) -> Tile:
    change, label, part = dossier.change, _("Way back"), "rollback"
    if not dossier.rollback_steps or change.rollback_minutes is None:
        return Tile(label, _("not planned"), "", "bad" if change.is_high_risk else "warn", "undo", part)
    minutes = change.rollback_minutes
    value = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    rehearsed = any(
        run.purpose == "rehearsal" and run.has_passed and run.is_bound for run in dossier.test_runs
    )
    if rehearsed:
        return Tile(label, value, str(_("rehearsed")), "good", "undo", part)
    return Tile(
        label, value, str(_("not rehearsed")), "warn" if change.is_high_risk else "neutral", "undo", part
    )
