"""The fonts of documents are the ones that their lock names, and know what reports say."""

import subprocess
import sys
from pathlib import Path

import polib
import pytest
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "static" / "fonts"


def test_the_files_are_what_the_lock_says():
    checked = subprocess.run([sys.executable, "script/fonts", "--check"], cwd=ROOT, capture_output=True)
    assert checked.returncode == 0, checked.stderr.decode()
    assert "SIL Open Font License" in (FOLDER / "OFL.txt").read_text()


@pytest.mark.parametrize("name", ["NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"])
def test_every_character_of_the_chinese_interface_is_in_the_font(name):
    known = TTFont(FOLDER / name).getBestCmap()
    said = set()
    for catalogue in (ROOT / "locale").rglob("*.po"):
        said.update(*(entry.msgstr for entry in polib.pofile(str(catalogue))))
    said |= set("℃≥≤±−×·№℉Ω‰㎡①⑩—…“”「」《》￥")
    chinese = {each for each in said if "\u3000" <= each <= "\u9fff" or not each.isascii()}
    assert chinese, "there is no Chinese catalogue to compare with"
    missing = sorted(each for each in chinese if ord(each) not in known and ord(each) < 0x1F000)
    assert missing == []
