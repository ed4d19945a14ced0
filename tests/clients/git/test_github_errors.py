"""What refusals, limits and broken answers of GitHub become."""

import json
import re
import traceback
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from app.clients.git.base import (
    ClientError,
    Forbidden,
    GitError,
    ObjectNotFound,
    RateLimited,
    RepoRef,
    ServerError,
    Unauthorized,
)
from app.clients.git.github import GitHub
from app.clients.http import HttpClient, HttpPolicy
from tests.clients.git.github_parts import MARKER, ROOT, changed, commit, compared, pull_payload, sha
from tests.clients.git.parts import NOW, TOKEN

WORDS = ['{"message": "Some words"}', "<html>Unicorn!</html>", "", "[1]", '{"message": 5}']
REFUSALS = {
    ClientError: (301, 400, 451),
    Unauthorized: (401,),
    Forbidden: (403,),
    ObjectNotFound: (404, 409, 410, 422),
    ServerError: (500, 502, 503, 504, 520),
}


@pytest.mark.parametrize("error", REFUSALS)
@pytest.mark.parametrize("body", WORDS)
def test_refusals_become_git_errors(httpserver: HTTPServer, github: GitHub, error: type[GitError], body: str) -> None:
    for status in REFUSALS[error]:
        httpserver.expect_request(f"{ROOT}/branches/{status}").respond_with_data(body, status=status)

        with pytest.raises(GitError) as caught:
            github.get_branch_head(str(status))

        assert type(caught.value) is error
        assert ("Some words" in str(caught.value)) == ("Some words" in body)


@pytest.mark.parametrize("body", ["<html>", "", "null", "[]", "5", "{}", '{"commit": {"sha": 7}}', '{"commit": []}'])
def test_answers_of_a_wrong_shape_are_server_errors(httpserver: HTTPServer, github: GitHub, body: str) -> None:
    httpserver.expect_request(f"{ROOT}/branches/main").respond_with_data(body)
    httpserver.expect_request(f"{ROOT}/commits/x").respond_with_data(body)

    with pytest.raises(ServerError):
        github.get_branch_head("main")
    with pytest.raises(ServerError):
        github.get_commit("x")


def test_an_answer_that_is_too_large_is_a_client_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request(f"{ROOT}/contents/big.bin").respond_with_data(b"x" * 2000)
    small = HttpClient("github", HttpPolicy(max_bytes=1000))
    client = GitHub(RepoRef("github", "", "acme", "42", "rocket"), TOKEN, httpserver.url_for("/"), small)

    with pytest.raises(ClientError):
        client.get_source("big.bin", "main")


def seconds_from_now(seconds: float) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": seconds_from_now(600)}, ""), 600),
        ((429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": seconds_from_now(600)}, ""), 600),
        ((403, {"X-RateLimit-Remaining": "0"}, ""), 60),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 30}, ""), 60),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": seconds_from_now(1e7)}, ""), 7200),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": seconds_from_now(-90)}, ""), 1),
        ((403, {"Retry-After": "30", "X-RateLimit-Remaining": "4000"}, ""), 30),
        ((429, {"Retry-After": "999999999999"}, ""), 7200),
        ((429, {"Retry-After": "Sun, 01 Mar 2026 12:05:00 GMT"}, ""), 300),
        ((429, {"Retry-After": "soon"}, ""), 60),
        ((403, {}, "You have exceeded a secondary rate limit."), 60),
        ((429, {}, ""), 60),
    ],
)
def test_limits_are_told_from_refusals(
    httpserver: HTTPServer, github: GitHub, answer: tuple[int, dict[str, str], str], seconds: int
) -> None:
    status, headers, message = answer
    httpserver.expect_request(f"{ROOT}/issues/5/comments").respond_with_json(
        {"message": message}, status=status, headers=headers
    )

    with pytest.raises(RateLimited) as caught:
        github.post_comment(5, "hi")

    assert caught.value.reset_at == NOW + timedelta(seconds=seconds)
    assert len(httpserver.log) == 1


