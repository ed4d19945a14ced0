"""The index by which raw objects past their age are found, however many rows have lost theirs already."""

atomic = False


def up(migrator, db):
    # Building that was broken off leaves an index which no query uses, under the name that would count as built.
    db.execute_sql("DROP INDEX CONCURRENTLY IF EXISTS uploads_raw_ix")
    db.execute_sql("CREATE INDEX CONCURRENTLY uploads_raw_ix ON uploads (created_at) WHERE object_path IS NOT NULL")
