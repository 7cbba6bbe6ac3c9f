"""The message catalogue of 简体中文: extract, merge, compile and check, without GNU gettext."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django
import polib
from django.template import TemplateSyntaxError, engines
from django.template.base import Lexer, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.test.utils import override_settings
from django.utils.translation.trans_real import DjangoTranslation

LANGUAGE, LOCALE = "zh-hans", "zh_Hans"
ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
OURS = ["accounts", "assets", "audit", "changes", "cmdb", "config", "inspections", "templates"]
# Packages whose words people see and that bring no complete Chinese of their own.
BORROWED = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "django_filters",
    "axes",
    "procrastinate.contrib.django",
]
SKIPPED = {"migrations", "tests", "locale", "static", "contrib"}
PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
TRANSLATION_TAG = re.compile(r"(trans|translate|blocktrans|blocktranslate)\b")
PLACEHOLDER = re.compile(r"%\(\w+\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|%[sdif]|\{\w*\}")


@dataclass(frozen=True)
class Message:
    """One text to translate, as gettext looks it up."""

    text: str
    plural: str = ""
    context: str | None = None


class UnreadableTemplateError(Exception):
    """A template holds a translation tag that the extraction did not find again among its nodes."""


def messages_in_python(source: str) -> Iterator[Message]:
    """Every literal given to a gettext function."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        words = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if name in PLAIN and len(words) == 1 and words[0]:
            yield Message(words[0])
        elif name in PLURAL and len(words) == 2:
            yield Message(words[0], plural=words[1])
        elif name in CONTEXT and len(words) == 2:
            yield Message(words[1], context=words[0])


def messages_in_template(source: str) -> Iterator[Message]:
    """Every text of the translation tags, as they look it up when they render."""
    nodes = engines["django"].from_string(source).template.nodelist
    found = 0
    for node in nodes.get_nodes_by_type(TranslateNode):
        found += 1
        if literal := node.filter_expression.var.literal:
            yield Message(str(literal).replace("%", "%%"), context=_context(node))
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        found += 1
        text, _names = node.render_token_list(node.singular)
        plural = node.render_token_list(node.plural)[0] if node.plural else ""
        yield Message(text, plural=plural, context=_context(node))
    tags = [
        token.contents
        for token in Lexer(source).tokenize()
        if token.token_type == TokenType.BLOCK and TRANSLATION_TAG.match(token.contents)
    ]
    if len(tags) != found:
        raise UnreadableTemplateError(f"{len(tags)} translation tags, {found} nodes")
    for token in Lexer(source).tokenize():
        if token.token_type in (TokenType.BLOCK, TokenType.VAR):
            for literal in re.findall(r"""_\(("[^"]*"|'[^']*')\)""", token.contents):
                yield Message(literal[1:-1])


def _context(node) -> str | None:
    return str(node.message_context.var) if node.message_context else None


