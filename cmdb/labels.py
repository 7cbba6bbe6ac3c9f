"""QR codes as one path of an SVG: small to send, sharp on paper, no style and no script."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M


@dataclass(frozen=True)
class Code:
    """A QR code of `size` squares each way, its quiet edge included; `path` draws the dark ones."""

    size: int
    path: str


def code_of(text: str) -> Code:
    """The QR code of a text; readable with 15 % of it scratched off."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    rows = code.get_matrix()
    strokes = []
    for y, row in enumerate(rows):
        x = 0
        for is_dark, squares in groupby(row):
            width = len(list(squares))
            if is_dark:
                strokes.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return Code(len(rows), "".join(strokes))
