"""Values asked of a server on a socket that speaks the query API. (No Prometheus binary is at hand.)"""

import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from inspections import prometheus
from inspections.actions import pull_readings
from inspections.models import Finding, MachineReading, ReadingSource
from inspections.prefill import prefills_of
from tests.factories import make_item, make_plan, make_reading_source, make_run
from tests.inspections.readings import DISK

pytestmark = pytest.mark.django_db
QUERY = 'node_disk_used{{instance="{name}"}}'.replace("{{", "{").replace("}}", "}")


class Server:
    """A small HTTP server; `answer` is what the query says: a dict, bytes, or a function of the request."""

    def __init__(self):
        self.asked, self.answer, self.status = [], vector("42.5"), 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = urlsplit(self.path)
                outer.asked.append(
                    (path.path, parse_qs(path.query).get("query", [""])[0], dict(self.headers))
                )
                if path.path != "/base/api/v1/query":
                    return self.send_error(404)
                body = outer.answer(self) if callable(outer.answer) else outer.answer
                if body is None:
                    return None
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                return self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/base/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def vector(*values):
    result = [{"metric": {"n": str(n)}, "value": [time.time(), value]} for n, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def source(server):
    return make_reading_source("prometheus", url=server.url)


@pytest.fixture
def ci():
    return make_item(name="db-01", primary_ip="10.0.0.9", serial="SN-1")


def run_of(ci, **item):
    asked = {"reading_source": "prometheus", "query": QUERY}
    return make_run(plan=make_plan(items=[DISK | asked | item], cis=[ci]))


def pulled():
    pull_readings()
    return MachineReading.objects.order_by("-id").first()


def test_an_open_run_has_its_value(server, source, ci):
    run = run_of(ci)
    reading = pulled()
    assert (reading.ci, reading.metric, reading.value, reading.source) == (ci, "disk_used", 42.5, source)
    assert server.asked[0][:2] == ("/base/api/v1/query", 'node_disk_used{instance="db-01"}')
    assert prefills_of(run)[run.targets.get().pk, "disk"].is_usable
    source.refresh_from_db()
    assert (source.last_error, source.last_seen_at is None) == ("", False)


def test_a_fresh_value_is_not_asked_for_again(server, source, ci):
    run_of(ci)
    assert (pull_readings(), pull_readings(), len(server.asked)) == (1, 0, 1)


def test_nothing_is_asked_for_runs_that_are_over_or_far(server, source, ci):
    run = run_of(ci)
    type(run).objects.filter(pk=run.pk).update(state="cancelled", state_reason="x", state_by=source.account)
    assert pull_readings() == 0
    assert server.asked == []


def test_a_scalar_is_one_value_too(server, source, ci):
    run_of(ci)
    server.answer = {"status": "success", "data": {"resultType": "scalar", "result": [time.time(), "7"]}}
    assert pulled().value == 7


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (vector(), "empty"), (vector("1", "2"), "several"), (vector("NaN"), "nan"), (vector("+Inf"), "inf"),
        (vector("-Inf"), "inf"), (vector("x"), "nan"), (b"<html>", "no_answer"), (b"", "no_answer"),
        (b"[]", "no_answer"), (b'"x"', "no_answer"), (b"[" * 100_000, "no_answer"),
        ({"status": "error", "errorType": "bad_data", "error": "parse error"}, "no_answer"),
        ({"status": "success", "data": {"resultType": "matrix", "result": []}}, "no_answer"),
        ({"status": "success", "data": {"resultType": "string", "result": [1, "x"]}}, "no_answer"),
        ({"status": "success", "data": {"resultType": "vector", "result": [{}]}}, "no_answer"),
        (b" " * 1_000_001, "no_answer"),
    ],
)  # fmt: skip
def test_what_is_no_single_number_is_unknown_and_never_good(server, source, ci, answer, problem):
    run = run_of(ci, confirm="auto_if_ok")
    server.answer = answer
    reading = pulled()
    assert (reading.value, reading.problem) == (None, problem)
    assert not prefills_of(run)[run.targets.get().pk, "disk"].is_usable
    source.refresh_from_db()
    assert bool(source.last_error) == (problem == "no_answer")


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500, 503])
def test_an_http_error_is_unknown_and_stands_on_the_source(server, source, ci, status):
    run_of(ci)
    server.status = status
    assert pulled().problem == "no_answer"
    source.refresh_from_db()
    assert source.last_error == f"HTTP {status}"
    assert source.last_seen_at is None
    server.status = 200
    MachineReading.objects.all()
    source.refresh_from_db()


