"""Bookkeeping of the workers: garbage, schedule, rate limits and the history of uploads."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from peewee import (
    EXCLUDED,
    BigAutoField,
    BigIntegerField,
    CompositeKey,
    IntegerField,
    JSONField,
    SmallIntegerField,
    TextField,
    fn,
)
from playhouse.postgres_ext import ArrayField

from app.models.database import Row, TimestampTZField, choices, now

CRON_STATUSES = ("running", "ok", "error")


class ObjectGarbage(Row):
    """An object in storage that no row names any more; inserted in the transaction that removes the name."""

    id = BigAutoField()
    bucket = TextField()
    path = TextField()
    not_before = TimestampTZField(default=now)
    attempts = SmallIntegerField(default=0)
    last_error = TextField(null=True)

    class Meta:
        table_name = "object_garbage"
        indexes = ((("bucket", "path"), True), (("not_before",), False))

    @classmethod
    def discard(cls, bucket: str, paths: Iterable[str], not_before: datetime | None = None) -> None:
        """Mark objects for deletion, at once or at `not_before`."""
        due = not_before or now()
        if rows := [{"bucket": bucket, "path": path, "not_before": due} for path in sorted(set(paths))]:
            cls.insert_many(rows).on_conflict_ignore().execute()

    @classmethod
    def due(cls, limit: int) -> Sequence[Self]:
        """Objects to delete now, locked until the transaction ends; rows another worker has locked are left out."""
        query = cls.select().where(cls.not_before <= fn.now()).order_by(cls.not_before).limit(limit)
        return list(query.for_update(skip_locked=True))

    @classmethod
    def postpone(cls, garbage_id: int, delay: timedelta, error: str) -> None:
        """Record a failed deletion and try again after `delay`."""
        cls.update(not_before=fn.now() + delay, attempts=cls.attempts + 1, last_error=error).where(
            cls.id == garbage_id
        ).execute()


class CronRun(Row):
    """The newest run of a scheduled job."""

    name = TextField(primary_key=True)
    last_slot = TimestampTZField(null=True)
    started_at = TimestampTZField(null=True)
    finished_at = TimestampTZField(null=True)
    status = TextField(null=True, choices=choices(CRON_STATUSES))
    detail = TextField(null=True)

    class Meta:
        table_name = "cron_runs"

    @classmethod
    def claim(cls, name: str, slot: datetime) -> bool:
        """Take a slot of the schedule; one of several schedulers gets True for a slot, none for an older one."""
        query = (
            cls.insert(name=name, last_slot=slot, started_at=fn.now(), status="running")
            .on_conflict(
                conflict_target=[cls.name],
                update={
                    cls.last_slot: EXCLUDED.last_slot,
                    cls.started_at: fn.now(),
                    cls.finished_at: None,
                    cls.status: "running",
                    cls.detail: None,
                },
                where=(cls.last_slot.is_null() | (cls.last_slot < EXCLUDED.last_slot)),
            )
            .returning(cls.name)
        )
        return cls.one_of(query) is not None

    @classmethod
    def finish(cls, name: str, slot: datetime, status: str, detail: str | None = None) -> None:
        """Record how the run of a slot ended, unless a later slot has begun."""
        cls.update(finished_at=fn.now(), status=status, detail=detail).where(
            (cls.name == name) & (cls.last_slot == slot)
        ).execute()


class RateLimit(Row):
    """An account, app or installation a Git host has told us to wait for."""

    entity = TextField(primary_key=True)
    until = TimestampTZField()
    remaining = IntegerField(null=True)

    class Meta:
        table_name = "rate_limits"

    @classmethod
    def mark(cls, entity: str, until: datetime, remaining: int | None = None) -> None:
        """Make everybody wait until the given time; an answer that arrives late never shortens the wait."""
        cls.insert(entity=entity, until=until, remaining=remaining).on_conflict(
            conflict_target=[cls.entity],
            update={cls.until: fn.GREATEST(cls.until, EXCLUDED.until), cls.remaining: EXCLUDED.remaining},
        ).execute()

    @classmethod
    def waiting(cls, entities: Iterable[str]) -> dict[str, datetime]:
        """Those of the entities that must wait, and until when."""
        query = cls.select().where(cls.entity.in_(list(entities)) & (cls.until > fn.now()))
        return {row.entity: row.until for row in query}


class UploadEvent(Row):
    """A step in the life of uploads, for the person who asks what became of them; partitioned by time."""

    created_at = TimestampTZField(default=now)
    id = BigIntegerField()
    repo_id = BigIntegerField()
    commit_sha = TextField()
    upload_ids = ArrayField(BigIntegerField, default=list, index=False)
    milestone = TextField(null=True)
    error = TextField(null=True)
    error_text = TextField(null=True)
    source = TextField(null=True)
    trace_id = TextField(null=True)
    extra = JSONField(default=dict)

    class Meta:
        table_name = "upload_events"
        primary_key = CompositeKey("created_at", "id")

    @classmethod
    def record(cls, repo_id: int, commit_sha: str, **values: Any) -> None:
        cls.insert(repo_id=repo_id, commit_sha=commit_sha, **values).execute()