def test_a_refusal_with_budget_left_is_no_limit(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/issues/5/comments").respond_with_json(
        {"message": "Resource not accessible"}, status=403, headers={"X-RateLimit-Remaining": "12"}
    )

    with pytest.raises(Forbidden):
        github.post_comment(5, "hi")


def test_no_error_and_no_traceback_holds_the_token(
    httpserver: HTTPServer, github: GitHub, http: HttpClient, closed_port: int
) -> None:
    repo = RepoRef("github", "", "acme", "42", "rocket")
    echo = {"message": f"Bad credentials: Bearer {TOKEN} has exceeded a secondary rate limit"}
    httpserver.expect_request(f"{ROOT}/branches/a").respond_with_json(echo, status=401)
    httpserver.expect_request(f"{ROOT}/branches/b").respond_with_json(echo, status=403)
    httpserver.expect_request(f"{ROOT}/branches/c").respond_with_json({"commit": TOKEN})
    unreachable = GitHub(repo, TOKEN, f"http://127.0.0.1:{closed_port}", http)

    for client, branch in ((github, "a"), (github, "b"), (github, "c"), (unreachable, "d")):
        with pytest.raises(GitError) as caught:
            client.get_branch_head(branch)
        assert TOKEN not in "".join(traceback.format_exception(caught.value))
        assert TOKEN not in repr(caught.value) + repr(client)


FIELDS = ["sha", "commit", "author", "committer", "date", "parents", "files", "repo", "id", "state", "patch", "path"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "x", "0001-01-01T00:00:00+10:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


def broken(payload: Any, rest: list[int], junk: Any) -> Any:
    """Put junk somewhere into a payload: `rest` chooses the way down."""
    if not rest or not isinstance(payload, dict | list) or not payload:
        return junk
    if isinstance(payload, list):
        at = rest[0] % len(payload)
        return [broken(item, rest[1:], junk) if number == at else item for number, item in enumerate(payload)]
    name = sorted(payload)[rest[0] % len(payload)]
    return {key: broken(value, rest[1:], junk) if key == name else value for key, value in payload.items()}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 20), max_size=6), JSON)
def test_whatever_github_answers_only_git_errors_are_raised(
    httpserver: HTTPServer, github: GitHub, way: list[int], junk: Any
) -> None:
    everything = {
        **commit(3, 1),
        **compared(changed("a.py"), commits=[commit(2, 1)], behind_by=1),
        **pull_payload(),
        "statuses": [{"context": "a", "state": "success", "updated_at": "2026-02-01T00:00:00Z"}],
        "check_runs": [{"name": "a", "status": "completed", "conclusion": "success", "output": {"title": "x"}}],
        "tree": [{"type": "blob", "path": "a.py", "sha": sha(1)}],
        "id": 3,
        "body": MARKER,
    }
    answer = json.dumps(broken([everything], [0, *way], junk)[0])
    many = json.dumps([json.loads(answer)])
    httpserver.clear()
    httpserver.expect_request(re.compile(r".*/(pulls|comments|commits)$"), method="GET").respond_with_data(many)
    httpserver.expect_request(re.compile(".*")).respond_with_data(answer)

    for call in (
        lambda: github.get_commit("a"),
        lambda: github.get_ancestors("a"),
        lambda: github.get_compare("a", "b", with_commits=True),
        lambda: github.get_commit_diff("a"),
        lambda: github.get_pull(5),
        lambda: github.find_pull("a"),
        lambda: github.get_statuses("a"),
        lambda: github.post_comment(5, "x"),
        lambda: github.find_comment(5, MARKER),
        lambda: github.list_files("a"),
        lambda: github.get_branch_head("a"),
        lambda: github.behind_by("main", "a"),
    ):
        with suppress(GitError):
            call()
