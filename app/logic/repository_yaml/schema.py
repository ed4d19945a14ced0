"""Every key a configuration may have, with the check of its value (docs/repository-yaml.md)."""

from collections.abc import Mapping
from typing import Any, Final

from app.logic.repository_yaml.checks import (
    ABSENT,
    Check,
    Place,
    anything,
    boolean,
    ignored,
    integer,
    items,
    leaf,
    mapping,
    named,
    nullable,
    one_of,
    switch,
    text,
)
from app.logic.repository_yaml.coercions import (
    branch_name,
    bundle_threshold,
    layout,
    max_age,
    percent,
    percent_range,
    require_changes,
)
from app.logic.repository_yaml.pattern_checks import branch_patterns, path_fixes, path_patterns, regular_expressions
from app.logic.repository_yaml.statuses import (
    FLAG_NAME,
    FLAG_PROBLEM,
    NAME,
    NAME_PROBLEM,
    base,
    component_statuses,
    coverage_status,
    flag_names,
    flag_statuses,
)

_MOVED: Final = "this key belongs at the top level now; it is read from there"
_UNSUPPORTED: Final = "accepted, but this product does not have it"
_string: Final = text()
_count: Final = integer(0)
_layout: Final = nullable(leaf(layout))
_secret: Final = nullable(_string)

_CHAT: Final[Mapping[str, Check]] = {
    "url": _secret,
    "branches": branch_patterns,
    "threshold": nullable(leaf(percent)),
    "message": _string,
    "flags": flag_names,
    "base": base,
    "only_pulls": boolean,
    "paths": path_patterns,
}
_IRC: Final[Mapping[str, Check]] = {
    "channel": _string,
    "server": text(r"[\w.\-]+(:[0-9]{1,5})?", "must be a host, or host:port"),
    "password": _secret,
    "nickserv_password": _string,
    "notice": boolean,
}


def _notifier(more: Mapping[str, Check] | None = None) -> Check:
    return named(mapping({**_CHAT, **(more or {})}), NAME, NAME_PROBLEM)


_codecov: Final = mapping(
    {
        "require_ci_to_pass": boolean,
        "notify": mapping(
            {
                "wait_for_ci": boolean,
                "after_n_builds": _count,
                "manual_trigger": boolean,
                "notify_error": boolean,
                "require_ci_to_pass": ignored(boolean, "this key belongs into codecov; it is read from there"),
                "countdown": ignored(integer(0)),
                "delay": ignored(integer(0)),
            }
        ),
        "max_report_age": leaf(max_age),
        "branch": leaf(branch_name),
        "strict_yaml_branch": _string,
        "bot": nullable(_string),
        "ci": items(_string),
        "archive": mapping({"uploads": boolean}),
        "disable_default_path_fixes": boolean,
        "allow_pseudo_compare": boolean,
        "url": ignored(text(r"https?://[^\s/]+\S*", "must be a URL that starts with http:// or https://")),
        "token": ignored(_string),
        "slug": ignored(_string),
        "assume_all_flags": ignored(boolean),
        "allow_coverage_offsets": ignored(boolean),
        "ui": mapping(
            {
                "hide_complexity": switch(items(_string), "list"),
                "hide_density": ignored(switch(items(_string), "list")),
                "hide_contexual": ignored(boolean),
                "hide_sunburst": ignored(boolean),
                "hide_search": ignored(boolean),
            }
        ),
    }
)

_flag_rules: Final[Mapping[str, Check]] = {
    "paths": path_patterns,
    "ignore": path_patterns,
    "carryforward": boolean,
    "carryforward_mode": one_of("all", "labels"),
    "after_n_builds": _count,
}
_assume: Final = mapping({"branches": branch_patterns})


def _check_assume(value: Any, place: Place) -> Any:
    return _string(value, place) if isinstance(value, str) else switch(_assume)(value, place)


_flags: Final = named(
    mapping({**_flag_rules, "joined": boolean, "required": ignored(boolean), "assume": ignored(_check_assume)}),
    FLAG_NAME,
    FLAG_PROBLEM,
)

