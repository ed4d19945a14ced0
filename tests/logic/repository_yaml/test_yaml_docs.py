"""The page for users names every key."""

import re
from pathlib import Path
from typing import Any

from app.logic.repository_yaml.find import FOLDERS, NAMES
from app.logic.repository_yaml.loading import load_yaml
from tests.logic.repository_yaml.every_key import EVERY_KEY

PAGE = (Path(__file__).parents[3] / "docs/repository-yaml.md").read_text()
CHOSEN = {"a", "all", "p.1", "c-1", "u", "b"}  # names that users give


def keys(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    return (set(value) - CHOSEN).union(*map(keys, value.values()))


def test_every_key_and_every_name_of_the_file_is_documented() -> None:
    documented = set(re.findall(r"[\w.]+", " ".join(re.findall(r"`[^`\n]+`|^#+ .*", PAGE, re.MULTILINE))))
    parts = {part for name in documented for part in name.split(".")}

    assert keys(load_yaml(EVERY_KEY.encode())) - parts == set()
    assert {*NAMES} - documented == set()
    assert all(f"`{folder}/`" in PAGE for folder in FOLDERS)
