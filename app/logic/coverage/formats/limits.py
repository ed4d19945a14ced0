"""Limits of what line formats may say; the records beyond them are not believed."""

from typing import Final

MAX_HITS: Final = 2**31 - 1  # counts are cut to this
MAX_LINE: Final = 1_000_000  # records about later lines are skipped: compilers write pseudo lines such as 16707566
