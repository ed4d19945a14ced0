"""What holds where neither the installation, nor the owner, nor the repository says anything."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "codecov": {"require_ci_to_pass": True, "notify": {"wait_for_ci": True}},
        "coverage": {
            "precision": 2,
            "round": "down",
            "range": [60.0, 80.0],
            "status": {
                "project": False,
                "patch": True,
                "changes": False,
                "default_rules": {"flag_coverage_not_uploaded_behavior": "include"},
            },
        },
        "comment": {
            "layout": "condensed_header, flags, tree, components",
            "behavior": "default",
            "show_carryforward_flags": False,
            "hide_project_coverage": True,
        },
    }
)
