"""Where the configuration is looked for, in which order, and what counts as a file."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from app.clients.git.base import ObjectNotFound, TreeEntry
from app.clients.git.github import GitHub
from app.clients.git.local import LocalCheckout
from app.logic.repository_yaml.find import find_config, locate
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import normalise
from tests.clients.git.github_parts import ROOT, sha
from tests.clients.git.parts import Repository
from tests.example import clone, example


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["README.md", "src/codecov.yml"], None),
        (["codecov.yml", "coverage.yml", ".coverage.yml"], "coverage.yml"),
        (["codecov.yml", ".coverage.yml"], ".coverage.yml"),
        ([".codecov.yaml", "codecov.yaml", ".codecov.yml", "codecov.yml"], "codecov.yml"),
        ([".codecov.yaml", "codecov.yaml", ".codecov.yml"], ".codecov.yml"),
        ([".codecov.yaml", "codecov.yaml"], "codecov.yaml"),
        ([".codecov.yaml", "dev/coverage.yml"], ".codecov.yaml"),
        ([".github/coverage.yml", "dev/.codecov.yaml"], "dev/.codecov.yaml"),
        ([".github/.codecov.yml", "dev/other.yml"], ".github/.codecov.yml"),
        (["Codecov.yml", "CODECOV.YML"], None),
        (["codecov.yml/README.md"], None),
        (["dev", "codecov.yml.orig"], None),
    ],
)
def test_names_and_folders_have_a_fixed_order(
    source: Repository, git: LocalCheckout, files: list[str], found: str | None
) -> None:
    commit = source.commit("Start", dict.fromkeys(files, "comment: false\n"))

    file = find_config(git, commit)

    assert (file and file.path) == found
    assert file is None or file.content == b"comment: false\n"


def test_the_order_of_a_listing_does_not_matter() -> None:
    entries = [TreeEntry(name, name, "file") for name in (".codecov.yaml", "codecov.yml")]

    assert locate(lambda _: entries) == locate(lambda _: entries[::-1]) == "codecov.yml"


def test_a_link_is_no_file(source: Repository, git: LocalCheckout) -> None:
    (source.path / "codecov.yml").symlink_to("/etc/passwd")

    assert find_config(git, source.commit("Add a link", {})) is None


def test_a_file_that_vanishes_meanwhile_is_no_file(httpserver: HTTPServer, github: GitHub) -> None:
    entries = [{"path": "codecov.yml", "name": "codecov.yml", "type": "file"}]
    httpserver.expect_request(f"{ROOT}/contents").respond_with_json({"entries": entries})
    httpserver.expect_request(f"{ROOT}/contents/codecov.yml").respond_with_json({"message": "Not Found"}, status=404)

    assert find_config(github, sha(1)) is None


def test_a_commit_nobody_knows_is_an_error(httpserver: HTTPServer, github: GitHub) -> None:
    httpserver.expect_request(f"{ROOT}/contents").respond_with_json({"message": "Not Found"}, status=404)

    with pytest.raises(ObjectNotFound):
        find_config(github, sha(1))


def test_the_file_of_the_example_is_found_and_right(tmp_path: Path) -> None:
    git = LocalCheckout(clone(tmp_path), tmp_path / "posts")

    file = find_config(git, example.head)

    assert file is not None and file.path == "codecov.yml"
    result = normalise(load_yaml(file.content))
    assert result.warnings == []
    assert result.config["flags"]["integration"]["carryforward"] is True