def test_an_error_is_cleared_by_the_next_answer(server, source, ci):
    run_of(ci, max_age_minutes=1)
    ReadingSource.objects.update(last_error="HTTP 500", last_error_at=timezone.now())
    pull_readings()
    source.refresh_from_db()
    assert source.last_error == ""


def test_a_server_that_does_not_answer_in_time_is_unknown(server, source, ci, monkeypatch):
    monkeypatch.setattr(prometheus, "TIMEOUT_SECONDS", 0.2)
    run_of(ci)
    server.answer = lambda request: time.sleep(0.6)
    assert pulled().problem == "no_answer"


def test_a_dead_port_is_unknown(source, server, ci):
    run_of(ci)
    server.http.shutdown()
    server.http.server_close()
    assert pulled().problem == "no_answer"
    source.refresh_from_db()
    assert "refused" in source.last_error


def test_a_redirect_is_not_followed(server, source, ci):
    run_of(ci)

    def elsewhere(request):
        request.send_response(302)
        request.send_header("Location", f"{server.url}secret")
        request.send_header("Content-Length", "0")
        request.end_headers()

    server.answer = elsewhere
    assert pulled().problem == "no_answer"
    assert [path for path, _query, _headers in server.asked] == ["/base/api/v1/query"]


def test_credentials_come_from_the_environment_alone(server, source, ci, monkeypatch):
    run_of(ci)
    source.credentials_variable = "OPSLEDGER_READINGS_TEST"
    source.save()
    assert pulled().problem == "no_answer"
    assert server.asked == []
    source.refresh_from_db()
    assert "OPSLEDGER_READINGS_TEST is not set" in source.last_error
    monkeypatch.setenv("OPSLEDGER_READINGS_TEST", "Bearer geheim")
    later = timezone.now() + timedelta(minutes=40)
    assert pull_readings(now=later) == 1
    assert server.asked[0][2]["Authorization"] == "Bearer geheim"
    source.refresh_from_db()
    told = [str(vars(row)) for row in [source, *source.history.all(), *MachineReading.objects.all()]]
    assert not any("geheim" in each for each in told)


@pytest.mark.parametrize("name", ['x"} or vector(1) #', "a'b", "a\\b", "a`b", "{x}"])
def test_a_name_never_breaks_out_of_the_query(server, source, name):
    run_of(make_item(name=name))
    assert pulled().problem == "empty"
    assert server.asked == []


def test_the_address_and_serial_stand_in_the_query_too(server, source, ci):
    run_of(ci, query='up{a="{ip}",b="{serial}"}')
    pull_readings()
    assert server.asked[0][1] == 'up{a="10.0.0.9",b="SN-1"}'


def test_the_second_source_is_asked_what_the_first_does_not_know(server, source, ci):
    other = Server()
    run_of(ci)
    server.answer = vector()
    second = make_reading_source("prometheus", key="zz-second", url=other.url)
    assert pulled().source == second
    assert MachineReading.objects.count() == 1
    other.http.shutdown()
    other.http.server_close()


def test_what_is_bad_opens_a_finding(server, source, ci):
    run_of(ci)
    server.answer = vector("96")
    pull_readings()
    assert Finding.objects.get().severity == "crit"


@pytest.mark.parametrize("url", ["http://u:p@host", "http://host/?a=b", "http://host/#x"])
def test_a_base_url_has_no_credentials_and_no_query(url):
    with pytest.raises(ValidationError, match="Only scheme"):
        make_reading_source("prometheus", url=url).clean()


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname?", "ftp://127.0.0.1/", "data:text/plain,x", "gopher://x/"]
)
def test_nothing_but_http_is_spoken_whatever_stands_in_the_table(source, ci, url):
    run_of(ci)
    ReadingSource.objects.filter(pk=source.pk).update(url=url)
    assert pulled().problem == "no_answer"
    source.refresh_from_db()
    assert "unknown url type" in source.last_error


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/", "gopher://host/", "javascript:x"])
def test_an_address_is_of_the_web(url):
    with pytest.raises(ValidationError):
        make_reading_source("prometheus", url=url).full_clean()


def test_the_link_of_the_machine_is_not_asked(server, source, ci, monkeypatch):
    run_of(ci)
    monkeypatch.setattr(prometheus, "LINK_LOCAL", [ip_network("127.0.0.0/8")])  # as if we were in a cloud
    assert pulled().problem == "no_answer"
    assert server.asked == []
    source.refresh_from_db()
    assert "link-local" in source.last_error


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"])
def test_what_counts_as_the_link_of_the_machine(address):
    assert any(ip_address(address) in network for network in prometheus.LINK_LOCAL)
