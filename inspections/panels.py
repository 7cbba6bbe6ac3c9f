"""What inspections say on the page of a configuration item; config wires it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem
from cmdb.panels import Line, Panel, when
from inspections.models import Answer, CorrectionProposal, Finding, InspectionRun, RunTarget
from inspections.sheet import ICON, TONE, shown_value

SHOWN = 8


def change_panel(change: ChangeRequest, user: User) -> Panel | None:
    """The findings that the change is to fix. One query."""
    findings = Finding.objects.filter(change=change).select_related("ci").order_by("id")[:SHOWN]
    lines = [
        Line(
            f"{finding.number} {finding}",
            reverse("inspections:finding", args=[finding.number]),
            finding.ci.name,
            str(finding.get_state_display()),
            TONE[finding.severity],
            ICON[finding.severity],
        )
        for finding in findings
    ]
    return Panel(_("Findings to be fixed"), "fact_check", lines) if lines else None


def after_panel(change: ChangeRequest, user: User) -> Panel | None:
    """The inspection that follows the change, and the items for which no check list fits. Two queries."""
    if change.is_imported or change.state not in ("ratifying", "reviewing", "closed"):
        return None
    runs = InspectionRun.objects.filter(plan__key__startswith=f"after-{change.number.lower()}-")
    lines = [
        Line(
            run.number,
            reverse("inspections:run", args=[run.number]),
            when(run.due_at),
            str(run.get_state_display()),
            "info",
        )
        for run in runs.order_by("number")[:SHOWN]
    ]
    looked_at = RunTarget.objects.filter(run__in=runs).values("ci")
    left = change.change_items.filter(impact="manual").exclude(item__in=looked_at).select_related("item")
    lines += [
        Line(
            row.item.name,
            reverse("cmdb:item", args=[row.item_id]),
            _("no published check list fits its type"),
            _("not inspected"),
            "warn",
        )
        for row in left.order_by("id")[:SHOWN]
    ]
    return Panel(_("Inspection afterwards"), "fact_check", lines) if lines else None


def item_panel(item: ConfigurationItem, user: User) -> Panel | None:
    """The item's open findings, then the last value of each thing that is checked. Two statements."""
    findings = Finding.objects.unclosed().filter(ci=item).with_recurrence().urgent_first()[:SHOWN]
    lines = [
        Line(
            str(finding),
            reverse("inspections:finding", args=[finding.number]),
            _("%(n)s times in 60 days") % {"n": finding.recurrence}
            if finding.recurrence > 1
            else _("seen %(count)s times") % {"count": finding.count},
            str(finding.get_severity_display()),
            TONE[finding.severity],
            ICON[finding.severity],
        )
        for finding in findings
    ]
    answers = Answer.objects.current().filter(ci=item).select_related("item")
    latest = answers.order_by("ci_id", "item_key", "-observed_at", "-id").distinct("ci_id", "item_key")
    for answer in sorted(latest, key=lambda answer: answer.item.position)[: SHOWN - len(lines)]:
        at = when(answer.observed_at)
        url = reverse("inspections:trend", args=[item.pk, answer.item_key])
        text = f"{answer.item}: {shown_value(answer.item, answer)}"
        word = str(answer.get_severity_display())
        lines.append(Line(text, url, at, word, TONE[answer.severity], ICON[answer.severity]))
    if not lines and not item.run_targets.exists():
        return None
    title = _("Inspections")
    return Panel(title, "fact_check", lines, _("Not inspected yet."), reverse("inspections:list"))


def correction_panel(item: ConfigurationItem, user: User) -> Panel | None:
    """What inspections saw differently from the record of the item, and nobody has decided. One statement."""
    rows = CorrectionProposal.objects.proposed().filter(ci=item).for_list().order_by("-id")[:SHOWN]
    lines = [
        Line(
            f"{row.key}: {row.was or '—'} → {row.seen}",
            reverse("inspections:correction", args=[row.pk]),
            f"{row.answer.target.run.number} · {when(row.answer.observed_at)}",
            str(row.get_state_display()),
            "warn",
            "edit_note",
        )
        for row in rows
    ]
    return Panel(_("Corrections proposed by inspections"), "edit_note", lines) if lines else None
