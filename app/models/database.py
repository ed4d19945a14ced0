"""The database: connection pool, session settings, base class of the models and units of work."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol, Self

import structlog
from peewee import DatabaseProxy, DateTimeField, Model, ModelUpdate, OperationalError, PostgresqlDatabase, Query, fn
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase
from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn

logger = structlog.get_logger(__name__)

db = DatabaseProxy()


class DatabaseUrlInvalid(ValueError):
    """The address is not a usable PostgreSQL URL; the message never repeats it, because it may hold a password."""


class PoolExhausted(OperationalError):
    """No connection became free in time; trying again later is right."""


class ConfiguredDatabase(PostgresqlDatabase):
    """Applies the session settings to every new server connection."""

    session_settings: Mapping[str, str] = MappingProxyType({})

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]  # the stubs leave out this hook of the pool
        try:
            # SET instead of the start-up parameter `options`, which connection proxies refuse.
            with connection.cursor() as cursor:
                for name, value in self.session_settings.items():
                    cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        except BaseException:
            connection.close()
            raise
        return connection

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> Any:
        """Run one statement and return the driver's cursor."""
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]  # untyped in the stubs


# The pool comes first: its lookups end in ConfiguredDatabase only when a new connection is really opened.
class Database(PooledPostgresqlDatabase, ConfiguredDatabase):  # type: ignore[misc]  # playhouse ships no types
    """PostgreSQL with a pool of connections, one per thread while the thread uses it."""

    def connect(self, reuse_if_open: bool = False) -> bool:
        try:
            return bool(super().connect(reuse_if_open))
        except MaxConnectionsExceeded as error:
            raise PoolExhausted("no database connection became free in time") from error


def open_database(
    url: str,
    *,
    pool_size: int = 8,
    pool_wait: float = 10,
    max_connection_age: float = 300,
    connect_timeout: float = 5,
    statement_timeout: float = 60,
    lock_timeout: float = 10,
    idle_in_transaction_timeout: float = 60,
    application_name: str = "coverage-worker",
) -> Database:
    """Make the pool for a `postgres://` or `postgresql://` URL; nothing is connected yet.

    Query parameters of the URL (`sslmode`, `host` of a socket folder, …) are passed to the driver and win over the
    arguments. Times are seconds; 0 switches a timeout off. Raises DatabaseUrlInvalid.
    """
    given = _parse_url(url)
    parameters: dict[str, Any] = {
        "application_name": application_name,
        "connect_timeout": max(1, round(connect_timeout)) if connect_timeout else 0,
        # A peer that vanished without a word is noticed within about a minute.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        **given,
    }
    name = parameters.pop("dbname")
    database = Database(
        name, max_connections=pool_size, timeout=pool_wait, stale_timeout=max_connection_age, **parameters
    )
    database.session_settings = {
        "TimeZone": "UTC",
        "statement_timeout": _milliseconds(statement_timeout),
        "lock_timeout": _milliseconds(lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(idle_in_transaction_timeout),
    }
    return database


def _parse_url(url: str) -> dict[str, str]:
    if not url.startswith(("postgres://", "postgresql://")):
        raise DatabaseUrlInvalid("the database URL must start with postgresql://")
    try:
        parameters: dict[str, str] = parse_dsn(url)
    except ProgrammingError:
        raise DatabaseUrlInvalid("the database URL cannot be parsed") from None
    if not parameters.get("dbname"):
        raise DatabaseUrlInvalid("the database URL names no database")
    return parameters


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def now() -> datetime:
    return datetime.now(UTC)


def database_now() -> datetime:
    """Return the time by the clock of the database: for instants of several machines that are compared by order."""
    moment: datetime = db.execute_sql("SELECT clock_timestamp()").fetchone()[0]
    return moment.astimezone(UTC)


class TimestampTZField(DateTimeField):
    """An instant: aware datetimes in, aware UTC datetimes out."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError("a naive datetime says nothing about the instant; use an aware one")
        return super().db_value(value)  # type: ignore[no-untyped-call]  # untyped in the stubs


class Row(Model):
    """Base of all models: bound to `db`, saves only what changed, keeps `updated_at` current."""

    class Meta:
        database = db
        legacy_table_names = False
        only_save_dirty = True

    @classmethod
    def update(cls, data: Any = None, /, **values: Any) -> ModelUpdate:
        if "updated_at" in cls._meta.fields:
            values.setdefault("updated_at", fn.now())
        return super().update(data, **values)

    @classmethod
    def ensure_by(cls, key: Mapping[str, Any], **values: Any) -> Self:
        """The row with this unique key; inserted with `values` when it is new, else as it is stored."""
        if (row := cls.get_or_none(**key)) is not None:
            return row
        cls.insert(**key, **values).on_conflict_ignore().execute()
        return cls.get(**key)

    @classmethod
    def one_of(cls, query: Query) -> Self | None:
        """The single row of a query with RETURNING, None when it touched nothing."""
        return next(iter(query.execute()), None)


def choices(values: tuple[str, ...]) -> list[tuple[str, str]]:
    """A closed list of values in the form Peewee takes; a test compares it with the CHECK constraint of the column."""
    return [(value, value) for value in values]


class Actor(Protocol):
    """What a unit of work needs of an actor."""

    @property
    def actor_name(self) -> str: ...
    @property
    def send(self) -> Callable[..., object]: ...


# Called with the name of the actor and the error for every wake-up that could not be published, e.g. to count it.
lost_wake_hooks: list[Callable[[str, Exception], None]] = []

_current: ContextVar["UnitOfWork | None"] = ContextVar("unit_of_work", default=None)


class UnitOfWork:
    """Wake-ups of one transaction, sent after the commit."""

    def __init__(self) -> None:
        self._wakes: list[tuple[Actor, dict[str, Any]]] = []

    def wake(self, actor: Actor, **payload: Any) -> None:
        """Send `payload` to the actor when the outermost transaction has committed; equal wake-ups are sent once."""
        if (actor, payload) not in self._wakes:
            self._wakes.append((actor, payload))

    def _absorb(self, inner: "UnitOfWork") -> None:
        for actor, payload in inner._wakes:
            self.wake(actor, **payload)

    def _send(self) -> None:
        for actor, payload in self._wakes:
            try:
                actor.send(**payload)
            except Exception as error:
                # The row says that there is work to do: a sweeper finds it.
                logger.warning("wake_up_lost", actor=actor.actor_name, payload=payload, error=str(error))
                for hook in lost_wake_hooks:
                    hook(actor.actor_name, error)


@contextmanager
def unit_of_work() -> Iterator[UnitOfWork]:
    """One transaction whose wake-ups are sent after the commit, and not at all when it rolls back.

    Units nest: an inner unit is a savepoint, its wake-ups join the outer unit only if it succeeds. Peewee's own
    `after_commit` would also run those of a rolled-back inner block, so only the outermost unit registers there.
    """
    outer = _current.get()
    work = UnitOfWork()
    token = _current.set(work)
    try:
        with db.atomic():
            yield work
            if outer is None:
                db.after_commit(work._send)
    finally:
        _current.reset(token)
    if outer is not None:
        outer._absorb(work)
