"""The rules of a flag: its own entry, or the defaults of flag management under an individual one."""

import pytest

from app.logic.repository_yaml.flags import flag_rules

CONFIG = {
    "flags": {"unit": {"carryforward": False}, "empty": {}, "null": None},
    "flag_management": {
        "default_rules": {"carryforward": True, "paths": ["^src"], "statuses": [{"type": "project"}]},
        "individual_flags": [
            {"name": "ui", "paths": ["^web"], "statuses": [{"type": "patch"}]},
            {"name": "ui", "paths": ["^late"]},
        ],
    },
}


@pytest.mark.parametrize(
    ("flag", "rules"),
    [
        ("unit", {"carryforward": False}),
        ("empty", {}),
        ("ui", {"name": "ui", "carryforward": True, "paths": ["^web"], "statuses": [{"type": "patch"}]}),
        ("null", {"carryforward": True, "paths": ["^src"], "statuses": [{"type": "project"}]}),
        ("other", {"carryforward": True, "paths": ["^src"], "statuses": [{"type": "project"}]}),
    ],
)
def test_the_legacy_entry_stands_alone_and_individual_rules_replace_default_keys(flag: str, rules: object) -> None:
    assert flag_rules(CONFIG, flag) == rules


@pytest.mark.parametrize(
    "config",
    [{}, {"flags": None}, {"flags": []}, {"flag_management": {}}, {"flag_management": {"individual_flags": [None, 3]}}],
)
def test_a_flag_without_configuration_has_no_rules(config: dict[str, object]) -> None:
    assert flag_rules(config, "unit") == {}
