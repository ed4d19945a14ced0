"""Every key of a configuration, what is wrong with a wrong one, and where old files are still read."""

from typing import Any

import pytest

from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import Normalised, normalise
from app.logic.repository_yaml.problems import InvalidYaml, described, dotted
from tests.logic.repository_yaml.every_key import EVERY_KEY


def read(text: str) -> Normalised:
    return normalise(load_yaml(text.encode()))


def refused(text: str) -> list[str]:
    with pytest.raises(InvalidYaml) as caught:
        read(text)
    return [described(problem) for problem in caught.value.errors]


def warned(result: Normalised) -> list[str]:
    return [dotted(warning["path"]) for warning in result.warnings]


WORKED = """
codecov:
  branch: origin/develop
  require_ci_to_pass: no
  max_report_age: off
  notify: {after_n_builds: 3, wait_for_ci: no}
coverage:
  precision: 1
  round: nearest
  range: 55..85
  ignore: [build/]
  status:
    project:
      default: {target: auto, threshold: 0.5%, branches: [main, "release/*", "!release/old"]}
      backend: {target: 90, flags: [unit], paths: ["services/**", "!services/legacy"], informational: yes}
    patch: on
    changes: no
  notify: {slack: {team: {url: https://chat.example.org/hook/abc, threshold: 2%, only_pulls: true}}}
flags: {unit: {carryforward: true, paths: [services/]}}
component_management:
  individual_components: [{component_id: api, name: Public API, paths: ["services/api/**/*.py"]}]
comment: {layout: "condensed_header, files:5, flags", require_changes: "coverage_drop OR uncovered_patch", behavior: new}
github_checks: {annotations: true}
fixes: ["app/src/::src/", "dist-*/::"]
ignore: ["**/*_pb2.py"]
"""


