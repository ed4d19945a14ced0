"""Reports of commits, the uploads they are made of, and flags."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from peewee import (
    EXCLUDED,
    BigAutoField,
    BigIntegerField,
    BlobField,
    Case,
    CompositeKey,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    SmallIntegerField,
    TextField,
    UUIDField,
    fn,
)

from app.models.database import Row, TimestampTZField, choices, now
from app.models.git import Commit
from app.models.repositories import REPORT_TYPES, Repository

REPORT_STATES = ("pending", "processing", "complete", "error", "skipped")
BASE_STATES = ("unknown", "none", "ready")
HOLDS = ("ci_skip", "manual_trigger", "builds", "no_coverage")
UPLOAD_KINDS = ("uploaded", "carried_forward")
UPLOAD_STATES = ("received", "processing", "processed", "merged", "superseded", "error")
OPEN_UPLOAD_STATES = ("received", "processing", "processed")
SEVERITIES = ("warning", "error")
TRIES_PER_ROUND = 100  # far more than any upload gets
# Carried and transplanted sessions have numbers of their own, whatever is uploaded before or after them.
SESSIONS_OF_A_KIND = 10_000
FIRST_CARRIED_INDEX = SESSIONS_OF_A_KIND
FIRST_TRANSPLANTED_INDEX = 2 * SESSIONS_OF_A_KIND


class CommitReport(Row):
    """The report of one type of a commit. `base_*` tell of the coverage it carries (docs/carryforward.md).

    While `base_state` is "unknown", `base_from_sha` is the commit that is waited for.

    `generation` counts published contents. `*_wanted` counts the events that ask for assembly or notification,
    `*_done` how many of them are answered: work is left while they differ. `notify_hold` is why people are not told
    although there is something to tell; None = nothing keeps them from it.
    """

    id = BigAutoField()
    external_id = UUIDField(default=uuid4, unique=True)
    commit = ForeignKeyField(Commit, backref="+", on_delete="CASCADE", index=False)
    commit_id: int
    report_type = TextField(choices=choices(REPORT_TYPES))
    state = TextField(default="pending", choices=choices(REPORT_STATES))
    generation = IntegerField(default=0)
    assembly_wanted = IntegerField(default=0)
    assembly_done = IntegerField(default=0)
    assembly_not_before = TimestampTZField(null=True)
    notify_wanted = IntegerField(default=0)
    notify_done = IntegerField(default=0)
    notify_not_before = TimestampTZField(null=True)
    notify_hold = TextField(null=True, choices=choices(HOLDS))
    completion_requested_at = TimestampTZField(null=True)
    base_state = TextField(default="unknown", choices=choices(BASE_STATES))
    base_from_sha = TextField(null=True)
    base_attempts = SmallIntegerField(default=0)
    base_not_before = TimestampTZField(null=True)
    config = JSONField(null=True)
    fingerprint = BlobField(null=True)
    flakes_done_at = TimestampTZField(null=True)
    object_paths = JSONField(default=dict)
    coverage = DecimalField(max_digits=8, decimal_places=5, null=True)
    files = IntegerField(null=True)
    lines = IntegerField(null=True)
    hits = IntegerField(null=True)
    misses = IntegerField(null=True)
    partials = IntegerField(null=True)
    branches = IntegerField(null=True)
    methods = IntegerField(null=True)
    sessions = IntegerField(null=True)
    complexity = IntegerField(null=True)
    complexity_total = IntegerField(null=True)
    patch_totals = JSONField(null=True)
    last_upload_at = TimestampTZField(null=True)
    finished_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "commit_reports"
        indexes = ((("commit", "report_type"), True),)

    @classmethod
    def ensure(cls, commit_id: int, report_type: str) -> Self:
        return cls.ensure_by({"commit": commit_id, "report_type": report_type})

    @classmethod
    def want_assembly(cls, report_id: int, not_before: datetime | None = None) -> None:
        """Record an event that may change the merged report; `not_before` None = assemble at once.

        A request that waits already keeps its time, so that a steady stream of events cannot put it off for ever.
        """
        waiting = cls.assembly_done < cls.assembly_wanted
        due = None
        if not_before is not None:
            # LEAST would take no time at all, which is the earliest, for an unknown one.
            at_once = waiting & cls.assembly_not_before.is_null()
            earlier = fn.LEAST(cls.assembly_not_before, not_before)
            due = Case(None, [(at_once, None), (waiting, earlier)], not_before)
        cls.update(assembly_wanted=cls.assembly_wanted + 1, assembly_not_before=due).where(
            cls.id == report_id
        ).execute()

    @classmethod
    def want_notification(cls, report_id: int, not_before: datetime | None = None) -> None:
        """Record an event that may change what people are told; `not_before` None = notify at once."""
        cls.update(notify_wanted=cls.notify_wanted + 1, notify_not_before=not_before).where(
            cls.id == report_id
        ).execute()

    @classmethod
    def assembled(cls, report_id: int, wanted: int) -> None:
        """Record that everything wanted when `assembly_wanted` was `wanted` is part of the published report."""
        cls.update(assembly_done=fn.GREATEST(cls.assembly_done, wanted)).where(cls.id == report_id).execute()

    @classmethod
    def notified(cls, report_id: int, wanted: int) -> None:
        """Record that everything wanted when `notify_wanted` was `wanted` has been told."""
        cls.update(notify_done=fn.GREATEST(cls.notify_done, wanted)).where(cls.id == report_id).execute()

    @classmethod
    def publish(cls, report_id: int, seen_generation: int, **values: Any) -> bool:
        """Switch readers to new contents; False when another writer published since `seen_generation` was read."""
        query = cls.update(generation=seen_generation + 1, **values).where(
            (cls.id == report_id) & (cls.generation == seen_generation)
        )
        return bool(query.execute() == 1)

    @classmethod
    def lock(cls, report_id: int) -> Self | None:
        """The report with its row locked until the end of the surrounding transaction."""
        return cls.select().where(cls.id == report_id).for_update().get_or_none()


CommitReport.add_index(
    CommitReport.index(
        CommitReport.updated_at,
        name="commit_reports_unassembled_ix",
        where=(CommitReport.assembly_done < CommitReport.assembly_wanted),
    )
)
CommitReport.add_index(
    CommitReport.index(
        CommitReport.updated_at,
        name="commit_reports_unnotified_ix",
        where=(CommitReport.notify_done < CommitReport.notify_wanted),
    )
)
CommitReport.add_index(
    CommitReport.index(
        CommitReport.updated_at,
        name="commit_reports_stuck_ix",
        where=CommitReport.state.in_(("pending", "processing")),
    )
)
CommitReport.add_index(
    CommitReport.index(
        CommitReport.updated_at, name="commit_reports_baseless_ix", where=(CommitReport.base_state == "unknown")
    )
)


class Upload(Row):
    """One upload of a report: received from CI, or carried forward from an earlier commit.

    `attempts` grows with every claim and so names the claim: a worker whose lease ran out and was taken over cannot
    write its result any more. It never shrinks: an upload that is processed afresh starts the next round of
    TRIES_PER_ROUND instead. `lease_until` of a received upload is when it was called to be processed last. `totals`
    are those of this upload alone; `notes` list what was skipped while reading it. `parsed_identity` is that of the
    parsed report's contents, whatever name its object has.
    """

    id = BigAutoField()
    external_id = UUIDField(default=uuid4, unique=True)
    report = ForeignKeyField(CommitReport, backref="+", on_delete="CASCADE", index=False)
    report_id: int
    repo = ForeignKeyField(Repository, backref="+", on_delete="CASCADE", index=False)
    repo_id: int
    kind = TextField(default="uploaded", choices=choices(UPLOAD_KINDS))
    state = TextField(default="received", choices=choices(UPLOAD_STATES))
    session_index = IntegerField(null=True)
    carried_from_upload = ForeignKeyField("self", null=True, backref="+", on_delete="SET NULL", index=False)
    carried_from_upload_id: int | None
    carried_from_sha = TextField(null=True)
    name = TextField(null=True)
    ci_provider = TextField(null=True)
    build_code = TextField(null=True)
    build_url = TextField(null=True)
    job_code = TextField(null=True)
    env = JSONField(null=True)
    format_version = TextField(null=True)
    object_path = TextField(null=True)
    parsed_path = TextField(null=True)
    parsed_at = TimestampTZField(null=True)
    parser_version = TextField(null=True)
    parsed_identity = TextField(null=True)
    size_bytes = BigIntegerField(null=True)
    content_sha256 = BlobField(null=True)
    totals = JSONField(null=True)
    notes = JSONField(default=list)
    attempts = IntegerField(default=0)
    lease_until = TimestampTZField(null=True)
    lease_owner = TextField(null=True)
    error_code = TextField(null=True)
    merged_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "uploads"
        indexes = ((("report", "state"), False), (("created_at",), False), (("repo", "created_at"), False))

    @property
    def tries(self) -> int:
        """How often the upload was claimed since it arrived, or since it was last processed afresh."""
        return int(self.attempts) % TRIES_PER_ROUND

    @property
    def next_round(self) -> int:
        """The `attempts` of an upload that is processed afresh."""
        return (int(self.attempts) // TRIES_PER_ROUND + 1) * TRIES_PER_ROUND

    @classmethod
    def claim(cls, upload_id: int, lease: timedelta, owner: str) -> Self | None:
        """Take the upload for processing; None when it is done or another worker holds a valid lease."""
        free = (cls.state == "received") | ((cls.state == "processing") & (cls.lease_until < fn.now()))
        query = (
            cls.update(state="processing", lease_until=fn.now() + lease, lease_owner=owner, attempts=cls.attempts + 1)
            .where((cls.id == upload_id) & free)
            .returning(cls)
        )
        return cls.one_of(query)

    @classmethod
    def renew(cls, upload_id: int, attempt: int, lease: timedelta) -> bool:
        """Extend the lease of the claim `attempt`; False when the claim is lost."""
        query = cls.update(lease_until=fn.now() + lease).where(cls._claimed(upload_id, attempt))
        return bool(query.execute() == 1)

    @classmethod
    def settle(cls, upload_id: int, attempt: int, state: str, **values: Any) -> bool:
        """End the claim `attempt` with a new state; False (and nothing written) when the claim is lost."""
        ended = {"state": state, "lease_until": None, "lease_owner": None} | values
        query = cls.update(**ended).where(cls._claimed(upload_id, attempt))
        return bool(query.execute() == 1)

    @classmethod
    def release(cls, upload_id: int, attempt: int) -> bool:
        """Give the claim `attempt` back for another try; False when the claim is lost."""
        return cls.settle(upload_id, attempt, "received", lease_until=fn.now())

    @classmethod
    def carry(cls, source: Self, report_id: int, session_index: int, **values: Any) -> Self:
        """A carried-forward upload of a report, which tells of the same CI job as the upload it comes from."""
        copied = ("repo", "ci_provider", "build_code", "build_url", "job_code", "env", "parser_version")
        facts = {name: getattr(source, f"{name}_id" if name == "repo" else name) for name in copied}
        return cls.create(
            report=report_id,
            kind="carried_forward",
            session_index=session_index,
            carried_from_upload=source.id,
            **facts,
            **values,
        )

    @classmethod
    def called(cls, upload_ids: Iterable[int]) -> None:
        """Note that messages for these received uploads are on their way, so that nobody sends more of them soon."""
        cls.update(lease_until=fn.now()).where(cls.id.in_(list(upload_ids)) & (cls.state == "received")).execute()

    @classmethod
    def _claimed(cls, upload_id: int, attempt: int) -> Any:
        return (cls.id == upload_id) & (cls.state == "processing") & (cls.attempts == attempt)

    @classmethod
    def next_session_index(cls, report_id: int, first: int = 0) -> int:
        """The number after all given ones of the kind that starts at `first`; the caller holds the report's lock."""
        taken = (cls.report == report_id) & cls.session_index.between(first, first + SESSIONS_OF_A_KIND - 1)
        highest = cls.select(fn.MAX(cls.session_index)).where(taken).scalar()
        return first if highest is None else int(highest) + 1


