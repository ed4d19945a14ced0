"""Typed settings: defaults < YAML file < environment, validated as a whole before anything starts.

The key `database.url` is the variable `CW__DATABASE__URL`; `CW__DATABASE__URL__FILE` names a file that holds the value.
`CW_CONFIG_FILE` names the YAML file. docs/configuration.md lists every key.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

PREFIX = "CW__"
FILE_SUFFIX = "__FILE"
CONFIG_FILE = "CW_CONFIG_FILE"
_ALIASES = {"DATABASE_URL": "database.url", "RABBITMQ_URL": "broker.url"}


class SettingsError(Exception):
    """The configuration cannot be used; `problems` has one line per key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class AppSettings:
    public_url: str
    brand: str
    status_prefix: str
    user_agent: str
    site_config: str | None


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseSettings:
    url: str | None
    pool_size: int
    statement_timeout: float


@dataclass(frozen=True, slots=True, repr=False)
class BrokerSettings:
    url: str | None
    heartbeat: float
    quorum: bool


@dataclass(frozen=True, slots=True, repr=False)
class StorageSettings:
    url: str | None
    endpoint: str | None
    region: str
    access_key_id: str | None
    secret_access_key: str | None
    connect_timeout: float
    read_timeout: float
    raw_days: int


@dataclass(frozen=True, slots=True)
class HttpSettings:
    connect_timeout: float
    read_timeout: float
    ca_bundle: str | None


@dataclass(frozen=True, slots=True, repr=False)
class GithubSettings:
    token: str | None
    url: str
    api_url: str


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    threads: int
    memory_cap: int


@dataclass(frozen=True, slots=True)
class LimitSettings:
    stored_bytes: int
    raw_bytes: int
    file_bytes: int
    files: int
    listing_entries: int
    source_lines: int


@dataclass(frozen=True, slots=True)
class UploadSettings:
    debounce: float
    lease: float
    carryforward_max_age: float
    incremental: bool


@dataclass(frozen=True, slots=True)
class SweepSettings:
    patience: float


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str
    format: Literal["json", "text"]


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    port: int


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    folder: str


@dataclass(frozen=True, slots=True)
class Settings:
    app: AppSettings
    database: DatabaseSettings
    broker: BrokerSettings
    storage: StorageSettings
    http: HttpSettings
    github: GithubSettings
    worker: WorkerSettings
    limits: LimitSettings
    uploads: UploadSettings
    sweep: SweepSettings
    log: LogSettings
    metrics: MetricsSettings
    embedded: EmbeddedSettings

    @property
    def is_embedded(self) -> bool:
        """Nothing outside is configured: PostgreSQL from the wheel, an in-process broker, a local folder."""
        return self.database.url is None and self.broker.url is None and self.storage.url is None


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Duration(fields.Field[float]):
    """Seconds, or a number with s, m, h or d."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(value).strip())
        if match is None:
            raise ValidationError("Not a duration such as 30, 30s, 5m, 2h or 7d.")
        return float(match[1]) * _UNITS[match[2]]


class Size(fields.Field[int]):
    """Bytes, or a number with KB, MB, GB, KiB, MiB or GiB."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        match = re.fullmatch(r"(\d+)\s*([KMG]i?B|B?)", str(value).strip())
        if match is None:
            raise ValidationError("Not a size such as 1048576, 512MiB or 1GB.")
        return int(match[1]) * _SIZES[match[2]]


