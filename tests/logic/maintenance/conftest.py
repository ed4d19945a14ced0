"""The pipeline's fixtures: the example's repository, storage in memory, no debounce."""

from tests.logic.uploads.conftest import checkout, git, repository, storage, uploader

__all__ = ["checkout", "git", "repository", "storage", "uploader"]