def test_a_whole_file_is_brought_into_its_normal_form() -> None:
    config = read(WORKED).config

    assert config["codecov"] == {
        "branch": "develop",
        "require_ci_to_pass": False,
        "max_report_age": False,
        "notify": {"after_n_builds": 3, "wait_for_ci": False},
    }
    assert config["coverage"]["range"] == [55.0, 85.0]
    assert config["coverage"]["status"]["project"]["default"] == {
        "target": "auto",
        "threshold": 0.5,
        "branches": ["^main$", "^release/.*", "^!release/old$"],
    }
    backend = config["coverage"]["status"]["project"]["backend"]
    assert (backend["target"], backend["flags"], backend["informational"]) == (90.0, ["unit"], True)
    assert backend["paths"][1].startswith("!^services/legacy")
    assert (config["coverage"]["status"]["patch"], config["coverage"]["status"]["changes"]) == (True, False)
    assert config["coverage"]["notify"]["slack"]["team"]["threshold"] == 2.0
    assert config["comment"]["require_changes"] == [6]
    assert config["github_checks"] == {"annotations": True}
    assert len(config["ignore"]) == 2
    assert [fix.partition("::")[2] for fix in config["fixes"]] == ["src/", ""]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("covrage: {}", ["covrage: unknown field"]),
        ("coverage: {range: 70...5000}", ["coverage.range: upper bound 5000 must be between 0 and 100"]),
        ("coverage: {precision: 100}", ["coverage.precision: max value is 5"]),
        ("coverage: {round: sideways}", ["coverage.round: unallowed value sideways; allowed: down, up, nearest"]),
        (
            "coverage: {status: {project: {target: 80%}}}",
            [
                "coverage.status.project.target: must be one of types boolean, mapping; "
                "did you mean coverage.status.project.default.target?"
            ],
        ),
        (
            'coverage: {status: {patch: {"my status": {}}}}',
            ["coverage.status.patch.my status: a name may hold letters, digits, underscores, hyphens and dots only"],
        ),
        (
            "coverage: {status: {patch: {default: {threshold: auto}}}}",
            ["coverage.status.patch.default.threshold: auto should be a number"],
        ),
        ("ignore: vendor", ["ignore: must be of list type"]),
        ("ignore: [null]", ["ignore[0]: null value not allowed"]),
        ("fixes: [nosep]", ["fixes[0]: a path fix must separate before and after with ::"]),
        ("fixes: null", ["fixes: null value not allowed"]),
        ("comment: {layout: 'diff, parts'}", ["comment.layout: Unexpected values on layout: parts"]),
        ("codecov: {notify: {after_n_builds: -1}}", ["codecov.notify.after_n_builds: min value is 0"]),
        (
            "component_management: {individual_components: [{name: x}]}",
            ["component_management.individual_components[0].component_id: required field"],
        ),
        (
            "flag_management: {individual_flags: [{carryforward: yes}, null]}",
            [
                "flag_management.individual_flags[0].name: required field",
                "flag_management.individual_flags[1]: null value not allowed",
            ],
        ),
        (
            "flag_management: {default_rules: {statuses: [{target: 80%}]}}",
            ["flag_management.default_rules.statuses[0].type: required field"],
        ),
        ("- a", ["YAML must be a mapping"]),
        ("just text", ["YAML must be a mapping"]),
        ('coverage: {precision: "2"}', ["coverage.precision: must be of integer type"]),
        ("coverage: {precision: true}", ["coverage.precision: must be of integer type"]),
        ('codecov: {require_ci_to_pass: "yes"}', ["codecov.require_ci_to_pass: must be of boolean type"]),
        ("codecov: {require_ci_to_pass: null}", ["codecov.require_ci_to_pass: null value not allowed"]),
        ("codecov: {bot: true}", ["codecov.bot: must be of string type; put true in quotes"]),
        ("comment: 5", ["comment: must be one of types boolean, mapping"]),
        (
            "coverage: {status: {project: {default: {target: -1}}}}",
            ["coverage.status.project.default.target: min value is 0"],
        ),
        (
            "coverage: {status: {changes: {default: {target: 5, paths: [a]}}}}",
            ["coverage.status.changes.default.target: unknown field"],
        ),
        (
            "coverage: {status: {project: {default: {branches: [1.10, main]}}}}",
            ["coverage.status.project.default.branches[0]: must be of string type; put 1.1 in quotes"],
        ),
        (
            "coverage: {status: {project: {default: {removed_code_behavior: true}}}}",
            [
                "coverage.status.project.default.removed_code_behavior: unallowed value true; "
                "allowed: removals_only, adjust_base, fully_covered_patch, off, false"
            ],
        ),
        ("coverage: {notify: {pager: {}}}", ["coverage.notify.pager: unknown field"]),
        ("flags: {1.10: {}}", ["flags.1.1: a name must be of string type; put 1.1 in quotes"]),
        ("flags: {5: {}}", ["flags.5: a name must be of string type; put 5 in quotes"]),
        ("coverage: {5: {}}", ["coverage.5: unknown field"]),
        ("flags: {yes: {}}", ["flags.true: a name must be of string type; put true in quotes"]),
        ('flags: {"it\'s": {}}', ["flags.it's: a flag has 1 to 1024 characters and no quotes"]),
        ("flags: {'': {}}", ["flags.: a name has 1 to 1024 characters"]),
        ("flags: {a: {assume: 5}}", ["flags.a.assume: must be one of types boolean, mapping"]),
        ("cli: {plugins: {a: [.nan]}}", ["cli.plugins.a[0]: must be a finite number"]),
        ("x-y: 1\ny-x: 1", ["y-x: unknown field"]),
    ],
)
def test_a_wrong_value_is_named_with_its_place(text: str, problems: list[str]) -> None:
    assert refused(text) == problems


