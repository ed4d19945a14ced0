"""`export` of report files: every format, and what it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.export_sources import FolderSources, GitSources
from app.cli.main import cli
from app.clients.git.base import GitError, ObjectNotFound, Unauthorized

LCOV = """SF:src/math.c
DA:3,4
DA:4,4
DA:9,0
BRDA:4,0,0,3
BRDA:4,0,1,-
end_of_record
SF:src/deep/more.c
DA:1,1
end_of_record
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "lcov.info"
    path.write_text(LCOV)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["export", *map(str, arguments)])


def inspected(file: Path) -> dict:
    result = CliRunner().invoke(cli, ["inspect", "--json", "--lines", str(file)])
    files = json.loads(result.stdout)["files"]
    return {path: facts["lines"] for path, facts in files.items()}


@pytest.mark.parametrize("kind", ["lcov", "cobertura"])
def test_what_is_exported_is_inspected_as_the_same(report: Path, tmp_path: Path, kind: str) -> None:
    output = tmp_path / "out"

    result = run("--file", report, "--format", kind, "--output", output)

    assert result.exit_code == 0
    assert inspected(output) == inspected(report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lcov.info", "out"]


def test_json_goes_to_standard_output(report: Path) -> None:
    value = json.loads(run("--file", report, "--format", "json").stdout)

    assert value["commit"] is None
    assert value["totals"]["lines"] == 4
    assert value["files"]["src/math.c"]["lines"] == {"3": 4, "4": "1/2", "9": 0}


def test_several_files_are_joined(report: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.info"
    other.write_text("SF:src/math.c\nDA:9,2\nend_of_record\n")

    value = json.loads(run("--file", report, "--file", other, "--format", "json").stdout)

    assert value["files"]["src/math.c"]["lines"]["9"] == 2


def test_only_matching_paths_are_exported(report: Path) -> None:
    value = json.loads(run("--file", report, "--format", "json", "--path", "src/deep/", "--path", "!docs").stdout)

    assert list(value["files"]) == ["src/deep/more.c"]
    assert value["totals"]["files"] == 1


def test_pages_show_sources_of_a_folder(report: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "math.c").write_text("int <x>;\n" * 9)

    result = run("--file", report, "--format", "html", "--output", tmp_path / "site", "--sources", tmp_path)

    assert result.exit_code == 0
    assert "lcov.info" in (tmp_path / "site" / "index.html").read_text()
    (page,) = (tmp_path / "site" / "files").glob("math.c-*.html")
    assert "int &lt;x&gt;;" in page.read_text()


def test_a_folder_with_something_in_it_is_left_alone_unless_forced(report: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("mine")
    command = ("--file", report, "--format", "html", "--output", tmp_path / "site")

    refused = run(*command)
    forced = run(*command, "--force")

    assert refused.exit_code == 1 and "is not empty; take another folder" in refused.output
    assert forced.exit_code == 0
    assert (tmp_path / "site" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "site" / "index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--format", "lcov"), "give a COMMIT, or report files with --file"),
        (("abc", "--file", "lcov.info", "--format", "lcov"), "give a COMMIT, or report files with --file"),
        (("--file", "lcov.info", "--format", "lcov", "--flag", "unit"), "report files have none"),
        (("--file", "lcov.info", "--format", "html"), "name it with --output"),
        (("--file", "lcov.info", "--format", "html", "--output", "lcov.info"), "html needs a folder"),
        (("--file", "lcov.info", "--format", "lcov", "--output", "."), "is a folder; lcov is one file"),
        (("--file", "lcov.info", "--format", "lcov", "--output", "no/where"), "there is no folder no"),
        (("--file", "lcov.info", "--format", "lcov", "--path", "a(?=b)"), "--path 'a(?=b)'"),
        (("--file", "lcov.info", "--format", "lcov", "--path", "nothing"), "None of the 2 files of the report"),
        (("--file", "odd.txt", "--format", "lcov"), "odd.txt cannot be exported (not_recognised)"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    report: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(report.parent)
    Path("odd.txt").write_text("hello")

    result = run(*arguments)

    assert result.exit_code in (1, 2)
    assert reason in result.output


def test_an_older_file_stays_if_the_new_one_cannot_be_made(report: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.write_text("older")
    report.write_text("SF:a.c\nDA:x,1\nend_of_record\n")

    result = run("--file", report, "--format", "lcov", "--output", output)

    assert result.exit_code == 1
    assert output.read_text() == "older"


def test_sources_outside_the_folder_are_never_read(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_text("secret")
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "a.py").write_text("mine")
    sources = FolderSources(inside)

    found = [sources.find(path) for path in ("a.py", "../secret", str(tmp_path / "secret"), "link", ".", "a\0b", "b")]

    assert found == [b"mine", *[None] * 6]


class Host:
    """A Git host that answers with a text or an error."""

    def __init__(self, *answers: bytes | GitError) -> None:
        self.answers = list(answers)

    def get_source(self, path: str, ref: str) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, GitError):
            raise answer
        return answer


def test_a_missing_source_is_no_problem_but_a_refusal_ends_the_asking() -> None:
    host = Host(b"one", ObjectNotFound("no file"), b"three", Unauthorized("bad token"), b"never asked for")
    sources = GitSources(host, "abc")  # type: ignore[arg-type]  # the part of a provider that is used

    found = [sources.find(f"{number}.py") for number in range(6)]

    assert found == [b"one", None, b"three", None, None, None]
    assert isinstance(sources.problem, Unauthorized)
    assert host.answers == [b"never asked for"]
