"""What reports lead to: comparisons, notifications and comments."""

from datetime import timedelta
from typing import Any, Self

from peewee import (
    BigAutoField,
    BlobField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    JSONField,
    SmallIntegerField,
    TextField,
    fn,
)

from app.models.database import Row, TimestampTZField, choices, now
from app.models.git import Commit, Pull
from app.models.identity import AppInstallation
from app.models.reports import Flag

NOTIFICATION_TYPES = (
    "comment",
    "status_project",
    "status_patch",
    "status_changes",
    "checks_project",
    "checks_patch",
    "checks_changes",
    "webhook",
    "slack",
    "hipchat",
    "gitter",
    "irc",
)
NOTIFICATION_STATES = ("pending", "success", "error", "skipped")
COMPARISON_STATES = ("pending", "processed", "error")
COMMENT_KINDS = ("main", "bundle_analysis")


class Notification(Row):
    """One status, check run, comment or message of a commit; `title` tells several of a type apart."""

    id = BigAutoField()
    commit = ForeignKeyField(Commit, backref="+", on_delete="CASCADE", index=False)
    commit_id: int
    type = TextField(choices=choices(NOTIFICATION_TYPES))
    title = TextField(default="")
    state = TextField(default="pending", choices=choices(NOTIFICATION_STATES))
    decoration = TextField(null=True)
    installation = ForeignKeyField(AppInstallation, null=True, backref="+", on_delete="SET NULL", index=False)
    installation_id: int | None
    provider_ref = TextField(null=True)
    payload_hash = BlobField(null=True)
    generation = IntegerField(default=0)
    attempts = SmallIntegerField(default=0)
    detail = TextField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "notifications"
        indexes = ((("commit", "type", "title"), True),)

    @classmethod
    def ensure(cls, commit_id: int, kind: str, title: str = "") -> Self:
        return cls.ensure_by({"commit": commit_id, "type": kind, "title": title})


Notification.add_index(
    Notification.index(
        Notification.installation,
        name="notifications_installation_ix",
        where=Notification.installation.is_null(False),
    )
)


class Comparison(Row):
    """The comparison of two commits; stale when a generation differs from that of the commit's report."""

    id = BigAutoField()
    base_commit = ForeignKeyField(Commit, backref="+", on_delete="CASCADE", index=False)
    base_commit_id: int
    head_commit = ForeignKeyField(Commit, backref="+", on_delete="CASCADE", index=False)
    head_commit_id: int
    state = TextField(default="pending", choices=choices(COMPARISON_STATES))
    error = TextField(null=True)
    base_generation = IntegerField(null=True)
    head_generation = IntegerField(null=True)
    patch_totals = JSONField(null=True)
    result_path = TextField(null=True)
    attempts = SmallIntegerField(default=0)
    lease_until = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "comparisons"
        indexes = ((("base_commit", "head_commit"), True), (("head_commit",), False))

    @classmethod
    def ensure(cls, base_commit_id: int, head_commit_id: int) -> Self:
        return cls.ensure_by({"base_commit": base_commit_id, "head_commit": head_commit_id})

    @classmethod
    def claim(cls, comparison_id: int, lease: timedelta) -> Self | None:
        """Take the comparison for (re)computing, whatever its state; None while another worker holds a valid lease."""
        free = cls.lease_until.is_null() | (cls.lease_until < fn.now())
        query = (
            cls.update(lease_until=fn.now() + lease, attempts=cls.attempts + 1)
            .where((cls.id == comparison_id) & free)
            .returning(cls)
        )
        return cls.one_of(query)

    @classmethod
    def renew(cls, comparison_id: int, attempt: int, lease: timedelta) -> bool:
        """Extend the lease of the claim `attempt`; False when the claim is lost."""
        held = (cls.id == comparison_id) & (cls.attempts == attempt) & cls.lease_until.is_null(False)
        return bool(cls.update(lease_until=fn.now() + lease).where(held).execute() == 1)

    @classmethod
    def settle(cls, comparison_id: int, attempt: int, state: str, **values: Any) -> bool:
        """End the claim `attempt`; False (and nothing written) when another worker claimed since."""
        ended = {"state": state, "lease_until": None} | values
        query = cls.update(**ended).where((cls.id == comparison_id) & (cls.attempts == attempt))
        return bool(query.execute() == 1)


Comparison.add_index(
    Comparison.index(
        fn.COALESCE(Comparison.lease_until, Comparison.created_at),
        name="comparisons_open_ix",
        where=Comparison.state == "pending",
    )
)


class FlagComparison(Row):
    """The part of a comparison that belongs to a flag."""

    comparison = ForeignKeyField(Comparison, backref="+", on_delete="CASCADE", index=False)
    comparison_id: int
    flag = ForeignKeyField(Flag, backref="+", on_delete="CASCADE", index=False)
    flag_id: int
    base_totals = JSONField(null=True)
    head_totals = JSONField(null=True)
    patch_totals = JSONField(null=True)

    class Meta:
        table_name = "flag_comparisons"
        primary_key = CompositeKey("comparison", "flag")
        indexes = ((("flag",), False),)


class ComponentComparison(Row):
    """The part of a comparison that belongs to a component of the repository's configuration."""

    comparison = ForeignKeyField(Comparison, backref="+", on_delete="CASCADE", index=False)
    comparison_id: int
    component_id = TextField()
    base_totals = JSONField(null=True)
    head_totals = JSONField(null=True)
    patch_totals = JSONField(null=True)

    class Meta:
        table_name = "component_comparisons"
        primary_key = CompositeKey("comparison", "component_id")


class PullComment(Row):
    """Our comment on a pull request; the row is reserved before the comment is posted, so there is never a second."""

    pull = ForeignKeyField(Pull, backref="+", on_delete="CASCADE", index=False)
    pull_id: int
    kind = TextField(choices=choices(COMMENT_KINDS))
    provider_comment_id = TextField(null=True)
    posted_as = TextField(null=True)
    body_hash = BlobField(null=True)
    reserved_at = TimestampTZField(default=now)
    posted_at = TimestampTZField(null=True)

    class Meta:
        table_name = "pull_comments"
        primary_key = CompositeKey("pull", "kind")

    @classmethod
    def reserve(cls, pull_id: int, kind: str, patience: timedelta) -> Self | None:
        """The row, ours to post or edit the comment; None while another worker is posting it for the first time.

        A reservation older than `patience` that led to no comment belongs to a dead worker and is taken over.
        """
        posted = cls.provider_comment_id.is_null(False)
        query = (
            cls.insert(pull=pull_id, kind=kind, reserved_at=fn.now())
            .on_conflict(
                conflict_target=[cls.pull, cls.kind],
                update={cls.reserved_at: fn.now()},
                where=(posted | (cls.reserved_at < fn.now() - patience)),
            )
            .returning(cls)
        )
        return cls.one_of(query)
