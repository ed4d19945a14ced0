"""The main job without any service, as a newcomer runs it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.e2e


def run(*arguments: str, code: int = 0, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "160", **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == code, f"{result.stdout}\n{result.stderr}"
    return result


def test_the_demo_prints_report_comparison_statuses_and_comment() -> None:
    output = run("demo").stdout

    assert "base: 8 uploads processed and merged" in output
    assert "head: 8 uploads processed and merged" in output
    assert "note on upload" not in output
    assert "py/rocket/boosters.py" in output
    assert "py/rocket/thrust.py → py/rocket/propulsion.py" in output
    assert "tools/lib/legacy.js (deleted)" in output
    assert "coverage/project:" in output and "coverage/patch:" in output
    assert "Comment on pull request #42" in output
    assert "Patch coverage is" in output


def test_the_demo_gives_the_same_numbers_every_time() -> None:
    first, second = (json.loads(run("demo", "--json").stdout) for _ in range(2))

    assert first == second
    assert first["statuses"].keys() == {"coverage/project", "coverage/patch"}
    assert first["comment"].startswith("<!-- coverage:coverage -->\n## [Coverage](")


def test_the_numbers_of_the_demo_are_those_of_the_tools() -> None:
    expected = {
        report["file"]: report["says"]["totals"]
        for report in json.loads((ROOT / "tests" / "fixtures" / "expected.json").read_text())["reports"]
        if "file" in report and "totals" in report["says"]
    }
    flags = json.loads(run("demo", "--json").stdout)["flags"]

    for side in ("base", "head"):
        says = expected[f"reports/{side}/python/unit.coverage.xml"]
        assert flags[side]["unit"]["lines"] == says["lines"]
        assert flags[side]["unit"]["hits"] + flags[side]["unit"]["partials"] == says["lines_covered"]


@pytest.fixture
def own_checkout() -> Iterator[Path]:
    """A checkout with a branch: a base commit with a covered file, a head that adds an uncovered function."""
    # The embedded server of root runs as a user of its own, who cannot enter pytest's closed folders.
    folder = Path(tempfile.mkdtemp(prefix="cw-own-"))
    folder.chmod(0o755)
    checkout = folder / "mine"
    git(folder, "init", "--quiet", "-b", "main", str(checkout))
    (checkout / "calc.py").write_text("def add(a, b):\n    return a + b\n")
    commit(checkout, "start")
    git(checkout, "checkout", "--quiet", "-b", "feature")
    (checkout / "calc.py").write_text("def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n")
    commit(checkout, "add sub")
    yield checkout
    shutil.rmtree(folder)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def commit(checkout: Path, message: str) -> None:
    git(checkout, "add", "-A")
    git(checkout, "commit", "--quiet", "-m", message)


def lcov(**hits: int) -> str:
    lines = "".join(f"DA:{name[1:]},{count}\n" for name, count in hits.items())
    return f"SF:calc.py\n{lines}end_of_record\n"


def test_uploads_of_ones_own_checkout_are_compared_and_can_be_asked_for(own_checkout: Path) -> None:
    # Base and head are uploaded by two runs of the command.
    data = {"CW__EMBEDDED__FOLDER": str(own_checkout.parent / "data")}
    base, head = git(own_checkout, "rev-parse", "main"), git(own_checkout, "rev-parse", "feature")
    report = own_checkout.parent / "lcov.info"
    report.write_text(lcov(L1=1, L2=1))
    run("upload", str(report), "--repo", str(own_checkout), "--commit", "main", "--flag", "unit", env=data)
    report.write_text(lcov(L1=1, L2=1, L5=1, L6=0))

    uploaded = run(
        "upload", str(report), "--repo", str(own_checkout), "--flag", "unit", "--pull", "7", "--base", "main", env=data
    )
    shown = json.loads(run("report", head[:8], "--json", env=data).stdout)
    status = run("status", head[:8], env=data)

    assert "75.00% (-25.00%) compared to " + base[:7] in uploaded.stdout
    assert "50.00% of diff hit (target 100.00%)" in uploaded.stdout
    assert "Comment on pull request #7" in uploaded.stdout
    assert shown["totals"]["coverage"] == "75.00000"
    assert shown["flags"]["unit"]["lines"] == 4
    assert all(word in status.stdout for word in ("accepted", "processed", "merged", "notified"))


def test_a_useless_file_fails_with_a_sentence_and_an_exit_code(own_checkout: Path) -> None:
    data = {"CW__EMBEDDED__FOLDER": str(own_checkout.parent / "data")}
    report = own_checkout.parent / "notes.txt"
    report.write_text("hello")

    result = run("upload", str(report), "--repo", str(own_checkout), env=data, code=1)

    assert "unsupported_file_format" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_an_unknown_commit_is_one_sentence(own_checkout: Path) -> None:
    data = {"CW__EMBEDDED__FOLDER": str(own_checkout.parent / "data")}

    result = run("report", "abcdef12", env=data, code=1)

    assert "No upload for commit abcdef12 is known here" in result.stderr
