"""Arithmetic of half-open spans of time: (start, end), from the start up to, without, the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

Span = tuple[datetime, datetime]


def span_of(window: DateTimeTZRange | None) -> Span | None:
    """The window as a span; nothing for none, for an empty one and for one without an end."""
    if window is None or window.isempty or window.lower is None or window.upper is None:
        return None
    return None if window.lower >= window.upper else (window.lower, window.upper)


def overlap(one: Span, other: Span) -> Span | None:
    """What both share; nothing where they only touch."""
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same instants in order, overlapping and touching spans made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def shared(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """The instants that are in both."""
    right = joined(other)
    return joined(both for left in joined(one) for each in right if (both := overlap(left, each)))


def without(spans: Iterable[Span], blocked: Iterable[Span]) -> list[Span]:
    """The instants of the first that are in none of the second."""
    left = joined(spans)
    for start, end in joined(blocked):
        rest: list[Span] = []
        for each in left:
            if overlap(each, (start, end)) is None:
                rest.append(each)
                continue
            rest += [piece for piece in ((each[0], start), (end, each[1])) if piece[0] < piece[1]]
        left = rest
    return left


def holds(spans: Iterable[Span], wanted: Span) -> bool:
    """Whether the whole of `wanted` lies in one stretch of the spans."""
    return any(start <= wanted[0] and wanted[1] <= end for start, end in joined(spans))


def sets_at_once(spans: dict[int, Span], within: Span) -> list[frozenset[int]]:
    """Every set of keys that share an instant inside `within` and are all that do, each set once."""
    inside = {key: both for key, each in spans.items() if (both := overlap(each, within))}
    instants = {instant for each in inside.values() for instant in each}
    sets = {
        frozenset(key for key, each in inside.items() if each[0] <= instant < each[1]) for instant in instants
    }
    return sorted(sets - {frozenset()}, key=sorted)
