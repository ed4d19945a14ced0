"""The local client on real repositories."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.clients.git.base import (
    ClientError,
    Comment,
    CommitStatus,
    GitError,
    Misconfigured,
    ObjectNotFound,
    RepoNotFound,
    Unreachable,
)
from app.clients.git.local import LocalCheckout
from tests.clients.git.parts import Repository

LINES = "".join(f"line {number}\n" for number in range(1, 21))
MARKER = "<!-- coverage:coverage -->"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def checkout(repository: Repository, state: Path) -> LocalCheckout:
    return LocalCheckout(repository.path, state)


def branched(repository: Repository) -> tuple[str, str, str]:
    """Commit a fork point, one commit on main and one on feature/fuel; return their SHAs."""
    fork = repository.commit("Start", {"a.py": LINES, "old.py": LINES})
    repository.git("switch", "--quiet", "--create", "feature/fuel")
    head = repository.commit("Add fuel", {"a.py": LINES.replace("line 5\n", "line five\n"), "fuel.py": "x = 1\n"})
    repository.git("switch", "--quiet", "main")
    tip = repository.commit("Go on", {"b.py": "b = 1\n"})
    return fork, tip, head


def test_a_commit_is_read_whole(repository: Repository, checkout: LocalCheckout) -> None:
    first = repository.commit("Start", {"a.py": "1\n"})
    second = repository.commit("Über die Höhe\n\nWith a body.", {"a.py": "2\n"})

    commit = checkout.get_commit("HEAD")

    assert (commit.sha, commit.parents) == (second, (first,))
    assert commit.message == "Über die Höhe\n\nWith a body."
    assert commit.timestamp == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert (commit.author.name, commit.author.email, commit.author.id) == ("Ada Example", "ada@example.com", None)


def test_ancestors_come_nearest_first_up_to_the_limit(repository: Repository, checkout: LocalCheckout) -> None:
    shas = [repository.commit(f"Commit {number}", {}) for number in range(4)]

    ancestors = checkout.get_ancestors("main", limit=3)

    assert ancestors == [(shas[3], (shas[2],)), (shas[2], (shas[1],)), (shas[1], (shas[0],))]


def test_a_comparison_starts_at_the_merge_base(repository: Repository, checkout: LocalCheckout) -> None:
    _, tip, head = branched(repository)

    compare = checkout.get_compare(tip, head, with_commits=True)

    assert {file.path: (file.kind, file.added_lines()) for file in compare.diff} == {
        "a.py": ("modified", [5]),
        "fuel.py": ("new", [1]),
    }
    assert [commit.sha for commit in compare.commits] == [head, tip]


def test_renames_deletions_binaries_and_strange_names_are_told_apart(
    repository: Repository, checkout: LocalCheckout
) -> None:
    base = repository.commit("Start", {"old.py": LINES, "gone.py": "x\n", "a/café b/ü.py": "1\n", "empty.py": ""})
    head = repository.commit(
        "Change",
        {
            "old.py": None,
            "new.py": LINES + "more\n",
            "gone.py": None,
            "a/café b/ü.py": "2\n",
            "logo.png": b"\x89PNG\0\0",
            'quo"te\t.py': "1\n",
        },
    )

    diff = checkout.get_compare(base, head).diff

    assert {file.path: (file.kind, file.before) for file in diff} == {
        "new.py": ("modified", "old.py"),
        "gone.py": ("deleted", "gone.py"),
        "a/café b/ü.py": ("modified", None),
        "logo.png": ("binary", None),
        'quo"te\t.py': ("new", None),
    }
    assert not diff.incomplete


def test_the_diff_of_a_commit_is_against_its_first_parent(repository: Repository, checkout: LocalCheckout) -> None:
    fork, tip, _ = branched(repository)
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge fuel", "feature/fuel")

    assert set(checkout.get_commit_diff(fork).files) == {"a.py", "old.py"}
    assert set(checkout.get_commit_diff(tip).files) == {"b.py"}
    assert set(checkout.get_commit_diff("HEAD").files) == {"a.py", "fuel.py"}


def test_settings_of_the_user_change_no_diff(
    repository: Repository, checkout: LocalCheckout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, tip, head = branched(repository)
    expected = checkout.get_compare(tip, head)
    ran = tmp_path / "ran"
    (repository.path / ".git/info/attributes").write_text("*.py diff=evil\n")
    for name, value in {
        "diff.external": f"touch {ran}",
        "diff.evil.textconv": f"touch {ran};cat",
        "diff.evil.command": f"touch {ran}",
        "core.fsmonitor": f"touch {ran}",
        "core.pager": f"touch {ran}",
        "gpg.program": f"touch {ran}",
        "log.showSignature": "true",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.renames": "false",
        "diff.context": "0",
        "color.ui": "always",
        "core.quotePath": "true",
    }.items():
        repository.git("config", name, value)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    found = checkout.get_compare(tip, head)

    assert found == expected
    assert checkout.get_commit(head).message == "Add fuel"
    assert not ran.exists()


def test_files_are_listed_with_any_name_and_without_submodules(repository: Repository, checkout: LocalCheckout) -> None:
    first = repository.commit("Start", {"a/ü b.py": "1", "new\nline.py": "1", "c.py": "1"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},vendor/engine")
    repository.git("commit", "--quiet", "--message", "Add a submodule")

    files = checkout.list_files("main")

    assert sorted(files) == ["a/ü b.py", "c.py", "new\nline.py"]


def test_a_folder_is_listed_with_the_kinds_of_its_entries(repository: Repository, checkout: LocalCheckout) -> None:
    repository.commit("Start", {"codecov.yml": "1", "dev/ü b.py": "1", "dev/deep/c.py": "1", "run.sh": "1"})
    (repository.path / "link.yml").symlink_to("codecov.yml")
    (repository.path / "run.sh").chmod(0o755)
    first = repository.commit("Add a link", {})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},vendor")
    repository.git("commit", "--quiet", "--message", "Add a submodule")

    assert [(entry.path, entry.kind) for entry in checkout.list_folder("", "main")] == [
        ("codecov.yml", "file"),
        ("dev", "folder"),
        ("link.yml", "other"),
        ("run.sh", "file"),
        ("vendor", "other"),
    ]
    assert [(entry.path, entry.name, entry.kind) for entry in checkout.list_folder("dev", first)] == [
        ("dev/deep", "deep", "folder"),
        ("dev/ü b.py", "ü b.py", "file"),
    ]
    for path in ("missing", "codecov.yml", "../dev", "nul\0"):
        with pytest.raises(ObjectNotFound):
            checkout.list_folder(path, first)


def test_a_source_is_the_bytes_at_that_commit(repository: Repository, checkout: LocalCheckout) -> None:
    first = repository.commit("Start", {"a.bin": b"\x00\xff\r\n"})
    repository.commit("Change", {"a.bin": b"other"})

    assert checkout.get_source("a.bin", first) == b"\x00\xff\r\n"
    for path in ("missing", "", ".", "../a.bin", "nul\0", "--help"):
        with pytest.raises(ObjectNotFound):
            checkout.get_source(path, first)


def test_branches_are_found_and_compared(repository: Repository, checkout: LocalCheckout) -> None:
    fork, tip, head = branched(repository)

    assert (checkout.get_branch_head("main"), checkout.get_branch_head("feature/fuel")) == (tip, head)
    assert (checkout.behind_by("main", head), checkout.behind_by("main", tip)) == (1, 0)
    assert checkout.behind_by("feature/fuel", fork) == 1
    assert (checkout.behind_by("missing", head), checkout.behind_by("main", "0" * 40)) == (None, None)
    with pytest.raises(ObjectNotFound):
        checkout.get_branch_head("missing")


@pytest.mark.parametrize("ref", ["--help", "-q", "", "missing", "0" * 40, "a\nb", "main..main", "\0", ":/Start"])
def test_names_of_no_commit_are_not_found(repository: Repository, checkout: LocalCheckout, ref: str) -> None:
    repository.commit("Other", {})

    for read in (checkout.get_commit, checkout.get_ancestors, checkout.list_files, checkout.get_commit_diff):
        with pytest.raises(ObjectNotFound):
            read(ref)


def test_histories_without_a_common_ancestor_cannot_be_compared(
    repository: Repository, checkout: LocalCheckout
) -> None:
    repository.commit("Start", {"a.py": "1\n"})
    repository.git("switch", "--quiet", "--orphan", "pages")
    repository.commit("Pages", {"index.html": "hi\n"})

    with pytest.raises(ObjectNotFound):
        checkout.get_compare("main", "pages")


def test_a_shallow_clone_says_that_a_parent_is_missing(repository: Repository, tmp_path: Path, state: Path) -> None:
    repository.commit("Start", {"a.py": "1\n"})
    repository.commit("Change", {"a.py": "2\n"})
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", str(tmp_path / "shallow"))

    with pytest.raises(ObjectNotFound, match="shallow"):
        LocalCheckout(tmp_path / "shallow", state).get_commit_diff("HEAD")


def test_what_is_no_repository_is_named(tmp_path: Path, state: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RepoNotFound):
            LocalCheckout(path, state).get_commit("main")


def test_without_git_the_client_is_misconfigured(
    checkout: LocalCheckout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Misconfigured):
        checkout.get_commit("main")


def test_a_git_that_hangs_is_ended(
    repository: Repository, state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 10\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/usr/bin:/bin")

    with pytest.raises(Unreachable):
        LocalCheckout(repository.path, state, timeout=0.1).get_commit("main")


def test_a_pull_between_two_branches_knows_its_fork_point(repository: Repository, checkout: LocalCheckout) -> None:
    fork, _, head = branched(repository)
    repository.git("switch", "--quiet", "feature/fuel")

    pull = checkout.pull_between(7, "main")

    assert (pull.number, pull.title, pull.state) == (7, "Add fuel", "open")
    assert (pull.base.branch, pull.base.sha) == ("main", fork)
    assert (pull.head.branch, pull.head.sha) == ("feature/fuel", head)


def test_given_pulls_are_found_by_head_branch_or_content(repository: Repository, state: Path) -> None:
    fork, tip, middle = branched(repository)
    repository.git("switch", "--quiet", "feature/fuel")
    repository.commit("More fuel", {"fuel.py": "x = 2\n"})
    plain = LocalCheckout(repository.path, state)
    pull, other = plain.pull_between(7, "main"), plain.pull_between(9, "main")
    closed = replace(plain.pull_between(11, "main"), state="closed")
    checkout = LocalCheckout(repository.path, state, {7: pull, 9: replace(other, head=replace(other.head, branch="x"))})

    assert checkout.get_pull(7) == pull
    assert checkout.find_pull("HEAD") == 9
    assert checkout.find_pull("HEAD", "feature/fuel") == 7
    assert checkout.find_pull(middle) == 9
    assert [checkout.find_pull(sha) for sha in (fork, tip, "0" * 40)] == [None, None, None]
    assert LocalCheckout(repository.path, state, {11: closed}).find_pull("HEAD") is None


def test_a_bare_clone_of_a_bundle_knows_its_pulls(repository: Repository, tmp_path: Path, state: Path) -> None:
    fork, tip, head = branched(repository)
    repository.git("update-ref", "refs/pull/42/head", head)
    repository.git("bundle", "create", "--quiet", str(tmp_path / "rocket.bundle"), "--all")
    repository.git("clone", "--quiet", "--mirror", str(tmp_path / "rocket.bundle"), str(tmp_path / "mirror"))

    checkout = LocalCheckout(tmp_path / "mirror", state)

    pull = checkout.get_pull(42)
    assert (pull.state, pull.base.branch, pull.base.sha) == ("open", "main", fork)
    assert (pull.head.branch, pull.head.sha) == ("feature/fuel", head)
    assert (checkout.find_pull(head), checkout.find_pull(tip)) == (42, None)
    assert set(checkout.get_compare(pull.base.sha, pull.head.sha).diff.files) == {"a.py", "fuel.py"}
    assert "fuel.py" in checkout.list_files(head)


def test_a_merged_pull_keeps_its_fork_point(repository: Repository, checkout: LocalCheckout) -> None:
    fork, _, head = branched(repository)
    repository.git("update-ref", "refs/pull/42/head", head)
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge fuel", "feature/fuel")
    merge = repository.git("rev-parse", "HEAD")
    repository.commit("Go on", {})

    pull = checkout.get_pull(42)

    assert (pull.state, pull.merge_commit_sha, pull.base.sha, pull.base.branch) == ("merged", merge, fork, "main")
    assert checkout.find_pull(head) is None
    with pytest.raises(ObjectNotFound):
        checkout.get_pull(43)


def test_branches_of_a_work_clone_are_those_of_its_remote(repository: Repository, tmp_path: Path, state: Path) -> None:
    fork, _, head = branched(repository)
    repository.git("clone", "--quiet", str(repository.path), str(tmp_path / "clone"))
    checkout = LocalCheckout(tmp_path / "clone", state)

    pull = checkout.pull_between(7, "origin/main", "origin/feature/fuel")

    assert checkout.get_branch_head("feature/fuel") == head
    assert (pull.base.branch, pull.base.sha, pull.head.branch) == ("main", fork, "feature/fuel")
    assert checkout.behind_by(pull.base.branch, head) == 1


def test_posts_are_kept_between_runs_and_handed_on(repository: Repository, state: Path) -> None:
    sha = repository.commit("Start", {})
    seen: list[tuple[str, CommitStatus | Comment]] = []
    first = LocalCheckout(repository.path, state, on_post=lambda place, post: seen.append((place, post)))

    first.set_status("main", CommitStatus("coverage/project", "pending", "Waiting", None))
    first.set_status(sha, CommitStatus("coverage/project", "success", "87.5%", "http://localhost/1"))
    comment_id = first.post_comment(42, f"{MARKER}\nold")
    second = LocalCheckout(repository.path, state)
    second.edit_comment(42, comment_id, f"{MARKER}\nnew")

    assert [(status.state, status.description) for status in second.get_statuses(sha)] == [("success", "87.5%")]
    assert second.get_statuses(sha)[0].time is not None
    assert second.find_comment(42, MARKER) == Comment(comment_id, f"{MARKER}\nnew")
    assert [place for place, _ in seen] == [f"commit {sha}", f"commit {sha}", "pull 42"]
    assert seen[2][1] == Comment(comment_id, f"{MARKER}\nold")


def test_the_newest_own_comment_is_found(checkout: LocalCheckout) -> None:
    ids = [checkout.post_comment(1, body) for body in (f"{MARKER}\n1", f"{MARKER}\n2", f"> {MARKER}\nquoted", "other")]
    checkout.post_comment(2, f"{MARKER}\nelsewhere")

    newest = checkout.find_comment(1, MARKER)
    checkout.delete_comment(1, ids[1])
    older = checkout.find_comment(1, MARKER)

    assert newest is not None and older is not None
    assert (newest.id, older.id) == (ids[1], ids[0])
    assert checkout.find_comment(3, MARKER) is None
    for act in (lambda: checkout.delete_comment(1, ids[1]), lambda: checkout.edit_comment(1, ids[1], "x")):
        with pytest.raises(ObjectNotFound):
            act()


def test_posts_of_several_threads_are_all_kept(repository: Repository, state: Path) -> None:
    sha = repository.commit("Start", {})
    clients = [LocalCheckout(repository.path, state) for _ in range(4)]

    def post(number: int) -> None:
        clients[number].set_status(sha, CommitStatus(f"coverage/{number}", "success", "", None))
        clients[number].post_comment(1, f"comment {number}")

    threads = [threading.Thread(target=post, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {status.context for status in clients[0].get_statuses(sha)} == {f"coverage/{n}" for n in range(4)}
    assert all(clients[0].find_comment(1, f"comment {number}") for number in range(4))


def test_a_damaged_or_unwritable_state_is_a_git_error(checkout: LocalCheckout, state: Path) -> None:
    state.mkdir()
    (state / "posts.json").write_text("{")

    with pytest.raises(ClientError, match="damaged"):
        checkout.post_comment(1, "x")

    (state / "posts.json").unlink()
    (state / "posts.json").mkdir()
    with pytest.raises(GitError):
        checkout.post_comment(1, "x")
