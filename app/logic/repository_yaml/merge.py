"""How one layer of configuration lies over another."""

from copy import deepcopy
from typing import Any


def merge(below: Any, above: Any) -> Any:
    """Join two mappings key by key, all the way down; of anything else take `above`. The arguments stay as they are.

    So lists are replaced, and an explicit null erases.
    """
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return deepcopy(above)
    merged = {key: merge(value, above[key]) if key in above else deepcopy(value) for key, value in below.items()}
    return merged | {key: deepcopy(value) for key, value in above.items() if key not in below}
