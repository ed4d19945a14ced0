"""What the repository's configuration says about the paths of one upload."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.logic.coverage.dropped import DropReason
from app.logic.coverage.expressions import PatternInvalid, compile_expression
from app.logic.coverage.filters import PathFilter, without_sign
from app.logic.repository_yaml.flags import flag_rules
from app.logic.uploads.paths.fixes import UserFixes


@dataclass(frozen=True, slots=True)
class PathRules:
    """Fixes and filters, compiled. `problems` says which stored patterns are left out because they cannot be used.

    `default_fixes`: whether paths are searched in the file list, and without one freed of known CI directories.
    """

    fixes: UserFixes = field(default_factory=UserFixes)
    exclude: PathFilter | None = None
    include: PathFilter | None = None
    default_fixes: bool = True
    repository: str | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], flags: Sequence[str], repository_name: str | None = None
    ) -> "PathRules":
        """Return the rules for an upload with these flags by a normalised configuration; never raises for its content.

        Files are left out by `ignore` and by the flags' `ignore`, and kept by the flags' `paths`; `!` turns a pattern
        into one of the other kind.
        """
        problems: list[str] = []
        exclude: list[str] = []
        include: list[str] = []
        _sort(_texts(config, "ignore", "ignore", problems), exclude, include)
        for flag in dict.fromkeys(flags):
            rules = flag_rules(config, flag)
            _sort(_texts(rules, "ignore", f"flag {flag}: ignore", problems), exclude, include)
            _sort(_texts(rules, "paths", f"flag {flag}: paths", problems), include, exclude)
        codecov = config.get("codecov")
        disabled = isinstance(codecov, Mapping) and codecov.get("disable_default_path_fixes") is True
        return cls(
            fixes=UserFixes.compile(_texts(config, "fixes", "fixes", problems), problems),
            exclude=_filter(exclude, problems),
            include=_filter(include, problems),
            default_fixes=not disabled,
            repository=repository_name,
            problems=tuple(problems),
        )

    def verdict(self, path: str) -> DropReason | None:
        """Say why a repository path is left out; None if it is kept."""
        if self.exclude is not None and self.exclude.matches(path):
            return DropReason.IGNORED
        if self.include is not None and not self.include.matches(path):
            return DropReason.NOT_INCLUDED
        return None


def _sort(patterns: Iterable[str], plain: list[str], negative: list[str]) -> None:
    for pattern in patterns:
        text, is_negative = without_sign(pattern)
        (negative if is_negative else plain).append(text)


def _texts(section: Mapping[str, Any], key: str, where: str, problems: list[str]) -> list[str]:
    value = section.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        problems.append(f"{where}: not a list")
        return []
    return [item for item in value if isinstance(item, str)]


def _filter(patterns: Iterable[str], problems: list[str]) -> PathFilter | None:
    """Return the filter of the patterns that can be used; None if there are none."""
    usable = []
    for pattern in dict.fromkeys(patterns):
        try:
            compile_expression(pattern)
        except PatternInvalid as error:
            problems.append(f"path pattern {error}")
        else:
            usable.append(pattern)
    return PathFilter(usable) if usable else None