Upload.add_index(
    Upload.index(
        Upload.report,
        Upload.session_index,
        name="uploads_session_uq",
        unique=True,
        where=Upload.session_index.is_null(False),
    )
)
Upload.add_index(
    Upload.index(Upload.carried_from_upload, name="uploads_parent_ix", where=Upload.carried_from_upload.is_null(False))
)
Upload.add_index(Upload.index(Upload.created_at, name="uploads_raw_ix", where=Upload.object_path.is_null(False)))
Upload.add_index(
    Upload.index(
        fn.COALESCE(Upload.lease_until, Upload.created_at),
        name="uploads_open_ix",
        where=Upload.state.in_(OPEN_UPLOAD_STATES),
    )
)


class UploadError(Row):
    """Why an upload failed, or what is odd about it; one per code."""

    id = BigAutoField()
    upload = ForeignKeyField(Upload, backref="+", on_delete="CASCADE", index=False)
    upload_id: int
    code = TextField()
    severity = TextField(default="error", choices=choices(SEVERITIES))
    params = JSONField(default=dict)
    created_at = TimestampTZField(default=now)

    class Meta:
        table_name = "upload_errors"
        indexes = ((("upload", "code"), True),)

    @classmethod
    def record(cls, upload_id: int, code: str, severity: str = "error", **params: Any) -> None:
        """Store the problem; a later one with the same code replaces it."""
        cls.insert(upload=upload_id, code=code, severity=severity, params=params).on_conflict(
            conflict_target=[cls.upload, cls.code], preserve=[cls.severity, cls.params, cls.created_at]
        ).execute()


