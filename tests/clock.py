"""Lets time pass in the database: every instant in its rows moves into the past."""

from datetime import timedelta

from app.models import ALL_MODELS
from app.models.database import Database, TimestampTZField
from app.models.machinery import UploadEvent


def pass_time(database: Database, delta: timedelta) -> None:
    """Move leases, due times and ages of all rows, as if `delta` had gone by while nobody worked."""
    statements, count = [], 0
    for model in ALL_MODELS:
        columns = [f.column_name for f in model._meta.sorted_fields if isinstance(f, TimestampTZField)]
        if columns and model is not UploadEvent:  # history that nothing waits for, partitioned by its time
            moved = ", ".join(f'"{column}" = "{column}" - %s' for column in columns)
            statements.append(f'UPDATE "{model._meta.table_name}" SET {moved}')
            count += len(columns)
    with database.atomic():
        database.execute_sql("; ".join(statements), [delta] * count)
