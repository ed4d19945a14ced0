"""The composition root: builds database, broker, storage and clients from the settings, once per process.

Importing `app.actors` binds every actor to the broker of the runtime, so the runtime is configured first: by the
command line, by tests, or by `ensure` when `dramatiq app.actors` imports the package.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.brokers.stub import StubBroker

from app import metrics
from app.broker import Broker, rabbitmq_broker, stub_broker
from app.clients.git.base import GitProvider, Misconfigured, Pull, RepoRef
from app.clients.git.github import GitHub
from app.clients.git.local import LocalCheckout, OnPost
from app.clients.http import HttpClient, HttpPolicy
from app.clients.storage import ObjectStorage
from app.logging_setup import configure_logging
from app.logic.notifications.notify import Notified, NotifyPolicy
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import normalise
from app.logic.repository_yaml.problems import InvalidYaml, described
from app.logic.uploads.envelope import Limits
from app.logic.uploads.prepare import Step
from app.logic.uploads.process import ProcessPolicy
from app.middleware import standard_middleware
from app.models.database import Database, db, lost_wake_hooks, open_database
from app.models.repositories import Repository
from app.settings import Settings, SettingsError, load_settings

EMBEDDED_RETRY_DELAY = 2.0  # seconds


class NotConfigured(RuntimeError):
    """The runtime is used before it is configured."""


@dataclass(slots=True)
class Runtime:
    """Everything a process works with.

    `site` is the configuration this installation gives every repository, in normal form. `carryforward_max_age`: None =
    coverage of any age is carried. `incremental`: reports are assembled upon earlier ones. `preparation` is what else
    is due when a commit is first prepared. `local_pulls` are the pull requests a person named for a local checkout.
    """

    settings: Settings
    database: Database
    storage: ObjectStorage
    broker: Broker | StubBroker
    github_http: HttpClient
    sweep_patience: timedelta
    process_policy: ProcessPolicy
    notify_policy: NotifyPolicy
    carryforward_max_age: timedelta | None
    raw_retention: timedelta
    state_folder: Path
    incremental: bool = True
    preparation: tuple[Step, ...] = ()
    site: Mapping[str, Any] = field(default_factory=dict)
    local_pulls: dict[int, Pull] = field(default_factory=dict)
    on_post: OnPost | None = None
    on_notified: Callable[[int, Notified], object] | None = None

    def git_for(self, repository: Repository) -> GitProvider:
        """Return the client of a repository's host; raises Misconfigured without a usable credential."""
        if repository.provider == "local":
            state = self.state_folder / "posts" / repository.storage_prefix
            return LocalCheckout(Path(repository.provider_id), state, self.local_pulls, self.on_post)
        if repository.provider == "github":
            token = self.settings.github.token
            if not token:
                raise Misconfigured("no token for GitHub: set providers.github.token")
            ref = RepoRef(
                "github",
                repository.owner.provider_id,
                repository.owner.username or "",
                repository.provider_id,
                repository.name or "",
            )
            return GitHub(ref, token, self.settings.github.api_url, self.github_http)
        raise Misconfigured(f"no client for {repository.provider} in this release")

    def notified(self, commit_id: int, result: Notified) -> None:
        """Tell whoever waits in this process, e.g. the command line, how a notify run ended."""
        if self.on_notified is not None:
            self.on_notified(commit_id, result)


_runtime: Runtime | None = None


def current() -> Runtime:
    """Return the runtime of this process; raises NotConfigured before `configure`."""
    if _runtime is None:
        raise NotConfigured("app.runtime.configure() comes before the first actor runs")
    return _runtime


def ensure() -> None:
    """Configure from the environment, unless that is done; `dramatiq app.actors` needs the whole configuration."""
    if _runtime is not None:
        return
    settings = load_settings()
    if settings.is_embedded:
        raise SettingsError(
            [
                "workers need database.url, broker.url and storage.url (variables CW__DATABASE__URL, ...); "
                "`coverage-worker upload` and `coverage-worker demo` run without any service"
            ]
        )
    configure(settings)