def test_all_problems_are_found_at_once_and_sorted_by_place() -> None:
    entries = ", ".join(["src", *["''"] * 11])

    problems = refused(f"ignore: [{entries}]\ncoverage: {{round: x, precision: 9}}\nbad: 1\ncodecov: []")

    assert problems == [
        "bad: unknown field",
        "codecov: must be of mapping type",
        "coverage.precision: max value is 5",
        "coverage.round: unallowed value x; allowed: down, up, nearest",
        *(f"ignore[{index}]: empty pattern" for index in range(1, 12)),
    ]


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("codecov:", {}),
        ("coverage: null", {}),
        ("comment:", {}),
        ("flags: {unit: null, ui: {}}", {"flags": {"ui": {}}}),
        ("coverage: {status: null, precision: 1}", {"coverage": {"precision": 1}}),
        ("coverage: {status: {project: }}", {"coverage": {"status": {}}}),
        ("github_checks:", {}),
    ],
)
def test_an_empty_section_is_as_if_it_were_not_there(text: str, config: dict[str, Any]) -> None:
    assert read(text).config == config


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("ignore: null", {"ignore": None}),
        ("codecov: {bot: null}", {"codecov": {"bot": None}}),
        ("comment: {layout: null, branches: [null]}", {"comment": {"layout": None, "branches": [None]}}),
        (
            "coverage: {status: {project: {a: null, b: false, c: true, d: {target: null}}}}",
            {"coverage": {"status": {"project": {"a": None, "b": False, "c": True, "d": {"target": None}}}}},
        ),
    ],
)
def test_null_stays_where_it_has_a_meaning(text: str, config: dict[str, Any]) -> None:
    assert read(text).config == config


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("comment: true", {"comment": {}}),
        ("comment: false", {"comment": False}),
        ("coverage: {status: true}", {"coverage": {"status": {"project": True, "patch": True}}}),
        ("coverage: {status: false}", {"coverage": {"status": False}}),
        ("x-paths: &all [src]\nto_string: any\nflags: {a: {joined: no}}", {"flags": {"a": {"joined": False}}}),
        ("cli: {plugins: {a: {b: [1, x, null]}}}", {"cli": {"plugins": {"a": {"b": [1, "x", None]}}}}),
    ],
)
def test_switches_and_reserved_keys(text: str, config: dict[str, Any]) -> None:
    assert read(text).config == config


@pytest.mark.parametrize("section", ["flag_management", "component_management"])
def test_statuses_of_flags_and_components_are_normalised_like_all_others(section: str) -> None:
    statuses = "[{type: project, target: 80%, threshold: 1%, branches: [main], name_prefix: x-}]"

    config = read(f"{section}: {{default_rules: {{paths: [web/], statuses: {statuses}}}}}").config

    assert config[section]["default_rules"]["statuses"] == [
        {"type": "project", "target": 80.0, "threshold": 1.0, "branches": ["^main$"], "name_prefix": "x-"}
    ]


