"""The part of the schema that is about statuses: on the whole report, on flags and on components."""

from collections.abc import Mapping
from typing import Any, Final

from app.logic.repository_yaml.checks import (
    Check,
    Place,
    Refused,
    boolean,
    ignored,
    items,
    leaf,
    mapping,
    named,
    nullable,
    one_of,
    switch,
    text,
)
from app.logic.repository_yaml.coercions import percent, percent_or_auto
from app.logic.repository_yaml.pattern_checks import branch_patterns, path_patterns
from app.logic.repository_yaml.problems import dotted

NAME: Final = r"[\w\-.]+"
NAME_PROBLEM: Final = "a name may hold letters, digits, underscores, hyphens and dots only"
FLAG_NAME: Final = r"[^'\"]{1,1024}"
FLAG_PROBLEM: Final = "a flag has 1 to 1024 characters and no quotes"


def _without(fields: Mapping[str, Check], *keys: str) -> dict[str, Check]:
    return {key: check for key, check in fields.items() if key not in keys}


flag_names: Final = nullable(items(text(FLAG_NAME, FLAG_PROBLEM)))
behaviour: Final = one_of("include", "exclude", "pass")
base: Final = one_of("parent", "pr", "auto")
_outcome: Final = one_of("success", "failure", "error", "ignore")

_OPTIONS: Final[Mapping[str, Check]] = {
    "target": nullable(leaf(percent_or_auto)),
    "threshold": nullable(leaf(percent)),
    "base": base,
    "branches": branch_patterns,
    "flags": flag_names,
    "paths": path_patterns,
    "only_pulls": boolean,
    "informational": boolean,
    "if_not_found": _outcome,
    "if_ci_failed": _outcome,
    "removed_code_behavior": one_of("removals_only", "adjust_base", "fully_covered_patch", "off", False),
    "flag_coverage_not_uploaded_behavior": behaviour,
    "enabled": boolean,
    "carryforward_behavior": ignored(behaviour),
    "if_no_uploads": ignored(_outcome),
    "measurement": ignored(nullable(one_of("line", "statement", "branch", "method", "complexity"))),
    "disable_approx": ignored(boolean),
    "skip_if_assumes": ignored(boolean),
    "include_changes": ignored(leaf(percent_or_auto)),
}
_GENERATED: Final[Mapping[str, Check]] = {
    **_without(_OPTIONS, "flags"),
    "type": one_of("project", "patch", "changes"),
    "name_prefix": text(NAME, NAME_PROBLEM),
}


def _by_name(options: Mapping[str, Check]) -> Check:
    """The statuses of one kind: a switch, or options by the name of a status, where null and `false` mean off."""
    status = nullable(switch(mapping(options)))

    def check_status(value: Any, place: Place) -> Any:
        name = place.path[-1]
        if name not in options:
            return status(value, place)
        intended = f"did you mean {dotted((*place.path[:-1], 'default', name))}?"
        try:
            normal = status(value, place)
        except Refused as refusal:
            raise Refused(f"{refusal}; {intended}") from None
        place.warn(f"this is a status with the name of an option; {intended}")
        return normal

    return switch(named(check_status, NAME, NAME_PROBLEM))


def coverage_status(value: Any, place: Place) -> Any:
    """The statuses on the whole report; `true` means those of the project and of the patch."""
    kinds = {"project": True, "patch": True} if value is True else value
    return switch(mapping(_KINDS))(kinds, place)


_KINDS: Final[Mapping[str, Check]] = {
    "project": _by_name(_OPTIONS),
    "patch": _by_name(_OPTIONS),
    "changes": _by_name(_without(_OPTIONS, "target", "threshold", "include_changes")),
    "default_rules": mapping(
        {"flag_coverage_not_uploaded_behavior": behaviour, "carryforward_behavior": ignored(behaviour)}
    ),
    "no_upload_behavior": ignored(one_of("pass", "fail")),
}

flag_statuses: Final = items(mapping(_GENERATED, required=("type",)))
component_statuses: Final = items(
    mapping(
        _without(_GENERATED, "paths", "carryforward_behavior", "flag_coverage_not_uploaded_behavior"),
        required=("type",),
    )
)
