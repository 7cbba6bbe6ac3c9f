"""Runs the benchmark: script/bench --help says how."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from config import embedded
from config.embedded.cluster import Cluster
from tests.bench import databases
from tests.bench.databases import ROOT

# Workload: (words, repetitions a round for the product, for the obvious one)
WORKLOADS = {
    "create_one": ("create one item", 40, 40),
    "list_of_100": ("list of 100, filtered, at 10,000 items", 20, 20),
    "one_item": ("one item", 60, 60),
    "history_of_one": ("history of one item, 10 versions with their differences", 20, 20),
    "bulk_create_1000": ("bulk create of 1,000", 2, 1),
    "bulk_update_1000": ("bulk update of 1,000, one field", 2, 1),
    "impact_of_libc6": ("impact of libc6 in the Debian subset, 592 items", 5, 3),
}
SIDES = ("product", "obvious")


class Process:
    """One side, started with its own database; commands and answers are JSON lines."""

    def __init__(self, side: str, environment: dict[str, str]) -> None:
        self.side = side
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.side", side],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **arguments: object) -> dict:
        self.child.stdin.write(json.dumps({"do": do} | arguments) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            sys.exit(f"The {self.side} side ended during “{do}”; the reason stands above.")
        return json.loads(line)

    def stop(self) -> None:
        self.child.stdin.close()
        self.child.wait(timeout=30)


def new_databases(cluster: Cluster) -> dict[str, dict[str, str]]:
    """Two empty databases on this cluster, migrated; the environment of each side."""
    named = {side: f"bench_{side}" for side in SIDES}
    for name in named.values():
        databases.make_empty(cluster, name)
    product = os.environ | databases.urls(cluster, named["product"])
    obvious = os.environ | {
        "BENCH_URL": databases.urls(cluster, named["obvious"])["DATABASE_OWNER_URL"],
        "DJANGO_SETTINGS_MODULE": "tests.bench.obvious.settings",
    }
    databases.run(["manage.py", "migrate", "-v0"], product)
    databases.run(["-m", "django", "migrate", "--run-syncdb", "-v0"], obvious)
    return {"product": product, "obvious": obvious}


def run(names: list[str], rounds: int, debian: str) -> dict[str, dict]:
    """Times and statements of every workload and side, the sides taking turns round by round."""
    cluster = databases.use_own_cluster()
    with embedded.lease(cluster):
        environments = new_databases(cluster)
        processes = [Process(side, environments[side]) for side in SIDES]
        for process in processes:
            process.ask("prepare", debian=debian if "impact_of_libc6" in names else "")
        found = {name: {side: {"times": [], "statements": 0} for side in SIDES} for name in names}
        for number in range(rounds):
            for name in names:
                for process in processes if number % 2 == 0 else processes[::-1]:
                    repeat = WORKLOADS[name][1 + SIDES.index(process.side)]
                    answer = process.ask("measure", workload=name, repeat=repeat)
                    found[name][process.side]["times"] += answer["times"]
                    found[name][process.side]["statements"] = answer["statements"]
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for process in processes:
            process.stop()
    return found


def table(found: dict[str, dict]) -> str:
    """The figures as a Markdown table, ratios first."""
    lines = [
        "| work | ratio | product ms: median (min–max) | obvious ms: median (min–max) | statements |",
        "|-|-|-|-|-|",
    ]
    for name, sides in found.items():
        medians = {side: statistics.median(figures["times"]) for side, figures in sides.items()}
        cells = [
            f"{medians[side]:.3g} ({min(figures['times']):.3g}–{max(figures['times']):.3g})"
            for side, figures in sides.items()
        ]
        ratio = medians["obvious"] / medians["product"]
        statements = f"{sides['product']['statements']} : {sides['obvious']['statements']}"
        words = WORKLOADS[name][0]
        lines.append(f"| {words} | **{ratio:.1f}×** | {cells[0]} | {cells[1]} | {statements} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"workloads: {', '.join(WORKLOADS)} (all by default)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5 by default)")
    options = parser.parse_args()
    names = options.names or list(WORKLOADS)
    if unknown := [name for name in names if name not in WORKLOADS]:
        parser.error(f"unknown: {', '.join(unknown)}; there are: {', '.join(WORKLOADS)}")
    debian = Path(os.environ.get("OPSLEDGER_DATA", ROOT.parent / "shared" / "data")) / "debian"
    if "impact_of_libc6" in names and not debian.exists():
        print(f"impact_of_libc6 is left out: {debian} is not there (OPSLEDGER_DATA).", file=sys.stderr)
        names.remove("impact_of_libc6")
    found = run(names, options.rounds, str(debian))
    print(table(found))
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}, {options.rounds} rounds.")


if __name__ == "__main__":
    main()
