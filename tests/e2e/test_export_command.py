"""The export of a commit, as a person runs it."""

import json
from pathlib import Path

import pytest

from tests.e2e.test_demo import git, lcov, own_checkout, run

__all__ = ["own_checkout"]

pytestmark = pytest.mark.e2e


def test_a_commit_is_exported_whole_by_flag_and_as_pages_with_its_sources(own_checkout: Path) -> None:
    data = {"CW__EMBEDDED__FOLDER": str(own_checkout.parent / "data")}
    head, report = git(own_checkout, "rev-parse", "HEAD"), own_checkout.parent / "lcov.info"
    for flag, content in (("unit", lcov(L1=1, L6=0)), ("system", lcov(L6=5))):
        report.write_text(content)
        run("upload", str(report), "--repo", str(own_checkout), "--flag", flag, env=data)
    site = own_checkout.parent / "site"

    whole = json.loads(run("export", head[:9], "--format", "json", env=data).stdout)
    unit = json.loads(run("export", head[:9], "--format", "json", "--flag", "unit", env=data).stdout)
    unknown = run("export", head[:9], "--format", "json", "--flag", "other", env=data, code=1)
    pages = run("export", head[:9], "--format", "html", "--output", str(site), env=data)

    assert whole["commit"] == head
    assert whole["files"]["calc.py"]["lines"] == {"1": 1, "6": 5}
    assert whole["flags"].keys() == {"unit", "system"}
    assert unit["files"]["calc.py"]["lines"] == {"1": 1, "6": 0}
    assert unit["flags"].keys() == {"unit"}
    assert [session["flags"] for session in unit["sessions"]] == [["unit"]]
    assert "No upload of this commit has the flag other; its flags are system, unit." in unknown.stderr
    assert "1 files written to" in pages.stderr
    (page,) = (site / "files").glob("calc.py-*.html")
    assert "def sub(a, b):" in page.read_text()
