"""`upload`: options that make no sense are refused before anything starts."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import cli


@pytest.mark.parametrize("slug", ["rocket", "acme/", "/rocket", "acme/rocket/main", "https://github.com/acme/rocket"])
def test_a_repository_on_github_is_an_owner_and_a_name(tmp_path: Path, slug: str) -> None:
    report = tmp_path / "lcov.info"
    report.touch()

    result = CliRunner().invoke(cli, ["upload", str(report), "--github", slug])

    assert result.exit_code == 2
    assert f"{slug!r} is not OWNER/NAME" in result.stderr
