"""Which branches of gcov are used: the settings that its three formats share."""

from typing import Final

from app.logic.coverage.formats.base import FormatOptions

DETECTION: Final = "gcov.branch_detection"
KINDS: Final = ("conditional", "loop", "method", "macro")


def detected(options: FormatOptions) -> frozenset[str]:
    """Return which kinds of source lines may have branches; none by default: gcc counts hidden arms of exceptions."""
    return frozenset(kind for kind in KINDS if options.enabled(f"{DETECTION}.{kind}"))


def any_detected(options: FormatOptions) -> bool:
    """Tell whether branches are used where the report does not hold the source that would tell their kind."""
    return bool(detected(options))