def extract(folders: list[Path], base: Path, *, ours: bool = True) -> dict[Message, list[str]]:
    """The messages of all Python files and templates below these folders, with the files they stand in.

    A template of others that needs a tag library not installed here is never shown, and passed over.
    """
    found: dict[Message, list[str]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix not in {".py", ".html", ".txt"} or SKIPPED & set(path.relative_to(folder).parts):
                continue
            if path.suffix == ".txt" and "templates" not in path.parts:
                continue
            read = messages_in_python if path.suffix == ".py" else messages_in_template
            try:
                messages = list(read(path.read_text(encoding="utf-8")))
            except TemplateSyntaxError as fault:
                if not ours:
                    continue
                raise SystemExit(f"{path}: {fault}") from fault
            for message in messages:
                files = found.setdefault(message, [])
                name = path.relative_to(base).as_posix()
                if name not in files:
                    files.append(name)
    return found


def extract_all() -> dict[Message, list[str]]:
    """Our own messages, and the borrowed ones that no installed package translates."""
    found = extract([ROOT / name for name in OURS if (ROOT / name).exists()], ROOT)
    for name in BORROWED:
        home = Path(importlib.util.find_spec(name).submodule_search_locations[0])
        with override_settings(LOCALE_PATHS=[]):
            known = DjangoTranslation(LANGUAGE)
        for message, files in extract([home], home.parent, ours=False).items():
            if message not in found and known.gettext(message.text) == message.text:
                found[message] = files
    return found


def merged(
    found: dict[Message, list[str]], old: polib.POFile, compendium: list[polib.POFile]
) -> polib.POFile:
    """A catalogue of exactly these messages: the old translations, gaps filled from the compendium."""
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Project-Id-Version": "OpsLedger",
        "Language": LOCALE,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    known: dict[tuple[str | None, str], str] = {}
    for source in [old, *compendium]:
        for entry in source:
            if (
                not entry.obsolete
                and not entry.fuzzy
                and (text := entry.msgstr_plural.get(0) or entry.msgstr)
            ):
                known.setdefault((entry.msgctxt, entry.msgid), text)
    made: dict[tuple[str | None, str], polib.POEntry] = {}
    for message, files in found.items():
        text = known.get((message.context, message.text), "")
        entry = polib.POEntry(
            msgctxt=message.context,
            msgid=message.text,
            msgid_plural=message.plural,
            msgstr="" if message.plural else text,
            msgstr_plural={0: text} if message.plural else {},
            occurrences=[(name, "") for name in files],
        )
        twin = made.setdefault((message.context, message.text), entry)
        if twin is entry:
            catalogue.append(entry)
        elif message.plural:  # gettext finds both by the singular: one entry serves
            twin.msgid_plural, twin.msgstr, twin.msgstr_plural = message.plural, "", {0: text}
    return catalogue


def faults_of(catalogue: polib.POFile, found: dict[Message, list[str]]) -> list[str]:
    """Every reason why the catalogue is not complete and right, in words."""
    faults = []
    entries = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
    wanted = {(message.context, message.text): message for message in found}
    for key, message in wanted.items():
        if key not in entries:
            faults.append(f"missing: {message.text!r} ({found[message][0]})")
    for key, entry in entries.items():
        if key not in wanted:
            faults.append(f"used nowhere: {entry.msgid!r}")
        faults += [f"{fault}: {entry.msgid!r}" for fault in _faults_of_entry(entry)]
    faults += [f"obsolete entry: {entry.msgid!r}" for entry in catalogue.obsolete_entries()]
    return faults


def _faults_of_entry(entry: polib.POEntry) -> Iterator[str]:
    if entry.fuzzy:
        yield "fuzzy"
    if entry.msgid_plural and set(entry.msgstr_plural) != {0}:
        yield f"Chinese has one plural form, this entry has {sorted(entry.msgstr_plural)}"
    text = entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr
    if not text:
        yield "untranslated"
        return
    source = entry.msgid_plural or entry.msgid
    if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(text)):
        yield f"placeholders differ in {text!r}"
    if (source[:1] == "\n", source[-1:] == "\n") != (text[:1] == "\n", text[-1:] == "\n"):
        yield "begins or ends with a new line in one language only"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="script/messages", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say what is missing or wrong; change nothing")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    found = extract_all()
    old = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile()
    compiled = CATALOGUE.with_suffix(".mo")
    if not options.check:
        names = os.environ.get("MESSAGES_COMPENDIUM", "").split()
        old = merged(found, old, [polib.pofile(name) for name in names])
        CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
        old.save(str(CATALOGUE))
        old.save_as_mofile(str(compiled))
    faults = faults_of(old, found)
    if not compiled.exists() or compiled.read_bytes() != old.to_binary():
        faults.append(f"{compiled.relative_to(ROOT)} is not the compiled catalogue: run script/messages")
    for fault in faults:
        print(fault)
    done = len(old.translated_entries())
    print(f"{LOCALE}: {len(found)} messages, {done} translated, {len(faults)} faults")
    return int(bool(faults)) if options.check else 0


if __name__ == "__main__":
    sys.exit(main())
