"""One side of the benchmark, in a process of its own: reads commands as JSON lines, answers with figures."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

SETTINGS = {"product": "config.settings", "obvious": "tests.bench.obvious.settings"}
ITEMS, BATCH, VERSIONS = 10_000, 1_000, 10


def row(number: int) -> dict[str, Any]:
    """One configuration item as both APIs take it."""
    return {
        "type": "host",
        "name": f"bench-{number:07}",
        "environment": ("production", "test", "staging", "development")[number % 4],
        "criticality": number % 4 + 1,
        "owner_team": f"team-{number % 20}",
        "serial": f"SN{number:09}",
        "primary_ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        "description": "written by the benchmark",
        "attributes": {"os": "Debian", "os_version": "12", "cpu_cores": 16, "memory_gib": 64},
    }


class Side:
    """What both sides share: a client with a token, fresh numbers, and the clock."""

    def __init__(self) -> None:
        self.next_number = 0
        self.client: Client | None = None
        self.first = 0

    def fresh(self, count: int = 1) -> list[dict[str, Any]]:
        start = self.next_number
        self.next_number += count
        return [row(number) for number in range(start, start + count)]

    def log_in(self, header: str) -> None:
        self.client = Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=header)

    def ask(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        send = getattr(self.client, method)
        answer = send(path, body, content_type="application/json") if body is not None else send(path)
        if answer.status_code != expect:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.content[:500]!r}")
        return answer.json()

    def measure(self, workload: str, repeat: int) -> dict[str, Any]:
        """Milliseconds of each repetition, and the statements of one more."""
        prepare: Callable[[], Callable[[], Any]] = getattr(self, workload)
        prepare()()  # once unmeasured: caches, prepared statements
        times = []
        for _ in range(repeat):
            deed = prepare()
            start = time.perf_counter()
            deed()
            times.append((time.perf_counter() - start) * 1000)
        deed = prepare()
        with CaptureQueriesContext(connection) as counted:
            deed()
        return {"times": times, "statements": len(counted)}

    # The workloads: each prepares and returns what is measured.

    def create_one(self) -> Callable[[], Any]:
        body = self.fresh()[0]
        return lambda: self.ask("post", "/api/items/", body, 201)

    def list_of_100(self) -> Callable[[], Any]:
        path = "/api/items/?environment=production&ordering=name&page_size=100"
        return lambda: self.check(len(self.ask("get", path)["results"]), 100)

    def one_item(self) -> Callable[[], Any]:
        return lambda: self.ask("get", f"/api/items/{self.first + 77}/")

    def history_of_one(self) -> Callable[[], Any]:
        path = f"/api/items/{self.first}/history/"
        return lambda: self.check(len(self.ask("get", path)["results"]), VERSIONS)

    def bulk_create_1000(self) -> Callable[[], Any]:
        body = self.fresh(BATCH)
        return lambda: self.ask("post", "/api/items/bulk/", body, 201)

    def bulk_update_1000(self) -> Callable[[], Any]:
        words = f"updated {time.time_ns()}"
        first = self.first + 1000
        body = [{"id": pk, "description": words} for pk in range(first, first + BATCH)]
        return lambda: self.ask("patch", "/api/items/bulk/", body)

    def impact_of_libc6(self) -> Callable[[], Any]:
        return lambda: self.check(self.impact_total("libc6"), 592)

    def impact_total(self, package: str) -> int:
        raise NotImplementedError

    @staticmethod
    def check(found: int, expected: int) -> None:
        if found != expected:
            raise SystemExit(f"{found} instead of {expected}: the two sides would not do the same work")


def main(kind: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS[kind]
    django.setup()
    side = importlib.import_module(f"tests.bench.{kind}_side").Bench()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(side, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
