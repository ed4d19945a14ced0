"""Where a repository keeps its configuration: the first of some names in the first of some folders."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from app.clients.git.base import GitProvider, ObjectNotFound, TreeEntry

NAMES: Final = ("coverage.yml", ".coverage.yml", "codecov.yml", ".codecov.yml", "codecov.yaml", ".codecov.yaml")
FOLDERS: Final = ("dev", ".github")  # after the root


@dataclass(frozen=True, slots=True)
class ConfigFile:
    path: str
    content: bytes


def find_config(git: GitProvider, sha: str) -> ConfigFile | None:
    """Return the configuration file of a commit, None if it has none. Raises GitError."""
    path = locate(lambda folder: git.list_folder(folder, sha))
    if path is None:
        return None
    try:
        return ConfigFile(path, git.get_source(path, sha))
    except ObjectNotFound:
        return None


def locate(list_folder: Callable[[str], Sequence[TreeEntry]]) -> str | None:
    """Return the path of the file, given what lists a folder by its path; the root is ""."""
    root = list_folder("")
    path = _first(root)
    folders = {entry.path for entry in root if entry.kind == "folder"}
    for folder in FOLDERS:
        if path is None and folder in folders:
            path = _first(list_folder(folder))
    return path


def _first(entries: Iterable[TreeEntry]) -> str | None:
    paths = {entry.name: entry.path for entry in entries if entry.kind == "file"}
    return next((paths[name] for name in NAMES if name in paths), None)
