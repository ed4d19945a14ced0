"""What producers call a commit's branch and pull request, made uniform: they repeat whatever their CI calls it."""

import re
from itertools import pairwise
from typing import Final

MAX_NUMBER: Final = 2**31 - 1  # of the database's integer columns
_PREFIXES: Final = ("origin/", "refs/heads/", "refs/remotes/origin/")
_PULL_PARTS: Final = ("pull", "pr")
_SYNTHETIC_MERGE: Final = re.compile(r"Merge ([0-9a-f]{40}) into [0-9a-f]{40}\n?")


def clean_branch(name: str | None) -> str | None:
    """Return the branch without the prefixes of refs and remotes; None for no name, and for a detached `HEAD`."""
    branch = (name or "").strip()
    while prefix := next((prefix for prefix in _PREFIXES if branch.startswith(prefix)), None):
        branch = branch.removeprefix(prefix).strip()
    return None if branch in ("", "HEAD") else branch


def pull_of_branch(name: str | None) -> int | None:
    """Return the number in a branch that is a ref of a pull request: a part `pull` or `pr`, then one of digits."""
    parts = (name or "").split("/")
    numbers = (pull_number(number) for word, number in pairwise(parts) if word in _PULL_PARTS)
    return next((number for number in numbers if number is not None), None)


def pull_number(text: str | None) -> int | None:
    """Read the number of a pull request as CI writes it.

    `false`, `null` and `undefined` stand for none, `true` for a pull request whose number the CI does not know: then
    the Git host is asked, as for anything else that is no number.
    """
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_NUMBER))):
        return None
    number = int(digits)
    return number if 0 < number <= MAX_NUMBER else None


def synthetic_merge_head(message: str | None) -> str | None:
    """Return the head that GitHub merged into the target branch, for the message of such a commit only.

    GitHub makes this commit for `refs/pull/<n>/merge`, which CI checks out by default; nobody ever sees it, so what is
    uploaded for it belongs to the head.
    """
    match = _SYNTHETIC_MERGE.fullmatch(message or "")
    return match[1] if match else None
