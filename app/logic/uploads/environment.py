"""Variables of the CI job that a user wants to see with the upload."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from app.helpers.text import storable

MAX_VARIABLES: Final = 200
MAX_NAME: Final = 100
MAX_VALUE: Final = 1024
_MAX_PAIRS: Final = 10_000


def clean_env(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the variables as they can be stored; of a repeated name the last value counts.

    Names and values are cut to a length, and what comes after the first `MAX_VARIABLES` names is left out.
    """
    env: dict[str, str] = {}
    for raw_name, value in islice(pairs, _MAX_PAIRS):
        name = storable(raw_name.strip(), MAX_NAME)
        if name and (name in env or len(env) < MAX_VARIABLES):
            env[name] = storable(value.strip(), MAX_VALUE)
    return env
