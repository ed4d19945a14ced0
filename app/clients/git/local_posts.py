"""Statuses and comments of a local checkout, kept in one JSON file instead of on a Git host."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from app.clients.git.base import ClientError, Comment, CommitStatus, ObjectNotFound


class _Board(msgspec.Struct):
    """The file: statuses by SHA and context, bodies of comments by pull and id (oldest first)."""

    statuses: dict[str, dict[str, CommitStatus]] = {}
    comments: dict[int, dict[str, str]] = {}
    last_comment: int = 0


class LocalPosts:
    """Keeps what would have been posted in `folder`; safe between processes and threads. Raises only GitError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "posts.json"

    def statuses(self, sha: str) -> Sequence[CommitStatus]:
        with self._board() as board:
            return list(board.statuses.get(sha, {}).values())

    def set_status(self, sha: str, status: CommitStatus) -> None:
        with self._board(change=True) as board:
            board.statuses.setdefault(sha, {})[status.context] = status

    def comments(self, pull: int) -> Sequence[Comment]:
        """Return the comments of a pull request, oldest first."""
        with self._board() as board:
            return [Comment(number, body) for number, body in board.comments.get(pull, {}).items()]

    def add_comment(self, pull: int, body: str) -> Comment:
        with self._board(change=True) as board:
            board.last_comment += 1
            comment = Comment(str(board.last_comment), body)
            board.comments.setdefault(pull, {})[comment.id] = body
        return comment

    def edit_comment(self, pull: int, comment_id: str, body: str) -> Comment:
        with self._board(change=True) as board:
            _comments(board, pull, comment_id)[comment_id] = body
        return Comment(comment_id, body)

    def delete_comment(self, pull: int, comment_id: str) -> None:
        with self._board(change=True) as board:
            del _comments(board, pull, comment_id)[comment_id]

    @contextmanager
    def _board(self, *, change: bool = False) -> Iterator[_Board]:
        """Lend the content of the file under a lock; a change is stored at the end unless an error ends it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "posts.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                board = msgspec.json.decode(self._file.read_bytes(), type=_Board) if self._file.exists() else _Board()
                yield board
                if change:
                    self._store(board)
        except OSError as error:
            raise ClientError(f"local state in {self._folder}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise ClientError(f"local state in {self._file} is damaged: {error}") from error

    def _store(self, board: _Board) -> None:
        """Replace the file in one step, so that a crash leaves the old or the new one."""
        written = self._file.with_suffix(".new")
        written.write_bytes(msgspec.json.format(msgspec.json.encode(board)))
        written.replace(self._file)


def _comments(board: _Board, pull: int, comment_id: str) -> dict[str, str]:
    comments = board.comments.get(pull, {})
    if comment_id not in comments:
        raise ObjectNotFound(f"local: pull {pull} has no comment {comment_id}")
    return comments
