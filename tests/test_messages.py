"""The catalogue tool: what it finds in templates and Python, and which faults it names."""

import polib
import pytest
from django.utils.translation import gettext, override

from config.catalogue import (
    CATALOGUE,
    Message,
    UnreadableTemplateError,
    faults_of,
    merged,
    messages_in_python,
    messages_in_template,
)


def catalogue(*entries):
    made = polib.POFile()
    made.extend(entries)
    return made


def test_python_is_read_with_plurals_and_contexts():
    source = """
_("plain"); gettext("two " "parts"); translation.gettext_lazy("lazy")
ngettext("%(n)d day", "%(n)d days", n); pgettext("month", "May")
_(name); _(f"{x}"); other("no"); gettext("")
"""
    assert list(messages_in_python(source)) == [
        Message("plain"),
        Message("two parts"),
        Message("lazy"),
        Message("%(n)d day", plural="%(n)d days"),
        Message("May", context="month"),
    ]


def test_templates_are_read_as_they_look_words_up():
    source = """{% load i18n %}{% trans "plain" as x %}{% if x %}{% translate "100% sure" %}{% endif %}
{% blocktrans trimmed count n=rows|length %}
  {{ n }} row
{% plural %}
  {{ n }} rows
{% endblocktrans %}{% trans "May" context "month" %}{{ _("in a variable") }}{# {% trans "no" %} #}"""
    assert set(messages_in_template(source)) == {
        Message("plain"),
        Message("100%% sure"),
        Message("%(n)s row", plural="%(n)s rows"),
        Message("May", context="month"),
        Message("in a variable"),
    }


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"msgid": "a", "msgstr": ""}, "untranslated: 'a'"),
        ({"msgid": "a", "msgstr": "甲", "flags": ["fuzzy"]}, "fuzzy: 'a'"),
        ({"msgid": "a %(n)s", "msgstr": "甲"}, "placeholders differ in '甲': 'a %(n)s'"),
        ({"msgid": "a %s", "msgstr": "甲 %d"}, "placeholders differ in '甲 %d': 'a %s'"),
        ({"msgid": "a\n", "msgstr": "甲"}, "begins or ends with a new line in one language only: 'a\\n'"),
        ({"msgid": "b", "msgstr": "乙"}, "used nowhere: 'b'"),
        ({"msgid": "a", "msgstr": "甲", "obsolete": True}, "obsolete entry: 'a'"),
        (
            {"msgid": "a", "msgid_plural": "as", "msgstr_plural": {0: "甲", 1: ""}},
            "Chinese has one plural form, this entry has [0, 1]: 'a'",
        ),
    ],
)
def test_every_fault_is_named(entry, fault):
    made = polib.POEntry(**entry)
    found = {Message(made.msgid, plural=made.msgid_plural): ["x.py"]} if made.msgid != "b" else {}
    assert fault in faults_of(catalogue(made), found)


def test_a_new_word_is_missing_until_it_is_merged():
    found = {Message("new"): ["x.py"], Message("%(n)d day", plural="%(n)d days"): ["x.py"]}
    assert "missing: 'new' (x.py)" in faults_of(catalogue(), found)
    words = catalogue(
        polib.POEntry(msgid="new", msgstr="新"),
        polib.POEntry(msgid="%(n)d day", msgid_plural="%(n)d days", msgstr_plural={0: "%(n)d 天"}),
    )
    assert faults_of(merged(found, catalogue(), [words]), found) == []


def test_merging_keeps_what_stands_and_drops_what_is_unused():
    old = catalogue(polib.POEntry(msgid="a", msgstr="甲"), polib.POEntry(msgid="gone", msgstr="无"))
    result = merged({Message("a"): ["x.py"]}, old, [catalogue(polib.POEntry(msgid="a", msgstr="乙"))])
    assert [(entry.msgid, entry.msgstr) for entry in result] == [("a", "甲")]


def test_one_word_in_two_contexts_is_two_messages():
    found = {Message("May", context="month"): ["x.py"], Message("May"): ["x.py"]}
    assert len(merged(found, catalogue(), [])) == 2


def test_a_template_that_hides_a_tag_stops_the_extraction(monkeypatch):
    monkeypatch.setattr("config.catalogue.BlockTranslateNode", type("Other", (), {}))
    with pytest.raises(UnreadableTemplateError):
        list(messages_in_template("{% load i18n %}{% blocktrans %}hidden{% endblocktrans %}"))


@pytest.mark.skipif(not CATALOGUE.with_suffix(".mo").exists(), reason="no compiled catalogue yet")
def test_the_compiled_catalogue_speaks():
    with override("zh-hans"):
        assert gettext("asset tag") == "资产编号"
