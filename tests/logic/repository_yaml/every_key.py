"""A configuration with every key that has an effect, each with a right value."""

EVERY_KEY = """
codecov:
  require_ci_to_pass: yes
  notify: {wait_for_ci: no, after_n_builds: 2, manual_trigger: yes, notify_error: yes}
  max_report_age: 2 days
  branch: main
  strict_yaml_branch: main
  bot: robot
  ci: [ci.example.org, "!other"]
  archive: {uploads: no}
  disable_default_path_fixes: yes
  allow_pseudo_compare: no
  ui: {hide_complexity: [a]}
coverage:
  precision: 5
  round: up
  range: [90, 50]
  status:
    project:
      all:
        {target: auto, threshold: null, base: pr, branches: null, flags: [a b], paths: [src], only_pulls: yes,
         informational: no, if_not_found: ignore, if_ci_failed: failure, removed_code_behavior: off,
         flag_coverage_not_uploaded_behavior: pass, enabled: no}
    patch: {p.1: {target: 80%}}
    changes: {c-1: {base: auto}}
    default_rules: {flag_coverage_not_uploaded_behavior: exclude}
  notify:
    slack: {a: {url: "secret:x", branches: [main], threshold: 1%, message: hi, flags: [a], base: parent, attachments: "sunburst, diff"}}
    email: {a: {to: [a@example.org], layout: diff, only_pulls: yes, paths: [src]}}
    webhook: {a: {url: null}}
    teams: {a: {url: https://example.org}}
    discord: {a: {url: https://example.org}}
    mattermost: {a: {url: https://example.org}}
comment:
  {layout: diff, behavior: once, require_changes: any_change, after_n_builds: 1, branches: [main],
   hide_project_coverage: no, hide_comment_details: yes, show_carryforward_flags: yes,
   require_bundle_changes: bundle_increase, bundle_change_threshold: 1kb, require_base: yes, require_head: no}
ignore: [a]
fixes: ["a::b"]
flags: {u: {paths: [a], ignore: [b], carryforward: yes, carryforward_mode: labels, after_n_builds: 1, joined: no}}
flag_management:
  default_rules: {paths: [a], ignore: [b], carryforward: yes, carryforward_mode: all, after_n_builds: 1, statuses: []}
  individual_flags: [{name: u, statuses: [{type: changes, name_prefix: p, paths: [a]}]}]
component_management:
  default_rules: {paths: [a], flag_regexes: ["u.*"], statuses: [{type: project}]}
  individual_components: [{component_id: c, name: C, paths: [b], flag_regexes: null}]
github_checks: {annotations: yes}
parsers:
  go: {partials_as_hits: yes}
  javascript: {enable_partials: yes}
  gcov: {branch_detection: {conditional: yes, loop: yes, method: no, macro: no}}
  jacoco: {partials_as_hits: yes}
  lcov: {partials_as_hits: yes}
  cobertura: {partials_as_hits: yes, handle_missing_conditions: yes}
bundle_analysis: {status: informational, warning_threshold: 5%}
test_analytics: {flake_detection: no}
cli: {plugins: {a: {}}, runners: {b: {}}}
"""
