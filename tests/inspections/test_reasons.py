"""Reasons that OpsLedger writes itself: stored in English, read in the reader's language."""

import pytest
from django.utils import translation

from audit.recorded.differences import deed_in_words, told
from cmdb.models import ConfigurationItem
from inspections import reasons
from inspections.actions import submit_run
from tests.factories import make_answer, make_item, make_run

CHINESE = "zh-hans"


def in_chinese(reason):
    with translation.override(CHINESE):
        return deed_in_words(reason)


def test_a_sentence_is_read_in_both_languages_with_what_it_names():
    reason = reasons.VERIFIED % {"run": "XJ-20261122-0001, XJ-20261122-0002"}
    assert deed_in_words(reason) == "verified by inspection XJ-20261122-0001, XJ-20261122-0002"
    assert in_chinese(reason) == "经巡检 XJ-20261122-0001, XJ-20261122-0002 核实"
    corrected = reasons.CORRECTED % {"run": "XJ-20261122-0001", "item": "Serial: on the\nlabel"}
    assert in_chinese(corrected) == "巡检 XJ-20261122-0001：Serial: on the\nlabel"
    assert in_chinese(reasons.IMPORTED) == "从文件导入"


@pytest.mark.parametrize(
    "written", ["inspection of the racks: done", "was verified by inspection XJ-1", "100 % sure %(run)s", ""]
)
def test_what_a_person_wrote_stays_as_it_is(written):
    assert in_chinese(written) == written


@pytest.mark.django_db
def test_history_keeps_english_whoever_wrote_and_says_chinese_to_chinese():
    with translation.override(CHINESE):
        ci = make_item(serial="SN-7")
        run = make_run(items=[{"key": "serial", "kind": "text", "attribute": "serial"}], cis=[ci])
        answer = make_answer("SN-7", target=run.targets.get())
        submit_run(run, by=answer.answered_by)
    newest, first = ConfigurationItem.history.filter(id=ci.pk).order_by("-history_id")
    assert newest.history_change_reason == f"verified by inspection {run.number}"
    with translation.override(CHINESE):
        assert told(newest, first)["reason"] == f"经巡检 {run.number} 核实"
        assert [told(row, None)["deed"] for row in (newest, first)] == ["修改", "新建"]
    assert [told(row, None)["deed"] for row in (newest, first)] == ["Changed", "Created"]
