"""When to look again for the commit that coverage is carried from."""

# An index made with CONCURRENTLY would wait for the processes that wait for the lock of the migrations. This one costs
# one pass over a table of one row per commit, and holds the few rows that are undecided.
STATEMENTS = """
ALTER TABLE commit_reports
  ADD COLUMN base_attempts   smallint NOT NULL DEFAULT 0,
  ADD COLUMN base_not_before timestamptz;
CREATE INDEX commit_reports_baseless_ix ON commit_reports (updated_at) WHERE base_state = 'unknown';
"""


def up(migrator, db):
    db.execute_sql(STATEMENTS)
