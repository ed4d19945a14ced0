"""What a user is told about the parts of an upload that were left out."""

from collections.abc import Mapping
from typing import Any, Final

from app.helpers.text import storable

MAX_NOTES: Final = 50
MAX_DETAIL: Final = 300  # characters of a note's text

Note = Mapping[str, Any]


class Notes:
    """Notes on one upload: the first `MAX_NOTES`, and how many more there were."""

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._more = 0

    def add(self, file: str | None, reason: str, detail: str | None) -> None:
        """Note a stable word and a sentence on a file, or on the upload as a whole."""
        if len(self._notes) == MAX_NOTES:
            self._more += 1
        else:
            self._notes.append({"file": shown(file), "reason": reason, "detail": shown(detail)})

    def among(self, reasons: set[str]) -> list[Note]:
        """Return the notes with one of these reasons, in order."""
        return [note for note in self._notes if note["reason"] in reasons]

    def all(self) -> tuple[Note, ...]:
        more = [{"file": None, "reason": "more_notes", "detail": str(self._more)}] if self._more else []
        return (*self._notes, *more)


def shown(text: str | None) -> str | None:
    """Return text from outside as a note can hold it."""
    return None if text is None else storable(text, MAX_DETAIL)
