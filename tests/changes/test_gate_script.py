"""The script of docs/how-to/gate-a-pipeline.md, run as a pipeline runs it: it stops in every case but one."""

import os
import re
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.changes import journey
from tests.changes.test_pipeline_gate import secret_of
from tests.factories import make_user

PAGE = Path(__file__).parents[2] / "docs/how-to/gate-a-pipeline.md"
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="NO CURL: apt install curl")


@pytest.fixture
def gate(tmp_path):
    """`gate(url, item)` runs the script of the page."""
    script = tmp_path / "gate.sh"
    script.write_text(re.search(r"```sh\n(#!/bin/sh.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1])

    def run(url, *items, token="opl_x"):
        environment = os.environ | {"GATE_URL": url, "GATE_TOKEN": token, "PIPELINE": "test #1"}
        return subprocess.run(
            ["sh", str(script), *items], env=environment, capture_output=True, text=True, timeout=60
        )

    return run


def test_a_dead_port_stops_the_pipeline(gate):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = gate(f"http://127.0.0.1:{port}", "host:a")
    assert done.returncode == 1
    assert "did not answer" in done.stderr


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>Welcome</html>"),
        (200, b'{"decision":"deny","reasons":[{"message":"{\\"decision\\":\\"allow\\","}]}'),
        (200, b' {"decision":"allow",'),
        (302, b'{"decision":"allow","reasons":[]}'),
        (201, b'{"decision":"allow","reasons":[]}'),
        (500, b'{"decision":"allow","reasons":[]}'),
        (503, b"upstream"),
    ],
)
def test_whatever_is_not_a_plain_yes_stops_the_pipeline(gate, status, body):
    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = gate(f"http://127.0.0.1:{server.server_port}", "host:a")
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_the_product_opens_and_shuts_it(gate, live_server):
    cast = journey.Cast()
    change = journey.draft(cast)
    journey.to_implementing(cast, change)
    token = secret_of(make_user("integration"))
    address = change.change_items.get(impact="manual").item.address
    opened = gate(live_server.url, address, token=token)
    assert (opened.returncode, opened.stdout) == (0, "The gate is open.\n")
    assert gate(live_server.url, address, "host:nobody", token=token).returncode == 1
    assert gate(live_server.url, address, token="opl_wrong").returncode == 1
    assert gate(live_server.url, token=token).returncode == 1
