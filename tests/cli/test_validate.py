"""`validate`: whether the configuration of a repository is right, for people who write one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from tests.clients.git.parts import Repository


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["validate", *arguments])


def test_a_right_file_is_shown_in_its_normal_form(tmp_path: Path) -> None:
    file = tmp_path / "any.yml"
    file.write_text("coverage: {range: 60..80}\nslack_app: no\n")

    result = run(str(file))

    first, *lines, last = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first == f"{file}: Valid"
    assert json.loads("\n".join(lines)) == {"coverage": {"range": [60.0, 80.0]}, "slack_app": False}
    assert last == "warning: slack_app: accepted, but this product does not have it"


def test_every_problem_has_a_line(tmp_path: Path) -> None:
    file = tmp_path / "codecov.yml"
    file.write_text("covrage: {}\nignore: ['', src]\n")

    result = run(str(file))

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [f"{file}: covrage: unknown field", f"{file}: ignore[0]: empty pattern"]


def test_what_is_no_yaml_has_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "codecov.yml"
    file.write_text("a: 1\na: 2\n")

    result = run(str(file))

    assert result.exit_code == 1
    assert result.stdout == f"{file}: line 2, column 1: the key 'a' stands here twice\n"


def test_an_empty_file_is_right(tmp_path: Path) -> None:
    file = tmp_path / "codecov.yml"
    file.write_text("# later\n")

    result = run(str(file))

    assert (result.exit_code, result.stdout) == (0, f"{file}: Valid\n{{}}\n")


def test_the_file_of_the_checkout_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = Repository(tmp_path / "rocket")
    checkout.commit("Start", {"src/codecov.yml": "bad: 1", ".github/codecov.yml": "comment: no"})
    (checkout.path / "codecov.yml").symlink_to("src/codecov.yml")
    monkeypatch.chdir(checkout.path / "src")

    result = run()

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{checkout.path}/.github/codecov.yml: Valid\n")


def test_without_a_file_its_names_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Repository(tmp_path / "rocket").path)

    result = run()

    assert result.exit_code == 1
    assert "coverage.yml, .coverage.yml, codecov.yml" in result.stderr
