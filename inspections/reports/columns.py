"""The sheets of a report's workbook: which columns each has, and where their values stand in the record."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from inspections.reports.shape import Record

Cell = Callable[[Record], Any]
Column = tuple[str, int, Cell]


def number(row: Record) -> Any:
    """A measured value as a number, anything else as text."""
    return Decimal(row["number"]) if row["number"] else row["value"]


def at(name: str) -> Cell:
    """The text of a moment."""
    return lambda row: (row.get(name) or {}).get("text", "")


def word(name: str) -> Cell:
    return lambda row: (row.get(name) or {}).get("word", "")


def key(name: str) -> Cell:
    return lambda row: row.get(name, "")


def fact_lines(record: Record) -> list[tuple[str, Any]]:
    """Label and text of the first sheet."""
    found = [(each["label"], each["text"]) for each in record["facts"]]
    said = record["conclusion"]
    found += [
        ("", ""), (_("Conclusion"), ""), (_("Outcome"), said["outcome"]["word"]),
        (_("Summary"), said["text"]),
        (_("Normal"), said["normal"]), (_("Abnormal"), said["abnormal"]), (_("Unknown"), said["unknown"]),
        (_("Not applicable"), said["not_applicable"]), (_("Pass rate"), percent(said["pass_rate"])),
        (_("Health score"), said["score"]), (_("Formula"), said["formula"]),
    ]  # fmt: skip
    if five := record.get("kpi"):
        found += [
            ("", ""), (_("Punctuality"), ""),
            (pgettext("count of inspections", "Due"), five["due"]), (_("On time"), five["on_time"]),
            (_("Late"), five["late"]), (_("Missed"), five["missed"]), (_("Cancelled"), five["cancelled"]),
            (pgettext("count of inspections", "Open"), five["open"]),
            (_("On-time rate"), percent(five["rate"])),
            (_("Formula"), five["formula"]),
        ]  # fmt: skip
    found += [("", ""), (_("Signatures"), "")]
    for line in record["signatures"]:
        parts = [line["name"], (line["at"] or {}).get("text", ""), line["method"], line["sha256"]]
        found.append((line["role"], " · ".join(part for part in parts if part) or "…………"))
    found += [("", "")] + [(each["label"], each["text"]) for each in record["hashes"]]
    return found


def percent(part: str) -> str:
    return f"{part} %" if part else "—"


def sheets_of(record: Record) -> list[tuple[str, list[Column], list[Record]]]:
    """The sheets that the record fills."""
    rows = record.get("rows")
    if rows is None:
        rows = [row for target in record["targets"] for row in target["rows"]]
        rows = [dict(row, run=record["subject"]) for row in rows]
    blocks = record.get("devices")
    if blocks is None:
        blocks = [target["device"] for target in record["targets"]]
    return [
        (_("Rows"), row_columns(), rows),
        (_("Runs"), run_columns(), record.get("runs", [])),
        (_("Plans"), plan_columns(), record.get("plans", [])),
        (_("Findings"), finding_columns(), record["findings"]),
        (_("Devices"), device_columns(), blocks),
        (_("Amendments"), amendment_columns(), record.get("amendments", [])),
        (_("Photos"), photo_columns(), record.get("photos", [])),
    ]


def row_columns() -> list[Column]:
    return [
        (_("No."), 6, key("no")), (_("Device"), 22, key("device")), (_("Check item"), 28, key("item")),
        (_("What to look at"), 30, key("what")), (_("Normal range"), 26, key("normal")),
        (_("Value"), 12, number), (_("Unit"), 7, key("unit")), (_("Result"), 10, key("word")),
        (_("Last time"), 12, key("last")), (_("Abnormality"), 30, key("abnormality")),
        (_("Action taken"), 30, key("action")), (_("Remark"), 30, key("remark")),
        (_("Observed"), 17, at("observed")), (_("Received"), 17, at("received")),
        (_("Inspected by"), 14, key("by")), (_("Source"), 14, key("source_word")),
        (_("Inspection"), 20, key("run")),
    ]  # fmt: skip


def run_columns() -> list[Column]:
    return [
        (_("Number"), 20, key("number")), (_("Inspection"), 26, key("plan")),
        (pgettext("inspection", "Scope"), 18, key("group")),
        (_("Planned"), 17, at("slot")), (_("Due at"), 17, at("due")), (_("Completed"), 17, at("completed")),
        (_("Inspected by"), 14, key("inspector")), (_("Reviewer"), 14, key("reviewer")),
        (_("State"), 14, word("state")), (_("Late"), 8, lambda row: _("late") if row["is_late"] else ""),
        (_("Outcome"), 10, word("outcome")), (_("Normal"), 9, key("ok")), (_("Warning"), 9, key("warn")),
        (_("Critical"), 9, key("crit")), (_("Unknown"), 9, key("unknown")), (_("Remark"), 30, key("remark")),
        (_("SHA-256 of the record"), 66, key("sha256")),
    ]  # fmt: skip


def plan_columns() -> list[Column]:
    return [
        (_("Inspection"), 30, key("plan")), (pgettext("count of inspections", "Due"), 8, key("due")),
        (_("On time"), 8, key("on_time")),
        (_("Late"), 8, key("late")), (_("Missed"), 8, key("missed")), (_("Cancelled"), 10, key("cancelled")),
        (pgettext("count of inspections", "Open"), 8, key("open")),
        (_("On-time rate"), 12, lambda row: percent(row["rate"])),
    ]  # fmt: skip


def finding_columns() -> list[Column]:
    return [
        (_("Number"), 16, key("number")), (_("Device"), 22, key("device")), (_("Problem"), 28, key("item")),
        (_("Risk"), 10, word("risk")), (_("Times seen"), 8, key("count")),
        (pgettext("finding", "Found"), 17, at("opened")),
        (_("Deadline"), 17, at("due")), (_("Owner"), 14, key("owner")), (_("State"), 18, word("state")),
        (_("Before"), 14, key("before")), (_("After"), 14, key("after")),
        (_("Action taken"), 30, key("measure")), (_("Change"), 14, key("change")),
        (_("Re-checked by"), 14, lambda row: (row["recheck"] or {}).get("by", "")),
    ]  # fmt: skip


def device_columns() -> list[Column]:
    return [
        (_("Number"), 14, key("number")), (_("Device"), 22, key("name")), (_("Type"), 14, key("type")),
        (_("Room and rack"), 22, key("location")), (_("IP address"), 16, key("ip")),
        (_("Operating system"), 20, key("os")), (_("Model"), 22, key("model")),
        (_("Serial number"), 20, key("serial")), (_("Warranty"), 16, word("warranty")),
        (_("Warranty ends on"), 14, lambda row: (row["warranty"] or {}).get("ends_on", "")),
        (_("Checks"), 8, key("checks")), (_("Abnormal"), 10, key("abnormal")),
    ]  # fmt: skip


def amendment_columns() -> list[Column]:
    return [
        (_("No."), 6, key("no")), (_("Device"), 22, key("device")), (_("Check item"), 28, key("item")),
        (_("Before"), 14, key("before")), (_("After"), 14, key("after")), (_("Reason"), 40, key("reason")),
        (_("By"), 14, key("by")), (_("Approved by"), 14, key("approved_by")), (_("At"), 17, at("at")),
    ]  # fmt: skip


def photo_columns() -> list[Column]:
    return [
        (_("No."), 6, key("no")), (_("Device"), 22, key("device")), (_("Check item"), 28, key("item")),
        (_("Taken"), 17, at("captured")), (_("By"), 14, key("by")), (_("SHA-256"), 66, key("sha256")),
    ]  # fmt: skip
