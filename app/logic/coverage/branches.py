"""Ids of branch arms as integer codes: what tools call an arm, packed so that whole columns of them can be compared."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.ragged import sort_lists
from app.logic.coverage.report import MissingArms

# Styles, from the most specific wish to the most general: ids of different styles are never compared with each other.
TARGET: Final = 0
PAIR: Final = 1
TEXT: Final = 2

STYLE_SHIFT: Final = 60
TEXT_BASE: Final = TEXT << STYLE_SHIFT

_PAIR_BASE: Final = PAIR << STYLE_SHIFT
_PAIR_SHIFT: Final = 30
_PAIR_LIMIT: Final = 1 << _PAIR_SHIFT
_TARGET_LIMIT: Final = 1 << 58
# coverage.py names an arm by its target line or by these words, so they belong to the style of the numbers.
_WORDS: Final = {"exit": _TARGET_LIMIT, "loop": _TARGET_LIMIT + 1}
_WORD_OF_CODE: Final = {code: word for word, code in _WORDS.items()}
_MAX_DIGITS: Final = 18


class ArmIds:
    """Turns arm ids into codes and back; text that has no packed form is kept once, in `texts`.

    Codes: a decimal number is itself ("exit" and "loop" follow the numbers), `a:b` of two decimals below 2**30 is
    packed, anything else is an index into `texts`. Leading zeros are not kept.
    """

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self._texts)

    def code(self, text: str) -> int:
        """Return the code of an id; the same text always has the same code."""
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = self._new_code(text)
        return code

    def text(self, code: int) -> str:
        """Return the id of a code that this object gave."""
        return arm_text(code, self._texts)

    def _new_code(self, text: str) -> int:
        if text in _WORDS:
            return _WORDS[text]
        number = _decimal(text)
        if number is not None and number < _TARGET_LIMIT:
            return number
        left, colon, right = text.partition(":")
        first, second = _decimal(left), _decimal(right)
        if colon and first is not None and second is not None and max(first, second) < _PAIR_LIMIT:
            return _PAIR_BASE | first << _PAIR_SHIFT | second
        self._texts.append(text)
        return TEXT_BASE | len(self._texts) - 1


def arm_text(code: int, texts: tuple[str, ...] | list[str]) -> str:
    """Return the id of a code, given the text table of its report."""
    style = code >> STYLE_SHIFT
    if style == TEXT:
        return texts[code - TEXT_BASE]
    if style == PAIR:
        return f"{(code - _PAIR_BASE) >> _PAIR_SHIFT}:{code & (_PAIR_LIMIT - 1)}"
    return _WORD_OF_CODE.get(code) or str(code)


def target_codes(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the codes of decimal ids; -1, which no list may hold, where a number is out of range."""
    return np.where((numbers >= 0) & (numbers < _TARGET_LIMIT), numbers, -1)


def pair_codes(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the codes of the ids `left:right`; -1, which no list may hold, where a number is out of range."""
    fits = (left >= 0) & (left < _PAIR_LIMIT) & (right >= 0) & (right < _PAIR_LIMIT)
    return np.where(fits, _PAIR_BASE | left << _PAIR_SHIFT | right, -1)


def pair_parts(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both numbers of each code of `pair_codes`."""
    return (codes - _PAIR_BASE) >> _PAIR_SHIFT, codes & (_PAIR_LIMIT - 1)


def list_styles(offsets: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the style of each list: the largest of its ids'. Lists are ascending and not empty."""
    return ids[offsets[1:] - 1] >> STYLE_SHIFT


def renumber_texts(ids: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ids with text number i replaced by `numbers[i]`."""
    textual = np.flatnonzero(ids >= TEXT_BASE)
    if not len(textual):
        return ids
    result = ids.copy()
    result[textual] = numbers[ids[textual] - TEXT_BASE] + TEXT_BASE
    return result


def canonical_texts(missing: MissingArms) -> MissingArms:
    """Return the lists against a table of the used texts only, sorted: equal content has equal columns only then."""
    if not missing.texts:
        return missing
    used = np.unique(missing.ids[missing.ids >= TEXT_BASE] - TEXT_BASE).tolist()
    ordered = sorted(used, key=missing.texts.__getitem__)
    numbers = np.zeros(len(missing.texts), dtype=np.int64)
    numbers[ordered] = np.arange(len(ordered))
    offsets, ids = sort_lists(missing.offsets, renumber_texts(missing.ids, numbers))
    texts = tuple(missing.texts[number] for number in ordered)
    return replace(missing, offsets=offsets, ids=ids, texts=texts)


def _decimal(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS and text.isascii() and text.isdigit() else None
