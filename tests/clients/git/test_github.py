"""Reading from GitHub, against a server on loopback."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from app.clients.git.base import (
    ClientError,
    Misconfigured,
    ObjectNotFound,
    PullCommit,
    RateLimited,
    RepoNotFound,
    RepoRef,
    ServerError,
)
from app.clients.git.github import GitHub, fork_point
from app.clients.http import HttpClient
from tests.clients.git.github_parts import (
    RAW,
    ROOT,
    changed,
    commit,
    compared,
    paged,
    pull_payload,
    sha,
)
from tests.clients.git.parts import TOKEN

# Addresses and headers


def test_every_request_names_version_and_token(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}", method="GET").respond_with_json(commit(3, 1))

    github.get_commit(sha(3))

    headers = httpserver.log[0][0].headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"] == "application/vnd.github+json"
    assert headers["X-GitHub-Api-Version"] == "2022-11-28"


def test_without_an_id_the_names_are_used(httpserver: HTTPServer, http: HttpClient) -> None:
    httpserver.expect_request("/api/v3/repos/acme/ro cket/branches/main").respond_with_json({"commit": {"sha": sha(1)}})
    client = GitHub(RepoRef("github", "", "acme", "", "ro cket"), TOKEN, httpserver.url_for("/api/v3/"), http)

    assert client.get_branch_head("main") == sha(1)


def test_names_are_encoded_in_addresses(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/branches/feat/a#b c?d%", method="GET").respond_with_json(
        {"commit": {"sha": sha(8)}}
    )

    assert github.get_branch_head("feat/a#b c?d%") == sha(8)
    assert httpserver.log[0][0].environ["RAW_URI"] == f"{ROOT}/branches/feat%2Fa%23b%20c%3Fd%25"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_would_climb_are_not_asked_for(httpserver: HTTPServer, github: GitHub, name: str) -> None:
    for read in (github.get_commit, github.get_branch_head, github.get_commit_diff):
        with pytest.raises(ObjectNotFound):
            read(name)
    with pytest.raises(ObjectNotFound):
        github.get_source(f"a/{name}/b", "main")

    assert httpserver.log == []


@pytest.mark.parametrize("token", ["", "a\nb", "a b", "tökén"])
def test_a_token_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        GitHub(RepoRef("github", "", "acme", "42", "rocket"), token)

    assert not token or token not in str(caught.value)


# Commits and changes


def test_a_commit_has_its_account_and_the_time_of_its_committer(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}").respond_with_json(commit(3, 1, 2))

    found = github.get_commit(sha(3))

    assert (found.sha, found.message, found.parents) == (sha(3), "Commit 3", (sha(1), sha(2)))
    assert (found.author.id, found.author.username, found.author.name) == ("7", "ada", "Ada")
    assert found.timestamp == datetime(2026, 2, 2, 8, 0, tzinfo=UTC)


def test_a_commit_without_an_account_is_read(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}").respond_with_json({**commit(3), "author": None})

    found = github.get_commit(sha(3))

    assert (found.author.id, found.author.username, found.author.email) == (None, None, "ada@example.com")


def test_an_unknown_commit_and_an_unknown_repository_differ(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}").respond_with_json({"message": "No commit found"}, status=422)
    httpserver.expect_request(f"{ROOT}/commits/{sha(4)}").respond_with_json({"message": "Not Found"}, status=404)

    with pytest.raises(ObjectNotFound):
        github.get_commit(sha(3))
    with pytest.raises(RepoNotFound):
        github.get_commit(sha(4))


def test_ancestors_are_read_page_by_page_up_to_the_limit(httpserver: HTTPServer, github: GitHub) -> None:
    pages = [[commit(n, n - 1) for n in range(first, first - 100, -1)] for first in (400, 300, 200)]
    httpserver.expect_request(f"{ROOT}/commits").respond_with_handler(paged(pages, f"{ROOT}/commits"))

    ancestors = github.get_ancestors("main", limit=150)

    assert (len(ancestors), ancestors[0], ancestors[149]) == (150, (sha(400), (sha(399),)), (sha(251), (sha(250),)))
    assert [request.args.to_dict() for request, _ in httpserver.log] == [
        {"sha": "main", "per_page": "100", "page": "1"},
        {"sha": "main", "per_page": "100", "page": "2"},
    ]


def test_a_comparison_is_put_together_from_its_files(httpserver: HTTPServer, github: GitHub) -> None:
    files = [
        changed("app/a.py"),
        changed("new.py", status="added"),
        changed("b/ü new.py", status="renamed", previous_filename="b/old.py"),
        changed("moved.py", status="renamed", previous_filename="was.py", additions=0, deletions=0, patch=None),
        {"filename": "gone.py", "status": "removed", "additions": 0, "deletions": 9},
        {"filename": "logo.png", "status": "modified", "additions": 0, "deletions": 0},
    ]
    httpserver.expect_request(f"{ROOT}/compare/{sha(1)}...{sha(3)}").respond_with_json(compared(*files))

    compare = github.get_compare(sha(1), sha(3))

    assert {file.path: (file.kind, file.before, file.added_lines()) for file in compare.diff} == {
        "app/a.py": ("modified", None, [2, 3]),
        "new.py": ("new", None, [2, 3]),
        "b/ü new.py": ("modified", "b/old.py", [2, 3]),
        "moved.py": ("modified", "was.py", []),
        "gone.py": ("deleted", "gone.py", []),
        "logo.png": ("modified", None, []),
    }
    assert (compare.diff.incomplete, compare.commits, len(httpserver.log)) == (False, (), 1)


def test_commits_of_a_comparison_come_newest_first(httpserver: HTTPServer, github: GitHub) -> None:
    path = f"{ROOT}/compare/{sha(1)}...{sha(4)}"
    pages = [
        compared(changed("a.py"), commits=[commit(2, 1), commit(3, 2)]),
        compared(changed("a.py"), commits=[commit(4, 3)]),
    ]
    httpserver.expect_request(path).respond_with_handler(paged(pages, path))

    compare = github.get_compare(sha(1), sha(4), with_commits=True)

    assert [found.sha for found in compare.commits] == [sha(4), sha(3), sha(2), sha(1)]
    assert list(compare.diff.files) == ["a.py"]


def answer_with(listed: dict[str, Any], raw: Response) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        if request.headers["Accept"] == "application/vnd.github.v3.diff":
            return raw
        return Response(json.dumps(listed), content_type="application/json")

    return answer


def test_a_comparison_of_300_files_is_read_as_raw_diff(httpserver: HTTPServer, github: GitHub) -> None:
    names = [f"f{number}.py" for number in range(310)]
    raw = "".join(RAW.replace("app/a.py", name) for name in names)
    listed = compared(*[changed(name) for name in names[:300]])
    httpserver.expect_request(f"{ROOT}/compare/a...b").respond_with_handler(answer_with(listed, Response(raw)))

    diff = github.get_compare("a", "b").diff

    assert (len(diff.files), diff.incomplete) == (310, False)
    assert diff.files["f305.py"].added_lines() == [2, 3]


@pytest.mark.parametrize("cut", [{"patch": None}, {"additions": 900}])
def test_a_file_without_its_whole_patch_is_read_from_the_raw_diff(
    httpserver: HTTPServer, github: GitHub, cut: dict[str, Any]
) -> None:
    listed = compared(changed("app/a.py", **cut))
    httpserver.expect_request(f"{ROOT}/compare/a...b").respond_with_handler(answer_with(listed, Response(RAW)))

    diff = github.get_compare("a", "b").diff

    assert (diff.files["app/a.py"].added_lines(), diff.incomplete) == ([2, 3], False)


@pytest.mark.parametrize(
    "raw", [Response("{}", status=406), Response("slow", status=500), Response(RAW.replace("app/a.py", "other.py"))]
)
def test_a_diff_that_stays_cut_says_so(httpserver: HTTPServer, github: GitHub, raw: Response) -> None:
    listed = compared(changed("app/a.py", patch=None))
    httpserver.expect_request(f"{ROOT}/compare/a...b").respond_with_handler(answer_with(listed, raw))

    diff = github.get_compare("a", "b").diff

    assert diff.incomplete
    assert "app/a.py" in diff.files


def test_a_limit_during_the_raw_diff_is_no_cut_diff(httpserver: HTTPServer, github: GitHub) -> None:
    listed = compared(changed("app/a.py", patch=None))
    httpserver.expect_request(f"{ROOT}/compare/a...b").respond_with_handler(answer_with(listed, Response(status=429)))

    with pytest.raises(RateLimited):
        github.get_compare("a", "b")


def test_the_diff_of_a_commit_is_raw(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(
        f"{ROOT}/commits/{sha(3)}", headers={"Accept": "application/vnd.github.v3.diff"}
    ).respond_with_data(RAW)

    assert github.get_commit_diff(sha(3)).files["app/a.py"].added_lines() == [2, 3]


def test_the_diff_of_a_huge_commit_is_put_together(httpserver: HTTPServer, github: GitHub) -> None:
    path = f"{ROOT}/commits/{sha(3)}"
    listed = {**commit(3), "files": [changed("app/a.py"), changed("big.sql", patch=None)]}
    pages = paged([listed, {**commit(3), "files": [changed("b.py")]}], path)

    def answer(request: Request) -> Response:
        return Response("{}", status=406) if "diff" in request.headers["Accept"] else pages(request)

    httpserver.expect_request(path).respond_with_handler(answer)

    diff = github.get_commit_diff(sha(3))

    assert (set(diff.files), diff.incomplete) == ({"app/a.py", "big.sql", "b.py"}, True)


# Pull requests


def expect_pull(httpserver: HTTPServer, payload: dict[str, Any], commits: list[list[dict[str, Any]]]) -> None:
    path = f"{ROOT}/pulls/{payload['number']}"
    httpserver.expect_request(path).respond_with_json(payload)
    httpserver.expect_request(f"{path}/commits").respond_with_handler(paged(commits, f"{path}/commits"))


def test_a_pull_is_read_with_its_real_base(httpserver: HTTPServer, github: GitHub) -> None:
    # main moved on to 1 after the pull had left it at 10
    expect_pull(httpserver, pull_payload(), [[commit(2, 10)], [commit(3, 2)]])

    pull = github.get_pull(5)

    assert (pull.number, pull.title, pull.state, pull.labels) == (5, "Add boosters", "open", ("fuel",))
    assert pull.base == PullCommit("main", sha(10), "acme/rocket")
    assert pull.head == PullCommit("feature", sha(3), "acme/rocket")
    assert (pull.author.username, pull.merge_commit_sha, pull.is_fork) == ("ada", None, False)


def test_a_pull_of_more_than_250_commits_takes_the_merge_base(httpserver: HTTPServer, github: GitHub) -> None:
    head = {**pull_payload()["head"], "sha": sha(900)}
    expect_pull(httpserver, pull_payload(head=head), [[commit(2, 10)]])
    httpserver.expect_request(f"{ROOT}/compare/{sha(1)}...{sha(900)}").respond_with_json(
        compared(merge_base_commit=commit(10))
    )

    assert github.get_pull(5).base.sha == sha(10)


@pytest.mark.parametrize(
    ("repo", "slug"), [({"id": 43, "full_name": "bob/rocket"}, "bob/rocket"), (None, None)], ids=["fork", "deleted"]
)
def test_a_pull_from_a_fork_is_marked(
    httpserver: HTTPServer, github: GitHub, repo: dict[str, Any] | None, slug: str | None
) -> None:
    head = {"ref": "feature", "sha": sha(3), "repo": repo}
    expect_pull(httpserver, pull_payload(head=head, user=None), [[commit(3, 1)]])

    pull = github.get_pull(5)

    assert (pull.is_fork, pull.head.slug, pull.author.username) == (True, slug, None)


def test_a_merged_pull_has_its_merge_commit(httpserver: HTTPServer, github: GitHub) -> None:
    expect_pull(httpserver, pull_payload(state="closed", merged=True), [[commit(3, 1)]])

    pull = github.get_pull(5)

    assert (pull.state, pull.merge_commit_sha) == ("merged", sha(99))


def test_the_fork_point_is_found_through_merges() -> None:
    straight = {"c": ["b"], "b": ["a"], "a": ["m1"]}
    merged_main = {"c": ["x"], "x": ["a", "m5"], "a": ["m1"]}
    tip_deep = {"c": ["b", "side"], "side": ["m2"], "b": ["a"], "a": ["tip"]}
    crossed = {"e": ["c", "d"], "c": ["a", "b"], "d": ["b", "a"], "a": ["m1"], "b": ["m1"]}

    assert fork_point("tip", "c", straight) == "m1"
    assert fork_point("tip", "c", merged_main) == "m5"
    assert fork_point("tip", "c", tip_deep) == "tip"
    assert fork_point("tip", "e", crossed) == "m1"
    assert fork_point("tip", "root", {"root": []}) == "tip"


def test_a_pull_is_found_by_head_then_branch_then_age(httpserver: HTTPServer, github: GitHub) -> None:
    def other(number: int, branch: str) -> dict[str, Any]:
        return pull_payload(number, head={"ref": branch, "sha": sha(number), "repo": None})

    pulls = [
        other(11, "a"),
        other(12, "b"),
        other(13, "c"),
        {**other(14, "d"), "state": "closed"},
        {**other(15, "e"), "state": "closed", "merged_at": "2026-01-01T00:00:00Z"},
    ]
    for number in (12, 14, 77):
        httpserver.expect_request(f"{ROOT}/commits/{sha(number)}/pulls").respond_with_json(pulls)

    assert github.find_pull(sha(12), "a") == 12
    assert github.find_pull(sha(77), "a") == 11
    assert github.find_pull(sha(77), "zzz") == 13
    assert github.find_pull(sha(14)) == 13


def test_a_commit_in_no_pull_has_none(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/commits/{sha(1)}/pulls").respond_with_json([])
    httpserver.expect_request(f"{ROOT}/commits/{sha(2)}/pulls").respond_with_json({"message": "x"}, status=422)
    httpserver.expect_request(f"{ROOT}/commits/{sha(3)}/pulls").respond_with_json({"message": "x"}, status=404)

    assert (github.find_pull(sha(1)), github.find_pull(sha(2))) == (None, None)
    with pytest.raises(RepoNotFound):
        github.find_pull(sha(3))


# Files and branches


def test_a_source_is_read_raw(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(
        f"{ROOT}/contents/.github/ä b.yml",
        query_string={"ref": "feat/a#b"},
        headers={"Accept": "application/vnd.github.raw+json"},
    ).respond_with_data(b"\x00\xff")

    assert github.get_source(".github/ä b.yml", "feat/a#b") == b"\x00\xff"


@pytest.mark.parametrize(("path", "address"), [("", "contents"), (".github/ä b", "contents/.github/ä b")])
def test_a_folder_is_listed_with_the_kinds_of_its_entries(
    httpserver: HTTPServer, github: GitHub, path: str, address: str
) -> None:
    kinds = {"codecov.yml": "file", "dev": "dir", "link.yml": "symlink", "vendor": "submodule"}
    entries = [{"path": f"{path}/{name}".lstrip("/"), "name": name, "type": kind} for name, kind in kinds.items()]
    httpserver.expect_request(
        f"{ROOT}/{address}",
        query_string={"ref": sha(9)},
        headers={"Accept": "application/vnd.github.object+json"},
    ).respond_with_json({"type": "dir", "path": path, "entries": entries})

    listed = github.list_folder(path, sha(9))

    assert [entry.path for entry in listed] == [entry["path"] for entry in entries]
    assert [(entry.name, entry.kind) for entry in listed] == [
        ("codecov.yml", "file"),
        ("dev", "folder"),
        ("link.yml", "other"),
        ("vendor", "other"),
    ]


def test_what_is_no_folder_cannot_be_listed(httpserver: HTTPServer, github: GitHub) -> None:
    file = {"type": "file", "path": "dev", "name": "dev", "content": ""}
    httpserver.expect_request(f"{ROOT}/contents/dev").respond_with_json(file)
    httpserver.expect_request(f"{ROOT}/contents/missing").respond_with_json({"message": "Not Found"}, status=404)
    httpserver.expect_request(f"{ROOT}/contents/odd").respond_with_json({"entries": [{"name": "no path"}]})

    for path in ("dev", "missing", "a/../b"):
        with pytest.raises(ObjectNotFound):
            github.list_folder(path, sha(9))
    with pytest.raises(ServerError):
        github.list_folder("odd", sha(9))


def test_files_of_a_tree_are_listed_without_folders_and_submodules(httpserver: HTTPServer, github: GitHub) -> None:
    tree = [
        {"path": "a.py", "type": "blob", "sha": sha(1), "size": 3},
        {"path": "lib", "type": "tree", "sha": sha(2)},
        {"path": "lib/b.py", "type": "blob", "sha": sha(3)},
        {"path": "vendor", "type": "commit", "sha": sha(4)},
    ]
    httpserver.expect_request(f"{ROOT}/git/trees/{sha(9)}", query_string="recursive=1").respond_with_json(
        {"tree": tree, "truncated": False}
    )

    assert github.list_files(sha(9)) == ["a.py", "lib/b.py"]


def test_a_cut_tree_is_walked(httpserver: HTTPServer, github: GitHub) -> None:
    root = [{"path": "a.py", "type": "blob", "sha": sha(1)}, {"path": "lib", "type": "tree", "sha": sha(2)}]
    lib = [{"path": "b/c.py", "type": "blob", "sha": sha(3)}, {"path": "b", "type": "tree", "sha": sha(4)}]
    path = f"{ROOT}/git/trees/{sha(9)}"
    httpserver.expect_request(path, query_string="recursive=1").respond_with_json({"tree": root[:1], "truncated": True})
    httpserver.expect_request(path, query_string="").respond_with_json({"tree": root, "truncated": False})
    httpserver.expect_request(f"{ROOT}/git/trees/{sha(2)}").respond_with_json({"tree": lib})

    assert sorted(github.list_files(sha(9))) == ["a.py", "lib/b/c.py"]


def test_a_tree_that_cannot_be_listed_is_an_error(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/git/trees/{sha(9)}").respond_with_json({"tree": [], "truncated": True})
    httpserver.expect_request(f"{ROOT}/git/trees/{sha(8)}").respond_with_json({"tree": [{"path": 1}, "x"]})

    with pytest.raises(ClientError, match="too many files"):
        github.list_files(sha(9))
    with pytest.raises(ServerError):
        github.list_files(sha(8))


def test_commits_behind_the_branch_are_counted(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/compare/main...{sha(3)}").respond_with_json(compared(behind_by=4, ahead_by=2))
    httpserver.expect_request(f"{ROOT}/compare/gone...{sha(3)}").respond_with_json({"message": "no"}, status=404)

    assert (github.behind_by("main", sha(3)), github.behind_by("gone", sha(3))) == (4, None)
