"""Asks a Prometheus server for the present value of a query, and nothing else of anybody."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

from cmdb.models import ConfigurationItem
from inspections.models import MachineReading, ReadingSource

TIMEOUT_SECONDS = 10
LARGEST_ANSWER = 1_000_000
UNSAFE = set("\"'`\\{}\n\r")
LINK_LOCAL = [ip_network("169.254.0.0/16"), ip_network("fe80::/10"), ip_network("::ffff:169.254.0.0/112")]
Problem = MachineReading.Problem


@dataclass(frozen=True)
class Sample:
    """The value as Prometheus wrote it, or the problem; `error` says what is wrong with the source."""

    value: str | None = None
    problem: str = ""
    at: datetime | None = None
    error: str = ""


class Direct(HTTPConnection):
    """A connection that ends before a byte is sent where it leads to the machine's own link."""

    def connect(self) -> None:
        super().connect()
        refuse_link(self.sock)


class DirectTLS(HTTPSConnection):
    """The same behind TLS."""

    def connect(self) -> None:
        super().connect()
        refuse_link(self.sock)


class Plain(HTTPHandler):
    def http_open(self, req: Request) -> Any:
        return self.do_open(Direct, req)


class Secured(HTTPSHandler):
    def https_open(self, req: Request) -> Any:
        return self.do_open(DirectTLS, req)


def refuse_link(connected: socket.socket) -> None:
    """Raises ConnectionError where the other end is link-local: clouds hand out their keys there."""
    peer = ip_address(str(connected.getpeername()[0]).partition("%")[0])
    if any(peer in network for network in LINK_LOCAL):
        connected.close()
        raise ConnectionError("A link-local address is not asked.")


def opener() -> OpenerDirector:
    """Speaks http and https alone, without proxies; a redirect could lead anywhere: it is an error."""
    director = OpenerDirector()
    for handler in (Plain(), Secured(), HTTPErrorProcessor(), HTTPDefaultErrorHandler(), UnknownHandler()):
        director.add_handler(handler)
    return director


def filled(query: str, ci: ConfigurationItem) -> str | None:
    """The query with the CI's name, address and serial; None where one would break out of its quotes."""
    values = {"{name}": ci.name, "{ip}": str(ci.primary_ip or ""), "{serial}": ci.serial}
    for mark, value in values.items():
        if mark in query:
            if not value or set(value) & UNSAFE:
                return None
            query = query.replace(mark, value)
    return query


def ask(source: ReadingSource, query: str) -> Sample:
    """One instant query: GET <base>/api/v1/query. What a server does raises nothing; nothing is logged."""
    headers = {"Accept": "application/json", "User-Agent": "OpsLedger"}
    if name := source.credentials_variable:
        secret = os.environ.get(name, "")
        if not secret:
            return _failed(f"The environment variable {name} is not set.")
        headers["Authorization"] = secret
    url = f"{source.url.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
    request = Request(url, headers=headers)  # noqa: S310  (http and https only: the model's validator)
    try:
        with opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
            body = answer.read(LARGEST_ANSWER + 1)
    except HTTPError as error:
        error.close()
        return _failed(f"HTTP {error.code}")
    except (URLError, HTTPException, OSError, ValueError) as error:
        return _failed(str(getattr(error, "reason", "") or type(error).__name__)[:200])
    if len(body) > LARGEST_ANSWER:
        return _failed("The answer is larger than 1 MB.")
    return read(body)


def read(body: bytes) -> Sample:
    """What the answer says: one number, or why it is unknown. An empty vector is unknown, never good."""
    try:
        told = json.loads(body)
        data = told["data"]
        if told["status"] != "success":
            return _failed(f"Prometheus answers {str(told['status'])[:40]}.")
        kind, result = data["resultType"], data["result"]
        if kind == "vector" and len(result) != 1:
            return Sample(problem=(Problem.SEVERAL if result else Problem.EMPTY).value)
        if kind not in ("vector", "scalar"):
            return _failed(f"The query answers a {str(kind)[:20]}; ask for one value.")
        at, value = result[0]["value"] if kind == "vector" else result
        return Sample(str(value), at=datetime.fromtimestamp(float(at), UTC))
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, OSError, RecursionError):
        return _failed("The answer is not one of Prometheus' query API.")


def _failed(error: str) -> Sample:
    return Sample(problem=Problem.NO_ANSWER.value, error=error)
