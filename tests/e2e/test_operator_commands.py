"""`status`, `reprocess` and `transplant` as an operator runs them, on a data folder of their own."""

import re
from pathlib import Path

import pytest

from tests.e2e.test_demo import commit, git, lcov, own_checkout, run
from tests.rabbitmq_node import free_ports

__all__ = ["own_checkout"]

pytestmark = pytest.mark.e2e


def test_an_operator_sees_repeats_and_takes_over_coverage(own_checkout: Path) -> None:
    data = {"CW__EMBEDDED__FOLDER": str(own_checkout.parent / "data"), "COLUMNS": "200"}
    report = own_checkout.parent / "lcov.info"
    report.write_text(lcov(L1=1, L2=1, L5=1, L6=0))
    run("upload", str(report), "--repo", str(own_checkout), "--flag", "unit[/]", env=data)
    head = git(own_checkout, "rev-parse", "HEAD")
    commit_again(own_checkout)
    rebased = git(own_checkout, "rev-parse", "HEAD")
    report.write_text("hello")
    run("upload", str(report), "--repo", str(own_checkout), env=data, code=1)

    dry = run("reprocess", "--since", "2020-01-01", "--dry-run", env=data).stdout
    again = run("reprocess", "--commit", head[:8], env=data).stdout
    none = run("reprocess", "--since", "2020-01-01", "--code", "report_expired", env=data, code=1).stdout
    taken = run("transplant", head[:8], rebased[:8], env=data).stdout
    status = run("status", rebased[:8], env=data).stdout
    source = run("status", head[:8], env=data).stdout

    assert "Nothing was changed (--dry-run)." in dry and "1 upload to be processed afresh: 2" in dry
    assert "1 upload to be processed afresh: 1" in again
    assert "No finished upload fits." in none
    assert "1 session taken over" in taken
    assert re.search(rf"carried from {head[:7]} +unit\[/\]", status)
    assert "coverage report: complete" in status
    assert "upload failed: unsupported_file_format" in status
    assert "the notes say what to upload instead" in status
    assert "coverage taken over from another commit" in status
    assert "an operator had the upload read again" in source
    assert "waits for" not in source


def commit_again(checkout: Path) -> None:
    """Make the same change once more, as a rebase does."""
    (checkout / "notes.txt").write_text("rebased")
    commit(checkout, "add notes")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--upload", "1", "--commit", "abc"),
        ("--upload", "one"),
        ("--since", "yesterday"),
    ],
)
def test_a_selection_that_makes_no_sense_is_a_wrong_usage(own_checkout: Path, arguments: tuple[str, ...]) -> None:
    data = {"CW__EMBEDDED__FOLDER": str(own_checkout.parent / "data")}

    result = run("reprocess", *arguments, env=data, code=2)

    assert "Traceback" not in result.stderr


def test_what_needs_the_database_is_not_blamed_for_its_absence(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    cluster = {
        "CW__DATABASE__URL": f"postgresql://nobody@127.0.0.1:{port}/none",
        "CW__BROKER__URL": f"amqp://127.0.0.1:{port}/",
        "CW__STORAGE__URL": f"file://{tmp_path}",
    }

    lines = run("doctor", env=cluster, code=1).stdout

    assert "bad database:" in lines
    assert "schema: not checked" in lines and "clock: not checked" in lines


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    result = run("doctor", env={"CW__EMBEDDED__FOLDER": str(tmp_path / "taken" / "data")}, code=1)

    assert (
        f"The data folder {tmp_path}/taken/data cannot be used: Not a directory. Set embedded.folder" in result.stderr
    )
