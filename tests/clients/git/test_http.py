"""The policy of HTTP calls, against servers on loopback."""

import gzip
import socket
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from app.clients.http import Answer, AnswerTooLarge, HttpClient, HttpPolicy, NetworkError
from tests.clients.git.parts import Serve

SECRET = {"Authorization": "Bearer s3cr3t-token"}


def answers(statuses: list[int]) -> Iterator[Response]:
    return iter([Response(f"answer {number}", status=status) for number, status in enumerate(statuses)])


def test_json_is_sent_with_the_product_name_and_the_answer_is_returned(
    httpserver: HTTPServer, http: HttpClient
) -> None:
    httpserver.expect_request("/things", method="POST", json={"a": 1}).respond_with_json({"id": 5}, status=201)

    answer = http.request("POST", httpserver.url_for("/things"), endpoint="thing", payload={"a": 1})

    request = httpserver.log[0][0]
    assert (answer.status, answer.json()) == (201, {"id": 5})
    assert request.headers["User-Agent"].startswith("coverage-worker/")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_idempotent_call_is_repeated_twice_on_a_server_error(
    httpserver: HTTPServer, http: HttpClient, sleeps: list[float], method: str, status: int
) -> None:
    httpserver.expect_request("/x", method=method).respond_with_data("no", status=status)

    answer = http.request(method, httpserver.url_for("/x"), endpoint="x")  # type: ignore[arg-type]  # from a list

    assert (answer.status, len(httpserver.log), sleeps) == (status, 3, [0.5, 2.0])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 501])
def test_a_refusal_is_not_repeated(httpserver: HTTPServer, http: HttpClient, status: int) -> None:
    httpserver.expect_request("/x").respond_with_data("no", status=status)

    answer = http.request("GET", httpserver.url_for("/x"), endpoint="x")

    assert (answer.status, len(httpserver.log)) == (status, 1)


def test_a_repeat_that_succeeds_is_the_answer(httpserver: HTTPServer, http: HttpClient) -> None:
    queue = answers([503, 200])
    httpserver.expect_request("/x").respond_with_handler(lambda _: next(queue))

    answer = http.request("GET", httpserver.url_for("/x"), endpoint="x")

    assert (answer.status, answer.body) == (200, b"answer 1")


def test_a_post_is_not_repeated_unless_it_is_idempotent(httpserver: HTTPServer, http: HttpClient) -> None:
    httpserver.expect_request("/plain").respond_with_data("no", status=503)
    httpserver.expect_request("/status").respond_with_data("no", status=503)

    http.request("POST", httpserver.url_for("/plain"), endpoint="plain", payload={})
    http.request("POST", httpserver.url_for("/status"), endpoint="status", payload={}, idempotent=True)

    assert [request.path for request, _ in httpserver.log] == ["/plain", "/status", "/status", "/status"]


def test_a_post_that_found_no_server_is_repeated(http: HttpClient, sleeps: list[float], closed_port: int) -> None:
    with pytest.raises(NetworkError) as caught:
        http.request("POST", f"http://127.0.0.1:{closed_port}/x", endpoint="x", payload={})

    assert (caught.value.reached, sleeps) == (False, [0.5, 2.0])


def test_a_post_whose_connection_breaks_is_not_repeated(serve: Serve, http: HttpClient, sleeps: list[float]) -> None:
    address = serve(lambda connection: connection.shutdown(socket.SHUT_RDWR))

    with pytest.raises(NetworkError) as caught:
        http.request("POST", f"{address}/x", endpoint="x", payload={})

    assert (caught.value.reached, sleeps) == (True, [])


def test_a_slow_server_is_a_timeout(serve: Serve, impatient_http: HttpClient, sleeps: list[float]) -> None:
    address = serve(lambda _: time.sleep(0.2))

    with pytest.raises(NetworkError) as caught:
        impatient_http.request("GET", f"{address}/x", endpoint="x")

    assert (caught.value.timeout, len(sleeps)) == (True, 2)


def test_waits_vary_by_a_quarter() -> None:
    waits: list[float] = []
    for rand in (0.0, 1.0):
        client = HttpClient("github", sleep=waits.append, rand=lambda value=rand: value)
        with pytest.raises(NetworkError):
            client.request("GET", "http://127.0.0.1:1/x", endpoint="x")

    assert waits == [0.375, 1.5, 0.625, 2.5]


