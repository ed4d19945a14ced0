"""What runs on a schedule reads the rows it is about, not the history of an installation."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.logic.maintenance.check_reports import sample_reports
from app.logic.maintenance.pending import pending_by_age
from app.logic.maintenance.sweep import take_overdue
from app.logic.uploads import raw
from app.models.database import Database
from tests.factories import make_repository

# The commits of a month, more every day, the newest last; a third of them is held back for good.
COMMITS = """
INSERT INTO commits (repo_id, sha, committed_at)
SELECT %s, md5(i::text) || md5(i::text), now() - (6000 - i) ^ 2 * interval '0.07 seconds' FROM generate_series(1, 6000) i
"""
REPORTS = """
INSERT INTO commit_reports (commit_id, report_type, state, base_state, config, notify_wanted, notify_done, notify_hold,
                            last_upload_at, created_at, updated_at)
SELECT id, 'coverage', 'complete', 'none', '{}', 1, sign(mod(id, 3)), CASE mod(id, 3) WHEN 0 THEN 'builds' END,
       committed_at, committed_at, committed_at
FROM commits
"""
UPLOADS = """
INSERT INTO uploads (report_id, repo_id, state, session_index, parsed_path, created_at, updated_at)
SELECT id, %s, 'merged', session, 'parsed', created_at, created_at FROM commit_reports, generate_series(0, 3) session
"""


@pytest.fixture
def history(database: Database) -> None:
    repo = make_repository()
    for statement, parameters in ((COMMITS, (repo.id,)), (REPORTS, None), (UPLOADS, (repo.id,))):
        database.execute_sql(statement, parameters)
    database.execute_sql("ANALYZE commits, commit_reports, uploads")


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("job", [take_overdue, sample_reports, pending_by_age, lambda: raw.expire(timedelta(days=90))])
def test_no_job_reads_a_table_as_a_whole(
    database: Database, caplog: pytest.LogCaptureFixture, job: Callable[[], object]
) -> None:
    with caplog.at_level(logging.DEBUG, logger="peewee"):
        job()
    queries = [
        record.msg for record in caplog.records if record.name == "peewee" and record.msg[0].startswith("SELECT")
    ]

    plans = [
        "\n".join(line for (line,) in database.execute_sql(f"EXPLAIN {sql}", parameters).fetchall())
        for sql, parameters in queries
    ]

    assert plans
    assert [plan for plan in plans if "Seq Scan on uploads" in plan or "Seq Scan on commit" in plan] == []
