"""The index by which raw objects past their age are found, however many rows have lost theirs already."""

atomic = False


def up(migrator, db):
    db.execute_sql(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS uploads_raw_ix ON uploads (created_at) WHERE object_path IS NOT NULL"
    )