_partials: Final[Mapping[str, Check]] = {"partials_as_hits": boolean}
# Formats without partial lines: the key is accepted because all formats of their kind have it.
_no_partials: Final[Mapping[str, Check]] = {"partials_as_hits": ignored(boolean)}
_parsers: Final = mapping(
    {
        **{
            name: mapping(_partials)
            for name in (
                *("clover", "coverlet", "gcovjson", "go", "jacoco", "llvmcov"),
                *("sonar", "tarpaulin", "verilator", "xccov"),
            )
        },
        **{name: mapping(_no_partials) for name in ("dartvm", "juliacov", "ncover")},
        "cobertura": mapping({**_partials, "handle_missing_conditions": boolean}),
        "gcov": mapping(
            {"branch_detection": mapping(dict.fromkeys(("conditional", "loop", "method", "macro"), boolean))}
        ),
        "javascript": mapping({"enable_partials": boolean}),
        "lcov": mapping({**_partials, "ignore_js_branches": boolean}),
        "v1": mapping({"include_full_missed_files": ignored(boolean)}),
    }
)

# Keys of old files below `coverage`, which are read as if they stood at the top level.
HOISTED: Final[Mapping[str, Check]] = {
    "flags": _flags,
    "parsers": _parsers,
    "ignore": path_patterns,
    "fixes": path_fixes,
}

_coverage: Final = mapping(
    {
        "precision": integer(0, 5),
        "round": one_of("down", "up", "nearest"),
        "range": leaf(percent_range),
        "status": coverage_status,
        "notify": mapping(
            {
                **dict.fromkeys(("webhook", "teams", "discord", "mattermost"), _notifier()),
                "slack": _notifier({"attachments": _layout}),
                "email": _notifier({"to": items(_string), "layout": _layout}),
                "irc": ignored(_notifier(_IRC), _UNSUPPORTED),
                "gitter": ignored(_notifier(), _UNSUPPORTED),
                "hipchat": ignored(_notifier({"card": boolean, "notify": boolean}), _UNSUPPORTED),
            }
        ),
        **{key: ignored(check, _MOVED) for key, check in HOISTED.items()},
    }
)

_comment: Final = mapping(
    {
        "layout": _layout,
        "behavior": one_of("default", "once", "new", "spammy"),
        "require_changes": leaf(require_changes),
        "after_n_builds": _count,
        "branches": branch_patterns,
        "hide_project_coverage": boolean,
        "hide_comment_details": boolean,
        "show_carryforward_flags": boolean,
        "require_bundle_changes": one_of(True, False, "bundle_increase"),
        "bundle_change_threshold": leaf(bundle_threshold),
        "require_base": boolean,
        "require_head": boolean,
        "show_critical_paths": ignored(boolean),
        "paths": ignored(path_patterns),
        "flags": ignored(flag_names),
    }
)


def _check_comment(value: Any, place: Place) -> Any:
    """The comment; `true` asks for one without changing anything about it."""
    return {} if value is True else switch(_comment)(value, place)


_flag_management: Final = mapping(
    {
        "default_rules": mapping({**_flag_rules, "statuses": flag_statuses}),
        "individual_flags": items(
            mapping(
                {**_flag_rules, "statuses": flag_statuses, "name": text(FLAG_NAME, FLAG_PROBLEM)}, required=("name",)
            )
        ),
    }
)

_component: Final[Mapping[str, Check]] = {
    "paths": path_patterns,
    "flag_regexes": regular_expressions,
    "statuses": component_statuses,
}
_component_management: Final = mapping(
    {
        "default_rules": mapping(_component),
        "individual_components": items(
            mapping({**_component, "component_id": _string, "name": _string}, required=("component_id",))
        ),
    }
)

ROOT: Final = mapping(
    {
        **HOISTED,
        "codecov": _codecov,
        "coverage": _coverage,
        "comment": _check_comment,
        "flag_management": _flag_management,
        "component_management": _component_management,
        "github_checks": switch(mapping({"annotations": boolean})),
        "slack_app": ignored(switch(mapping({"enabled": boolean})), _UNSUPPORTED),
        "bundle_analysis": mapping(
            {"status": one_of(True, False, "informational"), "warning_threshold": leaf(bundle_threshold)}
        ),
        "test_analytics": mapping({"flake_detection": boolean, "shorten_paths": ignored(boolean)}),
        "profiling": ignored(
            mapping(
                {
                    "fixes": path_fixes,
                    "grouping_attributes": items(_string),
                    "critical_files_paths": path_patterns,
                }
            ),
            _UNSUPPORTED,
        ),
        "beta_groups": ignored(items(_string)),
        "ai_pr_review": ignored(
            mapping({"enabled": boolean, "auto_review": boolean, "method": _string, "label_name": _string}),
            _UNSUPPORTED,
        ),
        "cli": mapping({"plugins": named(anything), "runners": named(anything)}),
        "to_string": lambda value, place: ABSENT,
    }
)
