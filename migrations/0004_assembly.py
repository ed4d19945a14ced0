"""What assembly notes: the contents of parsed uploads, and why people are not told about a report yet."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE uploads ADD COLUMN parsed_identity text")
    db.execute_sql(
        "ALTER TABLE commit_reports ADD COLUMN notify_hold text"
        " CHECK (notify_hold IN ('ci_skip','manual_trigger','builds','no_coverage'))"
    )
    # Rounds of a hundred: storage that is away for days uses up many of them.
    db.execute_sql("ALTER TABLE uploads ALTER COLUMN attempts TYPE integer")
