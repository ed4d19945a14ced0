"""`inspect`: what a report file holds, for people and for programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import cli

LCOV = """SF:src/math.c
FN:9,sub
DA:3,4
DA:4,4
DA:9,0
BRDA:4,0,0,3
BRDA:4,0,1,-
end_of_record
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "lcov.info"
    path.write_text(LCOV)
    return path


def test_json_has_format_totals_files_and_lines(report: Path) -> None:
    result = CliRunner().invoke(cli, ["inspect", "--json", "--lines", str(report)])

    value = json.loads(result.stdout)
    assert result.exit_code == 0
    assert value["format"] == "lcov"
    assert (
        value["totals"] | {"lines": 3, "hits": 1, "misses": 1, "partials": 1, "branches": 1, "files": 1}
        == value["totals"]
    )
    assert value["totals"]["coverage"] == "33.33333"
    assert value["files"]["src/math.c"]["lines"] == {"3": 4, "4": "1/2", "9": 0}
    assert value["warnings"] == []


def test_without_lines_files_have_totals_only(report: Path) -> None:
    value = json.loads(CliRunner().invoke(cli, ["inspect", "--json", str(report)]).stdout)

    assert value["files"]["src/math.c"]["lines"] == 3


def test_several_files_give_a_list(report: Path) -> None:
    value = json.loads(CliRunner().invoke(cli, ["inspect", "--json", str(report), str(report)]).stdout)

    assert [entry["file"] for entry in value] == [str(report), str(report)]


def test_people_get_a_table_and_warnings(report: Path) -> None:
    report.write_text(LCOV + "SF:src/odd.c\nDA:x,1\nDA:1,1\nend_of_record\n")

    result = CliRunner().invoke(cli, ["inspect", str(report)])

    assert "src/math.c" in result.stdout
    assert "warning: 1 unusable records skipped" in result.stdout


@pytest.mark.parametrize("content", [b"", b"hello", b"{", b"<coverage", b"\x00\xff" * 50])
def test_what_cannot_be_read_is_an_error_with_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(content)

    result = CliRunner().invoke(cli, ["inspect", "--json", str(path)])

    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]


def test_names_do_not_control_the_terminal(report: Path) -> None:
    report.write_text("SF:a\x1b[31m\x9b2J\x07.c\nDA:1,1\nend_of_record\n")

    result = CliRunner().invoke(cli, ["inspect", "--lines", str(report)])

    assert "a\N{REPLACEMENT CHARACTER}[31m" in result.stdout
    assert not set("\x1b\x9b\x07") & set(result.stdout)


def test_people_read_once_why_a_file_cannot_be_read(report: Path) -> None:
    report.write_text("hello")

    result = CliRunner().invoke(cli, ["inspect", str(report)])

    assert result.stdout.count("no known coverage format") == 1


def test_brackets_in_names_are_shown_as_they_are(report: Path) -> None:
    report.write_text("SF:pages/[id]/[/].js\nDA:1,1\nend_of_record\n")

    result = CliRunner().invoke(cli, ["inspect", "--lines", str(report)])

    assert result.exit_code == 0
    assert "pages/[id]/[/].js" in result.stdout
