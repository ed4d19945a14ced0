"""Statuses and comments on GitHub, against a server on loopback."""

import json
import socket
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from app.clients.git.base import (
    ClientError,
    Comment,
    CommitStatus,
    ObjectNotFound,
    RepoRef,
    ServerError,
    Unreachable,
)
from app.clients.git.github import GitHub, shorten
from app.clients.http import HttpClient
from tests.clients.git.github_parts import (
    MARKER,
    ROOT,
    asked,
    paged,
    sha,
)
from tests.clients.git.parts import TOKEN, Serve

# Statuses


def test_statuses_and_check_runs_of_all_pages_are_joined(httpserver: HTTPServer, github: GitHub) -> None:
    status = {"context": "ci/1", "state": "success", "description": None, "updated_at": "2026-02-01T00:00:00Z"}
    path = f"{ROOT}/commits/{sha(3)}"
    pages = [{"statuses": [status]}, {"statuses": [{**status, "context": "ci/2", "state": "odd"}]}]
    runs = [
        {"name": "build", "status": "completed", "conclusion": "skipped", "completed_at": "2026-02-01T00:00:00Z"},
        {"name": "test", "status": "completed", "conclusion": "timed_out", "output": {"title": "Too slow"}},
        {"name": "lint", "status": "in_progress", "conclusion": None, "details_url": "http://localhost/1"},
        {"name": "new", "status": "completed", "conclusion": "sparkling"},
    ]
    httpserver.expect_request(f"{path}/status").respond_with_handler(paged(pages, path))
    httpserver.expect_request(f"{path}/check-runs").respond_with_json({"check_runs": runs})

    statuses = github.get_statuses(sha(3))

    assert [(found.context, found.state, found.description) for found in statuses] == [
        ("ci/1", "success", ""),
        ("ci/2", "pending", ""),
        ("build", "success", ""),
        ("test", "failure", "Too slow"),
        ("lint", "pending", ""),
        ("new", "pending", ""),
    ]
    assert statuses[0].time == datetime(2026, 2, 1, tzinfo=UTC)
    assert statuses[4].url == "http://localhost/1"
    assert httpserver.log[-1][0].args["filter"] == "latest"


def test_statuses_are_read_without_permission_for_checks(httpserver: HTTPServer, github: GitHub) -> None:
    path = f"{ROOT}/commits/{sha(3)}"
    httpserver.expect_request(f"{path}/status").respond_with_json({"statuses": [{"context": "a", "state": "error"}]})
    httpserver.expect_request(f"{path}/check-runs").respond_with_json({"message": "not accessible"}, status=403)

    assert [found.state for found in github.get_statuses(sha(3))] == ["error"]


def test_a_status_is_posted_and_repeated_on_a_server_error(httpserver: HTTPServer, github: GitHub) -> None:
    queue = iter([Response(status=502), Response("{}", status=201)])
    httpserver.expect_request(
        f"{ROOT}/statuses/{sha(3)}",
        method="POST",
        json={
            "state": "success",
            "context": "coverage/project",
            "description": "87.50% (+1.00%)",
            "target_url": "http://localhost/1",
        },
    ).respond_with_handler(lambda _: next(queue))

    github.set_status(sha(3), CommitStatus("coverage/project", "success", "87.50% (+1.00%)", "http://localhost/1"))

    assert asked(httpserver) == [("POST", f"{ROOT}/statuses/{sha(3)}")] * 2


def test_a_long_description_ends_at_a_word(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/statuses/{sha(3)}").respond_with_json({}, status=201)

    github.set_status(sha(3), CommitStatus("c", "success", "word " * 50, None))

    sent = json.loads(httpserver.log[0][0].get_data())
    assert sent == {"state": "success", "context": "c", "description": "word " * 27 + "word…"}


@given(st.text(max_size=300))
def test_shortened_text_fits_and_starts_alike(text: str) -> None:
    short = shorten(text, 140)

    assert len(short) <= 140
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]) and len(short) > 70)


def test_a_status_for_an_unknown_commit_is_not_found(httpserver: HTTPServer, github: GitHub) -> None:
    path = f"{ROOT}/statuses/{sha(3)}"
    httpserver.expect_oneshot_request(path).respond_with_json({"message": "No commit found for SHA: 3"}, status=422)
    httpserver.expect_oneshot_request(path).respond_with_json({"message": "Validation Failed"}, status=422)

    for error in (ObjectNotFound, ClientError):
        with pytest.raises(error):
            github.set_status(sha(3), CommitStatus("c", "success", "", None))


# Comments


def test_a_comment_is_posted_edited_and_deleted(httpserver: HTTPServer, github: GitHub) -> None:
    post, one = f"{ROOT}/issues/5/comments", f"{ROOT}/issues/comments/77"
    httpserver.expect_request(post, method="POST", json={"body": "hi"}).respond_with_json({"id": 77}, status=201)
    httpserver.expect_request(one, method="PATCH", json={"body": "ho"}).respond_with_json({"id": 77})
    httpserver.expect_request(one, method="DELETE").respond_with_data("", status=204)

    comment_id = github.post_comment(5, "hi")
    github.edit_comment(5, comment_id, "ho")
    github.delete_comment(5, comment_id)

    assert comment_id == "77"
    assert asked(httpserver) == [("POST", post), ("PATCH", one), ("DELETE", one)]


def test_a_comment_that_is_gone_is_not_found(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/issues/comments/77").respond_with_json({"message": "Not Found"}, status=404)

    for act in (lambda: github.edit_comment(5, "77", "x"), lambda: github.delete_comment(5, "77")):
        with pytest.raises(ObjectNotFound):
            act()


def test_a_comment_is_not_posted_again_after_a_timeout(
    serve: Serve, impatient_http: HttpClient, sleeps: list[float]
) -> None:
    received: list[int] = []

    def hang(connection: socket.socket) -> None:
        received.append(1)
        time.sleep(0.2)

    client = GitHub(RepoRef("github", "", "acme", "42", "rocket"), TOKEN, serve(hang), impatient_http)

    with pytest.raises(Unreachable):
        client.post_comment(5, "hi")

    assert (len(received), sleeps) == (1, [])


def test_a_comment_is_not_posted_again_after_a_server_error(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/issues/5/comments").respond_with_data("", status=502)

    with pytest.raises(ServerError):
        github.post_comment(5, "hi")

    assert len(httpserver.log) == 1


def test_the_newest_own_comment_of_all_pages_is_found(httpserver: HTTPServer, github: GitHub) -> None:
    path = f"{ROOT}/issues/5/comments"
    pages = [
        [{"id": 1, "body": f"{MARKER}\nfirst"}, {"id": 2, "body": "other"}, {"id": 3, "body": f"{MARKER}\nsecond"}],
        [{"id": 4, "body": None}, {"id": 5, "body": f"> {MARKER}\n> quoted by somebody"}],
    ]
    httpserver.expect_request(path).respond_with_handler(paged(pages, path))

    assert github.find_comment(5, MARKER) == Comment("3", f"{MARKER}\nsecond")
    assert github.find_comment(5, "<!-- other -->") is None
