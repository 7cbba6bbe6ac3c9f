"""An import plan in words: a line per row that is not unchanged, and one line of totals."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from assets.imports.plan import CREATE, DUPLICATE, ERROR, UNCHANGED, UPDATE, Line, Plan


def report_lines(plan: Plan, *, with_creates: bool = False) -> Iterator[str]:
    """What happens to each row; created rows only on request, unchanged ones never."""
    if plan.unused_headers:
        yield _("columns not read: %s") % ", ".join(plan.unused_headers)
    quiet = {UNCHANGED} if with_creates else {UNCHANGED, CREATE}
    for line in plan.lines:
        if line.deed not in quiet:
            yield _("line %(number)d, %(label)s: %(words)s") % {
                "number": line.number,
                "label": line.label,
                "words": _words(line),
            }


def _words(line: Line) -> str:
    if line.deed == ERROR:
        return _("error: %s") % "; ".join(line.errors)
    if line.deed == DUPLICATE:
        return line.note
    if line.deed == CREATE:
        return _("created")
    changes = [
        f"{name} {_shown(before)} → {_shown(after)}" for name, (before, after) in line.differences.items()
    ]
    return _("updated: %s") % "; ".join(changes)


def _shown(value: object) -> str:
    return "∅" if value in (None, "") else str(value)


def totals(plan: Plan) -> str:
    """The plan in one line: "0 created, 0 updated, 2374 unchanged, 3 passed over, 0 errors"."""
    counts = plan.counts
    return _(
        "%(create)d created, %(update)d updated, %(unchanged)d unchanged, "
        "%(duplicate)d passed over, %(error)d errors"
    ) % {deed: counts[deed] for deed in (CREATE, UPDATE, UNCHANGED, DUPLICATE, ERROR)}