def test_statuses_of_components_have_no_paths_and_those_of_flags_no_flags() -> None:
    assert refused("component_management: {default_rules: {statuses: [{type: patch, paths: [a]}]}}") == [
        "component_management.default_rules.statuses[0].paths: unknown field"
    ]
    assert refused("flag_management: {default_rules: {statuses: [{type: patch, flags: [a]}]}}") == [
        "flag_management.default_rules.statuses[0].flags: unknown field"
    ]


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("coverage: {ignore: [a]}", {"coverage": {}, "ignore": ["^a"]}),
        ("coverage: {ignore: [a]}\nignore: [b]", {"coverage": {}, "ignore": ["^b", "^a"]}),
        ("coverage: {ignore: [a]}\nignore:", {"coverage": {}, "ignore": ["^a"]}),
        (
            "coverage: {flags: {a: {joined: yes}, b: {joined: no}}}\nflags: {a: {joined: no}}",
            {"coverage": {}, "flags": {"a": {"joined": False}, "b": {"joined": False}}},
        ),
        (
            "coverage: {parsers: {go: {partials_as_hits: yes}}, fixes: ['::x']}",
            {"coverage": {}, "parsers": {"go": {"partials_as_hits": True}}, "fixes": ["::x"]},
        ),
        (
            "codecov: {notify: {require_ci_to_pass: no}}",
            {"codecov": {"notify": {}, "require_ci_to_pass": False}},
        ),
        (
            "codecov: {notify: {require_ci_to_pass: no}, require_ci_to_pass: yes}",
            {"codecov": {"notify": {}, "require_ci_to_pass": True}},
        ),
    ],
)
def test_keys_at_their_old_places_are_read_and_lose_nothing(text: str, config: dict[str, Any]) -> None:
    result = read(text)

    assert result.config == config
    assert result.warnings


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("codecov: {notify: {countdown: 1, delay: 2}}", ["codecov.notify.countdown", "codecov.notify.delay"]),
        (
            "codecov: {url: 'http://localhost:80/x', token: a, slug: a/b}",
            ["codecov.slug", "codecov.token", "codecov.url"],
        ),
        (
            "codecov: {assume_all_flags: yes, allow_coverage_offsets: no}",
            ["codecov.allow_coverage_offsets", "codecov.assume_all_flags"],
        ),
        ("codecov: {ui: {hide_density: [a], hide_search: yes}}", ["codecov.ui.hide_density", "codecov.ui.hide_search"]),
        ("coverage: {status: {no_upload_behavior: pass}}", ["coverage.status.no_upload_behavior"]),
        (
            "coverage: {status: {project: {a: {measurement: null, disable_approx: yes}}}}",
            ["coverage.status.project.a.disable_approx", "coverage.status.project.a.measurement"],
        ),
        (
            "coverage: {notify: {hipchat: {a: {card: yes}}, gitter: {}}}",
            ["coverage.notify.gitter", "coverage.notify.hipchat"],
        ),
        ("coverage: {notify: {irc: {a: {server: 'irc.example.org:6697', channel: '#a'}}}}", ["coverage.notify.irc"]),
        (
            "comment: {paths: [a], flags: [b], show_critical_paths: no}",
            ["comment.flags", "comment.paths", "comment.show_critical_paths"],
        ),
        ("flags: {a: {required: yes, assume: {branches: [main]}}}", ["flags.a.assume", "flags.a.required"]),
        (
            "slack_app: {enabled: no}\nbeta_groups: [a]\nprofiling: {fixes: ['a::b']}",
            ["beta_groups", "profiling", "slack_app"],
        ),
        (
            "ai_pr_review: {enabled: yes}\ntest_analytics: {shorten_paths: yes}",
            ["ai_pr_review", "test_analytics.shorten_paths"],
        ),
        ("parsers: {v1: {include_full_missed_files: yes}}", ["parsers.v1.include_full_missed_files"]),
        ("coverage: {status: {project: {informational: true}}}", ["coverage.status.project.informational"]),
    ],
)
def test_what_has_no_effect_is_accepted_with_a_warning(text: str, places: list[str]) -> None:
    assert warned(read(text)) == places


def test_every_key_is_accepted_without_a_warning_and_kept() -> None:
    result = read(EVERY_KEY)

    assert result.warnings == []
    assert leaves(result.config) == leaves(load_yaml(EVERY_KEY.encode()))


def leaves(value: Any, path: str = "") -> set[str]:
    """The paths of all keys, without what stands in lists of single values."""
    if isinstance(value, dict):
        return {path}.union(*(leaves(entry, f"{path}.{key}") for key, entry in value.items()))
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return set().union(*(leaves(entry, path) for entry in value))
    return {path}


def test_long_lists_and_costly_patterns_are_limited() -> None:
    assert refused(f"ignore: [{', '.join(['a'] * 1001)}]") == ["ignore: more than 1000 entries"]

    costly = ", ".join(f"'^a{{{count}}}$'" for count in range(1, 102))
    assert refused(f"ignore: [{costly}]") == [
        "ignore[100]: more than 100 patterns with a counted repetition such as {2,5}"
    ]


def test_a_pattern_repeated_by_aliases_is_translated_once() -> None:
    flags = "\n".join(f"  f{number}: {{paths: *p}}" for number in range(300))

    result = read(f"x-p: &p ['^a{{9}}$']\nflags:\n{flags}\n")

    assert len(result.config["flags"]) == 300


def test_expressions_that_cannot_be_compiled_are_refused() -> None:
    [problem] = refused("component_management: {default_rules: {flag_regexes: ['(']}}")

    assert problem.startswith("component_management.default_rules.flag_regexes[0]: not a regular expression")


def test_a_problem_is_one_printable_line() -> None:
    assert refused('coverage: {round: "a\\nb\\e[31m"}') == [
        "coverage.round: unallowed value a\ufffdb\ufffd[31m; allowed: down, up, nearest"
    ]
