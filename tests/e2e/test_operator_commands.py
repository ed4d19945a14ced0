"""`status`, `reprocess` and `transplant` as an operator runs them, on a data folder of their own."""

import re
from pathlib import Path

import pytest

from tests.e2e.test_demo import commit, git, lcov, own_checkout, run

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