def test_no_attempt_starts_after_the_time_for_repeats_is_over(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("no", status=503)
    ticks = iter(range(0, 1000, 7))
    sleeps: list[float] = []
    client = HttpClient("github", sleep=sleeps.append, clock=lambda: float(next(ticks)))

    client.request("GET", httpserver.url_for("/x"), endpoint="x")

    assert len(httpserver.log) == 1 + len(sleeps) < 3


def test_an_answer_over_the_limit_is_refused(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data(b"x" * 1001)
    client = HttpClient("github", HttpPolicy(max_bytes=1000))

    with pytest.raises(AnswerTooLarge):
        client.request("GET", httpserver.url_for("/x"), endpoint="x")

    assert len(httpserver.log) == 1


def test_the_limit_counts_decompressed_bytes(httpserver: HTTPServer) -> None:
    packed = gzip.compress(b"\0" * 5_000_000)
    httpserver.expect_request("/x").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    small, large = HttpClient("github", HttpPolicy(max_bytes=100_000)), HttpClient("github")

    with pytest.raises(AnswerTooLarge):
        small.request("GET", httpserver.url_for("/x"), endpoint="x")
    answer = large.request("GET", httpserver.url_for("/x"), endpoint="x")

    assert len(answer.body) == 5_000_000


def test_an_answer_that_drips_ends_at_the_deadline(serve: Serve) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.02)

    client = HttpClient("github", HttpPolicy(answer_timeout=0.1, waits=()))

    with pytest.raises(NetworkError) as caught:
        client.request("GET", f"{serve(drip)}/x", endpoint="x")

    assert caught.value.timeout


def test_a_body_that_breaks_off_is_a_network_error(serve: Serve, http: HttpClient, sleeps: list[float]) -> None:
    address = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"))

    with pytest.raises(NetworkError):
        http.request("GET", f"{address}/x", endpoint="x")

    assert len(sleeps) == 2


def test_a_connection_is_used_again(serve: Serve, http: HttpClient) -> None:
    connections: list[int] = []

    def answer_twice(connection: socket.socket) -> None:
        connections.append(1)
        for _ in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.recv(65536)

    address = serve(answer_twice)

    bodies = [http.request("GET", f"{address}/x", endpoint="x").body for _ in range(2)]

    assert (bodies, len(connections)) == ([b"ok", b"ok"], 1)


def test_a_get_follows_redirects_on_the_same_host(httpserver: HTTPServer, http: HttpClient) -> None:
    httpserver.expect_request("/old", query_string="page=2").respond_with_data(
        "", status=301, headers={"Location": "/new?page=2"}
    )
    httpserver.expect_request("/new", query_string="page=2", headers=SECRET).respond_with_data("found")

    answer = http.request("GET", httpserver.url_for("/old"), endpoint="x", params={"page": 2}, headers=SECRET)

    assert (answer.body, answer.url) == (b"found", httpserver.url_for("/new?page=2"))


def test_a_redirect_to_another_host_is_not_followed(httpserver: HTTPServer, serve: Serve, http: HttpClient) -> None:
    asked: list[int] = []
    other = serve(lambda _: asked.append(1))
    httpserver.expect_request("/x").respond_with_data("", status=302, headers={"Location": f"{other}/x"})

    answer = http.request("GET", httpserver.url_for("/x"), endpoint="x", headers=SECRET)

    assert (answer.status, asked) == (302, [])


@pytest.mark.parametrize("location", ["/x", "http://[broken", ""])
def test_redirects_that_lead_nowhere_end(serve: Serve, http: HttpClient, location: str) -> None:
    asked: list[int] = []

    def redirect(connection: socket.socket) -> None:
        asked.append(1)
        head = f"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 4\r\nLocation: {location}"
        connection.sendall(f"{head}\r\n\r\nbody".encode())

    answer = http.request("GET", f"{serve(redirect)}/x", endpoint="x")

    assert (answer.status, answer.body) == (302, b"body")
    assert len(asked) == (6 if location == "/x" else 1)


def test_a_post_follows_no_redirect(httpserver: HTTPServer, http: HttpClient) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=307, headers={"Location": "/y"})

    answer = http.request("POST", httpserver.url_for("/x"), endpoint="x", payload={})

    assert (answer.status, len(httpserver.log)) == (307, 1)


def test_inspect_may_refuse_an_answer_before_it_is_repeated(httpserver: HTTPServer, http: HttpClient) -> None:
    httpserver.expect_request("/x").respond_with_data("no", status=503)

    def refuse(answer: Answer) -> None:
        raise PermissionError(answer.status)

    with pytest.raises(PermissionError):
        http.request("GET", httpserver.url_for("/x"), endpoint="x", inspect=refuse)

    assert len(httpserver.log) == 1


def test_every_attempt_is_observed(httpserver: HTTPServer, closed_port: int) -> None:
    queue = answers([502, 204])
    httpserver.expect_request("/x").respond_with_handler(lambda _: next(queue))
    seen: list[tuple[str, str, str]] = []
    client = HttpClient(
        "github",
        observe=lambda provider, endpoint, status, _seconds: seen.append((provider, endpoint, status)),
        sleep=lambda _: None,
    )

    client.request("GET", httpserver.url_for("/x"), endpoint="thing")
    with pytest.raises(NetworkError):
        client.request("GET", f"http://127.0.0.1:{closed_port}/x", endpoint="thing")

    assert seen == [("github", "thing", status) for status in ("5xx", "2xx", "network", "network", "network")]


def test_credentials_stay_as_given(
    httpserver: HTTPServer, http: HttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login wrong password wrong\nmachine 127.0.0.1 login wrong password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    httpserver.expect_request("/x").respond_with_data("", headers={"Set-Cookie": "session=1; Path=/"})

    for _ in range(2):
        http.request("GET", httpserver.url_for("/x"), endpoint="x", headers=SECRET)

    sent: list[Request] = [request for request, _ in httpserver.log]
    assert [request.headers["Authorization"] for request in sent] == [SECRET["Authorization"]] * 2
    assert "Cookie" not in sent[1].headers


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("http://user:s3cr3t-pass@127.0.0.1:{port}/s3cr3t-path?key=s3cr3t-key", SECRET),
        ("http://127.0.0.1:{port}/x", {"Authorization": "Bearer s3cr3t\nX: y"}),
        ("http://127.0.0.1:{port}/x", {"Authorization": "Bearer s3cr3t\u2026"}),
        ("no-address-s3cr3t", SECRET),
    ],
)
def test_errors_and_tracebacks_hold_no_secret(
    http: HttpClient, closed_port: int, address: str, headers: dict[str, str]
) -> None:
    with pytest.raises(NetworkError) as caught:
        http.request("GET", address.format(port=closed_port), endpoint="x", headers=headers)

    printed = "".join(traceback.format_exception(caught.value))
    assert "s3cr3t" not in printed.replace("SECRET", "")
    assert str(caught.value).startswith("github x: ")


def test_a_body_that_is_no_json_is_a_value_error() -> None:
    for body in (b"<html>", b"", b"\xff", b"[" * 100_000):
        with pytest.raises(ValueError):
            Answer(200, {}, body, "").json()
