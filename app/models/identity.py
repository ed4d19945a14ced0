"""Accounts of the Git hosts and the apps installed on them."""

from uuid import uuid4

from peewee import (
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    UUIDField,
    fn,
)

from app.models.database import Row, TimestampTZField, choices, now

PROVIDERS = (
    "github",
    "github_enterprise",
    "gitlab",
    "gitlab_enterprise",
    "bitbucket",
    "bitbucket_server",
    "local",  # a Git checkout on this machine; ids are derived from its path
)
OWNER_KINDS = ("user", "org", "unknown")


class Owner(Row):
    """An account of a Git host: a person, an organisation, a group or a workspace."""

    id = BigAutoField()
    external_id = UUIDField(default=uuid4, unique=True)
    provider = TextField(choices=choices(PROVIDERS))
    provider_id = TextField()
    kind = TextField(default="unknown", choices=choices(OWNER_KINDS))
    username = TextField(null=True)
    display_name = TextField(null=True)
    email = TextField(null=True)
    avatar_url = TextField(null=True)
    parent_provider_id = TextField(null=True)
    bot_owner = ForeignKeyField("self", null=True, backref="+", on_delete="SET NULL", index=False)
    bot_owner_id: int | None
    oauth_token = BlobField(null=True)
    config = JSONField(default=dict)
    require_token_for_public = BooleanField(default=False)
    max_uploads_per_commit = IntegerField(default=150)
    listing_synced_at = TimestampTZField(null=True)
    listing_cursor = JSONField(null=True)
    deletion_requested_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "owners"
        indexes = ((("provider", "provider_id"), True),)


Owner.add_index(
    Owner.index(
        Owner.provider,
        fn.lower(Owner.username),
        name="owners_username_uq",
        unique=True,
        where=Owner.username.is_null(False),
    )
)
Owner.add_index(
    Owner.index(
        Owner.provider,
        Owner.parent_provider_id,
        name="owners_parent_ix",
        where=Owner.parent_provider_id.is_null(False),
    )
)
Owner.add_index(Owner.index(Owner.bot_owner, name="owners_bot_ix", where=Owner.bot_owner.is_null(False)))


class AppInstallation(Row):
    """A GitHub App installed on an account."""

    id = BigAutoField()
    owner = ForeignKeyField(Owner, backref="+", on_delete="CASCADE", index=False)
    owner_id: int
    app_id = BigIntegerField()
    installation_id = BigIntegerField()
    app_name = TextField(default="default")
    private_key_ref = TextField(null=True)
    all_repositories = BooleanField(default=False)
    suspended_at = TimestampTZField(null=True)
    created_at = TimestampTZField(default=now)
    updated_at = TimestampTZField(default=now)

    class Meta:
        table_name = "app_installations"
        indexes = ((("app_id", "installation_id"), True), (("owner", "app_name"), False))


class AppInstallationRepo(Row):
    """A repository an installation covers when it does not cover all of them."""

    installation = ForeignKeyField(AppInstallation, backref="+", on_delete="CASCADE", index=False)
    installation_id: int
    provider_repo_id = TextField()

    class Meta:
        table_name = "app_installation_repos"
        primary_key = CompositeKey("installation", "provider_repo_id")
