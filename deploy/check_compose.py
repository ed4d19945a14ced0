"""Check a compose file without an engine: known keys, resolvable references, no mount of a missing file.

Usage: check_compose.py FILE. The keys are those of the Compose Specification that this file uses.
"""

import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml

_STRINGS = {"type": "array", "items": {"type": "string"}}
_CONDITIONS = ["service_started", "service_healthy", "service_completed_successfully"]
SERVICE = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["image"]}, {"required": ["build"]}],
    "properties": {
        "build": {"type": "string"},
        "image": {"type": "string", "pattern": r"^[a-z0-9./_-]+:[\w.\-]+$"},
        "command": _STRINGS,
        "entrypoint": _STRINGS,
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "depends_on": {
            "anyOf": [
                _STRINGS,
                {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["condition"],
                        "properties": {"condition": {"enum": _CONDITIONS}},
                    },
                },
            ]
        },
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test"],
            "properties": {"test": _STRINGS, "interval": {}, "timeout": {}, "retries": {"type": "integer"}},
        },
        "init": {"type": "boolean"},
        "ports": _STRINGS,
        "profiles": _STRINGS,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "stop_grace_period": {"type": "string", "pattern": r"^(\d+[hms])+$"},
        "tmpfs": _STRINGS,
        "volumes": _STRINGS,
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["services"],
    "patternProperties": {"^x-": {}},
    "properties": {
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "object", "maxProperties": 0}},
    },
}


def problems(path: Path) -> list[str]:
    """Return what is wrong with a compose file, one line each."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    found = [
        f"{'/'.join(map(str, error.absolute_path)) or 'top level'}: {error.message}"
        for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    ]
    services = document.get("services", {})
    for name, service in services.items():
        for other, rule in _dependencies(service):
            if other not in services:
                found.append(f"{name}: depends on unknown service {other}")
            elif rule == "service_healthy" and "healthcheck" not in services[other]:
                found.append(f"{name}: waits for the health of {other}, which has no health check")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (path.parent / source).exists():
                    found.append(f"{name}: mounts {source}, which does not exist")
            elif source not in document.get("volumes", {}):
                found.append(f"{name}: uses undeclared volume {source}")
    found += [f"not a variable: {text}" for text in re.findall(r"\$(?![{$])\S+", path.read_text())]
    return found


def _dependencies(service: dict[str, Any]) -> list[tuple[str, str]]:
    depends = service.get("depends_on", [])
    if isinstance(depends, list):
        return [(name, "service_started") for name in depends]
    return [(name, rule["condition"]) for name, rule in depends.items()]


if __name__ == "__main__":
    found = problems(Path(sys.argv[1]))
    print("\n".join(found) or f"{sys.argv[1]}: ok")
    sys.exit(bool(found))