class Flag(Row):
    """A label users put on uploads; case-sensitive."""

    id = BigAutoField()
    repo = ForeignKeyField(Repository, backref="+", on_delete="CASCADE", index=False)
    repo_id: int
    name = TextField()
    last_seen_at = TimestampTZField(default=now)
    deleted_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)

    class Meta:
        table_name = "flags"
        indexes = ((("repo", "name"), True),)

    @classmethod
    def ensure(cls, repo_id: int, names: Iterable[str]) -> dict[str, Self]:
        """Flags by name, new ones created; a deleted flag that is used again comes back."""
        # Sorted, so that two uploads with the same flags lock the rows in the same order.
        wanted = sorted(set(names))
        if not wanted:
            return {}
        stale = (cls.last_seen_at < fn.now() - timedelta(hours=1)) | cls.deleted_at.is_null(False)
        cls.insert_many([{"repo": repo_id, "name": name} for name in wanted]).on_conflict(
            conflict_target=[cls.repo, cls.name],
            update={cls.last_seen_at: EXCLUDED.last_seen_at, cls.deleted_at: None},
            # A flag of every upload would be a hot row if each one touched it.
            where=stale,
        ).execute()
        return {flag.name: flag for flag in cls.select().where((cls.repo == repo_id) & cls.name.in_(wanted))}


class UploadFlag(Row):
    """A flag of an upload."""

    upload = ForeignKeyField(Upload, backref="+", on_delete="CASCADE", index=False)
    upload_id: int
    flag = ForeignKeyField(Flag, backref="+", on_delete="CASCADE", index=False)
    flag_id: int

    class Meta:
        table_name = "upload_flags"
        primary_key = CompositeKey("upload", "flag")
        indexes = ((("flag",), False),)

    @classmethod
    def link(cls, upload_id: int, flags: Iterable[Flag]) -> None:
        """Put the flags on the upload; those it has already stay."""
        if rows := [{"upload": upload_id, "flag": flag.id} for flag in flags]:
            cls.insert_many(rows).on_conflict_ignore().execute()
