"""Reading PDF in tests with poppler's programs; without them a test that needs one is skipped, loudly."""

import shutil
import subprocess

import pytest


def _run(program, *arguments, pdf):
    if shutil.which(program) is None:
        pytest.skip(f"NO {program}: install poppler-utils")
    return subprocess.run([program, *arguments], input=pdf, capture_output=True, check=True).stdout


def fonts_of(pdf):
    """Font name → whether it is embedded. Text extraction passes on empty boxes; this does not."""
    lines = _run("pdffonts", "-", pdf=pdf).decode().splitlines()[2:]
    return {line.split()[0].partition("+")[2] or line.split()[0]: line.split()[-5] == "yes" for line in lines}


def words_of(pdf):
    """The text of all pages."""
    return _run("pdftotext", "-layout", "-", "-", pdf=pdf).decode()


def metadata_of(pdf):
    """The XMP packet."""
    return _run("pdfinfo", "-meta", "-", pdf=pdf).decode()