def configure(
    settings: Settings, *, database_url: str | None = None, folder: Path | None = None, worker: bool = True
) -> Runtime:
    """Build the runtime of this process and make its broker the global one.

    In embedded mode `database_url` is that of the server which the caller started, and `folder` holds objects and
    posts. `worker` says that messages are processed here, so that limits of memory apply.
    """
    global _runtime  # noqa: PLW0603  # one runtime a process is the point of this module
    site = site_config(settings)
    configure_logging(settings.log.level, settings.log.format)
    logging.getLogger("dramatiq").setLevel(settings.log.level)
    url = database_url or settings.database.url
    if url is None:
        raise SettingsError(["database.url: required"])
    database = open_database(
        url, pool_size=settings.database.pool_size, statement_timeout=settings.database.statement_timeout
    )
    db.initialize(database)
    folder = folder or Path(settings.embedded.folder)
    _runtime = Runtime(
        settings=settings,
        database=database,
        storage=_storage(settings, folder),
        broker=_broker(settings, database, worker),
        github_http=HttpClient("github", _http_policy(settings), observe=_observe_request),
        sweep_patience=timedelta(seconds=settings.sweep.patience),
        process_policy=_process_policy(settings),
        notify_policy=NotifyPolicy(settings.app.brand, settings.app.status_prefix, settings.app.public_url),
        carryforward_max_age=timedelta(seconds=settings.uploads.carryforward_max_age) or None,
        raw_retention=timedelta(days=settings.storage.raw_days),
        state_folder=folder,
        incremental=settings.uploads.incremental,
        site=site,
    )
    if _count_lost_wake not in lost_wake_hooks:
        lost_wake_hooks.append(_count_lost_wake)
    return _runtime


def configure_offline() -> None:
    """Give actors a broker to be declared on, for the message contract: nothing is connected, nothing can run."""
    dramatiq.set_broker(stub_broker(middleware=standard_middleware()))


def _broker(settings: Settings, database: Database, worker: bool) -> Broker | StubBroker:
    heartbeat = Path(metrics.MULTIPROC_DIR) if metrics.MULTIPROC_DIR and worker else None
    if settings.broker.url is None:
        # Somebody is waiting in front of the process: a fault shows within seconds, not minutes.
        broker: Broker | StubBroker = stub_broker(
            middleware=standard_middleware(database, max_retry_delay=EMBEDDED_RETRY_DELAY)
        )
    else:
        broker = rabbitmq_broker(
            settings.broker.url,
            middleware=standard_middleware(
                database, memory_cap=settings.worker.memory_cap if worker else 0, heartbeat_folder=heartbeat
            ),
            heartbeat=round(settings.broker.heartbeat),
            quorum=settings.broker.quorum,
        )
    dramatiq.set_broker(broker)
    return broker


def _storage(settings: Settings, folder: Path) -> ObjectStorage:
    storage = settings.storage
    if storage.url is None:
        objects = folder / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        return ObjectStorage.from_url(objects.resolve().as_uri())
    return ObjectStorage.from_url(
        storage.url,
        endpoint=storage.endpoint,
        region=storage.region,
        access_key_id=storage.access_key_id,
        secret_access_key=storage.secret_access_key,
        connect_timeout=storage.connect_timeout,
        read_timeout=storage.read_timeout,
    )


def site_config(settings: Settings) -> Mapping[str, Any]:
    """Read what the installation says for all repositories; raises SettingsError with every problem."""
    file = settings.app.site_config
    if file is None:
        return {}
    try:
        document = load_yaml(Path(file).read_bytes())
        return {} if document is None else normalise(document).config
    except OSError as error:
        raise SettingsError([f"app.site_config: cannot read {file}: {error.strerror}"]) from error
    except InvalidYaml as error:
        raise SettingsError([f"app.site_config: {file}: {described(problem)}" for problem in error.errors]) from error


def _http_policy(settings: Settings) -> HttpPolicy:
    http = settings.http
    return HttpPolicy(
        connect_timeout=http.connect_timeout, read_timeout=http.read_timeout, verify=http.ca_bundle or True
    )


def _process_policy(settings: Settings) -> ProcessPolicy:
    limits = settings.limits
    return ProcessPolicy(
        lease=timedelta(seconds=settings.uploads.lease),
        # Nobody else is about to upload to a process of one person's own.
        debounce=timedelta(0) if settings.is_embedded else timedelta(seconds=settings.uploads.debounce),
        limits=Limits(
            stored_bytes=limits.stored_bytes,
            raw_bytes=limits.raw_bytes,
            file_bytes=limits.file_bytes,
            files=limits.files,
            listing_entries=limits.listing_entries,
            source_lines=limits.source_lines,
        ),
    )


def _observe_request(provider: str, endpoint: str, status_class: str, seconds: float) -> None:
    metrics.provider_requests.labels(provider, endpoint, status_class).inc()
    metrics.provider_request_seconds.labels(provider).observe(seconds)


def _count_lost_wake(actor: str, _: Exception) -> None:
    metrics.wake_ups_lost.labels(actor).inc()
