"""Branches, commits and pull requests."""

from datetime import datetime
from typing import Any, Self

from peewee import (
    EXCLUDED,
    SQL,
    BigAutoField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    fn,
)

from app.models.database import Row, TimestampTZField, choices, now
from app.models.identity import Owner
from app.models.repositories import Repository

PULL_STATES = ("open", "closed", "merged")
BASE_METHODS = ("exact", "ancestor", "branch")


class Branch(Row):
    """A branch; one of a fork is named `owner/repository:branch`."""

    id = BigAutoField()
    repo = ForeignKeyField(Repository, backref="+", on_delete="CASCADE", index=False)
    repo_id: int
    name = TextField()
    head_sha = TextField()
    head_at = TimestampTZField()
    updated_at = TimestampTZField(default=now)
    deleted_at = TimestampTZField(null=True)

    class Meta:
        table_name = "branches"
        indexes = ((("repo", "name"), True),)


Branch.add_index(Branch.index(Branch.repo, Branch.updated_at.desc(), name="branches_recent_ix"))


class Commit(Row):
    """A commit; `committed_at` is the time of arrival until `details_at` says that the Git host was asked."""

    id = BigAutoField()
    repo = ForeignKeyField(Repository, backref="+", on_delete="CASCADE", index=False)
    repo_id: int
    sha = TextField()
    committed_at = TimestampTZField()
    author = ForeignKeyField(Owner, null=True, backref="+", on_delete="SET NULL", index=False)
    author_id: int | None
    branch = TextField(null=True)
    pull_number = IntegerField(null=True)
    parent_sha = TextField(null=True)
    message = TextField(null=True)
    details_at = TimestampTZField(null=True)
    ci_passed = BooleanField(null=True)
    merged = BooleanField(default=False)
    deleted_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "commits"
        indexes = ((("repo", "sha"), True),)

    @classmethod
    def upsert(cls, repo_id: int, sha: str, *, committed_at: datetime | None = None, **facts: Any) -> Self:
        """The commit with this SHA, created or completed: facts it lacks are filled in, existing values win."""
        values = {"committed_at": committed_at or now(), **facts}
        fields = [cls._meta.combined[name] for name in values]
        query = (
            cls.insert(repo=repo_id, sha=sha.lower(), **values)
            .on_conflict(
                conflict_target=[cls.repo, cls.sha],
                update={
                    cls.updated_at: fn.now(),
                    **{field: fn.COALESCE(field, getattr(EXCLUDED, field.column_name)) for field in fields},
                },
            )
            .returning(cls)
        )
        row = cls.one_of(query)
        assert row is not None, "an upsert always returns its row"
        return row


Commit.add_index(
    Commit.index(
        Commit.repo,
        Commit.branch,
        Commit.committed_at.desc(),
        name="commits_base_ix",
        where=Commit.deleted_at.is_null() & (Commit.pull_number.is_null() | Commit.merged),
    )
)
Commit.add_index(
    Commit.index(Commit.repo, Commit.committed_at.desc(), name="commits_recent_ix", where=Commit.deleted_at.is_null())
)
Commit.add_index(
    Commit.index(
        Commit.repo,
        Commit.pull_number,
        Commit.committed_at.desc(),
        name="commits_pull_ix",
        where=Commit.pull_number.is_null(False),
    )
)
Commit.add_index(Commit.index(Commit.author, name="commits_author_ix", where=Commit.author.is_null(False)))
Commit.add_index(Commit.index(Commit.repo, SQL("sha text_pattern_ops"), name="commits_prefix_ix"))


class CommitError(Row):
    """A problem of a commit that its author should see, one per code."""

    commit = ForeignKeyField(Commit, backref="+", on_delete="CASCADE", index=False)
    commit_id: int
    code = TextField()
    params = JSONField(default=dict)
    created_at = TimestampTZField(default=now)

    class Meta:
        table_name = "commit_errors"
        primary_key = CompositeKey("commit", "code")

    @classmethod
    def record(cls, commit_id: int, code: str, **params: Any) -> None:
        """Store the problem; a later one with the same code replaces its parameters."""
        cls.insert(commit=commit_id, code=code, params=params).on_conflict(
            conflict_target=[cls.commit, cls.code], preserve=[cls.params, cls.created_at]
        ).execute()


class Pull(Row):
    """A pull request; `compared_to_sha` is the base really used, found by `base_method`."""

    id = BigAutoField()
    repo = ForeignKeyField(Repository, backref="+", on_delete="CASCADE", index=False)
    repo_id: int
    number = IntegerField()
    provider_issue_id = TextField(null=True)
    state = TextField(default="open", choices=choices(PULL_STATES))
    title = TextField(null=True)
    author = ForeignKeyField(Owner, null=True, backref="+", on_delete="SET NULL", index=False)
    author_id: int | None
    base_branch = TextField(null=True)
    base_sha = TextField(null=True)
    user_base_sha = TextField(null=True)
    compared_to_sha = TextField(null=True)
    base_method = TextField(null=True, choices=choices(BASE_METHODS))
    head_branch = TextField(null=True)
    head_sha = TextField(null=True)
    head_at = TimestampTZField(null=True)
    patch_totals = JSONField(null=True)
    flare_path = TextField(null=True)
    behind_by = IntegerField(null=True)
    behind_by_sha = TextField(null=True)
    merge_handled_at = TimestampTZField(null=True)
    sync_requested_at = TimestampTZField(null=True)
    provider_updated_at = TimestampTZField(null=True)
    synced_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "pulls"
        indexes = ((("repo", "number"), True),)

    @classmethod
    def ensure(cls, repo_id: int, number: int, **values: Any) -> Self:
        return cls.ensure_by({"repo": repo_id, "number": number}, **values)


Pull.add_index(Pull.index(Pull.repo, Pull.updated_at.desc(), name="pulls_open_ix", where=Pull.state == "open"))
Pull.add_index(
    Pull.index(Pull.author, Pull.updated_at.desc(), name="pulls_author_ix", where=Pull.author.is_null(False))
)
Pull.add_index(
    Pull.index(Pull.id, name="pulls_flare_ix", where=(Pull.state != "open") & Pull.flare_path.is_null(False))
)
