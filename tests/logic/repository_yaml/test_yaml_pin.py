"""Pinning: what a commit is worked with, what its author is told, and who may change what holds for the repository."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from app.clients.git.base import Author, GitError, Pull, PullCommit, PullState, RateLimited, ServerError
from app.clients.git.github import GitHub
from app.clients.git.local import LocalCheckout
from app.logic.repository_yaml.pin import MAX_PROBLEMS, pin_config
from app.models.database import Database
from app.models.git import CommitError
from app.models.reports import CommitReport
from app.models.repositories import Repository
from tests.clients.git.github_parts import ROOT
from tests.clients.git.parts import Repository as Source
from tests.factories import make_commit, make_owner, make_report, make_repository

STORED = {"ignore": ["^old/"]}
NEW = "ignore: [new]\n"


@pytest.fixture
def repository(database: Database) -> Repository:
    return make_repository(config=STORED)


def report_of(repository: Repository, sha: str, **values: Any) -> CommitReport:
    return make_report(commit=make_commit(repo=repository, sha=sha, **values))


def stored(repository: Repository) -> Any:
    return Repository.get_by_id(repository.id).config


def errors(report: CommitReport) -> dict[str, Mapping[str, Any]]:
    rows = CommitError.select().where(CommitError.commit == report.commit_id)
    return {row.code: row.params for row in rows}


# What holds for the commit


@pytest.mark.parametrize(
    ("branch", "files", "ignore", "kept"),
    [
        ("main", {"codecov.yml": NEW}, ["^new"], {"ignore": ["^new"]}),
        ("fuel", {"codecov.yml": NEW}, ["^new"], STORED),
        (None, {"codecov.yml": NEW}, ["^new"], STORED),
        ("main", {"codecov.yml": "# nothing\n"}, None, {}),
        ("fuel", {"codecov.yml": "# nothing\n"}, ["^old/"], STORED),
        ("fuel", {"codecov.yml": "{}"}, None, STORED),
        ("main", {}, None, {}),
        ("fuel", {}, ["^old/"], STORED),
    ],
)
def test_the_file_of_the_commit_wins_and_that_of_the_branch_is_kept(
    *,
    repository: Repository,
    source: Source,
    git: LocalCheckout,
    branch: str | None,
    files: dict[str, str],
    ignore: list[str] | None,
    kept: dict[str, Any],
) -> None:
    source.commit("Start", {})
    source.git("switch", "--quiet", "-C", branch or "main")
    report = report_of(repository, source.commit("Configure", files), branch=branch)

    config = pin_config(git, report, {})

    assert config.get("ignore") == ignore
    assert CommitReport.get_by_id(report.id).config == config
    assert stored(repository) == kept
    assert errors(report) == {}


def test_all_layers_are_merged(database: Database, source: Source, git: LocalCheckout) -> None:
    owner = make_owner(config={"coverage": {"precision": 3}})
    repository = make_repository(owner=owner)
    report = report_of(repository, source.commit("Configure", {"coverage.yml": "coverage: {range: 10..20}"}))

    config = pin_config(git, report, {"coverage": {"precision": 1, "round": "up"}})

    coverage = config["coverage"]
    assert (coverage["precision"], coverage["round"], coverage["range"]) == (3, "up", [10.0, 20.0])
    assert config["comment"]["behavior"] == "default"


def test_the_first_pin_wins(repository: Repository, source: Source, git: LocalCheckout) -> None:
    sha = source.commit("Configure", {"codecov.yml": NEW})
    report, same = report_of(repository, sha), CommitReport.get()
    first = pin_config(git, report, {})

    again = pin_config(None, report, {"ignore": ["^other"]})
    late = pin_config(git, same, {"github_checks": False})

    assert first == again == late == CommitReport.get().config
    assert errors(report) == {}


# What is wrong


@pytest.mark.parametrize("branch", ["main", "fuel"])
@pytest.mark.parametrize(
    ("text", "problems", "syntax"),
    [
        (
            "coverage: {precision: 9}\nbad: 1",
            [
                {"path": ["bad"], "message": "unknown field"},
                {"path": ["coverage", "precision"], "message": "max value is 5"},
            ],
            None,
        ),
        ("- a", [{"path": [], "message": "YAML must be a mapping"}], None),
        (
            "a: b: c",
            [{"path": [], "message": "line 1, column 5: mapping values are not allowed in this context"}],
            {"line": 1, "column": 5, "problem": "mapping values are not allowed in this context"},
        ),
    ],
)
def test_a_broken_file_is_told_and_what_is_stored_holds(
    *,
    repository: Repository,
    source: Source,
    git: LocalCheckout,
    branch: str,
    text: str,
    problems: list[dict[str, Any]],
    syntax: dict[str, Any] | None,
) -> None:
    report = report_of(repository, source.commit("Configure", {".github/codecov.yml": text}), branch=branch)

    config = pin_config(git, report, {})

    assert config["ignore"] == ["^old/"]
    assert stored(repository) == STORED
    [(code, params)] = errors(report).items()
    assert code == "invalid_yaml"
    assert (params["path"], params["problems"], params["syntax"]) == (".github/codecov.yml", problems, syntax)
    assert params["count"] == len(problems)


def test_of_many_problems_some_are_kept(repository: Repository, source: Source, git: LocalCheckout) -> None:
    text = "\n".join(f"bad{number}: 1" for number in range(500))
    report = report_of(repository, source.commit("Configure", {"codecov.yml": text}))

    pin_config(git, report, {})

    params = errors(report)["invalid_yaml"]
    assert (len(params["problems"]), params["count"]) == (MAX_PROBLEMS, 500)


@pytest.mark.parametrize(
    ("failing", "status", "code"),
    [
        ("contents", 401, "yaml_client_error"),
        ("contents", 403, "yaml_client_error"),
        ("contents", 404, "yaml_client_error"),
        ("contents", 429, "yaml_unknown_error"),
        ("contents", 503, "yaml_unknown_error"),
        ("contents/codecov.yml", 403, "yaml_client_error"),
        ("contents/codecov.yml", 451, "yaml_client_error"),
        ("contents/codecov.yml", 429, "yaml_unknown_error"),
        ("contents/codecov.yml", 500, "yaml_unknown_error"),
    ],
)
def test_a_host_that_fails_holds_nothing_up(
    *, repository: Repository, httpserver: HTTPServer, github: GitHub, status: int, code: str, failing: str
) -> None:
    report = report_of(repository, "a" * 40)
    httpserver.expect_request(f"{ROOT}/{failing}").respond_with_response(Response("{}", status=status))
    entries = [{"path": "codecov.yml", "name": "codecov.yml", "type": "file"}]
    httpserver.expect_request(f"{ROOT}/contents").respond_with_json({"entries": entries})

    config = pin_config(github, report, {})

    assert config["ignore"] == ["^old/"]
    assert stored(repository) == STORED
    assert list(errors(report)) == [code]
    assert errors(report)[code]["message"].startswith("github ")


def test_without_a_credential_what_is_stored_holds(repository: Repository) -> None:
    report = report_of(repository, "a" * 40)

    config = pin_config(None, report, {})

    assert config["ignore"] == ["^old/"]
    assert errors(report) == {"repo_bot_invalid": {"message": "no usable credential for this repository"}}


@pytest.mark.parametrize(("status", "error"), [(500, ServerError), (429, RateLimited)])
def test_a_caller_that_can_come_back_gets_temporary_errors(
    repository: Repository, httpserver: HTTPServer, github: GitHub, status: int, error: type[GitError]
) -> None:
    report = report_of(repository, "a" * 40)
    httpserver.expect_request(f"{ROOT}/contents").respond_with_response(Response("{}", status=status))

    with pytest.raises(error):
        pin_config(github, report, {}, may_retry=True)

    assert CommitReport.get_by_id(report.id).config is None
    assert errors(report) == {}


def test_permanent_errors_are_final_at_once(repository: Repository, httpserver: HTTPServer, github: GitHub) -> None:
    report = report_of(repository, "a" * 40)
    httpserver.expect_request(f"{ROOT}/contents").respond_with_response(Response("{}", status=403))

    pin_config(github, report, {}, may_retry=True)

    assert list(errors(report)) == ["yaml_client_error"]


# Who may change what holds for the repository


@pytest.mark.parametrize(
    ("default_branch", "config", "branch", "may_write"),
    [
        ("main", {}, "main", True),
        ("main", {}, "fuel", False),
        ("main", {"codecov": {"branch": "fuel"}}, "fuel", True),
        ("main", {"codecov": {"branch": "fuel"}}, "main", True),
        ("main", {"codecov": {"strict_yaml_branch": "fuel"}}, "fuel", True),
        ("main", {"codecov": {"strict_yaml_branch": "fuel"}}, "main", False),
    ],
)
def test_the_branch_decides(
    *,
    database: Database,
    source: Source,
    git: LocalCheckout,
    default_branch: str,
    config: dict[str, Any],
    branch: str,
    may_write: bool,
) -> None:
    repository = make_repository(config=config, default_branch=default_branch)
    source.git("switch", "--quiet", "-C", branch)
    report = report_of(repository, source.commit("Configure", {"codecov.yml": NEW}), branch=branch)

    pin_config(git, report, {})

    assert stored(repository) == ({"ignore": ["^new"]} if may_write else config)


def test_the_site_may_name_the_branch(repository: Repository, source: Source, git: LocalCheckout) -> None:
    report = report_of(repository, source.commit("Configure", {"codecov.yml": NEW}))

    pin_config(git, report, {"codecov": {"strict_yaml_branch": "release"}})

    assert stored(repository) == STORED


def test_a_branch_that_the_file_names_becomes_the_default(
    repository: Repository, source: Source, git: LocalCheckout
) -> None:
    report = report_of(repository, source.commit("Configure", {"codecov.yml": "codecov: {branch: origin/develop}"}))

    pin_config(git, report, {})

    assert Repository.get_by_id(repository.id).default_branch == "develop"


def pull_request(start: str, sha: str, *, is_fork: bool, state: PullState) -> Pull:
    author = Author(None, "bob", None, None)
    base, head = PullCommit("main", start, "acme/rocket"), PullCommit("main", sha, "bob/rocket")
    return Pull(7, "Fuel the rocket", state, author, base, head, is_fork=is_fork)


def test_a_fork_whose_branch_is_called_main_changes_nothing(
    repository: Repository, source: Source, git: LocalCheckout
) -> None:
    source.commit("Start", {})
    source.git("switch", "--quiet", "--detach")
    sha = source.commit("Take over", {"codecov.yml": "codecov: {branch: evil}"})
    report = report_of(repository, sha, branch="main")

    config = pin_config(git, report, {})

    assert config["codecov"]["branch"] == "evil"
    assert (stored(repository), Repository.get().default_branch) == (STORED, "main")


@pytest.mark.parametrize(
    ("is_fork", "state", "kept"),
    [(True, "open", STORED), (True, "merged", {"ignore": ["^new"]}), (False, "open", {"ignore": ["^new"]})],
)
@pytest.mark.parametrize("known", [True, False], ids=["known pull", "pull asked for"])
def test_a_commit_of_an_open_pull_request_from_a_fork_changes_nothing(
    *, repository: Repository, source: Source, tmp_path: Path, is_fork: bool, state: PullState, kept: Any, known: bool
) -> None:
    start = source.commit("Start", {})
    sha = source.commit("Configure", {"codecov.yml": NEW})
    pull = pull_request(start, sha, is_fork=is_fork, state=state)
    git = LocalCheckout(source.path, tmp_path / "posts", {7: pull})
    facts = {"pull_number": 7} if known else {"details_at": None}
    report = report_of(repository, sha, branch="main", **facts)

    pin_config(git, report, {})

    assert stored(repository) == kept


def test_an_older_commit_that_is_worked_on_later_changes_nothing(
    repository: Repository, source: Source, git: LocalCheckout
) -> None:
    older = report_of(repository, source.commit("Configure", {"codecov.yml": NEW}))
    newer = report_of(repository, source.commit("Configure again", {"codecov.yml": "ignore: [newer]"}))

    for report in (newer, older):
        pin_config(git, report, {})

    assert stored(repository) == {"ignore": ["^newer"]}
    assert older.config["ignore"] == ["^new"]


def test_an_older_commit_counts_as_long_as_no_newer_one_was_worked_on(
    repository: Repository, source: Source, git: LocalCheckout
) -> None:
    older = report_of(repository, source.commit("Configure", {"codecov.yml": NEW}))
    source.commit("Write about it", {"README.md": "Rocket"})

    pin_config(git, older, {})

    assert stored(repository) == {"ignore": ["^new"]}


def test_a_branch_that_cannot_be_asked_for_is_not_confirmed(
    repository: Repository, source: Source, git: LocalCheckout
) -> None:
    sha = source.commit("Configure", {"codecov.yml": NEW})
    source.git("branch", "--move", "trunk")
    report = report_of(repository, sha, branch="main")

    assert pin_config(git, report, {})["ignore"] == ["^new"]
    assert stored(repository) == STORED


def test_the_host_is_asked_about_the_branch_only_for_a_change(
    repository: Repository, httpserver: HTTPServer, github: GitHub
) -> None:
    Repository.update(config={"ignore": ["^new"]}).execute()
    entries = [{"path": "codecov.yml", "name": "codecov.yml", "type": "file"}]
    httpserver.expect_request(f"{ROOT}/contents").respond_with_json({"entries": entries})
    httpserver.expect_request(f"{ROOT}/contents/codecov.yml").respond_with_data(NEW)
    report = report_of(Repository.get(), "a" * 40)

    pin_config(github, report, {})

    assert [request.path for request, _ in httpserver.log] == [f"{ROOT}/contents", f"{ROOT}/contents/codecov.yml"]


@pytest.mark.parametrize("may_retry", [True, False])
def test_a_host_that_fails_while_it_confirms_is_retried_or_changes_nothing(
    repository: Repository, httpserver: HTTPServer, github: GitHub, may_retry: bool
) -> None:
    httpserver.expect_request(f"{ROOT}/contents").respond_with_json({"entries": []})
    httpserver.expect_request(f"{ROOT}/branches/main").respond_with_response(Response("{}", status=500))
    report = report_of(repository, "a" * 40)

    if may_retry:
        with pytest.raises(ServerError):
            pin_config(github, report, {}, may_retry=True)
    else:
        pin_config(github, report, {})

    assert (CommitReport.get().config is None) == may_retry
    assert stored(repository) == STORED
