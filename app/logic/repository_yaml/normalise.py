"""From a document as YAML gives it to the configuration that is stored and worked with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.logic.repository_yaml.checks import ABSENT, Findings, Place
from app.logic.repository_yaml.merge import merge
from app.logic.repository_yaml.problems import InvalidYaml, Problem, in_order
from app.logic.repository_yaml.schema import HOISTED, ROOT


@dataclass(frozen=True, slots=True)
class Normalised:
    """A valid configuration: plain JSON values, patterns as regular expressions; and what is odd about it, by path."""

    config: dict[str, Any]
    warnings: list[Problem] = field(default_factory=list)


def normalise(document: Any) -> Normalised:
    """Check a document and bring every value into its normal form. Raises InvalidYaml with all problems.

    A normal form is no document: it is never normalised again.
    """
    if not isinstance(document, Mapping):
        raise InvalidYaml([{"path": [], "message": "YAML must be a mapping"}])
    findings = Findings()
    # Authors keep their YAML anchors under keys with x-.
    read = {key: value for key, value in document.items() if not (isinstance(key, str) and key.startswith("x-"))}
    config = Place(findings).normal(ROOT, read)
    if findings.errors:
        raise InvalidYaml(findings.errors)
    assert config is not ABSENT, "a mapping without errors has a normal form"
    _hoist(config)
    return Normalised(config, in_order(findings.warnings))


def _hoist(config: dict[str, Any]) -> None:
    """Move what old files have at another place to where it is read; nothing is lost when it stands at both."""
    coverage, codecov = config.get("coverage", {}), config.get("codecov", {})
    for key in HOISTED:
        _move(key, coverage, config)
    _move("require_ci_to_pass", codecov.get("notify", {}), codecov)


def _move(key: str, source: dict[str, Any], target: dict[str, Any]) -> None:
    if key not in source:
        return
    old, new = source.pop(key), target.get(key)
    if new is None:
        target[key] = old
    elif isinstance(old, list) and isinstance(new, list):
        target[key] = new + old
    else:
        target[key] = merge(old, new)
