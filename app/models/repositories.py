"""Repositories."""

from secrets import token_hex
from uuid import uuid4

from peewee import BigAutoField, BlobField, BooleanField, ForeignKeyField, JSONField, TextField, UUIDField, fn
from playhouse.postgres_ext import ArrayField

from app.models.database import Row, TimestampTZField, choices, now
from app.models.identity import PROVIDERS, Owner

REPORT_TYPES = ("coverage", "test_results", "bundle_analysis")


def _storage_prefix() -> str:
    """32 random hex characters: paths of objects never depend on a name or an id that may change."""
    return token_hex(16)


class Repository(Row):
    """A repository; `name` is None when another repository of the owner took the name over."""

    id = BigAutoField()
    external_id = UUIDField(default=uuid4, unique=True)
    owner = ForeignKeyField(Owner, backref="+", on_delete="CASCADE", index=False)
    owner_id: int
    provider = TextField(choices=choices(PROVIDERS))
    provider_id = TextField()
    name = TextField(null=True)
    private = BooleanField()
    default_branch = TextField(default="main")
    language = TextField(null=True)
    languages = ArrayField(TextField, null=True, index=False)
    languages_synced_at = TimestampTZField(null=True)
    fork_of = ForeignKeyField("self", null=True, backref="+", on_delete="SET NULL", index=False)
    fork_of_id: int | None
    bot_owner = ForeignKeyField(Owner, null=True, backref="+", on_delete="SET NULL", index=False)
    bot_owner_id: int | None
    config = JSONField(default=dict)
    storage_prefix = TextField(default=_storage_prefix, unique=True)
    webhook_id = TextField(null=True)
    webhook_secret = BlobField(null=True)
    badge_token = TextField(default=lambda: token_hex(10))
    enabled = BooleanField(default=False)
    first_upload_at = TimestampTZField(null=True)
    features = ArrayField(TextField, default=list, index=False)
    last_activity_at = TimestampTZField(null=True)
    deleted_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "repositories"
        indexes = ((("provider", "provider_id"), True),)


Repository.add_index(
    Repository.index(
        Repository.owner,
        fn.lower(Repository.name),
        name="repositories_name_uq",
        unique=True,
        where=Repository.deleted_at.is_null() & Repository.name.is_null(False),
    )
)
Repository.add_index(
    Repository.index(Repository.owner, Repository.last_activity_at.desc(), name="repositories_owner_ix")
)
Repository.add_index(
    Repository.index(Repository.fork_of, name="repositories_fork_ix", where=Repository.fork_of.is_null(False))
)
Repository.add_index(
    Repository.index(Repository.bot_owner, name="repositories_bot_ix", where=Repository.bot_owner.is_null(False))
)
