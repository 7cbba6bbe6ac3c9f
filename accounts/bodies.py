"""What a request to the API may say: JSON that PostgreSQL can store, and instants that a page can show."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as PlainJSONParser

# Nearer to the ends of the calendar, an instant cannot be shown in every time zone.
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
WITHIN_CALENDAR = [MinValueValidator(FIRST), MaxValueValidator(LAST)]


class JSONParser(PlainJSONParser):
    """JSON without bottomless nesting, NUL characters or halves of surrogate pairs: 400, not a fault."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            data = super().parse(stream, media_type, parser_context)
            storable = is_storable(data)
        except RecursionError:
            raise ParseError(_("This JSON is nested too deeply.")) from None
        if not storable:
            raise ParseError(
                _("A text holds a character that cannot be stored (NUL, or half a surrogate pair).")
            )
        return data


def is_storable(data) -> bool:
    """Whether every text in it, names included, can be stored. One walk, without recursion."""
    rest = [data]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            if not each.isascii():
                try:
                    each.encode()
                except UnicodeEncodeError:
                    return False
            if "\x00" in each:
                return False
        elif isinstance(each, dict):
            rest += each.keys()
            rest += each.values()
        elif isinstance(each, list):
            rest += each
    return True