class Url(fields.String):
    """A URL with one of the given schemes."""

    def __init__(self, *schemes: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schemes = schemes

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if urlsplit(text).scheme not in self._schemes:
            raise ValidationError(f"Not a URL that starts with {', '.join(s + '://' for s in self._schemes)}.")
        return text.rstrip("/") if text.startswith("http") else text


class Folder(fields.String):
    """The path of a folder; `~` is the home of the user."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            raise ValidationError("Not the path of a folder.")
        return str(Path(text).expanduser())


class _Section(Schema):
    result: type[Any]

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        return self.result(**data)


class _App(_Section):
    result = AppSettings
    public_url = Url("http", "https", load_default="http://localhost:8080")
    brand = fields.String(load_default="Coverage", validate=validate.Length(1, 60))
    status_prefix = fields.String(load_default="coverage", validate=validate.Regexp(r"[\w.\-]{1,60}\Z"))
    user_agent = fields.String(load_default="coverage-worker")
    site_config = fields.String(load_default=None)


class _Database(_Section):
    result = DatabaseSettings
    url = Url("postgres", "postgresql", load_default=None)
    pool_size = fields.Integer(load_default=12, validate=validate.Range(1, 1000))
    statement_timeout = Duration(load_default=60.0)


class _Broker(_Section):
    result = BrokerSettings
    url = Url("amqp", "amqps", load_default=None)
    heartbeat = Duration(load_default=60.0)
    quorum = fields.Boolean(load_default=False)


class _Storage(_Section):
    result = StorageSettings
    url = Url("file", "memory", "s3", "gs", "az", load_default=None)
    endpoint = Url("http", "https", load_default=None)
    region = fields.String(load_default="us-east-1")
    access_key_id = fields.String(load_default=None)
    secret_access_key = fields.String(load_default=None)
    connect_timeout = Duration(load_default=10.0)
    read_timeout = Duration(load_default=60.0)
    raw_days = fields.Integer(load_default=30, validate=validate.Range(0, 36_500))


class _Http(_Section):
    result = HttpSettings
    connect_timeout = Duration(load_default=10.0)
    read_timeout = Duration(load_default=30.0)
    ca_bundle = fields.String(load_default=None)


class _Github(_Section):
    result = GithubSettings
    token = fields.String(load_default=None)
    url = Url("http", "https", load_default="https://github.com")
    api_url = Url("http", "https", load_default="https://api.github.com")


class _Worker(_Section):
    result = WorkerSettings
    threads = fields.Integer(load_default=4, validate=validate.Range(1, 64))
    memory_cap = Size(load_default=0)


class _Limits(_Section):
    result = LimitSettings
    stored_bytes = Size(load_default=256 << 20)
    raw_bytes = Size(load_default=1 << 30)
    file_bytes = Size(load_default=512 << 20)
    files = fields.Integer(load_default=20_000, validate=validate.Range(1))
    listing_entries = fields.Integer(load_default=2_000_000, validate=validate.Range(1))
    source_lines = fields.Integer(load_default=1_000_000, validate=validate.Range(1, 10_000_000))


class _Uploads(_Section):
    result = UploadSettings
    debounce = Duration(load_default=2.0, validate=validate.Range(0, 900))
    lease = Duration(load_default=60.0, validate=validate.Range(1))
    carryforward_max_age = Duration(load_default=0.0, validate=validate.Range(0, 36_500 * 86_400))
    incremental = fields.Boolean(load_default=True)


class _Sweep(_Section):
    result = SweepSettings
    patience = Duration(load_default=300.0, validate=validate.Range(1))


class _Log(_Section):
    result = LogSettings
    level = fields.String(load_default="INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
    format = fields.String(load_default="json", validate=validate.OneOf(["json", "text"]))


class _Metrics(_Section):
    result = MetricsSettings
    port = fields.Integer(load_default=9191, validate=validate.Range(1, 65535))


def _default_folder() -> str:
    if os.geteuid() == 0:
        # The embedded PostgreSQL of root runs as a user of its own, who cannot enter the home of root.
        return "/var/lib/coverage-worker"
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return str(Path(data) / "coverage-worker")


class _Embedded(_Section):
    result = EmbeddedSettings
    folder = Folder(load_default=_default_folder)


class _Root(Schema):
    app = fields.Nested(_App)
    database = fields.Nested(_Database)
    broker = fields.Nested(_Broker)
    storage = fields.Nested(_Storage)
    http = fields.Nested(_Http)
    github = fields.Nested(_Github, data_key="providers.github")
    worker = fields.Nested(_Worker)
    limits = fields.Nested(_Limits)
    uploads = fields.Nested(_Uploads)
    sweep = fields.Nested(_Sweep)
    log = fields.Nested(_Log)
    metrics = fields.Nested(_Metrics)
    embedded = fields.Nested(_Embedded)

    @pre_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Every section is loaded, so that its defaults apply."""
        return {name: {} for name in _SECTIONS} | data

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Settings:
        return Settings(**data)


_SECTIONS = tuple(field.data_key or name for name, field in _Root().fields.items())


def load_settings(environ: Mapping[str, str] | None = None, overrides: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the YAML file, the environment and overrides (key path to text), the later winning.

    Raises SettingsError that lists every problem with its key and where the value came from.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    problems: list[str] = []
    file = environ.get(CONFIG_FILE)
    if file:
        for key, value in _read_file(Path(file), problems).items():
            values[key], origin[key] = value, file
    for key, value, name in _read_environment(environ, problems):
        values[key], origin[key] = value, name
    for key, value in (overrides or {}).items():
        values[key], origin[key] = value, "command line"
    try:
        settings: Settings = _Root().load(_nest(values, problems, origin))
    except ValidationError as error:
        problems += sorted(_describe(error.messages_dict, origin))
    else:
        problems += _contradictions(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _read_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        problems.append(f"{CONFIG_FILE}: cannot read {path}: {error.strerror}")
        return {}
    except yaml.YAMLError as error:
        problems.append(f"{path}: not valid YAML: {str(error).splitlines()[0]}")
        return {}
    if content is None:
        return {}
    if not isinstance(content, dict):
        problems.append(f"{path}: the top level must be a mapping of sections")
        return {}
    return dict(_flatten(content, ""))


def _flatten(mapping: Mapping[Any, Any], prefix: str) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in mapping.items():
        key = f"{prefix}{name}"
        flat += _flatten(value, f"{key}.") if isinstance(value, dict) else [(key, value)]
    return flat


def _read_environment(environ: Mapping[str, str], problems: list[str]) -> list[tuple[str, Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    names = {name: key for name, key in _ALIASES.items() if name in environ}
    names |= {n: n.removeprefix(PREFIX).lower().replace("__", ".") for n in environ if n.startswith(PREFIX)}
    for name, path in names.items():
        key, value = path, environ[name]
        if name.endswith(FILE_SUFFIX):
            key = path.removesuffix(".file")
            try:
                value = Path(value).read_text().rstrip("\n")
            except OSError as error:
                problems.append(f"{name}: cannot read {value}: {error.strerror}")
                continue
        if key in found and name not in _ALIASES and found[key][1] not in _ALIASES:
            problems.append(f"{key}: set by both {found[key][1]} and {name}")
        found[key] = (_parse(value), name)
    return [(key, value, name) for key, (value, name) in found.items()]


def _parse(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _nest(values: Mapping[str, Any], problems: list[str], origin: Mapping[str, str]) -> dict[str, Any]:
    nested: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        if section not in _SECTIONS:
            problems.append(f"{key}: unknown key (from {origin[key]})")
        else:
            nested.setdefault(section, {})[name] = value
    return nested


def _describe(messages: Mapping[str, Any], origin: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for section, errors in messages.items():
        for name, texts in errors.items() if isinstance(errors, dict) else [("", errors)]:
            key = f"{section}.{name}".rstrip(".")
            text = "unknown key" if texts == ["Unknown field."] else " ".join(map(str, texts))
            lines.append(f"{key}: {text} (from {origin.get(key, 'defaults')})")
    return lines


def _contradictions(settings: Settings) -> list[str]:
    if settings.is_embedded:
        return []
    missing = {
        "database.url": settings.database.url,
        "broker.url": settings.broker.url,
        "storage.url": settings.storage.url,
    }
    return [
        f"{key}: required as soon as one of {', '.join(missing)} is set (variable {PREFIX}{_variable(key)})"
        for key, value in missing.items()
        if value is None
    ]


def _variable(key: str) -> str:
    return key.upper().replace(".", "__")
